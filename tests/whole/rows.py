"""Everything that stands in the database, and how it differs from what stood there before."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from portal.extensions import db

Row = tuple[Any, ...]
Rows = dict[str, dict[Any, Row]]
RANDOM = re.compile(
    r"[0-9a-f]{32,64}|[A-Za-z0-9_-]{43}|\d{4}-\d\d-\d\d[ tT]\d\d:\d\d:\d\d[.\d]*[zZ]?|ssh-ed25519 \S+|SHA256:\S+"
)


def everything() -> Rows:
    """Every row of every table, by primary key."""
    found: Rows = {}
    with db.engine.connect() as connection:
        for table in db.metadata.sorted_tables:
            keys = [list(table.columns).index(column) for column in table.primary_key.columns]
            columns = ", ".join(f'"{column.name}"' for column in table.columns)
            rows = connection.exec_driver_sql(f'SELECT {columns} FROM "{table.name}"')
            found[table.name] = {tuple(row[key] for key in keys): tuple(row) for row in rows}
    return found


def changes(before: Rows, after: Rows) -> dict[str, list[Row]]:
    """The rows that are new, different or (as an empty row) gone, by table."""
    found = {}
    for table, rows in after.items():
        if rows != before[table]:
            new = [row for key, row in rows.items() if before[table].get(key) != row]
            found[table] = new + [() for key in before[table] if key not in rows]
    return found


def shape(changed: dict[str, list[Row]]) -> dict[str, list[str]]:
    """What was changed, without moments, salts and hashes: the same for the same thing done twice."""
    return {
        table: sorted(RANDOM.sub("#", repr([_plain(v) for v in row])) for row in rows)
        for table, rows in changed.items()
    }


def _plain(value: Any) -> Any:
    return "#" if isinstance(value, datetime) else value
