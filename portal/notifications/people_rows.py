"""The rows of the table for what lies below: people, rules, and the portal itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select

from portal.audit.models import Audience, Event
from portal.errors import Message
from portal.extensions import db
from portal.notifications.registry import Around, Source, View
from portal.notifications.told import Group, Row
from portal.people import queries as people
from portal.people.facts import PersonFacts
from portal.people.models import MergeProposal
from portal.web.addresses import path_to

OWN = Message("Only the person themselves does this.")
ENTRY = Message("It is part of signing in.")
SEEN_THERE = Message("Who settles it sees it on the page where it is settled.")
COMMANDS = Message("An operator does this at the server.")

ROWS: dict[str, Row] = {
    "role.assigned": Row(Message("A role began"), (Group.PERSON,)),
    "role.extended": Row(Message("A role was prolonged"), (Group.PERSON,)),
    "role.ended": Row(Message("A role ended"), (Group.PERSON, Group.DECIDERS)),
    "capacity.assigned": Row(Message("%(who)s made an appointment"), (Group.PERSON, Group.BOARD)),
    "capacity.ended": Row(Message("%(who)s ended an appointment"), (Group.PERSON, Group.BOARD)),
    "acting.started": Row(Message("The Deputy acts for the Director"), (Group.DECIDERS, Group.BOARD)),
    "acting.ended": Row(Message("The Deputy no longer acts for the Director"), (Group.DECIDERS, Group.BOARD)),
    "unreachable.reported": Row(
        Message("%(who)s reported that the Director cannot be reached; two others have to confirm it"),
        (Group.DIRECTOR, Group.BOARD, Group.TEAM),
        {Group.DIRECTOR: Message("%(who)s reported that you cannot be reached; anything you do here ends that")},
    ),
    "unreachable.confirmed": Row(
        Message("%(who)s confirmed that the Director cannot be reached"), (Group.DIRECTOR, Group.BOARD)
    ),
    "absence.declared": Row(Message("%(who)s will be away"), (Group.DECIDERS,)),
    "absence.ended": Row(Message("%(who)s is back"), (Group.DECIDERS,)),
    "merge.proposed": Row(Message("%(who)s says that two accounts are one person"), (Group.DECIDERS,)),
    "merge.refused": Row(Message("%(who)s answered that two people are not one"), silent=SEEN_THERE),
    "person.merged": Row(Message("Two people became one"), (Group.PERSON,)),
    "nda.noted": Row(Message("%(who)s noted a confidentiality agreement"), silent=SEEN_THERE),
    "nda.withdrawn": Row(Message("%(who)s withdrew a note of a confidentiality agreement"), silent=SEEN_THERE),
    "reason.removed": Row(Message("%(who)s removed a reason that you wrote"), (Group.PERSON,)),
    "rule.changed": Row(Message("%(who)s changed a rule; it counts from 72 hours later on"), (Group.TEAM, Group.BOARD)),
    "person.arrived": Row(Message("%(who)s signed in for the first time"), silent=ENTRY),
    "person.renamed": Row(Message("%(who)s has another name on the wiki"), silent=ENTRY),
    "person.added": Row(Message("Somebody was added"), silent=COMMANDS),
    "binding.opened": Row(Message("A name waits for its account"), silent=COMMANDS),
    "binding.refused": Row(Message("An account could not take a name"), silent=ENTRY),
    "identity.bound": Row(Message("%(who)s signed in for the first time"), silent=ENTRY),
    "identity.linked": Row(Message("%(who)s linked another account"), silent=OWN),
    "identity.locked": Row(Message("A wiki account is blocked or locked"), silent=ENTRY),
    "identity.unlocked": Row(Message("A wiki account is free again"), silent=ENTRY),
    "clock.confirmed": Row(Message("An operator confirmed the clock"), silent=COMMANDS),
}


def may_read(event: Event, subject_id: int | None, reader: PersonFacts | None) -> bool:
    """Public for everybody; otherwise for the team and the person it is about, or for those who decide."""
    if event.audience is Audience.PUBLIC:
        return True
    if reader is None or reader.locked:
        return False
    if event.audience is Audience.DECIDERS:
        return reader.decides
    return reader.is_member or reader.is_board or reader.id == subject_id


def _around(events: Sequence[Event], now: datetime) -> Mapping[int, Around]:
    """Nobody beside the team and the person; who is said to be two people does not settle that."""
    proposals = {event.subject_id: event.id for event in events if event.code == "merge.proposed"}
    if not proposals:
        return {}
    query = select(MergeProposal).where(MergeProposal.id.in_(proposals))
    return {
        proposals[found.id]: Around(recused=frozenset({found.person_id, found.other_id}))
        for found in db.session.scalars(query)
    }


def _views(events: Sequence[Event], now: datetime) -> Mapping[int, View]:
    names = people.living_names(event.person_id for event in events if event.person_id is not None)
    return {event.id: _view(event, names.get(event.person_id or 0)) for event in events}


def _view(event: Event, person: tuple[int, str] | None) -> View:
    person_id = person[0] if person else None
    title, path = Message("The portal"), path_to("home.index")
    if event.code == "rule.changed":
        title, path = Message("How decisions are made"), path_to("rules.index")
    elif event.code.startswith("merge."):
        title, path = Message("One person or two?"), path_to("merges.index")
    elif event.code.startswith("unreachable."):
        title, path = Message("The Director"), path_to("absence.unreachable")
    elif person is not None:
        title, path = Message("%(name)s", name=person[1]), path_to("people.person", person_id=person[0])
    return View(title, path, lambda reader: may_read(event, person_id, reader), public_path=path)


SOURCE = Source(Message("People and rules"), ROWS, _around, _views)
