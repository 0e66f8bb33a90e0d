"""Who is told of assessments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import aliased, joinedload

from portal.assessments import marking as rules
from portal.assessments import policy, rounds, standard_policy
from portal.assessments.marking import MARKINGS
from portal.assessments.models import Agreement, Assessment, AssessmentState, AssessmentType, Marking
from portal.assessments.policy import AssessmentFacts
from portal.assessments.rounds import Rounds
from portal.audit.models import Audience, Event
from portal.errors import Message
from portal.extensions import db
from portal.notifications.duties import Duty
from portal.notifications.registry import Around, Source, View
from portal.notifications.told import Group, Row
from portal.web.addresses import path_to

NEVER_HELD = Message("It never held.")
ASKED = Message("%(who)s asks you for one of two independent markings")
OWN = Message("It is the work of one person until it is finished.")

ROWS: dict[str, Row] = {
    "assessment.started": Row(Message("%(who)s began an assessment"), silent=OWN),
    "assessment.marker_named": Row(
        Message("%(who)s asked for a mentor review"),
        (Group.NAMED, Group.PERSON),
        {Group.NAMED: Message("%(who)s asks you for a mentor review")},
    ),
    "assessment.locked": Row(Message("%(who)s finished an assessment"), (Group.PERSON,)),
    "assessment.settled": Row(Message("%(who)s agreed, so the final check is finished"), (Group.PERSON, Group.NAMED)),
    "assessment.corrected": Row(Message("%(who)s finished a correction"), (Group.PERSON, Group.NAMED)),
    "assessment.discarded": Row(Message("%(who)s discarded an assessment"), silent=OWN),
    "assessment.remark_redacted": Row(
        Message("%(who)s removed a remark"), (Group.NAMED,), {Group.NAMED: Message("%(who)s removed a remark of yours")}
    ),
    "assessment.reminded": Row(
        Message("A reminder of a mentor review"),
        (Group.PERSON,),
        {Group.PERSON: Message("A reminder: you were asked for this mentor review")},
    ),
    "assessment.raised": Row(Message("A mentor review was not finished in spite of a reminder"), (Group.DIRECTOR,)),
    "standard.imported": Row(Message("A draft of the standard was imported"), (Group.DIRECTOR,)),
    "standard.discarded": Row(Message("A draft of the standard was discarded"), silent=NEVER_HELD),
    "marking.opened": Row(
        Message("%(who)s opened a double marking"), (Group.NAMED, Group.PERSON), {Group.NAMED: ASKED}
    ),
    "marking.named": Row(Message("%(who)s named a marker"), (Group.NAMED, Group.PERSON), {Group.NAMED: ASKED}),
    "marking.declined": Row(
        Message("%(who)s cannot mark this. Somebody else can be named"), (Group.PERSON, Group.DIRECTOR)
    ),
    "marking.revealed": Row(Message("Both markings are in and can be read side by side"), (Group.PERSON, Group.NAMED)),
    "marking.final_begun": Row(Message("%(who)s began the final check with you"), (Group.NAMED,)),
    "marking.agreed": Row(Message("%(who)s agreed to the final check as it stands"), (Group.NAMED,)),
    "marking.reminded": Row(
        Message("A reminder of a final check"),
        (Group.PERSON,),
        {Group.PERSON: Message("A reminder: the final check waits for you to agree")},
    ),
    "marking.raised": Row(Message("A final check was not agreed in spite of a reminder"), (Group.DIRECTOR,)),
    "standard.published": Row(Message("A standard was published"), (Group.TEAM,)),
}

DUTIES = {"review": Message("Review or marking to finish"), "final": Message("Final check to agree to")}


def duties(now: datetime) -> Iterator[Duty]:
    """Mentor reviews that a named marker has not finished, final checks that a marker has not agreed to."""
    columns = (Assessment.id, Assessment.marker_id, Assessment.created_at, Assessment.locked_at, Assessment.marking_id)
    asked = and_(Assessment.type == AssessmentType.MENTOR, Assessment.state == AssessmentState.DRAFT)
    given = and_(Assessment.seat.in_(MARKINGS), Assessment.state == AssessmentState.LOCKED, Marking.closed_at.is_(None))
    query = select(*columns, _agreed()).outerjoin(Marking, Marking.id == Assessment.marking_id)
    query = query.where(Assessment.supersedes_id.is_(None), or_(asked, given)).order_by(Assessment.id)
    both: defaultdict[int, list[tuple[int, datetime, bool]]] = defaultdict(list)
    for id, marker_id, created_at, locked_at, marking_id, agreed in db.session.execute(query):
        if locked_at is None:
            yield Duty("review", id, marker_id, created_at, "assessment", Audience.DECIDERS)
        else:
            both[marking_id or 0].append((marker_id, locked_at, agreed))
    for id, found in sorted(both.items()):
        since = max(locked_at for _, locked_at, _ in found)
        for marker_id in sorted(marker_id for marker_id, _, agreed in found if not agreed):
            if len(found) == len(MARKINGS):
                yield Duty("final", id, marker_id, since, "marking", Audience.DECIDERS)


def _agreed() -> ColumnElement[bool]:
    """SQL: whether its marker has agreed to the final check of the same round as it stands."""
    final = aliased(Assessment)
    query = select(Agreement.id).join(final, Agreement.assessment_id == final.id)
    mine = (final.marking_id == Assessment.marking_id, Agreement.person_id == Assessment.marker_id)
    return query.where(*mine, Agreement.cleared_at.is_(None)).exists()


@dataclass(frozen=True, slots=True)
class _Known:
    """What some events are about."""

    assessments: Mapping[int, Assessment]
    facts: Mapping[int, AssessmentFacts]
    markings: Mapping[int, Marking]
    rounds: Rounds


def _known(events: Sequence[Event]) -> _Known:
    ids = {event.subject_id for event in events if event.code.startswith("assessment.")}
    query = select(Assessment).where(Assessment.id.in_(ids)).options(joinedload(Assessment.person))
    assessments = {found.id: found for found in db.session.scalars(query)} if ids else {}
    ids = {event.subject_id for event in events if event.code.startswith("marking.")}
    asked = select(Marking).where(Marking.id.in_(ids)).options(joinedload(Marking.person))
    markings = {found.id: found for found in db.session.scalars(asked)} if ids else {}
    people = {found.person_id for found in assessments.values()} | {found.person_id for found in markings.values()}
    states = rounds.of_people(people) if people else Rounds({})
    return _Known(assessments, rounds.facts_for_reading(assessments.values(), states), markings, states)


def _around(events: Sequence[Event], now: datetime) -> Mapping[int, Around]:
    known = _known(events)
    return {event.id: Around({Group.NAMED: named}) for event in events if (named := _named(event, known)) is not None}


def _named(event: Event, known: _Known) -> frozenset[int] | None:
    """Who is named in an event: its marker, both markers of what two people are part of, or whom it named."""
    id = event.subject_id or 0
    if id in known.facts and event.code.startswith("assessment."):
        facts = known.facts[id]
        return facts.markers | (facts.readers - {facts.person_id} if event.code in TO_BOTH else frozenset())
    if id in known.markings and event.code.startswith("marking."):
        data: dict[str, Any] = event.data
        asked = data.get("markers", [data["marker"]] if "marker" in data else None)
        return known.rounds.by_id[id].markers if asked is None else frozenset(asked)
    return None


def _views(events: Sequence[Event], now: datetime) -> Mapping[int, View]:
    known = _known(events)
    return {event.id: view for event in events if (view := _view(event, known)) is not None}


def _view(event: Event, known: _Known) -> View | None:
    if event.code in ("standard.imported", "standard.discarded"):
        draft = path_to("standards.draft")
        return View(Message("The standard"), draft, lambda reader: standard_policy.why_not_draft(reader) is None)
    if event.code == "standard.published":
        path = path_to("assessments.index")
        return View(Message("The standard"), path, lambda reader: event.audience is Audience.PUBLIC, public_path=path)
    if event.code.startswith("marking."):
        return _view_of_marking(known.markings.get(event.subject_id or 0), known.rounds)
    assessment = known.assessments.get(event.subject_id or 0)
    if assessment is None:
        return None
    facts = known.facts[assessment.id]
    # That one of two markings is finished is no news: that both are in has an event of its own.
    alone = event.code == "assessment.locked" and assessment.seat in MARKINGS
    title = Message("Assessment of %(name)s", name=assessment.person.name)
    path = path_to("assessment.show", assessment_id=assessment.id)
    return View(title, path, lambda reader: reader is not None and not alone and policy.may_read(reader, facts))


def _view_of_marking(marking: Marking | None, states: Rounds) -> View | None:
    if marking is None:
        return None
    of = states.by_id[marking.id]
    title = Message("Double marking of %(name)s", name=marking.person.name)
    path = path_to("marking.show", marking_id=marking.id)
    return View(title, path, lambda reader: reader is not None and rules.may_follow(reader, of))


TO_BOTH = frozenset({"assessment.settled", "assessment.corrected"})
SOURCE = Source(Message("Assessments"), ROWS, _around, _views)
