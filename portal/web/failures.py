"""What failed, as a page in words: the database is away (503), or there is an error of ours (500).

Nothing in here may fail in turn, so it asks neither the database nor who is signed in.
"""

from __future__ import annotations

import contextlib
import logging
import traceback
from pathlib import Path
from typing import Any

from flask import Flask, Response, g, make_response, request
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import InternalServerError

import config
from portal.database import is_away
from portal.errors import Message
from portal.extensions import db
from portal.web import logs
from portal.web.error_pages import reference, sent_fields, typed_fields
from portal.web.filters import say
from portal.web.fragments import render_alone
from portal.web.security import SAFE_METHODS
from portal.web.unit_of_work import Stage, stage

PAGE = ("errors/failed.html", "errors/_error.html")
FAILED = Message("Something in the portal failed. It is not your fault.")
CANNOT_READ = Message("The portal cannot reach its records right now. Try again in a minute.")
CANNOT_SAVE = Message("The portal cannot save right now. Try again in a minute.")
MAY_BE_SAVED = Message(
    "Something failed after or while this was saved. Look whether it is there before you send it again."
)
LINES_LOGGED = 6
RETRY_AFTER = "30"  # seconds, for programs that ask

# For when even the page cannot be made. In English: the translations may be what failed.
LAST_WORDS = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Something failed – Technology team portal</title></head>
<body><header>Technology team portal</header>
<main><h1>Something failed</h1>
<p>The portal could not make this page. It is not your fault. Go back to find what you typed,
and try again in a minute.</p>
<p>Reference: {reference}</p></main>
<footer><a href="/">To the start</a></footer></body>
</html>
"""


def failed(error: Exception) -> Response:
    """The answer to an exception that nobody expected: everything undone, one line logged, a page in words."""
    reached = stage()
    with contextlib.suppress(Exception):  # the connection may be what broke
        db.session.rollback()
    away = is_away(error, writing=reached is not Stage.NONE)
    status = 503 if away else 500
    logs.write(logging.ERROR, "failed", **_line(error, status))
    response = _page(status, _says(error, away=away, reached=reached))
    response.headers["X-Request-Id"] = reference()
    if away:
        response.headers["Retry-After"] = RETRY_AFTER
    return response


def _says(error: Exception, *, away: bool, reached: Stage) -> Message:
    broke = isinstance(error, DBAPIError) and error.connection_invalidated
    if reached is Stage.SAVED or (reached is Stage.COMMITTING and broke):
        return MAY_BE_SAVED
    if not away:
        return FAILED
    return CANNOT_READ if request.method in SAFE_METHODS and reached is Stage.NONE else CANNOT_SAVE


def _page(status: int, says: Message) -> Response:
    can_resend = request.method == "POST" and status == 503 and says is not MAY_BE_SAVED
    try:
        return render_alone(
            *PAGE,
            status=status,
            error_status=status,
            says=say(says),
            reference=reference(),
            sent=sent_fields(),
            typed=typed_fields(),
            send_to=request.full_path.rstrip("?") if can_resend else None,
            may_be_saved=says is MAY_BE_SAVED,
            alone=True,
        )
    except Exception:  # not even the page: the cause is in the log already
        return make_response(LAST_WORDS.format(reference=reference()), status)


def _line(error: Exception, status: int) -> dict[str, Any]:
    original = getattr(error, "orig", None)
    code = getattr(original, "sqlite_errorname", None) or getattr(original, "sqlstate", None)
    return {
        "status": status,
        "request": reference(),
        "method": request.method,
        "endpoint": request.endpoint,
        "person": getattr(g.get("_login_user"), "person_id", None),  # as far as it was known
        "type": type(error).__name__,
        "database": f"{type(original).__name__} {code or ''}".strip() if original else None,
        "where": _where(error),
    }


def _where(error: Exception) -> list[str]:
    """The last lines of the portal that the error went through, and where it came from."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames[:-1] if Path(frame.filename).is_relative_to(config.ROOT / "portal")]
    return [f"{Path(frame.filename).name}:{frame.lineno}" for frame in [*ours[-LINES_LOGGED:], *frames[-1:]]]


def _beyond_handlers(error: InternalServerError) -> Response:
    """What was raised outside a view or by another error page comes wrapped by Flask."""
    original = error.original_exception
    return failed(original if isinstance(original, Exception) else error)


def init_app(app: Flask) -> None:
    """Answer every exception that is no refusal."""
    app.register_error_handler(Exception, failed)
    app.register_error_handler(InternalServerError, _beyond_handlers)
    app.teardown_appcontext(_let_go)  # runs before Flask-SQLAlchemy's own, which was bound earlier
    app.log_exception = _is_logged_here  # type: ignore[method-assign, assignment]  # Flask's documented way to log differently


def _is_logged_here(_exc_info: object) -> None:
    """Flask would log the trace, with what people wrote in it."""


def _let_go(_error: BaseException | None) -> None:
    """The answer is made, and what was to be saved is saved: a connection that breaks now spoils nothing."""
    try:
        db.session.remove()
    except DBAPIError:
        db.session.registry.clear()
