"""Everything the database holds, to compare and to search."""

from __future__ import annotations

from sqlalchemy import select

from portal.extensions import db


def everything_kept(*, without: str = "") -> str:
    """Every value of every row, of one table not."""
    tables = [table for table in db.metadata.sorted_tables if table.name != without]
    with db.engine.connect() as connection:
        return "\n".join(str(tuple(row)) for table in tables for row in connection.execute(select(table)))
