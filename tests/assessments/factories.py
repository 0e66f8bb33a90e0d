"""Assessments for tests, made by the services themselves."""

from __future__ import annotations

import itertools
from datetime import datetime

from portal.assessments import drafting, queries, services, standards
from portal.assessments.entries import EMPTY, Entry, Typed
from portal.assessments.exchange.standard import write_standard
from portal.assessments.models import Score
from portal.people.models import Person
from portal.web.unit_of_work import unit_of_work

_numbers = itertools.count(1)


def seed() -> None:
    """Both standards of the organisation."""
    with unit_of_work() as now:
        standards.seed_standards(now=now)


def next_standard() -> str:
    """The current standard without its first item and with one reworded, as the wiki would have it."""
    current = queries.current_standard()
    assert current is not None
    return write_standard(queries.items_of(current.id)[1:]).replace("Reads and explains", "Reads")


def draft_standard() -> int:
    """A draft of the next version. Returns its number."""
    with unit_of_work() as now:
        return drafting.import_draft(None, next_standard(), now=now).version


def keys(assessment_id: int) -> list[str]:
    """The keys of the items, in order."""
    return [item.key for item in queries.items_of(queries.find(assessment_id).standard_id)]


def self_assessment(person: Person, *, at: datetime | None = None) -> int:
    """A draft, begun by the person."""
    with unit_of_work(at) as now:
        return services.start_self_assessment(person, submission_id=f"{next(_numbers):032}", now=now)


def review(person: Person, marker: Person, *, by: Person | None = None, at: datetime | None = None) -> int:
    """A mentor review that the marker was asked for."""
    with unit_of_work(at) as now:
        return services.ask_for_review(
            by or person, person.id, marker_id=marker.id, submission_id=f"{next(_numbers):032}", now=now
        )


def fill(marker: Person, assessment_id: int, entries: dict[str, Entry], *, at: datetime | None = None) -> None:
    """Save these items, as a tab that has seen them empty."""
    with unit_of_work(at) as now:
        services.save(marker, assessment_id, Typed(entries, dict.fromkeys(entries, EMPTY.token)), now=now)


def lock(marker: Person, assessment_id: int, scores: list[Score] | None = None, *, at: datetime | None = None) -> int:
    """Score every item (2 where nothing else is said) and lock it."""
    found = keys(assessment_id)
    given = scores or [Score.INDEPENDENT] * len(found)
    entries = {key: Entry(score) for key, score in zip(found, given, strict=True)}
    with unit_of_work(at) as now:
        services.lock(marker, assessment_id, Typed(entries, dict.fromkeys(entries, EMPTY.token)), now=now)
    return assessment_id


def locked_self(person: Person, scores: list[Score] | None = None, *, at: datetime | None = None) -> int:
    """A finished self-assessment."""
    return lock(person, self_assessment(person, at=at), scores, at=at)


def locked_review(person: Person, marker: Person, scores: list[Score] | None = None) -> int:
    """A finished mentor review."""
    return lock(marker, review(person, marker), scores)
