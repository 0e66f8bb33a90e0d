"""Everything the database holds, to compare and to search."""

from __future__ import annotations

from sqlalchemy import select, text

from portal.extensions import db


def everything_kept(*, without: str = "") -> str:
    """Every value of every row, of one table not."""
    tables = [table for table in db.metadata.sorted_tables if table.name != without]
    with db.engine.connect() as connection:
        return "\n".join(str(tuple(row)) for table in tables for row in connection.execute(select(table)))


def everything_indexed() -> str:
    """Every value of the index of words, and on SQLite of the tables in which FTS5 keeps its own, terms and all."""
    tables = ["indexed"]
    if db.engine.dialect.name == "sqlite":
        tables += [f"indexed_fts_{part}" for part in ("data", "idx", "docsize", "config")]
    rows = [row for table in tables for row in db.session.execute(text(f"SELECT * FROM {table}"))]
    values = [value for row in rows for value in row]
    return "\n".join(value.decode("latin-1") if isinstance(value, bytes) else str(value) for value in values)
