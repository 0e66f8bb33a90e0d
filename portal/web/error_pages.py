"""Refusals and failures as pages in words: what happened, whether anything was saved, what to do, a reference id."""

from __future__ import annotations

import json
import logging
import secrets
import traceback
from typing import Any

from flask import Flask, Response, g, request
from flask_login import current_user
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from portal.errors import Message, PortalError
from portal.extensions import db
from portal.web.filters import say
from portal.web.fragments import render

log = logging.getLogger("portal")

WORDS = {
    400: Message("That request could not be understood."),
    403: Message("That is not open to you."),
    404: Message("There is nothing here that you can read."),
    405: Message("That address does not take this kind of request."),
    409: Message("Somebody else was quicker."),
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


def typed_text() -> list[tuple[str, str]]:
    """What the person had typed, shown back on an error page so that nothing is lost."""
    if request.method == "GET":
        return []
    try:
        return [(name, value) for name, value in request.form.items() if name != "csrf_token" and len(value) > 2]
    except HTTPException:
        return []


ERROR_PAGE = ("errors/error.html", "errors/_error.html")


def refuse(
    status: int, message: Message | str | None = None, *, page: tuple[str, str] = ERROR_PAGE, **context: Any
) -> Response:
    """The error page of a status, logged once as a structured line without private text.

    ``page`` names another page and fragment that say the same with more to do about it.
    """
    reference = g.setdefault("request_id", secrets.token_hex(4))
    says = say(message) if message else say(WORDS.get(status, WORDS[400]))
    log.log(logging.ERROR if status >= 500 else logging.WARNING, json.dumps(log_line(status, message)))
    return render(
        *page,
        status=status,
        error_status=status,
        says=says,
        reference=reference,
        typed=typed_text(),
        **context,
    )


def log_line(status: int, message: Message | str | None = None) -> dict[str, Any]:
    """What is logged of a refusal: ids and the message id, never its values or what was typed."""
    person = getattr(current_user, "person", None) if current_user else None
    return {
        "event": "refused" if status < 500 else "failed",
        "status": status,
        "request": g.get("request_id"),
        "method": request.method,
        "endpoint": request.endpoint,
        "person": person.id if person else None,
        "why": message.id if isinstance(message, Message) else str(message or ""),
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


def _database_away(error: OperationalError) -> Response:
    db.session.rollback()
    log.error(json.dumps({"event": "database", "error": type(error.orig).__name__ if error.orig else "unknown"}))
    return refuse(503)


def _unexpected(error: Exception) -> Response:
    db.session.rollback()
    reference = g.setdefault("request_id", secrets.token_hex(4))
    frames = [
        f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)
    ]
    log.error(json.dumps({"event": "exception", "request": reference, "type": type(error).__name__, "at": frames[-8:]}))
    return refuse(500)


def init_app(app: Flask) -> None:
    app.register_error_handler(PortalError, _portal_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(StaleDataError, _stale)
    app.register_error_handler(OperationalError, _database_away)
    if not app.config.get("PROPAGATE_EXCEPTIONS"):
        app.register_error_handler(Exception, _unexpected)
    app.jinja_env.globals.update(error_title=title)
