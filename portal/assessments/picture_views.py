"""The scores of a round as pictures: averages by section and by stack area, and against what a profile advises."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from portal.assessments.comparison import Column, Comparison
from portal.assessments.entries import EMPTY
from portal.assessments.models import AssessmentType, Score, StandardItem
from portal.assessments.pictures import Axis, Line, Radar, average, lines_over_time, radar
from portal.assessments.profiles import against
from portal.assessments.summary import Against, AssessmentSummary
from portal.assessments.words import SEATS, SECTIONS, TYPES
from portal.errors import Message
from portal.org.catalogue import Profile
from portal.web.filters import say

ADVISED = "advised"
LOOKS = {AssessmentType.SELF: "own", AssessmentType.MENTOR: "mentor", AssessmentType.FINAL: "final"}


@dataclass(frozen=True, slots=True)
class Spread:
    """Averages along some axes, and the radar of them; no radar where there are fewer than three."""

    axes: Sequence[Axis]
    radar: Radar | None


@dataclass(frozen=True, slots=True)
class Pictures:
    """What the page of a round draws. ``series``: the look of each line (a seat's value, or "advised") and its name."""

    series: Sequence[tuple[str, Message]]
    sections: Spread
    areas: Spread
    profile: Profile | None
    met: Mapping[int, Against]  # document id -> "11 of 13 met"


def pictures(shown: Comparison, profile: Profile | None) -> Pictures | None:
    """Pictures of a round that is revealed. With a profile they are of the items that matter for it, and no others."""
    if not shown.columns:
        return None
    advised = profile.advised if profile else {}
    items = [row.item for rows in shown.rows.values() for row in rows if not profile or row.item.key in advised]
    series = [_name(column) for column in shown.columns] + ([(ADVISED, Message("Advised"))] if profile else [])
    by_section = {say(SECTIONS[section]): [i for i in items if i.section is section] for section in shown.rows}
    areas = sorted({item.stack_area for item in items})
    by_area = {area: [item for item in items if item.stack_area == area] for area in areas}
    return Pictures(
        series=series,
        sections=_spread(by_section, shown.columns, advised),
        areas=_spread(by_area, shown.columns, advised),
        profile=profile,
        met={column.document.id: against(advised, _scores(column)) for column in shown.columns} if profile else {},
    )


def _name(column: Column) -> tuple[str, Message]:
    draft = Message("Final check, draft")
    return str(column.seat), draft if column.is_draft or column.seat is None else SEATS[column.seat]


def _scores(column: Column) -> dict[str, Score | None]:
    return {key: entry.score for key, entry in column.entries.items()}


def _spread(
    groups: Mapping[str, Sequence[StandardItem]], columns: Iterable[Column], advised: Mapping[str, int]
) -> Spread:
    axes = [_axis(label, items, list(columns), advised) for label, items in groups.items() if items]
    return Spread(axes, radar(axes) if len(axes) > 2 else None)


def _axis(label: str, items: Sequence[StandardItem], columns: Sequence[Column], advised: Mapping[str, int]) -> Axis:
    values = [average([column.entries.get(item.key, EMPTY).score for item in items]) for column in columns]
    if advised:
        values.append(round(sum(advised[item.key] for item in items) / len(items), 2))
    return Axis(label, tuple(values))


@dataclass(frozen=True, slots=True)
class OverTime:
    """The averages of one person's documents by the day they were finished, a line for each type of document."""

    days: Sequence[date]
    series: Sequence[tuple[str, Message]]
    lines: Sequence[Line]
    values: Sequence[tuple[date, Sequence[float | None]]]  # the same as a table, by day


def over_time(summaries: Iterable[AssessmentSummary]) -> OverTime | None:
    """How somebody's averages went on; None before there are two days to compare. The last one of a day counts."""
    by_type: dict[AssessmentType, dict[date, float | None]] = {}
    for summary in sorted(summaries, key=lambda each: each.locked_at):
        by_type.setdefault(summary.type, {})[summary.locked_at.date()] = summary.overall.average
    days = sorted({day for values in by_type.values() for day in values})
    if len(days) < 2:
        return None
    types = [type for type in LOOKS if type in by_type]
    values = [[by_type[type].get(day) for day in days] for type in types]
    return OverTime(
        days=days,
        series=[(LOOKS[type], TYPES[type]) for type in types],
        lines=lines_over_time(days, values),
        values=[(day, [by_type[type].get(day) for type in types]) for day in days],
    )
