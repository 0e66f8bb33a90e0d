"""Reading the rows about one person, table by table: one statement each, however many there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, or_, select

from portal.audit.chain import canonical_time
from portal.audit.models import Event, Text
from portal.database import Base
from portal.extensions import db
from portal.people.models import Person
from portal.personal_data.declared import LEFT_OUT, LEFT_OUT_OF, OWN, TEXTS_OF_OTHERS, THROUGH
from portal.requests.workflow import State

Row = dict[str, Any]


def everything(person_id: int) -> dict[str, Any]:
    """What the portal keeps about this person, as plain values: rows by table, and what they did."""
    ids = _all_ids(person_id)
    rows = {name: list(_rows(Base.metadata.tables[name], columns, ids)) for name, columns in OWN.items()}
    for name, (column, parent) in THROUGH.items():
        known, own = {row["id"] for row in rows[name]}, [row["id"] for row in rows[parent]]
        rows[name] += [row for row in _rows(Base.metadata.tables[name], [column], own) if row["id"] not in known]
    texts = _texts_of_others(rows)
    for name, found in rows.items():
        for row in found:
            _put_words(name, row, texts)
    return {"rows": {name: found for name, found in rows.items() if found}, "acts": list(_acts(ids))}


def _all_ids(person_id: int) -> list[int]:
    """The person, and whoever was found to be the same."""
    query = select(Person.id).where(or_(Person.id == person_id, Person.merged_into_id == person_id))
    return list(db.session.scalars(query.order_by(Person.id)))


def _rows(table: Table, columns: Iterable[str], ids: list[int]) -> Iterator[Row]:
    left_out = LEFT_OUT | LEFT_OUT_OF.get(table.name, frozenset())
    shown = [column for column in table.columns if column.name not in left_out]
    query = select(*shown).where(or_(*(_names(table, name, ids) for name in columns))).order_by(table.c.id)
    for row in db.session.execute(query):
        yield {column.name: _plain(value) for column, value in zip(shown, row, strict=True)}


def _names(table: Table, column: str, ids: list[int]) -> ColumnElement[bool]:
    """SQL: the column names one of these. Nobody but its author knows of a draft, not even whom it is about."""
    named = table.c[column].in_(ids)
    return (
        and_(named, table.c.state != State.DRAFT) if (table.name, column) == ("team_request", "candidate_id") else named
    )


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return canonical_time(value)
    return value.isoformat() if isinstance(value, date) else value


def _texts_of_others(rows: Mapping[str, list[Row]]) -> dict[int, str]:
    wanted = {
        row[column]
        for name, column in (place.split(".") for place in TEXTS_OF_OTHERS)
        for row in rows[name]
        if row[column] is not None
    }
    query = select(Text.id, Text.body).where(Text.id.in_(wanted), Text.body.is_not(None))
    return {id: body for id, body in db.session.execute(query) if body is not None} if wanted else {}


def _put_words(table: str, row: Row, texts: Mapping[int, str]) -> None:
    """Their own texts are in the file as such, by number; those of others stand in the row."""
    for place in TEXTS_OF_OTHERS:
        name, column = place.split(".")
        if name == table and row[column] in texts:
            row[column.removesuffix("_id")] = texts[row[column]]


def _acts(ids: list[int]) -> Iterator[Row]:
    """What they did, from the timeline: when, what, on which request. Not whom it was about."""
    query = select(Event.at, Event.code, Event.request_id).where(Event.actor_id.in_(ids)).order_by(Event.id)
    for at, code, request_id in db.session.execute(query):
        yield {"at": canonical_time(at), "what": code, "request": request_id}
