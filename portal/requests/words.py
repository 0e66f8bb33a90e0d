"""Requests in words: stages, items, whose turn it is, what happened. Messages only; no database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.errors import Message
from portal.org import organisation
from portal.org.catalogue import AccessItem
from portal.requests.authority import DecidesAs, authority, deciding_now
from portal.requests.discussion_models import Relation, Stance
from portal.requests.facts import RequestFacts
from portal.requests.readiness import Check, days_needed, is_ready
from portal.requests.workflow import State

STAGES: dict[State, tuple[Message, str]] = {
    State.DRAFT: (Message("Draft"), "neutral"),
    State.AGREEMENT: (Message("Waiting for agreement"), "clock"),
    State.DISCUSSION: (Message("In discussion"), "progress"),
    State.NEEDS_INFORMATION: (Message("Needs information"), "question"),
    State.WITH_BOARD: (Message("With the Board"), "board"),
    State.APPROVED: (Message("Approved"), "good"),
    State.DECLINED: (Message("Not yet"), "notyet"),
    State.WITHDRAWN: (Message("Withdrawn"), "withdrawn"),
    State.CLOSED: (Message("Closed, no reply"), "closed"),
}
STANCES: dict[Stance, Message] = {
    Stance.SUPPORT: Message("Support"),
    Stance.NEUTRAL: Message("Neutral"),
    Stance.OPPOSE: Message("Oppose"),
}
RELATIONS: dict[Relation, Message] = {
    Relation.MENTOR: Message("mentor"),
    Relation.WORKS_WITH: Message("works with them"),
    Relation.KNOWS: Message("knows them from elsewhere"),
}
CAPACITIES: dict[str, Message] = {
    DecidesAs.DIRECTOR: Message("Director"),
    DecidesAs.DEPUTY: Message("Deputy"),
    DecidesAs.BOARD: Message("Board"),
}

EVENTS: dict[str, Message] = {
    "request.filed": Message("%(who)s filed the request"),
    "request.agreed": Message("%(who)s agreed"),
    "request.edited": Message("%(who)s edited the text"),
    "request.revised": Message("%(who)s changed what is asked for; earlier positions no longer count"),
    "request.withdrawn": Message("%(who)s withdrew the request"),
    "request.referred": Message("%(who)s referred it to the Board"),
    "request.approved": Message("%(who)s approved it"),
    "request.declined": Message("%(who)s answered: not yet"),
    "request.reopened": Message("%(who)s took it up again"),
    "request.reopened_by_answer": Message("The answer opened the request again"),
    "request.closed_without_reply": Message("Closed, because a question stayed unanswered"),
    "request.overdue": Message("Still waiting, a week after the discussion could have ended"),
    "turn.began": Message("The time has come for the next step"),
    "duty.reminded": Message("A reminder to whoever has to act"),
    "duty.raised": Message("The Director was told that this still waits"),
    "comment.added": Message("%(who)s commented"),
    "comment.edited": Message("%(who)s edited a comment"),
    "question.added": Message("%(who)s asked the candidate"),
    "question.reminded": Message("A reminder: a question waits for an answer"),
    "answer.added": Message("%(who)s answered a question"),
    "position.taken": Message("%(who)s took a position"),
    "concern.raised": Message("%(who)s raised a concern"),
    "concern.resolved": Message("%(who)s resolved a concern"),
    "concern.overridden": Message("%(who)s overrode a concern"),
    "sponsorship.given": Message("%(who)s sponsors the candidate"),
    "sponsorship.withdrawn": Message("%(who)s withdrew the sponsorship"),
    "recusal.declared": Message("%(who)s takes no part in this"),
    "evidence.linked": Message("%(who)s linked evidence"),
    "evidence.unlinked": Message("%(who)s took evidence back"),
    "note.written": Message("%(who)s wrote a private note"),
    "text.redacted": Message("%(who)s removed a text"),
    "record.removed": Message("%(who)s removed it from the public record, as the person asked"),
    "decision.reviewed": Message("%(who)s reviewed the decision on return"),
    "grant.approved": Message("Access approved"),
    "grant.granted": Message("%(who)s marked access as granted"),
    "grant.renewed": Message("Access renewed"),
    "grant.revoked": Message("%(who)s revoked access"),
    "role.assigned": Message("A role began"),
    "role.extended": Message("A role was prolonged"),
    "role.ended": Message("A role ended"),
}


@dataclass(frozen=True, slots=True)
class ItemWords:
    """A requested item as people read it."""

    name: str
    what: Message
    summary: str
    trust: str
    high_trust: bool
    needs_nda: bool


TYPES = {
    "role": Message("role"),
    "access_group": Message("shell group"),
    "system": Message("system"),
}


def happened(code: str, who: str | None) -> Message:
    """An event in words."""
    says = EVENTS.get(code, Message("%(what)s", what=code))
    return Message(says.id, **{**says.values, "who": who or "?"})


def item_words(item_type: str, item_key: str) -> ItemWords:
    """The catalogue's words for an item; the bare key if it has left the catalogue."""
    entry = organisation().item(item_type, item_key)
    if entry is None:
        return ItemWords(item_key, TYPES[item_type], "", "", high_trust=False, needs_nda=False)
    trust = entry.trust if isinstance(entry, AccessItem) else ""
    return ItemWords(
        entry.name, TYPES[item_type], entry.summary, trust, high_trust=entry.high_trust, needs_nda=entry.needs_nda
    )


def change(action: str, item_type: str, item_key: str) -> Message:
    """What happens to an item: "Add bastion"."""
    name = item_words(item_type, item_key).name
    return Message("Add %(name)s", name=name) if action == "add" else Message("Remove %(name)s", name=name)


def held_item_names(held: Iterable[tuple[str, str]]) -> list[str]:
    """The names of what is held, as (type, key), in alphabetical order."""
    return sorted(item_words(item_type, item_key).name for item_type, item_key in held)


def stage(state: State) -> Message:
    """The stage's name."""
    return STAGES[state][0]


def stage_kind(state: State) -> str:
    """Which chip shows the stage."""
    return STAGES[state][1]


@dataclass(frozen=True, slots=True)
class Turn:
    """Whose turn it is, until when, and the people whose turn it is (ids)."""

    says: Message
    until: datetime | None
    people: frozenset[int]


@dataclass(frozen=True, slots=True)
class TurnOf:
    """Somebody whose turn it is, by name, and since when, if that is known."""

    name: str
    since: datetime | None


MOST_NAMED = 3  # of a whole Board the sentence is enough


def turn_of(turn: Turn, names: Mapping[int, str], since: Mapping[int, datetime]) -> list[TurnOf]:
    """Those whose turn it is, as far as a line can hold them."""
    if len(turn.people) > MOST_NAMED:
        return []
    return [TurnOf(names[id], since.get(id)) for id in sorted(turn.people) if id in names]


WAITS_FOR = {
    DecidesAs.DIRECTOR: Message("Waiting for the Director to decide"),
    DecidesAs.DEPUTY: Message("Waiting for the Deputy to decide"),
    DecidesAs.BOARD: Message("Waiting for the Board to decide"),
}


def turn(facts: RequestFacts, checks: tuple[Check, ...]) -> Turn:
    """Whose turn it is now."""
    nobody: frozenset[int] = frozenset()
    if facts.state is State.DRAFT:
        return Turn(Message("Not submitted yet"), None, frozenset({facts.requester_id}))
    if facts.state is State.AGREEMENT:
        return Turn(Message("Waiting for the candidate to agree"), None, frozenset({facts.candidate_id}))
    if facts.state is State.NEEDS_INFORMATION:
        return Turn(Message("Waiting for an answer from the candidate"), None, frozenset({facts.candidate_id}))
    if facts.state is State.WITH_BOARD:
        board = frozenset(id for id, _ in deciding_now(facts).deciders)
        return Turn(Message("Waiting for the Board's outcome"), None, board)
    if facts.state is not State.DISCUSSION:
        return Turn(Message(""), None, nobody)
    found = authority(facts)
    if is_ready(checks):
        who = frozenset(id for id, _ in found.deciders)
        return Turn(WAITS_FOR[found.capacity] if found.capacity else found.why, None, who)
    return _still_discussed(facts, checks)


def _still_discussed(facts: RequestFacts, checks: tuple[Check, ...]) -> Turn:
    ends = facts.discussion_at + timedelta(days=days_needed(facts)) if facts.discussion_at else None
    if ends and ends > facts.now:
        return Turn(Message("The team discusses it"), ends, frozenset())
    lacking = next((check for check in checks if not check.met and check.weight != "advised"), None)
    if lacking:
        return Turn(lacking.says, None, frozenset())
    return Turn(Message("The team discusses it"), ends, frozenset())
