"""What a kind of request consists of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from portal.access.models import ItemType
from portal.errors import Message
from portal.people.facts import PersonFacts

ACCESS = frozenset({ItemType.ACCESS_GROUP, ItemType.SYSTEM})


@dataclass(frozen=True, slots=True)
class Question:
    """One question of the form. ``field`` names the answer in the database."""

    field: str
    label: Message
    hint: Message
    needed: bool = True


@dataclass(frozen=True, slots=True)
class KindSpec:
    """One kind. ``may_file`` returns why this person may not file it for that candidate, or None.

    ``for_member``: the candidate has to be on the team; otherwise they must not be. ``needs_role``: a role has to be
    among what is asked for and given. ``amount`` is the money it involves, in US cents; None: no money. Money makes a
    kind fiscal: then the Deputy never decides.
    """

    key: str
    questions: tuple[Question, ...]
    adds: frozenset[ItemType]
    removes: frozenset[ItemType]
    may_file: Callable[[PersonFacts, PersonFacts], Message | None]
    ready_reason: Message
    for_member: bool = True
    needs_role: bool = False
    amount: int | None = None

    @property
    def fiscal(self) -> bool:
        return self.amount is not None


def for_members(actor: PersonFacts, candidate: PersonFacts) -> Message | None:
    """Members file it, for themselves or for another member."""
    if not actor.is_member:
        return Message("Only members of the team can file this. You can ask to join instead.")
    if not candidate.is_member:
        return Message("This is for members of the team. For somebody who wants to join, file a new-member request.")
    return None


def for_newcomers(actor: PersonFacts, candidate: PersonFacts) -> Message | None:
    """The volunteer files it, or a member for them."""
    if candidate.is_member:
        return Message("This is for people who are not on the team. Members file a role change.")
    if actor.id != candidate.id and not actor.is_member:
        return Message("You can ask to join for yourself; only members can file for somebody else.")
    return None
