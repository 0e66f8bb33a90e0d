"""Reading rounds of double marking, and what the rules ask of any assessment.

What is blind is said twice: by `marking.Round` for what is at hand, and in SQL for lists. A test compares the two.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Protocol

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import aliased, joinedload

from portal.assessments.marking import MARKINGS, Paper, Round, why_not_marker
from portal.assessments.models import Assessment, AssessmentState, AssessmentType, Marking, Seat
from portal.assessments.policy import AssessmentFacts
from portal.database import IDS
from portal.errors import NotVisible
from portal.extensions import app_value, db
from portal.people import queries as people
from portal.people.models import Person

LARGEST_ID = 2**31 - 1  # what the id columns hold
MOST = 50  # rounds in a list
VOUCHING = "vouching"
VouchingSource = Callable[[int], Iterable[int]]


class App(Protocol):
    """An application: what it holds for features, by name."""

    extensions: dict[str, Any]


def add_vouching(app: App, source: VouchingSource) -> None:
    """Register a function that tells who vouches for a person in something that is open: no second marker."""
    app.extensions.setdefault(VOUCHING, []).append(source)


def vouching(person_id: int) -> frozenset[int]:
    """Who vouches for this person in something that is open."""
    sources: list[VouchingSource] = app_value(VOUCHING)
    return frozenset(id for source in sources for id in source(person_id))


@dataclass(frozen=True, slots=True)
class Rounds:
    """Every round of some people, by its id."""

    by_id: Mapping[int, Round]

    def of(self, marking_id: int | None) -> Round | None:
        return self.by_id.get(marking_id) if marking_id is not None else None

    def blind_to(self, person_id: int) -> frozenset[int]:
        """Who marks this person now without having read any other scores of them."""
        own = [found.blind_to for found in self.by_id.values() if found.person_id == person_id]
        return frozenset[int]().union(*own)


def of_people(person_ids: Iterable[int]) -> Rounds:
    """The rounds of these people; one statement."""
    papers: dict[int, list[Paper]] = defaultdict(list)
    whose: dict[int, tuple[int, bool]] = {}
    for marking_id, person_id, closed_at, *paper in db.session.execute(_papers(), {"ids": list(set(person_ids))}):
        whose[marking_id] = (person_id, closed_at is not None)
        if paper[0] is not None:
            papers[marking_id].append(Paper(*paper))
    return Rounds({id: Round(person, tuple(papers[id]), closed) for id, (person, closed) in whose.items()})


@cache
def _papers() -> Any:
    paper = (Assessment.id, Assessment.seat, Assessment.state, Assessment.marker_id, Assessment.supersedes_id)
    return (
        select(Marking.id, Marking.person_id, Marking.closed_at, *paper)
        .outerjoin(Assessment, Assessment.marking_id == Marking.id)
        .where(Marking.person_id.in_(IDS))
        .order_by(Marking.id, Assessment.id)
    )


def find(marking_id: int) -> Marking:
    """The round, whoever asks. Raises NotVisible where there is none."""
    query = select(Marking).where(Marking.id == marking_id)
    query = query.options(joinedload(Marking.person), joinedload(Marking.standard))
    found = db.session.scalars(query).one_or_none() if marking_id <= LARGEST_ID else None
    if found is None:
        raise NotVisible
    return found


def state_of(marking: Marking) -> Round:
    """What the rules know of this round now."""
    return of_people([marking.person_id]).by_id[marking.id]


def open_for(person_id: int, standard_id: int) -> Marking | None:
    """The round of this person on this version that is not closed, if there is one."""
    query = select(Marking).where(
        Marking.person_id == person_id, Marking.standard_id == standard_id, Marking.closed_at.is_(None)
    )
    return db.session.scalars(query).one_or_none()


def _takes_part(person_id: int) -> ColumnElement[bool]:
    """SQL: a round is about this person, or they mark in it."""
    paper = aliased(Assessment)
    marks = exists().where(
        paper.marking_id == Marking.id,
        paper.marker_id == person_id,
        paper.seat.in_(MARKINGS),
        paper.state != AssessmentState.DECLINED,
    )
    return or_(Marking.person_id == person_id, marks)


def open_with(person_id: int) -> ColumnElement[bool]:
    """SQL: belongs to a round that waits for its final check, and in which this person takes part."""
    mine = select(Marking.id).where(Marking.closed_at.is_(None), _takes_part(person_id))
    return Assessment.marking_id.in_(mine)


def by_round(documents: Iterable[Assessment]) -> dict[int, Round]:
    """The rounds that these documents are all of, by id."""
    papers: dict[int, list[Paper]] = defaultdict(list)
    whose = {}
    for one in documents:
        if one.marking_id is not None and one.seat is not None:
            whose[one.marking_id] = one.person_id
            papers[one.marking_id].append(Paper(one.id, one.seat, one.state, one.marker_id, one.supersedes_id))
    return {id: Round(whose[id], tuple(own)) for id, own in papers.items()}


def followed(person_id: int) -> Sequence[Marking]:
    """The rounds about this person, and those they mark or marked, the newest first."""
    query = select(Marking).where(_takes_part(person_id)).order_by(Marking.id.desc())
    return db.session.scalars(query.options(joinedload(Marking.person), joinedload(Marking.standard)).limit(MOST)).all()


def can_be_named(of: Round, seat: Seat, now: datetime) -> Sequence[Person]:
    """Who can take a free seat of this round, by name."""
    vouch = vouching(of.person_id) if seat is Seat.SECOND else frozenset()
    facts = people.facts_of(people.member_ids(now), now)
    ids = {id for id, marker in facts.items() if why_not_marker(of, seat, marker, vouch) is None}
    query = select(Person).where(Person.id.in_(ids), Person.merged_into_id.is_(None))
    return db.session.scalars(query.order_by(func.lower(Person.name))).all()


def documents(marking_id: int) -> Sequence[Assessment]:
    """Every document of a round with its markers, in the order they came."""
    query = select(Assessment).where(Assessment.marking_id == marking_id).order_by(Assessment.id)
    people = (joinedload(Assessment.marker), joinedload(Assessment.co_marker), joinedload(Assessment.declined))
    return db.session.scalars(query.options(*people)).all()


def facts_of_many(assessments: Iterable[Assessment], *, begun: bool = False) -> dict[int, AssessmentFacts]:
    """What the policy asks of these, by id; in two statements."""
    found = list(assessments)
    if not found:
        return {}
    rounds = of_people(assessment.person_id for assessment in found)
    query = select(Assessment.supersedes_id, Assessment.state).where(Assessment.supersedes_id.in_(IDS))
    corrected = db.session.execute(query, {"ids": [assessment.id for assessment in found]})
    corrections = {id: state for id, state in corrected if id is not None}
    return {each.id: _facts(each, rounds, corrections.get(each.id), begun=begun) for each in found}


def facts_for_reading(assessments: Iterable[Assessment], rounds: Rounds) -> dict[int, AssessmentFacts]:
    """What the policy asks of these before somebody reads them: not whether they were corrected."""
    return {each.id: _facts(each, rounds, None, begun=False) for each in assessments}


def _facts(
    assessment: Assessment, rounds: Rounds, correction: AssessmentState | None, *, begun: bool
) -> AssessmentFacts:
    of = rounds.of(assessment.marking_id)
    is_self = assessment.type is AssessmentType.SELF
    return AssessmentFacts(
        person_id=assessment.person_id,
        marker_id=assessment.marker_id,
        type=assessment.type,
        locked=assessment.state is AssessmentState.LOCKED,
        begun=begun,
        declined=assessment.state is AssessmentState.DECLINED,
        co_marker_id=assessment.co_marker_id,
        in_round=of is not None,
        is_correction=assessment.supersedes_id is not None,
        corrected=correction is not None,
        superseded=correction is AssessmentState.LOCKED,
        blind=of is not None and assessment.seat is not None and of.is_blind(assessment.seat),
        hidden_from=rounds.blind_to(assessment.person_id) if is_self else frozenset(),
        readers=of.readers if of is not None else frozenset(),
    )


def facts_of(assessment: Assessment, *, begun: bool = False) -> AssessmentFacts:
    """What the policy asks of an assessment."""
    return facts_of_many([assessment], begun=begun)[assessment.id]


def _markings_in(of: Any) -> Any:
    """SQL: how many of the two markings of the round of ``of`` are locked."""
    other = aliased(Assessment)
    query = select(func.count(other.seat.distinct())).where(
        other.marking_id == of.marking_id, other.seat.in_(MARKINGS), other.state == AssessmentState.LOCKED
    )
    return query.correlate(of).scalar_subquery()


def is_blind() -> ColumnElement[bool]:
    """SQL: a marking whose other side is not in yet."""
    named = and_(Assessment.seat.is_not(None), Assessment.seat.in_(MARKINGS))
    return and_(named, _markings_in(Assessment) < len(MARKINGS))


def is_hidden_from(reader_id: Any) -> ColumnElement[bool]:
    """SQL: a self-assessment of somebody whom this person is marking in a round that is not revealed."""
    mine = aliased(Assessment)
    marks = exists().where(
        mine.person_id == Assessment.person_id,
        mine.marker_id == reader_id,
        mine.seat.in_(MARKINGS),
        mine.state != AssessmentState.DECLINED,
        _markings_in(mine) < len(MARKINGS),
    )
    return and_(Assessment.type == AssessmentType.SELF, Assessment.person_id != reader_id, marks)


def is_superseded() -> ColumnElement[bool]:
    """SQL: a locked correction stands in its place."""
    newer = aliased(Assessment)
    return exists().where(newer.supersedes_id == Assessment.id, newer.state == AssessmentState.LOCKED)
