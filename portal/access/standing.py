"""Where an access stands at one moment, computed from its steps: a frozen value, no row. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from portal.access.models import ItemType, Step
from portal.people.models import Origin


class Status(StrEnum):
    """Approved is not granted: an approved access still has to be set up. Both can end by date or be revoked."""

    APPROVED = "approved"
    GRANTED = "granted"
    ENDED = "ended"  # its end date has passed
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class HeldAccess:
    """One access of one person at one moment.

    ``since``: when it was granted, or approved as long as it is not; of access from before the portal perhaps unknown.
    ``decision_id``: the newest decision it rests on.
    """

    grant_id: int
    person_id: int
    person_name: str
    item_type: ItemType
    item_key: str
    status: Status
    since: datetime
    since_known: bool
    until: datetime | None
    ended_at: datetime | None
    origin: Origin
    decision_id: int | None
    request_id: int | None

    @property
    def is_live(self) -> bool:
        return self.status in (Status.APPROVED, Status.GRANTED)


def status_of(last: Step, *, granted_at: datetime | None, until: datetime | None, now: datetime) -> Status:
    """What the newest step, and the end it carries, amount to at this moment."""
    if last is Step.REVOKED:
        return Status.REVOKED
    if until is not None and until <= now:
        return Status.ENDED
    return Status.GRANTED if granted_at else Status.APPROVED
