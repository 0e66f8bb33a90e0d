"""What the requests feature asks of assessments: which can be linked, who marked them, and their summaries.

Nothing here asks who is reading: `portal.requests` decides that where it loads the evidence of a request.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from typing import Any

from sqlalchemy import bindparam, func, select

from portal.assessments import queries
from portal.assessments.models import Assessment, AssessmentScore, AssessmentState, Standard, StandardItem
from portal.assessments.queries import LinkableAssessment
from portal.assessments.summary import AssessmentSummary, Count, tallies
from portal.errors import NotVisible
from portal.extensions import db
from portal.people.models import Person


def linkable(person_id: int) -> list[LinkableAssessment]:
    """The locked assessments about this person, the newest first."""
    query = (
        select(Assessment, Standard, Person.name)
        .join(Standard, Standard.id == Assessment.standard_id)
        .join(Person, Person.id == Assessment.marker_id)
        .where(Assessment.person_id == person_id, Assessment.state == AssessmentState.LOCKED)
        .order_by(Assessment.locked_at.desc(), Assessment.id.desc())
    )
    return [
        LinkableAssessment(
            id=assessment.id,
            person_id=assessment.person_id,
            type=assessment.type,
            standard_version=standard.version,
            is_current=queries.is_current(standard),
            assessed_on=assessment.assessed_on,
            locked_at=assessment.locked_at or assessment.updated_at,
            marker_id=assessment.marker_id,
            marker_name=name,
        )
        for assessment, standard, name in db.session.execute(query)
    ]


def about(person_id: int) -> list[AssessmentSummary]:
    """The summaries of all locked assessments about this person, the oldest first; one statement."""
    found: dict[int, tuple[tuple[Assessment, Standard, str], list[Count]]] = {}
    for assessment, standard, name, section, role_focus, score, count in db.session.execute(
        _about(), {"person_id": person_id}
    ):
        counts = found.setdefault(assessment.id, ((assessment, standard, name), []))[1]
        if score is not None:
            counts.append(Count(section, role_focus, score, count))
    return [_summary(*of, counts) for of, counts in found.values()]


@cache
def _about() -> Any:
    scores = (StandardItem.section, StandardItem.role_focus, AssessmentScore.score)
    return (
        select(Assessment, Standard, Person.name, *scores, func.count(AssessmentScore.id))
        .join(Standard, Standard.id == Assessment.standard_id)
        .join(Person, Person.id == Assessment.marker_id)
        .outerjoin(AssessmentScore, AssessmentScore.assessment_id == Assessment.id)
        .outerjoin(StandardItem, StandardItem.id == AssessmentScore.item_id)
        .where(Assessment.person_id == bindparam("person_id"), Assessment.state == AssessmentState.LOCKED)
        .group_by(Assessment.id, Standard.id, Person.id, *scores)
        .order_by(Assessment.locked_at, Assessment.id, func.min(StandardItem.position))
    )


def markers(assessment_ids: Iterable[int]) -> dict[int, int]:
    """Assessment id -> person id of its marker; for "nobody decides what they mark"."""
    query = select(Assessment.id, Assessment.marker_id).where(Assessment.id.in_(set(assessment_ids)))
    return {row.id: row.marker_id for row in db.session.execute(query)}


def summary(assessment_id: int) -> AssessmentSummary:
    """The summary of one locked assessment. Raises NotVisible where there is none."""
    found = summaries([assessment_id]).get(assessment_id)
    if found is None:
        raise NotVisible
    return found


def summaries(assessment_ids: Iterable[int]) -> dict[int, AssessmentSummary]:
    """The summaries of these, in two statements however many they are; a draft has none."""
    ids = set(assessment_ids)
    if not ids:
        return {}
    query = (
        select(Assessment, Standard, Person.name)
        .join(Standard, Standard.id == Assessment.standard_id)
        .join(Person, Person.id == Assessment.marker_id)
        .where(Assessment.id.in_(ids), Assessment.state == AssessmentState.LOCKED)
        .order_by(Assessment.locked_at, Assessment.id)
    )
    rows = db.session.execute(query).all()
    counts = _counts(ids)
    return {row[0].id: _summary(row[0], row[1], row[2], counts[row[0].id]) for row in rows}


def _counts(ids: set[int]) -> dict[int, list[Count]]:
    query = (
        select(
            AssessmentScore.assessment_id,
            StandardItem.section,
            StandardItem.role_focus,
            AssessmentScore.score,
            func.count(),
        )
        .join(StandardItem, StandardItem.id == AssessmentScore.item_id)
        .where(AssessmentScore.assessment_id.in_(ids), AssessmentScore.score.is_not(None))
        .group_by(AssessmentScore.assessment_id, StandardItem.section, StandardItem.role_focus, AssessmentScore.score)
        .order_by(func.min(StandardItem.position))
    )
    found: dict[int, list[Count]] = defaultdict(list)
    for assessment_id, section, role_focus, score, count in db.session.execute(query):
        if score is not None:
            found[assessment_id].append(Count(section, role_focus, score, count))
    return found


def _summary(assessment: Assessment, standard: Standard, marker_name: str, counts: list[Count]) -> AssessmentSummary:
    overall, sections, focuses = tallies(counts)
    return AssessmentSummary(
        assessment_id=assessment.id,
        type=assessment.type,
        person_id=assessment.person_id,
        marker_id=assessment.marker_id,
        marker_name=marker_name,
        standard_version=standard.version,
        is_current=queries.is_current(standard),
        role_focus=assessment.role_focus,
        assessed_on=assessment.assessed_on,
        locked_at=assessment.locked_at or assessment.updated_at,
        overall=overall,
        sections=sections,
        focuses=focuses,
    )
