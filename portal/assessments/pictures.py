"""Where the lines and dots of pictures stand: a radar, a dot plot, lines over time. Numbers in, coordinates out. Pure.

A picture says nothing that the table beside it does not say; that table is what a screen reader is given.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from portal.assessments.models import Score
from portal.assessments.summary import POINTS

TOP = 3  # the highest score
RADIUS = 100.0  # of a radar, in its own units
WIDTH, HEIGHT = 320.0, 120.0  # of lines over time, in their own units


@dataclass(frozen=True, slots=True)
class Axis:
    """One direction of a radar: its name, and a value of each series (0 to 3), None where there is none."""

    label: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Point:
    x: float
    y: float

    def __str__(self) -> str:
        return f"{self.x},{self.y}"


@dataclass(frozen=True, slots=True)
class Spoke:
    """The line of an axis, and where its number stands; ``side``: on which side of the point the text is."""

    number: int
    label: str
    end: Point
    text: Point
    side: str


@dataclass(frozen=True, slots=True)
class Radar:
    """Rings for the scores 1 to 3, spokes, and of each series its corners, in their order.

    A series without a value on some axis is open there: ``shapes`` has only the corners it has.
    """

    rings: tuple[str, ...]
    spokes: tuple[Spoke, ...]
    shapes: tuple[tuple[Point, ...], ...]


def radar(axes: Sequence[Axis]) -> Radar:
    """A radar of at least three axes; the first points up, the others follow clockwise. Raises ValueError for fewer."""
    if len(axes) < 3:
        raise ValueError("a radar needs three axes")
    series = range(len(axes[0].values))
    return Radar(
        rings=tuple(" ".join(str(_at(n, len(axes), ring)) for n in range(len(axes))) for ring in range(1, TOP + 1)),
        spokes=tuple(_spoke(n, axis.label, len(axes)) for n, axis in enumerate(axes)),
        shapes=tuple(
            tuple(_at(n, len(axes), value) for n, axis in enumerate(axes) if (value := axis.values[each]) is not None)
            for each in series
        ),
    )


def _at(number: int, of: int, value: float) -> Point:
    angle = 2 * math.pi * number / of
    distance = RADIUS * value / TOP
    return Point(round(distance * math.sin(angle), 1) + 0.0, round(-distance * math.cos(angle), 1) + 0.0)


def _spoke(number: int, label: str, of: int) -> Spoke:
    end, text = _at(number, of, TOP), _at(number, of, TOP * 1.12)
    side = "middle" if abs(end.x) < RADIUS / 10 else "start" if end.x > 0 else "end"
    return Spoke(number + 1, label, end, text, side)


def average(scores: Sequence[Score | None]) -> float | None:
    """The average of the scores that are numbers; None where none is."""
    points = [POINTS[score] for score in scores if score in POINTS]
    return round(sum(points) / len(points), 2) if points else None


@dataclass(frozen=True, slots=True)
class Line:
    """One line over time: its corners as an SVG path takes them."""

    points: tuple[Point, ...]

    @property
    def path(self) -> str:
        return " ".join(str(point) for point in self.points)


def lines_over_time(days: Sequence[date], series: Sequence[Sequence[float | None]]) -> tuple[Line, ...]:
    """Lines of scores (0 to 3), one for each series, over these days in order; a single day stands in the middle."""
    span = (days[-1] - days[0]).days if days else 0
    found = []
    for values in series:
        points = [
            Point(
                round(WIDTH * (day - days[0]).days / span, 1) if span else WIDTH / 2,
                round(HEIGHT * (1 - value / TOP), 1) + 0.0,
            )
            for day, value in zip(days, values, strict=True)
            if value is not None
        ]
        found.append(Line(tuple(points)))
    return tuple(found)
