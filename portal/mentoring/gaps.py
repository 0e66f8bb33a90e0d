"""What nobody in the team masters, or one person alone: from the agreed scores of those who take part.

Mastering an item: an agreed score of 2 or 3. Whoever has 1 is one step away. Only members who said that they take part
count, and they can stop at any time; then nothing of theirs is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select

from portal.assessments import queries as assessments
from portal.assessments import rounds
from portal.assessments.models import (
    Assessment,
    AssessmentScore,
    AssessmentState,
    AssessmentType,
    Score,
    Section,
    StandardItem,
)
from portal.extensions import db
from portal.mentoring.models import ScoreSharing
from portal.people import queries as people
from portal.people.models import RoleAssignment

MASTERS = frozenset({Score.INDEPENDENT, Score.TEACHES})
FEW = 1  # as many who master it are too few
Scores = Mapping[str, Mapping[int, Score]]  # item key -> person id -> agreed score


@dataclass(frozen=True, slots=True)
class Gap:
    """An item that too few master: who does, and who is one step away, by name."""

    item: StandardItem
    masters: tuple[str, ...]
    next: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gaps:
    """All of them by section, the items that nobody masters first. ``counted``: how many people's scores these are."""

    sections: Mapping[Section, Sequence[Gap]]
    counted: int


def gaps_in(items: Iterable[StandardItem], scores: Scores, names: Mapping[int, str]) -> dict[Section, list[Gap]]:
    """The items that nobody or one person masters. Pure."""
    found: dict[Section, list[Gap]] = {}
    for item in items:
        given = scores.get(item.key, {})
        masters = _named((id for id, score in given.items() if score in MASTERS), names)
        if len(masters) <= FEW:
            next_to = _named((id for id, score in given.items() if score is Score.BASIC), names)
            found.setdefault(item.section, []).append(Gap(item, masters, next_to))
    return {section: sorted(own, key=lambda gap: len(gap.masters)) for section, own in found.items()}


def _named(ids: Iterable[int], names: Mapping[int, str]) -> tuple[str, ...]:
    return tuple(sorted((names[id] for id in ids), key=str.casefold))


def of_team(now: datetime) -> Gaps:
    """What the members who take part lack together, by the current standard; in three statements."""
    standard = assessments.current_standard()
    items = assessments.items_of(standard.id) if standard else ()
    known = people.standing(now)
    members = {id for id in known.names if (found := known.of(id)).is_member and not found.locked}
    newest = _newest(members, now)
    scores: dict[str, dict[int, Score]] = {}
    for person_id, given in newest.items():
        for key, score in given.items():
            scores.setdefault(key, {})[person_id] = score
    return Gaps(gaps_in(items, scores, known.names) if newest else {}, len(newest))


def _newest(members: set[int], now: datetime) -> dict[int, dict[str, Score]]:
    """The agreed scores of those who take part, each from their newest final check, by person and item."""
    query = (
        select(Assessment.person_id, Assessment.id, StandardItem.key, AssessmentScore.score)
        .join(ScoreSharing, ScoreSharing.person_id == Assessment.person_id)
        .join(AssessmentScore, AssessmentScore.assessment_id == Assessment.id)
        .join(StandardItem, StandardItem.id == AssessmentScore.item_id)
        .where(Assessment.type == AssessmentType.FINAL, Assessment.state == AssessmentState.LOCKED)
        .where(Assessment.person_id.in_(members), ~rounds.is_superseded())
        .where(_said_as_a_member(now))
        .order_by(Assessment.locked_at, Assessment.id)
    )
    found: dict[int, tuple[int, dict[str, Score]]] = {}
    for person_id, assessment_id, key, score in db.session.execute(query):
        if found.get(person_id, (0, {}))[0] != assessment_id:
            found[person_id] = (assessment_id, {})
        if score is not None:
            found[person_id][1][key] = score
    return {person_id: given for person_id, (_id, given) in found.items()}


def _said_as_a_member(now: datetime) -> ColumnElement[bool]:
    """SQL: what they said holds. Who left the team and came back is asked anew."""
    since = select(func.min(RoleAssignment.from_at)).where(
        RoleAssignment.person_id == ScoreSharing.person_id,
        people.in_force(RoleAssignment.from_at, RoleAssignment.to_at, now),
    )
    return ScoreSharing.said_at >= since.scalar_subquery()


def takes_part(person_id: int, now: datetime) -> bool:
    """Whether this person's agreed scores are counted."""
    query = select(ScoreSharing.id).where(ScoreSharing.person_id == person_id, _said_as_a_member(now))
    return db.session.scalars(query).first() is not None
