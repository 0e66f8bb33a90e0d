"""Parts of a person's page that features above add: what somebody has access to, for one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from portal.extensions import app_value
from portal.people.facts import PersonFacts

REGISTRY = "person_sections"


class App(Protocol):
    """An application: what it holds for features, by name."""

    extensions: dict[str, Any]


@dataclass(frozen=True, slots=True)
class PersonSection:
    """A fragment and its values. ``public``: what it shows is for everybody, so the person has a public page."""

    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    public: bool = False


# Whose page it is, who reads it (None: not signed in), and when; None: nothing to show to this reader.
SectionSource = Callable[[int, PersonFacts | None, datetime], PersonSection | None]


def add_section(app: App, source: SectionSource) -> None:
    """Register a part of every person's page. The fragment finds its values in ``section.context``."""
    app.extensions.setdefault(REGISTRY, []).append(source)


def of_person(person_id: int, viewer: PersonFacts | None, now: datetime) -> list[PersonSection]:
    """The registered parts of this person's page that this reader may see."""
    sources: list[SectionSource] = app_value(REGISTRY)
    return [section for source in sources if (section := source(person_id, viewer, now)) is not None]
