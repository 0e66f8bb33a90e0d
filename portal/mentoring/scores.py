"""The mentee's own newest score beside a goal: from their own locked self-assessments, and from nothing else.

What markers gave is never looked at here, so that blind marking stays blind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from portal.assessments import policy as assessment_policy
from portal.assessments import rounds
from portal.assessments.models import Assessment, AssessmentScore, AssessmentState, AssessmentType, Score, StandardItem
from portal.extensions import db
from portal.mentoring.models import MentoringGoal, Mentorship
from portal.people.facts import PersonFacts


@dataclass(frozen=True, slots=True)
class OwnScore:
    """What the mentee says of themselves. ``shared``: the mentor may read the assessment it is from, too."""

    score: Score
    on: date
    shared: bool


def own_scores(
    reader: PersonFacts, mentor: PersonFacts, row: Mentorship, goals: Sequence[MentoringGoal]
) -> dict[str, OwnScore]:
    """The newest own score of each goal's item that this reader may read, by the item's key."""
    keys = {goal.item.key for goal in goals}
    own = (Assessment.person_id == row.mentee_id, Assessment.marker_id == row.mentee_id)
    finished = (Assessment.type == AssessmentType.SELF, Assessment.state == AssessmentState.LOCKED)
    query = (
        select(AssessmentScore)
        .join(AssessmentScore.assessment)
        .join(AssessmentScore.item)
        .where(*own, *finished, StandardItem.key.in_(keys), AssessmentScore.score.is_not(None))
        .order_by(Assessment.locked_at.desc(), Assessment.id.desc())
        .options(contains_eager(AssessmentScore.assessment), contains_eager(AssessmentScore.item))
    )
    rows = db.session.scalars(query).all() if keys else ()
    own_rounds = rounds.of_people([row.mentee_id]) if rows else rounds.Rounds({})
    known = rounds.facts_for_reading({given.assessment for given in rows}, own_rounds)
    found: dict[str, OwnScore] = {}
    for given in rows:
        facts = known[given.assessment_id]
        if given.score is not None and assessment_policy.may_read(reader, facts):
            shared = assessment_policy.may_read(mentor, facts)
            found.setdefault(given.item.key, OwnScore(given.score, given.assessment.assessed_on, shared))
    return found
