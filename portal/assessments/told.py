"""Who is told of assessments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.assessments import policy, queries, standard_policy
from portal.assessments.models import Assessment, AssessmentState, AssessmentType
from portal.audit.models import Audience, Event
from portal.errors import Message
from portal.extensions import db
from portal.notifications.duties import Duty
from portal.notifications.registry import Around, Source, View
from portal.notifications.told import Group, Row
from portal.web.addresses import path_to

NEVER_HELD = Message("It never held.")
OWN = Message("It is the work of one person until it is finished.")

ROWS: dict[str, Row] = {
    "assessment.started": Row(Message("%(who)s began an assessment"), silent=OWN),
    "assessment.marker_named": Row(
        Message("%(who)s asked for a mentor review"),
        (Group.NAMED, Group.PERSON),
        {Group.NAMED: Message("%(who)s asks you for a mentor review")},
    ),
    "assessment.locked": Row(Message("%(who)s finished an assessment"), (Group.PERSON,)),
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
    "standard.published": Row(Message("A standard was published"), (Group.TEAM,)),
}


def duties(now: datetime) -> Iterator[Duty]:
    """Mentor reviews that a named marker has not finished."""
    open_now = (Assessment.type == AssessmentType.MENTOR, Assessment.state == AssessmentState.DRAFT)
    for found in db.session.scalars(select(Assessment).where(*open_now)):
        yield Duty("review", found.id, found.marker_id, found.created_at, "assessment", Audience.DECIDERS)


def _found(events: Sequence[Event]) -> dict[int, Assessment]:
    ids = {event.subject_id for event in events if event.code.startswith("assessment.")}
    query = select(Assessment).where(Assessment.id.in_(ids)).options(joinedload(Assessment.person))
    return {found.id: found for found in db.session.scalars(query)}


def _around(events: Sequence[Event], now: datetime) -> Mapping[int, Around]:
    found = _found(events)
    return {
        event.id: Around({Group.NAMED: frozenset({found[event.subject_id].marker_id})})
        for event in events
        if event.subject_id in found and event.code.startswith("assessment.")
    }


def _views(events: Sequence[Event], now: datetime) -> Mapping[int, View]:
    found = _found(events)
    return {event.id: view for event in events if (view := _view(event, found)) is not None}


def _view(event: Event, found: dict[int, Assessment]) -> View | None:
    if event.code in ("standard.imported", "standard.discarded"):
        draft = path_to("standards.draft")
        return View(Message("The standard"), draft, lambda reader: standard_policy.why_not_draft(reader) is None)
    if event.code == "standard.published":
        path = path_to("assessments.index")
        return View(Message("The standard"), path, lambda reader: event.audience is Audience.PUBLIC, public_path=path)
    assessment = found.get(event.subject_id or 0)
    if assessment is None:
        return None
    facts = queries.facts_of(assessment)
    title = Message("Assessment of %(name)s", name=assessment.person.name)
    path = path_to("assessment.show", assessment_id=assessment.id)
    return View(title, path, lambda reader: reader is not None and policy.may_read(reader, facts))


SOURCE = Source(Message("Assessments"), ROWS, _around, _views)
