"""What the requests feature asks of assessments: which can be linked, who marked them, and their summaries.

Who reads a request is for `portal.requests` to decide. What a double marking keeps from somebody is kept here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, case, func, literal_column, select
from sqlalchemy.orm import aliased

from portal.assessments import queries, rounds
from portal.assessments.models import Assessment, AssessmentScore, AssessmentState, Score, Standard, StandardItem
from portal.assessments.profiles import against
from portal.assessments.queries import LinkableAssessment
from portal.assessments.summary import Against, AssessmentSummary, Count, tallies
from portal.errors import NotVisible
from portal.extensions import db
from portal.people.models import Person

Head = tuple[Assessment, Standard, str, str | None, int | None]
CO_MARKER, NEWER = aliased(Person), aliased(Assessment)
LOCKED = Assessment.state == AssessmentState.LOCKED
PERSON: BindParameter[int] = bindparam("person_id")
READER: BindParameter[int] = bindparam("reader_id")
KEYS: BindParameter[Any] = bindparam("keys", expanding=True)


def _with_head(*columns: Any) -> Select[Any]:
    """Locked assessments with standard, the names of both markers, and the correction that supersedes each."""
    return (
        select(Assessment, Standard, Person.name, CO_MARKER.name, NEWER.id, *columns)
        .join(Standard, Standard.id == Assessment.standard_id)
        .join(Person, Person.id == Assessment.marker_id)
        .outerjoin(CO_MARKER, CO_MARKER.id == Assessment.co_marker_id)
        .outerjoin(NEWER, (NEWER.supersedes_id == Assessment.id) & (NEWER.state == AssessmentState.LOCKED))
        .where(LOCKED)
    )


def linkable(person_id: int, *, reader_id: int) -> list[LinkableAssessment]:
    """The locked assessments about this person that count, the newest first; nothing that is blind to the reader."""
    query = (
        _with_head()
        .where(Assessment.person_id == person_id, NEWER.id.is_(None))
        .where(~rounds.is_blind(), ~rounds.is_hidden_from(reader_id))
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
            marker_name=_names(name, other),
        )
        for assessment, standard, name, other, _newer in db.session.execute(query)
    ]


def about(
    person_id: int, *, reader_id: int, advised: Mapping[str, int] = MappingProxyType({})
) -> list[AssessmentSummary]:
    """The summaries of all locked assessments about this person, the oldest first; one statement.

    Also of superseded ones, which stay linked where they are; nothing that is blind to the reader. ``advised``: a score
    by item key, against which each is held; the scores themselves are not given away.
    """
    found: dict[int, tuple[Head, list[Count], dict[str, Score | None]]] = {}
    values = {"person_id": person_id, "reader_id": reader_id, "keys": list(advised)}
    for *head, section, role_focus, score, key, count in db.session.execute(_about(), values):
        whole: Head = (head[0], head[1], head[2], head[3], head[4])
        _head, counts, scores = found.setdefault(head[0].id, (whole, [], {}))
        if score is not None:
            counts.append(Count(section, role_focus, score, count))
        if key is not None:
            scores[key] = score
    return [
        _summary(head, counts, against(advised, scores) if advised else None) for head, counts, scores in found.values()
    ]


@cache
def _about() -> Any:
    key = case((StandardItem.key.in_(KEYS), StandardItem.key), else_=None)
    scores = (StandardItem.section, StandardItem.role_focus, AssessmentScore.score)
    one_row: tuple[Any, ...] = (
        Assessment.id,
        Standard.id,
        Person.id,
        CO_MARKER.id,
        NEWER.id,
        *scores,
        literal_column("advised_key"),
    )
    return (
        _with_head(*scores, key.label("advised_key"), func.count(AssessmentScore.id))
        .outerjoin(AssessmentScore, AssessmentScore.assessment_id == Assessment.id)
        .outerjoin(StandardItem, StandardItem.id == AssessmentScore.item_id)
        .where(Assessment.person_id == PERSON, ~rounds.is_blind(), ~rounds.is_hidden_from(READER))
        .group_by(*one_row)
        .order_by(Assessment.locked_at, Assessment.id, func.min(StandardItem.position))
    )


def markers(assessment_ids: Iterable[int]) -> dict[int, int]:
    """Assessment id -> person id of its marker; for "nobody decides what they mark"."""
    query = select(Assessment.id, Assessment.marker_id).where(Assessment.id.in_(set(assessment_ids)))
    return {row.id: row.marker_id for row in db.session.execute(query)}


def summary(assessment_id: int) -> AssessmentSummary:
    """The summary of one locked assessment that the reader may read. Raises NotVisible where there is none."""
    found = summaries([assessment_id]).get(assessment_id)
    if found is None:
        raise NotVisible
    return found


def summaries(assessment_ids: Iterable[int]) -> dict[int, AssessmentSummary]:
    """The summaries of these, in two statements however many they are; a draft has none.

    Who asks knows that the reader may read them: `queries.get_visible`, `linkable`.
    """
    ids = set(assessment_ids)
    if not ids:
        return {}
    query = _with_head().where(Assessment.id.in_(ids)).order_by(Assessment.locked_at, Assessment.id)
    rows = db.session.execute(query).all()
    counts = _counts(ids)
    return {head[0].id: _summary(head, counts[head[0].id]) for head in rows}


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


def _names(marker: str, co_marker: str | None) -> str:
    return f"{marker}, {co_marker}" if co_marker else marker


def _summary(head: Head, counts: list[Count], held_against: Against | None = None) -> AssessmentSummary:
    assessment, standard, name, other, newer_id = head
    overall, sections, focuses = tallies(counts)
    return AssessmentSummary(
        assessment_id=assessment.id,
        type=assessment.type,
        person_id=assessment.person_id,
        marker_id=assessment.marker_id,
        co_marker_id=assessment.co_marker_id,
        marker_name=_names(name, other),
        standard_version=standard.version,
        is_current=queries.is_current(standard),
        role_focus=assessment.role_focus,
        assessed_on=assessment.assessed_on,
        locked_at=assessment.locked_at or assessment.updated_at,
        superseded_by_id=newer_id,
        marking_id=assessment.marking_id,
        against=held_against,
        overall=overall,
        sections=sections,
        focuses=focuses,
    )
