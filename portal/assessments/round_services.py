"""Changing rounds of double marking: open one, name a marker, decline, begin a correction."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from portal.assessments import marking as rules
from portal.assessments import policy, queries, rounds, services
from portal.assessments.marking import Round
from portal.assessments.models import Assessment, AssessmentState, AssessmentType, Marking, Seat
from portal.audit import services as audit
from portal.audit.models import Audience
from portal.errors import Invalid, Message, NotPermitted, NotVisible, WrongState
from portal.extensions import db
from portal.people import queries as people
from portal.people.models import Person

NAMERS = Message("Only the person it is about, the Director and the Deputy name the markers.")


def open_round(actor: Person, person_id: int, *, mentor_id: int, second_id: int, now: datetime) -> int:
    """Open a round and name both markers. Returns its id. Raises NotPermitted, Invalid, WrongState."""
    person = people.get(person_id)
    if person is None or not policy.may_name_marker(people.facts(actor.id, now), person.id):
        raise NotPermitted(NAMERS)
    standard = services.require_standard()
    if rounds.open_for(person.id, standard.id):
        raise WrongState(Message("A double marking of this person is open already. It ends with its final check."))
    marking = Marking(person_id=person.id, standard_id=standard.id, opened_by_id=actor.id, opened_at=now)
    db.session.add(marking)
    db.session.flush()
    for seat, marker_id in ((Seat.MENTOR, mentor_id), (Seat.SECOND, second_id)):
        _seat(marking, rounds.state_of(marking), seat, marker_id, now=now)
    _take_own(marking)
    audit.record(
        "marking.opened",
        actor_id=actor.id,
        at=now,
        person_id=person.id,
        subject_id=marking.id,
        audience=Audience.DECIDERS,
        standard=standard.id,
        markers=[mentor_id, second_id],
    )
    return marking.id


def _seat(marking: Marking, of: Round, seat: Seat, marker_id: int, *, now: datetime) -> Assessment:
    """Let this member take the seat. Raises Invalid with the name of the field."""
    fault = rules.why_not_marker(of, seat, people.facts(marker_id, now), rounds.vouching(marking.person_id))
    if fault:
        raise Invalid(fault, field=seat.value)
    return services.new(
        AssessmentType.MENTOR,
        marking.person,
        marker_id=marker_id,
        submission_id=None,
        now=now,
        marking=marking,
        seat=seat,
    )


def _take_own(marking: Marking) -> None:
    """The draft of the person's self-assessment, or else the newest locked one, takes the seat, with what it corrects.

    One that belongs to an earlier round stays there.
    """
    query = select(Assessment).where(
        Assessment.person_id == marking.person_id,
        Assessment.standard_id == marking.standard_id,
        Assessment.type == AssessmentType.SELF,
        Assessment.marking_id.is_(None),
    )
    found = {row.id: row for row in db.session.scalars(query.order_by(Assessment.locked_at, Assessment.id))}
    originals = [row for row in found.values() if row.supersedes_id is None]
    drafts = [row for row in originals if row.state is AssessmentState.DRAFT]
    if not originals:
        return
    chain = {(drafts or originals)[-1].id}
    for row in sorted(found.values(), key=lambda row: row.id):
        if row.id in chain or row.supersedes_id in chain:
            chain.add(row.id)
            row.marking_id, row.seat = marking.id, Seat.OWN
    db.session.flush()


def name(actor: Person, marking_id: int, seat: Seat, *, marker_id: int, now: datetime) -> None:
    """Name who takes a free seat. Raises NotVisible, NotPermitted, WrongState, Invalid."""
    marking = rounds.find(marking_id)
    facts, of = people.facts(actor.id, now), rounds.state_of(marking)
    if not rules.may_follow(facts, of):
        raise NotVisible
    if not rules.may_name(facts, of):
        raise NotPermitted(NAMERS)
    if seat not in of.vacant:
        raise WrongState(Message("Somebody is named already."))
    _seat(marking, of, seat, marker_id, now=now)
    audit.record(
        "marking.named",
        actor_id=actor.id,
        at=now,
        person_id=marking.person_id,
        subject_id=marking.id,
        audience=Audience.DECIDERS,
        marker=marker_id,
        seat=seat.value,
    )


def decline(actor: Person, assessment_id: int, reason: str, *, now: datetime) -> None:
    """Say "I cannot mark this": what was typed goes, and somebody else can be named.

    Raises NotVisible, NotPermitted, WrongState.
    """
    facts = people.facts(actor.id, now)
    assessment = queries.find(assessment_id)
    of = rounds.facts_of(assessment)
    if actor.id not in of.markers and not policy.may_read(facts, of):
        raise NotVisible
    if of.locked or of.declined:
        raise WrongState(Message("This is finished, so it cannot be declined any more."))
    if not policy.may_decline(facts, of):
        raise NotPermitted(Message("Only who was named for a double marking says that they cannot do it."))
    services.empty(assessment)
    assessment.state, assessment.updated_at = AssessmentState.DECLINED, now
    assessment.declined_id = audit.write_text(actor.id, reason, at=now).id if reason else None
    db.session.flush()
    audit.record(
        "marking.declined",
        actor_id=actor.id,
        at=now,
        person_id=assessment.person_id,
        subject_id=assessment.marking_id,
        audience=Audience.DECIDERS,
        assessment=assessment.id,
        seat=assessment.seat.value if assessment.seat else None,
    )


def correct(actor: Person, assessment_id: int, *, now: datetime) -> int:
    """Begin a correction of a locked document: a draft with all that stands on it. Returns its id, also of one begun.

    The locked one stays as it is, and counts until the correction is locked. A draft is no event: the timeline vouches
    for texts, and these may still change. Raises NotVisible, NotPermitted, WrongState.
    """
    facts = people.facts(actor.id, now)
    old = queries.get_visible(facts, assessment_id)
    of = rounds.facts_of(old)
    if of.superseded:
        raise WrongState(Message("This was corrected already. Correct the newest one."))
    if of.corrected and actor.id in of.markers:
        return queries.correction_of(old.id).id
    if not policy.may_correct(facts, of):
        raise NotPermitted(Message("Only who gave the scores corrects them, once they are locked."))
    begun = Assessment(
        standard_id=old.standard_id,
        person_id=old.person_id,
        marker_id=old.marker_id,
        co_marker_id=old.co_marker_id,
        type=old.type,
        state=AssessmentState.DRAFT,
        username=old.username,
        role_focus=old.role_focus,
        mentoring_type=old.mentoring_type,
        assessed_on=now.date(),
        created_at=now,
        updated_at=now,
        marking_id=old.marking_id,
        seat=old.seat,
        supersedes_id=old.id,
    )
    db.session.add(begun)
    db.session.flush()
    rows = queries.score_rows(old.id)
    for item in queries.items_of(old.standard_id):
        if item.id in rows:
            services.write(begun, item, None, queries.entry_of(rows[item.id]), by_id=actor.id, now=now)
    db.session.flush()
    return begun.id
