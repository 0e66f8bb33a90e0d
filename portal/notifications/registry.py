"""What features tell: each registers its rows of the table with a source that knows the people around its events.

A feature above adds its own with `add_source` in create_app; services know nothing of it, because the timeline is what
is read. A code of the timeline without a row stops a test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from portal.audit.models import Event
from portal.errors import Message
from portal.extensions import app_value
from portal.notifications.told import Group, Nobody, Row
from portal.people.facts import PersonFacts

SOURCES = "told_sources"


class App(Protocol):
    """An application: what it holds for features, by name."""

    extensions: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Around:
    """Who is around an event beside the team. ``turn``: whose turn it is now, new or not; None: no request."""

    groups: Mapping[Group, frozenset[int]] = field(default_factory=dict)
    turn: frozenset[int] | None = None
    recused: frozenset[int] = Nobody
    muted: frozenset[int] = Nobody


@dataclass(frozen=True, slots=True)
class View:
    """An event as it is shown: its heading, where it leads, and who may read it now (None: the public).

    ``public_path``: where it leads those who are not signed in.
    """

    title: Message
    path: str
    may_read: Callable[[PersonFacts | None], bool]
    public_path: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """Rows of the table by event code, and what is known of such events: for many at once, by event id."""

    heading: Message
    rows: Mapping[str, Row]
    around: Callable[[Sequence[Event], datetime], Mapping[int, Around]]
    views: Callable[[Sequence[Event], datetime], Mapping[int, View]]


def add_source(app: App, source: Source) -> None:
    """Register the rows of a feature. Raises ValueError for a code that has a row already."""
    sources: list[Source] = app.extensions.setdefault(SOURCES, [])
    taken = {code for other in sources for code in other.rows} & source.rows.keys()
    if taken:
        raise ValueError(f"told twice: {sorted(taken)}")
    sources.append(source)


def sources() -> Sequence[Source]:
    """All of them, in the order of their registration."""
    found: list[Source] = app_value(SOURCES)
    return found


def row_of(code: str) -> Row | None:
    """The row of this code; None for an event that nobody ever registered."""
    return next((source.rows[code] for source in sources() if code in source.rows), None)


def around(events: Iterable[Event], now: datetime) -> dict[int, Around]:
    """Who is around each of these events, by event id."""
    return {id: found for source, own in _by_source(events) for id, found in source.around(own, now).items()}


def views(events: Iterable[Event], now: datetime) -> dict[int, View]:
    """How each of these events is shown, by event id. One without is shown to nobody."""
    return {id: found for source, own in _by_source(events) for id, found in source.views(own, now).items()}


def _by_source(events: Iterable[Event]) -> list[tuple[Source, list[Event]]]:
    all_events = list({event.id: event for event in events}.values())
    parts = [(source, [event for event in all_events if event.code in source.rows]) for source in sources()]
    return [(source, own) for source, own in parts if own]
