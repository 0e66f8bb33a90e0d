"""What goes out by mail, and when: the kinds of messages, and what a person chose for each. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from portal.errors import Message
from portal.notifications.told import Group, Row
from portal.people.facts import PersonFacts


class Kind(StrEnum):
    """Sorts of messages, as a person chooses among them."""

    TURN = "turn"
    RESULT = "result"
    OWN = "own"
    TALK = "talk"
    TEAM = "team"


class Choice(StrEnum):
    """When a message goes out by mail. The inbox has it in any case."""

    NOW = "now"
    DAILY = "daily"
    OFF = "off"


KINDS: dict[Kind, Message] = {
    Kind.TURN: Message("It is your turn"),
    Kind.RESULT: Message("How a request ended that you took part in"),
    Kind.OWN: Message("What is about you, and what happens on requests that you filed"),
    Kind.TALK: Message("What happens on requests where you spoke, or that you watch"),
    Kind.TEAM: Message("What concerns the team, or your office"),
}
CHOICES: dict[Choice, Message] = {
    Choice.NOW: Message("At once"),
    Choice.DAILY: Message("Once a day"),
    Choice.OFF: Message("Not by mail"),
}
USUAL: dict[Kind, Choice] = {
    Kind.TURN: Choice.NOW,
    Kind.RESULT: Choice.NOW,
    Kind.OWN: Choice.NOW,
    Kind.TALK: Choice.DAILY,
    Kind.TEAM: Choice.DAILY,
}
_OWN = (Group.CANDIDATE, Group.REQUESTER, Group.PERSON, Group.NAMED)
_TALK = (Group.SPOKE, Group.WATCHING)


def kind_of(row: Row | None, reason: Group) -> Kind:
    """The kind of a message to somebody who is told for this reason."""
    if reason is Group.TURN:
        return Kind.TURN
    if row is not None and row.result:
        return Kind.RESULT
    if reason in _OWN:
        return Kind.OWN
    return Kind.TALK if reason in _TALK else Kind.TEAM


def is_duty(kind: Kind, person: PersonFacts) -> bool:
    """Whether this may not be switched off: what waits for the decision of those who decide."""
    return kind is Kind.TURN and (person.decides or person.is_board)


def choices(kind: Kind, person: PersonFacts) -> tuple[Choice, ...]:
    """What this person may choose for this kind."""
    return (Choice.NOW, Choice.DAILY) if is_duty(kind, person) else tuple(Choice)


def wanted(kind: Kind, person: PersonFacts, chosen: Mapping[Kind, Choice], *, stopped: bool, quiet: bool) -> Choice:
    """When this message goes out to this person.

    ``stopped``: they want no mail about this request. ``quiet``: while they are away, what would go out waits.
    """
    choice = chosen.get(kind, USUAL[kind])
    if is_duty(kind, person):
        choice = USUAL[kind] if choice is Choice.OFF else choice
    elif stopped:
        return Choice.OFF
    if choice is Choice.NOW and quiet and person.away:
        return Choice.DAILY
    return choice
