"""`flask restore FILE`: a backup takes the place of what is there, after it was proved elsewhere.

The backup is loaded into a database of its own (SQLite: a file beside, PostgreSQL: a schema beside) and its timeline is
walked there. Whatever fails up to that point changes nothing. What was there before is kept aside.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, func, select, text
from sqlalchemy.exc import DBAPIError, OperationalError

from portal.audit.verification import verify_chain
from portal.database import WRITES, prepare_engine
from portal.extensions import engine_options
from portal.index import services as index
from portal.operations import archive, backup, rows, schema
from portal.web.unit_of_work import WRITER_LOCK

LOCK_WAIT = "10s"  # for the portal to let go of its tables


class Refused(Exception):
    """The backup was not restored; nothing was changed. The sentence says why."""


def restore(engine: Engine, path: Path, *, now: datetime) -> tuple[backup.Contents, str]:
    """Restore a backup. Returns what it holds and where the former database is kept. Raises Refused."""
    try:
        contents = backup.examine(path)
    except archive.Damaged as damage:
        raise Refused(f"{path} cannot be restored: {damage}.") from damage
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}.") from error
    if contents.schema != schema.newest():
        raise Refused(
            f"{path} was made by a release with schema {contents.schema}; this one has {schema.newest()}. "
            "Restore it with that release, then upgrade."
        )
    stamp = f"{now:%Y%m%d_%H%M%S}"
    beside = _sqlite_beside if engine.dialect.name == "sqlite" else _postgresql_beside
    with beside(engine, stamp) as (fresh, take_over):
        _prove(fresh, path, contents)
        return contents, take_over()


def _prove(fresh: Engine, path: Path, contents: backup.Contents) -> None:
    """Load the backup into an empty database and walk its timeline."""
    schema.upgrade(fresh)
    try:
        with fresh.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
            count = _load(connection, path)
            index.rebuild(connection)
    except OperationalError:
        raise  # the disk is full, the server away: no word against the backup
    except Exception as error:  # whatever it is, the real database was not touched
        raise Refused(f"{path} cannot be restored: its rows do not fit together ({type(error).__name__}).") from error
    found = verify_chain(fresh)
    if count != contents.rows or found.first_bad is not None:
        reason = found.reason or "rows are missing"
        raise Refused(f"{path} cannot be restored: its timeline does not hold ({reason}).")
    if found.count and (found.count, found.head) != (contents.sequence, contents.head):
        raise Refused(f"{path} cannot be restored: its timeline ends elsewhere than it says.")


def _load(connection: Connection, path: Path) -> int:
    constraints = _loosen(connection)
    tables = {table.name: table for table in rows.tables()}
    lines = archive.read(path)
    next(lines)
    count, line, names = 0, next(lines), []
    while "table" in line:
        block = _Block(lines)
        names.append(line["table"])
        rows.empty(connection, tables[line["table"]])
        count += rows.insert_lines(connection, tables[line["table"]], line["columns"], block)
        line = block.next_head
    if names != list(tables):
        raise ValueError("a table is missing, or there twice")
    _tighten(connection, constraints)
    return count


class _Block:
    """The rows of one table; afterwards ``next_head`` is the line that ended them."""

    def __init__(self, lines: Iterator[Any]) -> None:
        self.lines = lines
        self.next_head: Any = None

    def __iter__(self) -> Iterator[list[Any]]:
        for line in self.lines:
            if not isinstance(line, list):
                self.next_head = line
                return
            yield line


def _loosen(connection: Connection) -> list[tuple[str, str, str]]:
    """Let rows come before those they point at. Returns the constraints that were taken off (PostgreSQL)."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        return []
    query = text(
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE contype = 'f' AND connamespace = current_schema()::regnamespace"
    )
    constraints = [(table, name, definition) for table, name, definition in connection.execute(query)]
    for table, name, _definition in constraints:
        connection.exec_driver_sql(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    return constraints


def _tighten(connection: Connection, constraints: list[tuple[str, str, str]]) -> None:
    """Put the constraints back, which checks every row, and let new rows come after the restored ones."""
    for name_of_table, name, definition in constraints:
        connection.exec_driver_sql(f'ALTER TABLE {name_of_table} ADD CONSTRAINT "{name}" {definition}')
    if connection.dialect.name != "postgresql":
        return
    for table in rows.tables():
        for column in table.primary_key.columns:
            quoted = f'"{table.name}"'
            sequence = connection.scalar(select(func.pg_get_serial_sequence(quoted, column.name)))
            if sequence:
                newest = connection.scalar(select(func.max(column)))
                connection.execute(select(func.setval(sequence, newest or 1, newest is not None)))


Beside = tuple[Engine, Callable[[], str]]


@contextmanager
def _sqlite_beside(engine: Engine, stamp: str) -> Iterator[Beside]:
    """A file beside the database; taking over copies it in as one transaction of SQLite's own."""
    live = Path(str(engine.url.database)).absolute()
    fresh_path = live.with_name(f".{live.name}.restoring-{os.getpid()}")
    url = f"sqlite:///{fresh_path}"
    fresh = create_engine(url, **engine_options(url))
    prepare_engine(fresh)

    def take_over() -> str:
        aside = live.with_name(f"{live.name}.before-restore-{stamp}")
        engine.dispose()
        _keep_aside(engine, live, aside)
        _copy(fresh, live)
        return str(aside)

    try:
        yield fresh, take_over
    finally:
        fresh.dispose()
        for leftover in live.parent.glob(f"{fresh_path.name}*"):
            leftover.unlink()


def _keep_aside(engine: Engine, live: Path, aside: Path) -> None:
    """Copy what is there; where it is too broken to be read, move it out of the way."""
    if not live.exists():
        return
    driver: Any = engine.dialect.dbapi
    try:
        _copy(engine, aside)
        aside.chmod(live.stat().st_mode)
    except (DBAPIError, driver.DatabaseError):
        for suffix in ("", "-wal", "-shm", "-journal"):
            if (part := live.with_name(live.name + suffix)).exists():
                os.replace(part, aside.with_name(aside.name + suffix))


def _copy(source: Engine, target: Path) -> None:
    """All of a SQLite database into another file, or nothing of it (SQLite's online backup)."""
    module: Any = source.dialect.dbapi
    into = module.connect(str(target), timeout=10)
    try:
        with source.connect() as connection:
            raw: Any = connection.connection.dbapi_connection
            connection.rollback()
            raw.backup(into)
    finally:
        into.close()


@contextmanager
def _postgresql_beside(engine: Engine, stamp: str) -> Iterator[Beside]:
    """A schema beside the portal's; taking over renames both in one transaction."""
    name = f"portal_restoring_{stamp}"
    _execute(engine, f'CREATE SCHEMA "{name}"')
    fresh = create_engine(engine.url, connect_args={"options": f"-csearch_path={name}"})
    prepare_engine(fresh)

    def take_over() -> str:
        fresh.dispose()
        with engine.connect() as connection:
            live = str(connection.scalar(text("SELECT current_schema()")))
        aside = f"{live}_before_restore_{stamp}"
        _execute(
            engine,
            f"SET LOCAL lock_timeout = '{LOCK_WAIT}'",
            f"SELECT pg_advisory_xact_lock({WRITER_LOCK})",
            f'ALTER SCHEMA "{live}" RENAME TO "{aside}"',
            f'ALTER SCHEMA "{name}" RENAME TO "{live}"',
        )
        return f"schema {aside}"

    try:
        yield fresh, take_over
    finally:
        fresh.dispose()
        _execute(engine, f'DROP SCHEMA IF EXISTS "{name}" CASCADE')


def _execute(engine: Engine, *statements: str) -> None:
    with engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
        for statement in statements:
            connection.exec_driver_sql(statement)
