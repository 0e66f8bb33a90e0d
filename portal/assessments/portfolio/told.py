"""Who is told of evidence: its owner of a question, and who questioned a piece of what stands in its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from portal.assessments.portfolio import policy, queries
from portal.assessments.portfolio.models import Piece, Verdict
from portal.audit.models import Event
from portal.errors import Message
from portal.notifications.registry import Around, Source, View
from portal.notifications.told import Group, Row
from portal.people import queries as people
from portal.people.facts import PersonFacts
from portal.web.addresses import path_to

REPLACED = "portfolio.replaced"
ANSWERED = ("portfolio.accepted", "portfolio.questioned")
SEEN_THERE = Message("Who marks sees it beside the item.")

ROWS: dict[str, Row] = {
    "portfolio.added": Row(Message("%(who)s added evidence"), silent=SEEN_THERE),
    REPLACED: Row(
        Message("%(who)s said a piece of evidence otherwise"),
        (Group.NAMED,),
        {Group.NAMED: Message("%(who)s said a piece of evidence otherwise that you had a question about")},
    ),
    "portfolio.withdrawn": Row(Message("%(who)s withdrew evidence"), silent=SEEN_THERE),
    "portfolio.accepted": Row(Message("%(who)s accepted evidence"), silent=Message("It stands beside the piece.")),
    "portfolio.questioned": Row(
        Message("%(who)s has a question about evidence"),
        (Group.PERSON,),
        {Group.PERSON: Message("%(who)s has a question about your evidence")},
    ),
}


def _around(events: Sequence[Event], now: datetime) -> Mapping[int, Around]:
    """Who had a question about the piece that was said otherwise."""
    new = {event.subject_id: event.id for event in events if event.code == REPLACED}
    return {new[after_id]: Around({Group.NAMED: _questioners(before)}) for after_id, before in queries.replaced_by(new)}


def _questioners(piece: Piece) -> frozenset[int]:
    newest = {answer.marker_id: answer.verdict for answer in piece.answers}
    return frozenset(marker for marker, verdict in newest.items() if verdict is Verdict.QUESTIONED)


def _views(events: Sequence[Event], now: datetime) -> Mapping[int, View]:
    """From the events alone: whose evidence it is stands in them, and a piece is as old as the event of it."""
    return {event.id: _view(event, event.person_id) for event in events if event.person_id is not None}


def _view(event: Event, person_id: int) -> View:
    def may_know(reader: PersonFacts | None) -> bool:
        return reader is not None and _may_know(reader, event, person_id)

    return View(Message("Evidence"), path_to("portfolio.show", person_id=person_id), may_know)


def _may_know(reader: PersonFacts, event: Event, person_id: int) -> bool:
    """Whose work it is and who did it; of a piece who reads it, of an answer who reads that."""
    if reader.locked:
        return False
    if reader.id in (event.actor_id, person_id):
        return True
    owner = people.get(person_id)  # asked last: nearly always it is one of the two
    if owner is None:
        return False
    standing = queries.standing(reader.id, owner.id)
    if event.code in ANSWERED:
        reads = policy.reads_answer(reader, standing, event.actor_id or 0) and policy.reads_all(reader, standing)
        return reader.id == owner.id or reads
    return policy.reads_piece(reader, standing, event.at)


SOURCE = Source(Message("Evidence"), ROWS, _around, _views)
