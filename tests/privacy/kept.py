"""Everything the database holds, to compare and to search."""

from __future__ import annotations

from sqlalchemy import select

from portal.extensions import db


def everything_kept() -> str:
    """Every value of every row."""
    with db.engine.connect() as connection:
        rows = (str(tuple(row)) for table in db.metadata.sorted_tables for row in connection.execute(select(table)))
        return "\n".join(rows)
