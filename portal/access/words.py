"""Access in words: what an item is called, where an access stands, what happened to it. Messages only; no database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from portal.access.models import ItemType, Step
from portal.access.standing import Status
from portal.errors import Message
from portal.org import organisation
from portal.org.catalogue import AccessItem

TYPES: dict[ItemType, Message] = {
    ItemType.ACCESS_GROUP: Message("Shell group"),
    ItemType.SYSTEM: Message("System"),
    ItemType.ROLE: Message("Role"),
}
STATUSES: dict[Status, tuple[Message, str]] = {
    Status.APPROVED: (Message("Approved, not set up yet"), "clock"),
    Status.GRANTED: (Message("Granted"), "good"),
    Status.ENDED: (Message("Ended by its date"), "neutral"),
    Status.REVOKED: (Message("Ended"), "neutral"),
}
STEPS: dict[Step, Message] = {
    Step.APPROVED: Message("Approved"),
    Step.GRANTED: Message("Granted"),
    Step.RENEWED: Message("Prolonged"),
    Step.REVOKED: Message("Ended"),
}
STEP_ICONS: dict[Step, str] = {
    Step.APPROVED: "decision",
    Step.GRANTED: "key",
    Step.RENEWED: "calendar",
    Step.REVOKED: "remove",
}


@dataclass(frozen=True, slots=True)
class ItemWords:
    """A group or system as people read it; the bare key where the catalogue has nothing."""

    type: ItemType
    key: str
    name: str
    what: Message
    summary: str = ""
    trust: str = ""
    high_trust: bool = False
    needs_nda: bool = False
    retired: bool = False
    listed: bool = False  # shown although nobody holds it


def item_words(item_type: ItemType, item_key: str) -> ItemWords:
    """The catalogue's words for an item."""
    entry = organisation().item(item_type, item_key)
    if entry is None:
        return ItemWords(item_type, item_key, item_key, TYPES[item_type])
    return ItemWords(
        item_type,
        item_key,
        entry.name,
        TYPES[item_type],
        summary=entry.summary,
        trust=entry.trust if isinstance(entry, AccessItem) else "",
        high_trust=entry.high_trust,
        needs_nda=entry.needs_nda,
        retired=entry.retired,
        listed=isinstance(entry, AccessItem) and entry.requestable and not entry.retired,
    )


def status(found: Status) -> Message:
    """Where an access stands, in a word or two."""
    return STATUSES[found][0]


def status_kind(found: Status) -> str:
    """Which chip shows it."""
    return STATUSES[found][1]


def last_day(until: datetime) -> date:
    """The last day on which an access holds that ends at this moment: ends are set at midnight."""
    return (until - timedelta(microseconds=1)).date()
