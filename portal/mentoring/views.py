"""What the page of one mentorship shows to one reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from portal.audit.models import Text
from portal.mentoring import policy, queries
from portal.mentoring.models import MentoringGoal, Mentorship, MentorshipState
from portal.mentoring.scores import OwnScore, own_scores
from portal.people import absence_queries
from portal.people import policy as people_policy
from portal.people import queries as people
from portal.people.facts import PersonFacts
from portal.people.models import Absence


@dataclass(frozen=True, slots=True)
class Sheet:
    """One mentorship as its reader may see it. ``inside``: also goals and what was said."""

    reader: PersonFacts
    inside: bool
    may_answer: bool
    may_end: bool
    may_hand_over: bool
    may_set_goals: bool
    overdue: bool
    absence: Absence | None = None
    after: Mentorship | None = None
    goals: Sequence[MentoringGoal] = ()
    scores: Mapping[str, OwnScore] = field(default_factory=dict)

    def reads(self, text: Text | None) -> bool:
        """Whether the reader may read these words; what one wrote oneself stays readable."""
        return text is not None and (self.inside or text.author_id == self.reader.id)


def sheet(reader: PersonFacts, row: Mentorship, now: datetime) -> Sheet:
    """Everything that this reader may see and do; the same predicates as the services ask."""
    facts = queries.facts_of(row)
    is_asked, is_active = row.state is MentorshipState.ASKED, row.state is MentorshipState.ACTIVE
    inside = policy.reads_inside(reader, facts)
    after = queries.successor(row.id) if row.from_at is not None else None
    goals = queries.goals_of(row.id) if inside and row.from_at is not None else ()
    return Sheet(
        reader=reader,
        inside=inside,
        may_answer=is_asked and policy.why_not_answer(reader, facts) is None,
        may_end=(is_asked or is_active) and policy.why_not_end(reader, facts) is None,
        may_hand_over=is_active and after is None and policy.why_not_hand_over(reader, facts) is None,
        may_set_goals=is_active and policy.why_not_set_goals(reader, facts) is None,
        overdue=is_active and row.until is not None and row.until < now.date(),
        absence=_absence(reader, row, now) if is_active else None,
        after=after,
        goals=goals,
        scores=own_scores(reader, people.facts(row.mentor_id, now), row, goals),
    )


def _absence(reader: PersonFacts, row: Mentorship, now: datetime) -> Absence | None:
    """The mentor's absence, for the mentee and for who reads such things anyway."""
    if reader.id != row.mentee_id and not people_policy.reads_team_pages(reader):
        return None
    if not people.facts(row.mentor_id, now).away:
        return None
    return absence_queries.absences_of([row.mentor_id], now).get(row.mentor_id)
