"""An assessment summarised by section and by role focus: numbers only, no item, no remark. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from portal.assessments.models import AssessmentType, Score, Section

POINTS = {Score.NONE: 0, Score.BASIC: 1, Score.INDEPENDENT: 2, Score.TEACHES: 3}
MET_FROM = 2  # "Confident performing independently" and above counts as met


@dataclass(frozen=True, slots=True)
class Tally:
    """The scores of some items. ``met`` were scored 2 or 3; ``applicable`` were scored at all, so not N/A."""

    met: int = 0
    applicable: int = 0
    not_applicable: int = 0
    points: int = 0

    @property
    def items(self) -> int:
        return self.applicable + self.not_applicable

    @property
    def average(self) -> float | None:
        """Points per applicable item, 0 to 3; None where every item is N/A."""
        return self.points / self.applicable if self.applicable else None

    def plus(self, score: Score, count: int) -> Tally:
        """This tally with ``count`` more items of one score."""
        if score is Score.NOT_APPLICABLE:
            return Tally(self.met, self.applicable, self.not_applicable + count, self.points)
        points = POINTS[score]
        met = count if points >= MET_FROM else 0
        return Tally(self.met + met, self.applicable + count, self.not_applicable, self.points + points * count)


@dataclass(frozen=True, slots=True)
class Count:
    """How many items of one section and role focus have one score."""

    section: Section
    role_focus: str
    score: Score
    count: int


@dataclass(frozen=True, slots=True)
class Against:
    """One document against what is advised: "11 of 13 met". Items that its standard lacks are not counted in ``of``."""

    met: int
    of: int
    lacking: int = 0


@dataclass(frozen=True, slots=True)
class AssessmentSummary:
    """What a request page may show of a locked assessment. Who reads it is for the requests feature to decide."""

    assessment_id: int
    type: AssessmentType
    person_id: int
    marker_id: int
    marker_name: str
    standard_version: int
    is_current: bool
    role_focus: str
    assessed_on: date
    locked_at: datetime
    overall: Tally
    sections: dict[Section, Tally]
    focuses: dict[str, Tally]
    co_marker_id: int | None = None
    superseded_by_id: int | None = None
    marking_id: int | None = None
    against: Against | None = None

    @property
    def parties(self) -> frozenset[int]:
        """Whom it is about and who gave the scores: they link it to a request."""
        return frozenset({self.person_id, self.marker_id, self.co_marker_id or self.marker_id})


def tallies(counts: Iterable[Count]) -> tuple[Tally, dict[Section, Tally], dict[str, Tally]]:
    """The sums over all items, per section in the order of the form, and per role focus in the order they come."""
    overall = Tally()
    sections: dict[Section, Tally] = {section: Tally() for section in Section}
    focuses: dict[str, Tally] = {}
    for each in counts:
        overall = overall.plus(each.score, each.count)
        sections[each.section] = sections[each.section].plus(each.score, each.count)
        focuses[each.role_focus] = focuses.get(each.role_focus, Tally()).plus(each.score, each.count)
    return overall, {section: tally for section, tally in sections.items() if tally.items}, focuses


def focuses_of(summaries: Iterable[AssessmentSummary]) -> list[str]:
    """Every role focus that one of these has items of, each once."""
    return list(dict.fromkeys(focus for summary in summaries for focus in summary.focuses))
