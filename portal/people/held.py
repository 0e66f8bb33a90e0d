"""What somebody typed when their sign-in had ended: kept for a day, for the same person and the same form."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from portal.extensions import db
from portal.people import queries, sessions
from portal.people.models import HeldForm
from portal.web.text import clean_text

LIFETIME = timedelta(days=1)
LARGEST = 200_000  # bytes of one form
MOST = 20  # forms of one person; the oldest goes first


def hold(person_id: int, endpoint: str, fields: Mapping[str, Sequence[str]], *, now: datetime) -> str | None:
    """Keep what was typed. Returns the token that brings it back, or None when it is too much to keep."""
    kept = {
        clean_text(name): [clean_text(value) for value in values]
        for name, values in fields.items()
        if name != "csrf_token"
    }
    if len(json.dumps(kept).encode()) > LARGEST:
        return None
    token = secrets.token_urlsafe(32)
    db.session.add(
        HeldForm(token_hash=sessions.hashed(token), person_id=person_id, endpoint=endpoint, fields=kept, created_at=now)
    )
    db.session.flush()
    newest = (
        select(HeldForm.id).where(HeldForm.person_id == person_id).order_by(HeldForm.id.desc()).limit(MOST).subquery()
    )
    db.session.execute(delete(HeldForm).where(HeldForm.person_id == person_id, HeldForm.id.not_in(select(newest.c.id))))
    return token


def find(token: str, person_id: int, endpoint: str, *, now: datetime) -> dict[str, list[str]] | None:
    """What this person had typed into this form."""
    held = db.session.scalars(
        select(HeldForm).where(HeldForm.token_hash == sessions.hashed(token), HeldForm.endpoint == endpoint)
    ).one_or_none()
    if held is None or held.created_at <= now - LIFETIME:
        return None
    owner = queries.get(held.person_id)
    return dict(held.fields) if owner is not None and owner.id == person_id else None


def purge(now: datetime) -> int:
    """Forget what is older than a day. Returns how many forms that were."""
    old = db.session.scalars(select(HeldForm.id).where(HeldForm.created_at <= now - LIFETIME)).all()
    db.session.execute(delete(HeldForm).where(HeldForm.id.in_(old)))
    return len(old)
