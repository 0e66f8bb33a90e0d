"""Reading standards and assessments. What a person may not read is not found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import joinedload

from portal.assessments import policy, rounds
from portal.assessments.entries import EMPTY, Entry, Header
from portal.assessments.models import (
    Assessment,
    AssessmentScore,
    AssessmentState,
    AssessmentType,
    MentoringType,
    Standard,
    StandardItem,
    StandardState,
)
from portal.assessments.rounds import LARGEST_ID
from portal.errors import NotVisible
from portal.extensions import db
from portal.people import queries as people
from portal.people.facts import PersonFacts
from portal.people.models import Person


@dataclass(frozen=True, slots=True)
class LinkableAssessment:
    """A locked assessment that can be linked to a request as evidence."""

    id: int
    person_id: int
    type: AssessmentType
    standard_version: int
    is_current: bool
    assessed_on: date
    locked_at: datetime
    marker_id: int
    marker_name: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a draft is: "19 of 28"."""

    done: int
    total: int


def current_standard() -> Standard | None:
    """The published standard that new assessments use."""
    query = select(Standard).where(Standard.state == StandardState.PUBLISHED).order_by(Standard.version.desc())
    return db.session.scalars(query.limit(1)).first()


def is_current(standard: Standard) -> bool:
    """Whether new assessments use this standard."""
    return standard.state is StandardState.PUBLISHED


def published_standard(version: int) -> Standard:
    """A standard anybody may read: published or superseded. Raises NotVisible."""
    query = select(Standard).where(Standard.version == version, Standard.state != StandardState.DRAFT)
    found = db.session.scalars(query).one_or_none() if version <= LARGEST_ID else None
    if found is None:
        raise NotVisible
    return found


def published_standards() -> Sequence[Standard]:
    """Every standard anybody may read, the newest first."""
    query = select(Standard).where(Standard.state != StandardState.DRAFT).order_by(Standard.version.desc())
    return db.session.scalars(query).all()


def items_of(standard_id: int) -> Sequence[StandardItem]:
    """The items of a standard in their order."""
    query = select(StandardItem).where(StandardItem.standard_id == standard_id)
    return db.session.scalars(query.order_by(StandardItem.position)).all()


def find(assessment_id: int) -> Assessment:
    """The assessment, whoever asks. Raises NotVisible where there is none."""
    query = _whole().where(Assessment.id == assessment_id)
    found: Assessment | None = db.session.scalars(query).one_or_none() if assessment_id <= LARGEST_ID else None
    if found is None:
        raise NotVisible
    return found


def get_visible(reader: PersonFacts, assessment_id: int) -> Assessment:
    """The assessment, if this person may read its scores. Raises NotVisible."""
    found = find(assessment_id)
    if not policy.may_read(reader, rounds.facts_of(found)):
        raise NotVisible
    return found


def correction_of(assessment_id: int) -> Assessment:
    """The correction of this document, begun or locked. Raises NotVisible where there is none."""
    found: Assessment | None = db.session.scalars(
        _whole().where(Assessment.supersedes_id == assessment_id)
    ).one_or_none()
    if found is None:
        raise NotVisible
    return found


def entries_of_many(assessment_ids: Iterable[int], items: Iterable[StandardItem]) -> dict[int, dict[str, Entry]]:
    """What stands beside each of these items on each of these documents, by item key; one statement."""
    ids, keys = list(assessment_ids), {item.id: item.key for item in items}
    query = select(AssessmentScore).where(AssessmentScore.assessment_id.in_(ids))
    found = {id: dict.fromkeys(keys.values(), EMPTY) for id in ids}
    for row in db.session.scalars(query.options(joinedload(AssessmentScore.remark))):
        found[row.assessment_id][keys[row.item_id]] = entry_of(row)
    return found


def score_rows(assessment_id: int) -> dict[int, AssessmentScore]:
    """The rows of an assessment by item id, with their remarks."""
    query = select(AssessmentScore).where(AssessmentScore.assessment_id == assessment_id)
    rows = db.session.scalars(query.options(joinedload(AssessmentScore.remark)))
    return {row.item_id: row for row in rows}


def entry_of(row: AssessmentScore | None) -> Entry:
    """What stands beside one item."""
    if row is None:
        return EMPTY
    return Entry(score=row.score, remark=(row.remark.body or "") if row.remark else "", link=row.link or "")


def header_of(assessment: Assessment) -> Header:
    """What stands in the header, as far as it can be chosen."""
    return Header(
        role_focus=assessment.role_focus,
        mentoring_type=MentoringType(assessment.mentoring_type),
        assessed_on=assessment.assessed_on,
    )


def progress_of(assessment_ids: Iterable[int]) -> dict[int, Progress]:
    """How far each of these is."""
    ids = set(assessment_ids)
    if not ids:
        return {}
    rows = db.session.execute(select(Assessment.id, *_how_far()).where(Assessment.id.in_(ids)))
    return {id: Progress(scored, items) for id, scored, items in rows}


def _how_far() -> tuple[Any, Any]:
    """SQL: how many items of an assessment have a score, and how many there are."""
    scored = (AssessmentScore.assessment_id == Assessment.id, AssessmentScore.score.is_not(None))
    done = select(func.count()).where(*scored).correlate(Assessment).scalar_subquery()
    own = StandardItem.standard_id == Assessment.standard_id
    return done, select(func.count()).where(own).correlate(Assessment).scalar_subquery()


def _whole() -> Select[Any]:
    people = (joinedload(Assessment.person), joinedload(Assessment.marker), joinedload(Assessment.co_marker))
    return select(Assessment).options(joinedload(Assessment.standard), *people)


def open_self_assessment(person_id: int) -> Assessment | None:
    """The draft of this person's own self-assessment, if there is one."""
    query = _whole().where(
        Assessment.person_id == person_id,
        Assessment.marker_id == person_id,
        Assessment.type == AssessmentType.SELF,
        Assessment.state == AssessmentState.DRAFT,
        Assessment.supersedes_id.is_(None),
    )
    found: Assessment | None = db.session.scalars(query.order_by(Assessment.id).limit(1)).first()
    return found


def open_review(person_id: int, marker_id: int) -> Assessment | None:
    """The mentor review that this marker still owes this person, if there is one."""
    query = _whole().where(
        Assessment.person_id == person_id,
        Assessment.marker_id == marker_id,
        Assessment.type == AssessmentType.MENTOR,
        Assessment.state == AssessmentState.DRAFT,
        Assessment.supersedes_id.is_(None),
    )
    found: Assessment | None = db.session.scalars(query.order_by(Assessment.id).limit(1)).first()
    return found


def by_submission(submission_id: str) -> Assessment | None:
    """What this very filling of a form already made."""
    return db.session.scalars(select(Assessment).where(Assessment.submission_id == submission_id)).one_or_none()


def drafts_to_fill(marker_id: int) -> Sequence[Assessment]:
    """Drafts this person fills in: their own, those they were named for, and final checks they agree with another."""
    query = _whole().where(_is_marker(marker_id), Assessment.state == AssessmentState.DRAFT)
    return db.session.scalars(query.order_by(Assessment.id)).all()


def waiting_for(person_id: int) -> tuple[list[tuple[Assessment, Progress]], list[Assessment]]:
    """The drafts this person fills in, and every document of the open rounds they take part in.

    One statement, because every dashboard asks.
    """
    fills = and_(_is_marker(person_id), Assessment.state == AssessmentState.DRAFT)
    query = _whole().add_columns(*_how_far()).where(or_(fills, rounds.open_with(person_id)))
    drafts, documents = [], []
    for found, done, total in db.session.execute(query.order_by(Assessment.id)):
        if found.state is AssessmentState.DRAFT and person_id in (found.marker_id, found.co_marker_id):
            drafts.append((found, Progress(done, total)))
        if found.marking_id is not None:
            documents.append(found)
    return drafts, documents


def reviews_awaited(person_id: int) -> Sequence[Assessment]:
    """Single mentor reviews of this person that are not finished: that they were asked for, no content."""
    query = _whole().where(
        Assessment.person_id == person_id,
        Assessment.type == AssessmentType.MENTOR,
        Assessment.state == AssessmentState.DRAFT,
        Assessment.marking_id.is_(None),
        Assessment.supersedes_id.is_(None),
    )
    return db.session.scalars(query.order_by(Assessment.id)).all()


def finished(person_id: int) -> Select[Any]:
    """Statement: the locked assessments about this person, as far as they read them, or marked by them."""
    return _whole().where(
        or_(and_(Assessment.person_id == person_id, ~rounds.is_blind()), _is_marker(person_id)),
        Assessment.state == AssessmentState.LOCKED,
    )


def _is_marker(person_id: int) -> ColumnElement[bool]:
    return or_(Assessment.marker_id == person_id, Assessment.co_marker_id == person_id)


def possible_markers(person_id: int, now: datetime) -> Sequence[Person]:
    """Members who can be named to review this person's work, by name."""
    facts = people.facts_of(people.member_ids(now), now)
    ids = {id for id, marker in facts.items() if policy.may_mark(marker, person_id)}
    query = select(Person).where(Person.id.in_(ids), Person.merged_into_id.is_(None))
    return db.session.scalars(query.order_by(func.lower(Person.name))).all()
