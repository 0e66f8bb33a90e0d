"""Medians of lengths of time, by kind. Pure."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

FEWEST = 3  # requests: a median of fewer would tell of single ones


@dataclass(frozen=True, slots=True)
class Course:
    """When a request was submitted, first answered by somebody else, and first decided; empty: not yet."""

    kind: str
    submitted_at: datetime
    answered_at: datetime | None = None
    decided_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Median:
    """The middle one of the lengths of a kind; none where there are too few to tell. ``count``: of how many."""

    kind: str
    count: int
    length: timedelta | None


def to_answer(courses: Iterable[Course]) -> list[Median]:
    """From submitting to the first answer, the kinds in order."""
    return _by_kind((course.kind, course.submitted_at, course.answered_at) for course in courses)


def to_decision(courses: Iterable[Course]) -> list[Median]:
    """From submitting to the first decision, the kinds in order."""
    return _by_kind((course.kind, course.submitted_at, course.decided_at) for course in courses)


def _by_kind(parts: Iterable[tuple[str, datetime, datetime | None]]) -> list[Median]:
    lengths: defaultdict[str, list[float]] = defaultdict(list)
    for kind, start, end in parts:
        if end is not None:
            lengths[kind].append(max(0.0, (end - start).total_seconds()))
    return [Median(kind, len(found), _middle(found)) for kind, found in sorted(lengths.items())]


def _middle(lengths: list[float]) -> timedelta | None:
    return timedelta(seconds=statistics.median(lengths)) if len(lengths) >= FEWEST else None
