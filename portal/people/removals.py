"""Removes reasons that people wrote: of absences, ended roles and access, changed rules, a record of the Board.

Texts of requests and assessments are removed where they stand. Any text can be removed by its author or by who
decides; the timeline keeps that it was there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, cast

from sqlalchemy import literal, select, union_all
from sqlalchemy.orm import InstrumentedAttribute

from portal.audit import services as audit
from portal.audit.models import Text
from portal.errors import NotVisible, WrongState
from portal.extensions import app_value, db
from portal.people import policy, queries
from portal.people.facts import PersonFacts
from portal.people.sections import App

REGISTRY = "removable_texts"
MayRead = Callable[[PersonFacts, Any], bool]


@dataclass(frozen=True, slots=True)
class Place:
    """A column that names texts, and the address of the page on which the text of a row stands.

    ``may_read``: who may read the text of a row, where that is not everybody who decides.
    """

    column: InstrumentedAttribute[Any]
    page: Callable[[Any], str]
    may_read: MayRead | None = None


def add_place(
    app: App, column: InstrumentedAttribute[Any], page: Callable[[Any], str], may_read: MayRead | None = None
) -> None:
    """Register a column whose texts can be removed."""
    app.extensions.setdefault(REGISTRY, []).append(Place(column, page, may_read))


def removable(actor: PersonFacts, text_id: int) -> tuple[Text, Callable[[], str]]:
    """A reason that this person may remove, and what gives the address where it stands.

    Raises NotVisible, WrongState.
    """
    text = db.session.get(Text, text_id)
    if text is None or not policy.may_remove_reason(actor, text.author_id):
        raise NotVisible
    found = _standing(text_id)
    if found is None:
        raise NotVisible
    place, row = found
    if place.may_read is not None and not place.may_read(actor, row):
        raise NotVisible
    if text.is_redacted:
        raise WrongState("This text was removed already.")
    return text, partial(place.page, row)


def _standing(text_id: int) -> tuple[Place, Any] | None:
    """Where the text stands: the place, and the row that names it; in two statements, however many places there are."""
    places: list[Place] = app_value(REGISTRY)
    looks = (
        select(literal(number), place.column.class_.id).where(place.column == text_id)
        for number, place in enumerate(places)
    )
    first = db.session.execute(union_all(*looks).limit(1)).first()
    if first is None:
        return None
    place = places[first[0]]
    return place, db.session.get_one(cast("type[Any]", place.column.class_), first[1])


def remove(actor_id: int, text_id: int, *, now: datetime) -> None:
    """Remove a reason for good: its author, or who decides. Raises NotVisible, WrongState."""
    text, _page = removable(queries.facts(actor_id, now), text_id)
    audit.erase_text(text, by_id=actor_id, at=now)
    audit.record("reason.removed", actor_id=actor_id, at=now, person_id=text.author_id, subject_id=text_id)
