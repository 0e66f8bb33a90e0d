"""A form that is sent twice is carried out once: a double click, "back" and send, a retry after no answer.

Every form carries the name of the page it stands on (``page_id``, from the macro ``ui.csrf``). Who sends the same
content from the same page to the same address once more is led to where the first sending led. Another content is
another sending: what somebody typed is never taken for what they typed before.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from flask import Flask, g, request
from flask.typing import ResponseReturnValue
from sqlalchemy import delete, select
from werkzeug.exceptions import HTTPException

from portal.extensions import db
from portal.people import current
from portal.people.models import SentForm
from portal.web import ticks
from portal.web.fragments import go_to, is_htmx
from portal.web.unit_of_work import unit_of_work

LIFETIME = timedelta(days=1)
LONGEST_ID = 64  # characters


class SentAlready(Exception):
    """This filling of the form was carried out before; nothing more is done. ``led_to`` is where that led."""

    def __init__(self, led_to: str) -> None:
        super().__init__(led_to)
        self.led_to = led_to


@contextmanager
def once(led_to: str) -> Iterator[datetime]:
    """A unit of work that carries out the form that was sent, unless that was done before.

    ``led_to`` is the address to which the route leads afterwards. Raises SentAlready, which leads there.
    """
    key = _key()
    with unit_of_work() as now:
        if key is not None:
            _refuse_second(key)
        yield now
        if key is not None:
            db.session.add(SentForm(key=key, led_to=led_to, sent_at=now))


def _key() -> str | None:
    """What names this filling of a form by this person; None where the form names no page."""
    try:
        fields = sorted((name, value) for name, value in request.form.items(multi=True) if name != "csrf_token")
    except HTTPException:
        return None
    named = request.form.get("page_id", "")
    if not named or len(named) > LONGEST_ID or not current.is_signed_in():
        return None
    content = json.dumps([current.actor().id, request.full_path, fields])
    return hashlib.sha256(content.encode()).hexdigest()


def _refuse_second(key: str) -> None:
    led_to = db.session.scalar(select(SentForm.led_to).where(SentForm.key == key))
    if led_to is not None:
        raise SentAlready(led_to)


def _before_request() -> None:
    """Before any route looks at what has moved on by the first sending."""
    key = _key() if request.method == "POST" else None
    if key is not None:
        _refuse_second(key)


def _lead_there(already: SentAlready) -> ResponseReturnValue:
    """Where the first sending led. For htmx without the fragment: a browser that is there already would only scroll."""
    db.session.rollback()
    return go_to(already.led_to.partition("#")[0] if is_htmx() else already.led_to)


def page_id() -> str:
    """Names the page that is shown: the same in every form of it, new whenever it is shown."""
    return str(g.setdefault("page_id", uuid.uuid4().hex))


def purge(now: datetime) -> int:
    """Forget what was sent more than a day ago. Returns how many forms that were."""
    old = db.session.scalars(select(SentForm.key).where(SentForm.sent_at <= now - LIFETIME)).all()
    db.session.execute(delete(SentForm).where(SentForm.key.in_(old)))
    return len(old)


def init_app(app: Flask) -> None:
    app.before_request(_before_request)
    app.register_error_handler(SentAlready, _lead_there)
    app.jinja_env.globals.update(page_id=page_id)
    ticks.add_job(app, "forget which forms were sent", purge)
