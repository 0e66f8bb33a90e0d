"""The record of one decision as its page shows it: asked beside approved, the checks as they stood, what came later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from portal.access import queries as access
from portal.access.models import ItemType
from portal.access.words import ItemWords, item_words
from portal.audit.models import Event
from portal.errors import Message
from portal.org import organisation
from portal.org.catalogue import Weight
from portal.people import queries as people
from portal.record import checkpoints, queries
from portal.record.models import Checkpoint
from portal.requests.models import Decision, DecisionItem, ItemAction, RequestedItem

CAPACITIES: dict[str, Message] = {
    "director": Message("Director"),
    "deputy": Message("Deputy"),
    "board": Message("Board"),
}
ACTIONS: dict[ItemAction, tuple[Message, str]] = {
    ItemAction.ADD: (Message("Add"), "add"),
    ItemAction.REMOVE: (Message("Remove"), "remove"),
}
WEIGHTS: dict[str, Message] = {
    Weight.ABSOLUTE: Message("always"),
    Weight.REQUIRED: Message("required"),
    Weight.ADVISED: Message("advised"),
}


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One thing asked for, and whether and until when it was approved."""

    action: Message
    icon: str
    item: ItemWords
    asked_until: date | None
    approved: bool
    given_until: date | None


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One check as it stood when it was decided."""

    met: bool
    weight: Message
    advised: bool
    says: Message


@dataclass(frozen=True, slots=True)
class Later:
    """What became of something that was approved."""

    says: Message
    at: datetime


@dataclass(frozen=True, slots=True)
class Removed:
    """That the person asked for it, and who did it when."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RecordPage:
    """The page of one approval."""

    decision: Decision
    asked: tuple[ItemRow, ...]
    checks: tuple[CheckRow, ...]
    later: tuple[Later, ...]
    event: Event | None
    checkpoint: Checkpoint | None
    removed: Removed | None = None


def record_page(decision_id: int, now: datetime) -> RecordPage:
    """Everything the page of an approval shows. Raises NotVisible.

    Of one that was removed when the person asked: that there is one, and its proof.
    """
    decision = queries.approval(decision_id)
    if is_removed(decision):
        return RecordPage(decision, (), (), (), queries.event_of(decision), checkpoints.newest(), _removed(decision))
    return RecordPage(
        decision,
        asked=asked(decision),
        checks=tuple(_check(found) for found in decision.checks),
        later=later(decision_id, now),
        event=queries.event_of(decision),
        checkpoint=checkpoints.newest(),
    )


def is_removed(decision: Decision) -> bool:
    """Whether it was removed from the public record when the person asked."""
    return decision.statement is not None and decision.statement.is_redacted


def _removed(decision: Decision) -> Removed | None:
    text = decision.statement
    if text is None or text.redacted_at is None or text.redacted_by_id is None:
        return None
    person = people.get(text.redacted_by_id)
    return Removed(person.name if person else "", text.redacted_at)


def asked(decision: Decision) -> tuple[ItemRow, ...]:
    """Every asked item, with what was approved of it."""
    approved = {item.requested_item_id: item for item in decision.items}
    return tuple(_item(item, approved.get(item.id)) for item in decision.revision.items)


def approved(decision: Decision) -> tuple[ItemRow, ...]:
    """The approved items alone."""
    return tuple(_item(found.requested_item, found) for found in decision.items)


def _item(item: RequestedItem, given: DecisionItem | None) -> ItemRow:
    says, icon = ACTIONS[item.action]
    words = item_words(item.item_type, item.item_key)
    return ItemRow(says, icon, words, item.until, given is not None, given.until if given else None)


def _check(found: dict[str, Any]) -> CheckRow:
    """A check from its snapshot; a rule that has gone keeps its key, and its sentence if one was kept."""
    rule = organisation().rules.get(str(found["rule"]))
    sentence = found.get("says") or (rule.sentence if rule else str(found["rule"]))
    weight = str(found.get("weight", Weight.REQUIRED))
    return CheckRow(
        met=bool(found["met"]),
        weight=WEIGHTS.get(weight, Message(weight)),
        advised=weight == Weight.ADVISED,
        says=Message(str(sentence), **found.get("values", {})),
    )


def later(decision_id: int, now: datetime) -> tuple[Later, ...]:
    """What was approved here and is held no longer, in the order in which it ended."""
    found = [
        Later(Message("%(item)s ended.", item=item_words(held.item_type, held.item_key).name), held.ended_at)
        for held in access.of_decision(decision_id, now)
        if held.ended_at is not None
    ]
    found += [
        Later(Message("%(item)s ended.", item=item_words(ItemType.ROLE, role.role_key).name), role.to_at)
        for role in queries.ended_roles(decision_id, now)
        if role.to_at is not None
    ]
    return tuple(sorted(found, key=lambda row: row.at))


def kind_name(kind: str) -> str:
    """What a kind of request is called; the bare key where the organisation has it no more."""
    found = organisation().kinds.get(kind)
    return found.name if found else kind


def capacity(decision: Decision) -> Message:
    """In which capacity it was decided."""
    says = CAPACITIES.get(decision.capacity, Message(decision.capacity))
    if decision.acting:
        return Message("%(capacity)s, acting for the absent Director", capacity=says)
    return says
