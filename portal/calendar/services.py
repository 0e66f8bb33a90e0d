"""Making and revoking the secret address of one's own calendar. As with sessions, no event is written."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime

from sqlalchemy import delete, select

from config import Settings
from portal.calendar.models import CalendarAddress
from portal.errors import NotVisible
from portal.extensions import app_value, db
from portal.web import ids


def make(person_id: int, *, now: datetime) -> None:
    """Give this person a new address; one they had before shows nothing any more."""
    revoke(person_id)
    db.session.add(CalendarAddress(person_id=person_id, nonce=secrets.token_hex(32), made_at=now))


def revoke(person_id: int) -> None:
    """Let this person's address show nothing any more."""
    db.session.execute(delete(CalendarAddress).where(CalendarAddress.person_id == person_id))


def of(person_id: int) -> CalendarAddress | None:
    """What is on record of this person's address."""
    return db.session.scalars(select(CalendarAddress).where(CalendarAddress.person_id == person_id)).one_or_none()


def secret(row: CalendarAddress) -> str:
    """The last part of the address: the number of the row and what only this portal can compute."""
    return f"{row.id}-{_proof(row)}"


def owner(found: str) -> int:
    """Whose calendar the last part of an address names. Raises NotVisible, the same for all that is none."""
    number, _, proof = found.partition("-")
    id = ids.parse(number)
    row = db.session.get(CalendarAddress, id) if id is not None else None
    if row is None or not hmac.compare_digest(_proof(row).encode(), proof.encode()):
        raise NotVisible("There is no such calendar. Its address may have been revoked.")
    return row.person_id


def stable(what: str) -> str:
    """A name for something that tells nothing of its number: for calendars that everybody reads."""
    return _digest(f"calendar uid:{what}")[:24]


def _proof(row: CalendarAddress) -> str:
    return _digest(f"calendar address:{row.id}:{row.nonce}")[:40]


def _digest(value: str) -> str:
    settings: Settings = app_value("settings")
    return hmac.new(settings.secret_key.encode(), value.encode(), hashlib.sha256).hexdigest()
