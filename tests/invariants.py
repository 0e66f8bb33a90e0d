"""What holds in every database of the portal at every moment, whatever happened before: nothing is half there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import func, or_, select, text

from portal.access.models import Grant, GrantStep, ItemType, Step
from portal.assessments.marking import MARKINGS
from portal.assessments.models import Assessment, AssessmentState, Marking, Seat
from portal.audit.models import Event, Text
from portal.audit.services import verify_chain
from portal.extensions import app_value, db
from portal.index.models import Indexed
from portal.mentoring.models import Mentorship, MentorshipKind, MentorshipState
from portal.notifications.models import Delivery, Spread, Turn, Watch
from portal.people.models import RoleAssignment
from portal.requests.discussion_models import Comment, Concern, DecisionNote, Evidence, Position, Recusal, Sponsorship
from portal.requests.models import Decision, DecisionItem, Referral, RequestedItem, Revision, TeamRequest
from portal.requests.workflow import State

# What says that a row of this table was made: these events, each about one row.
MADE_BY: dict[Any, tuple[str, ...]] = {
    Comment: ("comment.added", "question.added", "answer.added"),
    Position: ("position.taken",),
    Concern: ("concern.raised",),
    Sponsorship: ("sponsorship.given",),
    Recusal: ("recusal.declared",),
    Evidence: ("evidence.linked",),
    DecisionNote: ("note.written",),
    Decision: ("request.approved", "request.declined"),
    Mentorship: ("mentorship.asked", "peer_support.asked", "mentorship.handover_asked"),
    Marking: ("marking.opened",),
}
LOCKED = ("assessment.locked", "assessment.corrected", "assessment.settled")


def broken() -> list[str]:
    """One line for everything that is half there, all of it read at one moment."""
    db.session.rollback()
    if db.engine.dialect.name == "postgresql":
        db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    found = looked_at()
    db.session.rollback()
    return found


def looked_at() -> list[str]:
    """The same in the transaction that is open."""
    return [
        *_chain(),
        *_rows_and_events(),
        *_requests(),
        *_decisions(),
        *_grants(),
        *_mentoring(),
        *_markings(),
        *_index(),
        *_what_was_told(),
        *_texts_that_nothing_holds(),
        *_what_the_database_finds(),
    ]


def _chain() -> Iterator[str]:
    found = verify_chain()
    if found.first_bad is not None:
        yield f"the chain does not hold from {found.first_bad}: {found.reason}"


def _subjects(*codes: str) -> list[int | None]:
    return list(db.session.scalars(select(Event.subject_id).where(Event.code.in_(codes))))


def _differ(what: str, rows: Iterable[Any], events: Iterable[Any]) -> Iterator[str]:
    one, other = Counter(rows), Counter(events)
    if one != other:
        yield f"{what}: rows without event {sorted(one - other)}, events without row {sorted(other - one)}"


def _rows_and_events() -> Iterator[str]:
    for model, codes in MADE_BY.items():
        yield from _differ(model.__tablename__, db.session.scalars(select(model.id)), _subjects(*codes))
    referred = db.session.scalars(select(Event.request_id).where(Event.code == "request.referred"))
    yield from _differ("referral", db.session.scalars(select(Referral.request_id)), referred)


def _requests() -> Iterator[str]:
    filed = select(TeamRequest.id).where(TeamRequest.submitted_at.is_not(None))
    events = select(Event.request_id).where(Event.code == "request.filed")
    yield from _differ("filed request", db.session.scalars(filed), db.session.scalars(events))
    newest = select(Revision.request_id, func.max(Revision.number)).group_by(Revision.request_id)
    numbers = select(TeamRequest.id, TeamRequest.revision_number).where(TeamRequest.submitted_at.is_not(None))
    yield from _differ("revision", map(tuple, db.session.execute(numbers)), map(tuple, db.session.execute(newest)))
    with_items = select(RequestedItem.revision_id).distinct()
    for bare in db.session.scalars(select(Revision.id).where(Revision.id.not_in(with_items))):
        yield f"revision {bare} asks for nothing"
    said = select(func.count(Comment.id)).where(Comment.request_id == TeamRequest.id).scalar_subquery()
    for row in db.session.scalars(select(TeamRequest.id).where(TeamRequest.comment_count != said)):
        yield f"request {row} counts its comments wrongly"


def _decisions() -> Iterator[str]:
    ended = (State.APPROVED, State.DECLINED)
    states = select(TeamRequest.id, TeamRequest.state).where(TeamRequest.state.in_(ended))
    decided = (
        select(TeamRequest.id, Decision.approved)
        .join(Revision, (Revision.request_id == TeamRequest.id) & (Revision.number == TeamRequest.revision_number))
        .join(Decision, Decision.revision_id == Revision.id)
    )
    says = [(id, State.APPROVED if approved else State.DECLINED) for id, approved in db.session.execute(decided)]
    yield from _differ("decision", map(tuple, db.session.execute(states)), says)


def _grants() -> Iterator[str]:
    """What was approved is given, once, and nothing else is; each step of it has its event."""
    asked = (
        select(DecisionItem.decision_id, RequestedItem.item_type, RequestedItem.item_key)
        .join(RequestedItem, RequestedItem.id == DecisionItem.requested_item_id)
        .where(RequestedItem.action == "add")
    )
    roles = select(RoleAssignment.decision_id, RoleAssignment.role_key).where(RoleAssignment.decision_id.is_not(None))
    given = select(Grant.decision_id, Grant.item_type, Grant.item_key).where(Grant.decision_id.is_not(None))
    found = [tuple(row) for row in db.session.execute(given)]
    found += [(decision, ItemType.ROLE, key) for decision, key in db.session.execute(roles)]
    yield from _differ("access", map(tuple, db.session.execute(asked)), found)
    for step in Step:
        rows = db.session.scalars(select(GrantStep.grant_id).where(GrantStep.step == step))
        yield from _differ(f"grant {step}", rows, _subjects(f"grant.{step}"))


def _mentoring() -> Iterator[str]:
    """Nobody has two mentors."""
    active = (Mentorship.kind == MentorshipKind.MENTORING, Mentorship.state == MentorshipState.ACTIVE)
    twice = select(Mentorship.mentee_id).where(*active).group_by(Mentorship.mentee_id).having(func.count() > 1)
    yield from (f"person {id} has two mentors" for id in db.session.scalars(twice))


def _markings() -> Iterator[str]:
    """Who sits in a round marks nobody but its person, in one seat; it is closed with its final check and no sooner."""
    locked = select(Assessment.id).where(Assessment.state == AssessmentState.LOCKED)
    yield from _differ("locked assessment", db.session.scalars(locked), _subjects(*LOCKED))
    astray = (
        select(Assessment.id)
        .outerjoin(Marking, Marking.id == Assessment.marking_id)
        .where(
            or_(
                Assessment.marking_id.is_(None) != Assessment.seat.is_(None),
                Assessment.person_id != Marking.person_id,
                Assessment.standard_id != Marking.standard_id,
            )
        )
    )
    yield from (f"assessment {id} does not fit its round" for id in db.session.scalars(astray))
    sits = (Assessment.supersedes_id.is_(None), Assessment.state != AssessmentState.DECLINED)
    seated = select(Assessment.marking_id, Assessment.seat, Assessment.marker_id, Assessment.person_id).where(*sits)
    markers: dict[int | None, list[int]] = {}
    for marking_id, _seat, marker_id, person_id in db.session.execute(seated.where(Assessment.seat.in_(MARKINGS))):
        markers.setdefault(marking_id, [person_id]).append(marker_id)
    for marking_id, sitting in markers.items():
        if len(set(sitting)) != len(sitting):
            yield f"round {marking_id} has one person in two seats"
    closed = select(Marking.id).where(Marking.closed_at.is_not(None))
    final = select(Assessment.marking_id).where(*sits, Assessment.seat == Seat.FINAL, Assessment.id.in_(locked))
    yield from _differ("closed round", db.session.scalars(closed), db.session.scalars(final))


def _index() -> Iterator[str]:
    """What can be found is what is there."""
    names = ("what", "subject_id", "request_id", "read_by", "text_id", "mark")
    rows = map(tuple, db.session.execute(select(*(getattr(Indexed, name) for name in names))))
    there = {
        tuple(getattr(entry, name) for name in names)
        for source in app_value("index")
        for _at, entry in source(db.session.connection())
    }
    kept = set(rows)
    yield from (f"the search lacks {row[0]} {row[1]} or has it as it was" for row in there - kept)
    yield from (f"the search finds {row[0]} {row[1]}, which is not there" for row in kept - there)


def _what_was_told() -> Iterator[str]:
    """A delivery is of an event that was read, for one recipient; a turn and a choice are of a request."""
    read = select(func.coalesce(func.max(Spread.event_id), 0)).scalar_subquery()
    astray = (
        select(Delivery.id)
        .outerjoin(Event, Event.id == Delivery.event_id)
        .where(
            or_(
                Event.id.is_(None),
                Delivery.event_id > read,
                func.coalesce(Delivery.request_id, 0) != func.coalesce(Event.request_id, 0),
                Delivery.person_id.is_(None) == (Delivery.room == ""),
            )
        )
    )
    yield from (f"delivery {id} is of nothing that was told" for id in db.session.scalars(astray))
    for model in (Turn, Watch):
        lost = select(model.id).where(model.request_id.not_in(select(TeamRequest.id)))
        yield from (f"{model.__tablename__} {id} is of no request" for id in db.session.scalars(lost))


def _texts_that_nothing_holds() -> Iterator[str]:
    """A text belongs to a row; an earlier version to the text that came after."""
    holders = [
        select(column)
        for table in db.metadata.sorted_tables
        for column in table.columns
        for key in column.foreign_keys
        if key.column is Text.__table__.c.id and column is not Text.__table__.c.first_id
    ]
    held = {id for query in holders for id in db.session.scalars(query)}
    texts = db.session.execute(select(Text.id, Text.first_id)).all()
    firsts = {first_id or id for id, first_id in texts if id in held}
    yield from (f"text {id} belongs to nothing" for id, first_id in texts if (first_id or id) not in firsts)


def _what_the_database_finds() -> Iterator[str]:
    if db.engine.dialect.name == "sqlite":
        yield from (f"foreign key: {row}" for row in db.session.execute(text("PRAGMA foreign_key_check")))
        found = db.session.scalar(text("PRAGMA integrity_check"))
        if found != "ok":
            yield f"integrity: {found}"
