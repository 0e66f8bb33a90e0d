"""Who is told of mentoring, and who is reminded of a question that waits for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.audit.models import Audience, Event
from portal.errors import Message
from portal.extensions import db
from portal.mentoring import policy, queries, words
from portal.mentoring.models import Mentorship, MentorshipState
from portal.notifications.duties import Duty
from portal.notifications.registry import Around, Source, View
from portal.notifications.told import Group, Row
from portal.web.addresses import path_to

NAMED, PERSON = Group.NAMED, Group.PERSON
BETWEEN_TWO = Message("It stands on the page of the two.")
ANSWERS = ("mentorship.accepted", "mentorship.declined")  # told also to who asked, where that was not the mentee

OWN_CHOICE = Message("It is their own choice, and nobody is asked why.")

ROWS: dict[str, Row] = {
    "mentorship.asked": Row(
        Message("%(who)s asked for a mentor"), (NAMED,), {NAMED: Message("%(who)s asks you to be their mentor")}
    ),
    "peer_support.asked": Row(
        Message("%(who)s asked for peer support"), (NAMED,), {NAMED: Message("%(who)s asks you for peer support")}
    ),
    "mentorship.accepted": Row(
        Message("%(who)s accepted"), (PERSON, NAMED), {PERSON: Message("%(who)s accepted: you can begin")}
    ),
    "mentorship.declined": Row(Message("%(who)s cannot take it on now"), (PERSON, NAMED)),
    "mentorship.handover_begun": Row(
        Message("%(who)s wants to hand over mentoring"),
        (PERSON, NAMED),
        {PERSON: Message("%(who)s wants to hand your mentoring over to somebody else; you can say no")},
    ),
    "mentorship.handover_asked": Row(
        Message("%(who)s asked somebody to take over mentoring"),
        (NAMED,),
        {NAMED: Message("%(who)s asks you to take over mentoring")},
    ),
    "mentorship.handed_over": Row(Message("%(who)s took over mentoring"), (NAMED,)),
    "mentorship.ended": Row(Message("%(who)s ended it"), (PERSON, NAMED)),
    "mentorship.settled": Row(
        Message("A question about mentoring is settled"),
        (NAMED,),
        {NAMED: Message("This is settled without you: nothing is left for you to answer")},
    ),
    "mentorship.reminded": Row(
        Message("A reminder of a question about mentoring"),
        (PERSON,),
        {PERSON: Message("A reminder: you were asked for this and have not answered. No is a good answer, too")},
    ),
    "mentorship.raised": Row(
        Message("A question about mentoring was not answered in spite of a reminder"), (Group.DIRECTOR,)
    ),
    "mentoring.offered": Row(
        Message("%(who)s said how many people they can mentor"), silent=Message("It stands on the list of mentors.")
    ),
    "mentoring.shared": Row(Message("%(who)s lets the team count their agreed scores"), silent=OWN_CHOICE),
    "mentoring.unshared": Row(Message("%(who)s no longer lets the team count their scores"), silent=OWN_CHOICE),
    "mentoring.goal_set": Row(Message("%(who)s set a goal"), silent=BETWEEN_TWO),
    "mentoring.goal_reached": Row(Message("A goal was reached"), silent=BETWEEN_TWO),
    "mentoring.goal_reopened": Row(Message("A goal was opened again"), silent=BETWEEN_TWO),
    "mentoring.goal_dropped": Row(Message("A goal was dropped"), silent=BETWEEN_TWO),
}

DUTIES = {"mentor": Message("Question about mentoring to answer")}


def duties(now: datetime) -> Iterator[Duty]:
    """Questions that a member was asked and has not answered."""
    for row in db.session.scalars(select(Mentorship).where(Mentorship.state == MentorshipState.ASKED)):
        yield Duty("mentor", row.id, row.mentor_id, row.asked_at, "mentorship", Audience.DECIDERS)


def _found(events: Sequence[Event]) -> dict[int, Mentorship]:
    ids = {event.subject_id for event in events if event.subject_id is not None}
    query = select(Mentorship).where(Mentorship.id.in_(ids))
    together = (Mentorship.mentee, Mentorship.mentor)
    rows = db.session.scalars(query.options(*(joinedload(person) for person in together)))
    return {row.id: row for row in rows}


def _around(events: Sequence[Event], now: datetime) -> Mapping[int, Around]:
    found = _found(events)
    return {
        event.id: Around({Group.NAMED: _named(event, found[event.subject_id])})
        for event in events
        if event.subject_id in found
    }


def _named(event: Event, row: Mentorship) -> frozenset[int]:
    """The mentor; of an answer, and of what was taken back before there was one, also who asked."""
    asked = event.code in ANSWERS or row.from_at is None
    return frozenset({row.mentor_id, row.asked_by_id} if asked else {row.mentor_id})


def _views(events: Sequence[Event], now: datetime) -> Mapping[int, View]:
    found = _found(events)
    return {event.id: _view(event, found[id]) for event in events if (id := event.subject_id or 0) in found}


def _view(event: Event, row: Mentorship) -> View:
    facts = queries.facts_of(row)
    title = Message(
        "%(kind)s: %(mentee)s, with %(mentor)s",
        kind=words.KINDS[row.kind],
        mentee=row.mentee.name,
        mentor=row.mentor.name,
    )
    may = policy.reads_inside if event.code.startswith("mentoring.") else policy.may_see
    return View(title, path_to("mentorship.show", mentorship_id=row.id), lambda reader: may(reader, facts))


SOURCE = Source(Message("Mentoring"), ROWS, _around, _views)
