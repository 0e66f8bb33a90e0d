"""Sessions: a row each, known by the hash of a random token that only the cookie carries."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import ColumnElement, Select, bindparam, delete, select, update
from sqlalchemy.orm import joinedload, with_expression

from portal.extensions import db
from portal.people.models import SignIn

LIFETIME = timedelta(days=30)
KEPT = timedelta(days=30)  # an ended session, so that what was typed in it can come back
AHEAD = timedelta(days=1)  # begun later than this from now: under a wrong clock, and it would live as much longer
IDLE_LIMIT = timedelta(hours=12)  # after this pause a decision goes through the wiki once more


def hashed(token: str) -> str:
    """How a token is kept in the database."""
    return hashlib.sha256(token.encode()).hexdigest()


def start(person_id: int, identity_id: int, *, now: datetime) -> str:
    """Begin a session. Returns the token for the cookie; it is kept nowhere else."""
    token = secrets.token_urlsafe(32)
    db.session.add(
        SignIn(
            token_hash=hashed(token),
            person_id=person_id,
            identity_id=identity_id,
            created_at=now,
            expires_at=now + LIFETIME,
        )
    )
    return token


def count_beside(counted: ColumnElement[int]) -> None:
    """Let this number about ``SignIn.person_id`` be read with each session (``waiting``), instead of by every page.

    It may use `portal.database.NOW`. Replaces what was registered before.
    """
    _beside[:] = [counted]
    _of_token.cache_clear()


_beside: list[ColumnElement[int]] = []


def find(token: str, *, now: datetime) -> SignIn | None:
    """The living session of a token."""
    sign_in = db.session.scalars(_of_token(), {"token": hashed(token), "now": now}).one_or_none()
    if sign_in is None or sign_in.ended_at is not None or sign_in.expires_at <= now:
        return None
    return None if sign_in.created_at > now + AHEAD else sign_in


def known(token: str) -> SignIn | None:
    """The session of a token, living or ended."""
    return db.session.scalars(_with_person(), {"token": hashed(token)}).one_or_none()


@cache
def _of_token() -> Select[SignIn]:
    """SQL: as `_with_person`, with what is counted beside."""
    return _with_person().options(*(with_expression(SignIn.waiting, counted) for counted in _beside))


@cache
def _with_person() -> Select[SignIn]:
    return select(SignIn).where(SignIn.token_hash == bindparam("token")).options(joinedload(SignIn.person))


def end(token: str, *, now: datetime) -> None:
    """End one session."""
    db.session.execute(
        update(SignIn).where(SignIn.token_hash == hashed(token), SignIn.ended_at.is_(None)).values(ended_at=now)
    )


def end_all(person_id: int, *, now: datetime) -> None:
    """Sign out everywhere."""
    db.session.execute(
        update(SignIn).where(SignIn.person_id == person_id, SignIn.ended_at.is_(None)).values(ended_at=now)
    )


def living(person_id: int, *, now: datetime) -> Sequence[SignIn]:
    """The sessions this person can use, the newest first."""
    query = select(SignIn).where(
        SignIn.person_id == person_id,
        SignIn.ended_at.is_(None),
        SignIn.expires_at > now,
        SignIn.created_at <= now + AHEAD,
    )
    return db.session.scalars(query.order_by(SignIn.id.desc())).all()


def end_own(person_id: int, sign_in_id: int, *, now: datetime) -> bool:
    """End one session of this person. False when they have no such living session."""
    row = db.session.scalars(
        select(SignIn).where(SignIn.id == sign_in_id, SignIn.person_id == person_id, SignIn.ended_at.is_(None))
    ).one_or_none()
    if row is not None:
        row.ended_at = now
    return row is not None


def purge(now: datetime) -> int:
    """Forget sessions that ended a month ago or more. Returns how many those were."""
    last = now - KEPT
    old = db.session.scalars(select(SignIn.id).where((SignIn.expires_at <= last) | (SignIn.ended_at <= last))).all()
    db.session.execute(delete(SignIn).where(SignIn.id.in_(old)))
    return len(old)
