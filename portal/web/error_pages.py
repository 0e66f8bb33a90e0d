"""Refusals as pages in words: what happened, whether anything was saved, what to do, a reference id.

What fails instead of being refused is in `portal.web.failures`.
"""

from __future__ import annotations

import logging
import re
import secrets
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, g, request
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from portal.errors import Message, PortalError
from portal.extensions import db
from portal.web import logs
from portal.web.filters import say
from portal.web.fragments import render
from portal.web.text import readable

WORDS = {
    400: Message("That request could not be understood."),
    403: Message("That is not open to you."),
    404: Message("There is nothing here that you can read."),
    405: Message("That address does not take this kind of request."),
    409: Message("Somebody else was quicker."),
    411: Message("The portal takes only what says how long it is."),
    413: Message("That is more than the portal takes at once. Send less than 1 MB."),
    415: Message("That kind of content is not taken here."),
    422: Message("There is a problem with what was sent."),
    429: Message("That was too often in a short time. Wait a minute."),
    500: Message("Something in the portal failed. It is not your fault."),
    503: Message("The portal cannot save right now. Try again in a minute."),
}


TITLES = {
    400: Message("Not understood"),
    401: Message("Sign in first"),
    403: Message("Not open to you"),
    404: Message("Not found"),
    405: Message("Not possible here"),
    409: Message("It has moved on"),
    411: Message("Not taken here"),
    413: Message("Too much at once"),
    415: Message("Not taken here"),
    421: Message("Another address"),
    422: Message("There is a problem"),
    429: Message("Too often"),
    500: Message("Something failed"),
    503: Message("Try again in a minute"),
}


def title(status: int) -> str:
    """The heading of a status' page, in words."""
    return say(TITLES.get(status, TITLES[400]))


@dataclass(frozen=True, slots=True)
class SentField:
    """A field of the form that was sent. ``is_typed`` tells what a person may miss from what only the form needs.

    ``is_code`` may be a choice or a single word: it is sent again, and shown only where that is not offered.
    """

    name: str
    value: str
    is_typed: bool
    is_code: bool


CODE = re.compile(r"[a-z0-9_:.+-]*")
NOT_TYPED = re.compile(r"[0-9]*|[0-9a-f-]{16,}|.{0,2}", re.DOTALL)  # ids, tokens, ticks


def sent_fields() -> list[SentField]:
    """Every field of the form that was sent, to be shown on an error page or sent again, so that nothing is lost."""
    try:
        return [
            SentField(
                readable(name),
                readable(value),
                is_typed=name != "csrf_token" and not NOT_TYPED.fullmatch(value),
                is_code=bool(CODE.fullmatch(value)),
            )
            for name, value in request.form.items(multi=True)
        ]
    except HTTPException:
        return []


def typed_fields() -> list[SentField]:
    """What of it a person typed or chose."""
    return [field for field in sent_fields() if field.is_typed]


def reference() -> str:
    """The id of this request on its error page and in the log."""
    return str(g.setdefault("request_id", secrets.token_hex(4)))


ERROR_PAGE = ("errors/error.html", "errors/_error.html")


def refuse(
    status: int,
    message: Message | str | None = None,
    *,
    page: tuple[str, str] = ERROR_PAGE,
    cause: str = "",
    **context: Any,
) -> Response:
    """The error page of a status, logged once as a structured line without private text.

    ``page`` names another page and fragment that say the same with more to do about it; ``cause`` is for the log.
    """
    says = say(message) if message else say(WORDS.get(status, WORDS[400]))
    response = render(
        *page,
        status=status,
        error_status=status,
        says=says,
        reference=reference(),
        typed=typed_fields(),
        **context,
    )
    response.headers["X-Request-Id"] = reference()
    logs.write(logging.ERROR if status >= 500 else logging.WARNING, "refused", **log_line(status, message, cause))
    return response


def log_line(status: int, message: Message | str | None = None, cause: str = "") -> dict[str, Any]:
    """What is logged of a refusal: ids and the message id, never its values or what was typed."""
    return {
        "status": status,
        "request": reference(),
        "method": request.method,
        "endpoint": request.endpoint,
        "person": getattr(g.get("_login_user"), "person_id", None),
        "why": message.id if isinstance(message, Message) else str(message or ""),
        **({"cause": cause} if cause else {}),
    }


def _portal_error(error: PortalError) -> Response:
    db.session.rollback()
    return refuse(error.status, error.message)


def _http_error(error: HTTPException) -> Any:
    if error.code is None or error.code < 400:
        return error
    response = refuse(error.code)
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.allow.update(error.valid_methods)
    return response


def _stale(_error: StaleDataError) -> Response:
    db.session.rollback()
    return refuse(409, Message("This was changed by somebody else while you looked at it. Nothing was saved."))


def init_app(app: Flask) -> None:
    app.register_error_handler(PortalError, _portal_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(StaleDataError, _stale)
    app.jinja_env.globals.update(error_title=title)
