"""Rows as lines of a backup and back, the same from SQLite and from PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from enum import Enum as PythonEnum
from itertools import islice
from typing import Any

from sqlalchemy import JSON, Column, Connection, Date, Enum, Table, delete, insert, null, select
from sqlalchemy.types import TypeEngine

from portal.database import Base, UTCDateTime

# Sessions and sent forms: nobody is to be signed in by an old backup. The index of words is made anew.
NOT_KEPT = {"sign_in", "held_form", "sent_form", "indexed", "calendar_address"}
AT_ONCE = 500  # rows


def tables() -> list[Table]:
    """Every table a backup holds, those that are pointed at first."""
    return [table for table in Base.metadata.sorted_tables if table.name not in NOT_KEPT]


def lines_of(connection: Connection, table: Table) -> Iterator[list[Any]]:
    """Every row of a table as plain JSON values, in the order of its key."""
    query = select(table).order_by(*table.primary_key.columns)
    with connection.execution_options(yield_per=AT_ONCE).execute(query) as rows:
        for row in rows:
            yield [_plain(value) for value in row]


def empty(connection: Connection, table: Table) -> None:
    """Take out what a migration put into the table. An empty one is left alone: events refuse to be deleted."""
    if connection.execute(select(table).limit(1)).first() is not None:
        connection.execute(delete(table))


def insert_lines(connection: Connection, table: Table, names: list[str], lines: Iterable[list[Any]]) -> int:
    """Put rows into an empty table. Returns how many. Raises ValueError, KeyError or TypeError for what cannot be."""
    columns = [table.columns[name] for name in names]
    count = 0
    remaining = iter(lines)
    while block := list(islice(remaining, AT_ONCE)):
        connection.execute(insert(table), [_row(columns, line) for line in block])
        count += len(block)
    return count


def _row(columns: list[Column[Any]], line: list[Any]) -> Mapping[str, Any]:
    return {column.name: _typed(column.type, value) for column, value in zip(columns, line, strict=True)}


def _plain(value: Any) -> Any:
    if isinstance(value, PythonEnum):
        return value.value
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if value is None or isinstance(value, (str, int, float, bool, dict, list)):
        return value
    raise TypeError(f"a backup cannot hold {type(value).__name__}")


def _typed(kind: TypeEngine[Any], value: Any) -> Any:
    if value is None:
        return null() if isinstance(kind, JSON) else None
    if isinstance(kind, UTCDateTime):
        return datetime.fromisoformat(value)
    if isinstance(kind, Date):
        return date.fromisoformat(value)
    if isinstance(kind, Enum) and kind.enum_class is not None:
        return kind.enum_class(value)
    return value
