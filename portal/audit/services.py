"""Writing to the timeline. Events are collected during a unit of work and sealed just before it commits."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit import believing
from portal.audit.chain import GENESIS, event_hash
from portal.audit.models import ActorKind, Audience, ChainHead, Event, Text
from portal.audit.verification import verify_chain
from portal.database import WRITES
from portal.extensions import db
from portal.web import clock
from portal.web.unit_of_work import GIVEN, before_commit

__all__ = ["chain_head", "erase_text", "record", "seal", "stamp", "text_hash", "verify_chain", "vouch", "write_text"]

SALT_LENGTH = 32  # characters
CODE = re.compile(r"[a-z0-9][a-z0-9_.:+-]{0,63}")  # codes, keys, dates and hashes; no names, no sentences


def record(
    code: str,
    *,
    actor_id: int | None,
    at: datetime,
    request_id: int | None = None,
    person_id: int | None = None,
    subject_id: int | None = None,
    audience: Audience = Audience.TEAM,
    actor_kind: ActorKind | None = None,
    **data: Any,
) -> None:
    """Add an event to the unit of work that is open.

    ``data`` values are codes, ids, small numbers, truth values, salted hashes, or lists of these. Raises ValueError for
    anything that could be a name or free text, RuntimeError outside a unit of work.
    """
    session: Session = db.session()
    if not session.info.get(WRITES):
        raise RuntimeError(f"event {code} outside a unit of work")
    for key, value in data.items():
        _refuse_private(key, value)
    session.info.setdefault("events", []).append(
        Event(
            at=at,
            code=code,
            actor_kind=actor_kind or (ActorKind.PERSON if actor_id else ActorKind.CLOCK),
            actor_id=actor_id,
            request_id=request_id,
            person_id=person_id,
            subject_id=subject_id,
            audience=audience,
            data=data,
        )
    )


def _refuse_private(key: str, value: Any) -> None:
    if isinstance(value, (list, tuple)):
        for part in value:
            _refuse_private(key, part)
    elif not (value is None or isinstance(value, (bool, int)) or (isinstance(value, str) and CODE.fullmatch(value))):
        raise ValueError(f"event data {key!r} must be a code, an id, a number or a hash")


def seal(session: Session) -> None:
    """Give the collected events their place and hash. Runs last in every unit of work. Raises ClockLooksWrong."""
    events: list[Event] = session.info.get("events", [])
    if not events:
        return
    head = session.scalars(select(ChainHead).with_for_update()).one_or_none()
    if head is None:
        head = ChainHead(id=1, sequence=0, hash=GENESIS)
        session.add(head)
    _put_texts_into(events[-1], session)
    if not session.info.get(GIVEN):
        believing.mark_or_refuse(head, events, clock.now())
    for event in events:
        event.id = head.sequence + 1
        event.previous_hash = head.hash
        event.hash = event_hash(event)
        session.add(event)
        head.sequence, head.hash = event.id, event.hash
        head.newest_at = believing.newest_after(head.newest_at, event)
    session.flush()


def _put_texts_into(event: Event, session: Session) -> None:
    """Let the event say of each text of this unit of work what it is, or that it was emptied."""
    texts: list[Text] = session.info.get("texts", [])
    said: dict[str, Any] = {"texts": [f"{text.id}:{text_hash(text)}" for text in texts if text_hash(text)]}
    said["emptied"] = sorted(session.info.get("emptied", []))
    event.data = {**event.data, **{key: value for key, value in said.items() if value}}


before_commit(seal)


def chain_head() -> tuple[int, str]:
    """Sequence number and hash of the last event."""
    head = db.session.scalars(select(ChainHead)).one_or_none()
    return (head.sequence, head.hash) if head else (0, GENESIS)


def stamp(moment: datetime | None) -> str | None:
    """A moment as an event says it: UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dt%H:%M:%Sz") if moment else None


def write_text(author_id: int | None, body: str, *, at: datetime, previous: Text | None = None) -> Text:
    """Keep what a person wrote; ``previous`` is the version it replaces. Returns the row with its id."""
    first_id = (previous.first_id or previous.id) if previous else None
    text = Text(
        body=body, salt=secrets.token_hex(SALT_LENGTH // 2), author_id=author_id, created_at=at, first_id=first_id
    )
    db.session.add(text)
    db.session.flush()
    vouch(text)
    return text


def vouch(text: Text) -> None:
    """Let the event of this unit of work vouch for the text: changed past the portal, it is found by `audit verify`."""
    db.session().info.setdefault("texts", []).append(text)


def text_hash(text: Text | None) -> str | None:
    """What an event says of a text: a salted hash, so that erasing text and salt leaves the chain valid."""
    if text is None or text.body is None or text.salt is None:
        return None
    return hashlib.sha256((text.salt + text.body).encode()).hexdigest()


def erase_text(text: Text, *, by_id: int, at: datetime) -> int:
    """Empty every version of a text. Returns how many were emptied."""
    first_id = text.first_id or text.id
    versions = db.session.scalars(select(Text).where((Text.id == first_id) | (Text.first_id == first_id))).all()
    for version in versions:
        version.body = version.salt = None
        version.redacted_at, version.redacted_by_id = at, by_id
    db.session().info.setdefault("emptied", []).extend(version.id for version in versions)
    return len(versions)
