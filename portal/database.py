"""The ground of every table: base class, column types, and how a transaction begins.

A transaction reads only, unless it was opened by `portal.web.unit_of_work`: SQLite refuses the write by
``PRAGMA query_only``, PostgreSQL by a read-only transaction. So "GET never writes" is kept by the database. All that
one page reads is of one moment, on both: a snapshot in SQLite's WAL, REPEATABLE READ in PostgreSQL.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BindParameter, DateTime, Dialect, Engine, Enum, MetaData, TypeDecorator, bindparam, event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection, ExceptionContext
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Session, registry
from sqlalchemy.pool import ConnectionPoolEntry

BUSY_TIMEOUT_MS = 5000  # a writer waits this long for the one before it, then the person reads a 503 in words
SAFE_WAL_SQLITE = (3, 51, 3)  # 3.7.0 to 3.51.2 can corrupt a WAL database on reset
READ_COMMITTED, REPEATABLE_READ = 2, 3  # psycopg.IsolationLevel: a writer sees what was done before it got the lock
WRITES = "portal_writes"  # execution option that opens a writing transaction
WAITS_MS = "portal_waits_ms"  # execution option: how long that may take on SQLite, instead of BUSY_TIMEOUT_MS
SAME_MOMENT = timedelta(seconds=1)  # within one reading transaction


class UTCDateTime(TypeDecorator[datetime]):
    """A moment in UTC. Refuses a naive datetime; SQLite stores it without zone, PostgreSQL with."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# Statements of pages that many people open are built once (`functools.cache`) and get their values when they run:
# building one costs more than running it.
NOW: BindParameter[datetime] = bindparam("now", type_=UTCDateTime())
IDS: BindParameter[Any] = bindparam("ids", expanding=True)


JSONValue = JSON().with_variant(JSONB(), "postgresql")


class Base(DeclarativeBase):
    """Base of every model. ``type_annotation_map`` says which Python type becomes which column."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    registry = registry(
        metadata=metadata,
        type_annotation_map={datetime: UTCDateTime(), dict[str, Any]: JSONValue, list[Any]: JSONValue},
    )


def is_ours(name: str | None, type_: str, _parents: object) -> bool:
    """For Alembic: not the index over words, which each database has in its own way (2026_11_27_search)."""
    return type_ not in ("table", "index") or name is None or not name.startswith(("indexed_fts", "ix_indexed_words"))


def remembered(session: Session, name: str, now: datetime) -> dict[Any, Any]:
    """A place for what a page asks in many places: it lasts for one reading transaction and one moment.

    In a unit of work it is empty and forgotten at once: what is checked there is read anew.
    """
    if session.info.get(WRITES):
        return {}
    transaction = session.get_transaction() or session.begin()
    kept, at, values = session.info.get(name, (None, now, {}))
    if kept is not transaction or abs(at - now) > SAME_MOMENT:
        values = {}
        session.info[name] = (transaction, now, values)
    found: dict[Any, Any] = values
    return found


def choice_type(enum: type[StrEnum], name: str) -> Enum:
    """A column type for a StrEnum: text with a named check constraint, on both databases."""
    return Enum(
        enum,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=32,
        values_callable=lambda members: [member.value for member in members],
    )


# What SQLite and PostgreSQL answer when it is not our SQL that is wrong but the lock, the disk or the way there.
AWAY_SQLITE = {"BUSY", "LOCKED", "NOMEM", "READONLY", "IOERR", "FULL", "CANTOPEN", "PROTOCOL"}
AWAY_POSTGRESQL = ("08", "53", "57", "58", "40", "55P03", "25006")  # classes of SQLSTATE, and two single ones


def is_away(error: BaseException, *, writing: bool) -> bool:
    """Whether the database is locked, full, read-only or out of reach, so that the same may work in a minute.

    Outside a unit of work (not ``writing``) a refused write is an error of ours: a reading transaction cannot write.
    """
    if isinstance(error, PoolTimeout):
        return True
    original: Any = error.orig if isinstance(error, DBAPIError) else error
    if name := getattr(original, "sqlite_errorname", None):
        kind = str(name).removeprefix("SQLITE_").split("_")[0]
        return kind in AWAY_SQLITE and (writing or kind != "READONLY")
    if state := getattr(original, "sqlstate", None):
        return str(state).startswith(AWAY_POSTGRESQL) and (writing or state != "25006")
    return type(original).__module__.startswith("psycopg") and _is_operational(original)


def _is_operational(error: object) -> bool:
    """Psycopg's own faults have no SQLSTATE: it could not connect, or the connection broke."""
    return any(kind.__name__ in ("OperationalError", "InterfaceError") for kind in type(error).__mro__)


def prepare_engine(engine: Engine) -> None:
    """Set what every connection and every transaction of this engine begins with."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _sqlite_connect)
        event.listen(engine, "checkout", _sqlite_checkout(engine))
        event.listen(engine, "begin", _sqlite_begin)
        event.listen(engine, "handle_error", _sqlite_open_anew)
    else:
        event.listen(engine, "begin", _postgresql_begin)


def _sqlite_connect(connection: Any, record: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")  # first: what follows may have to wait already
    version = tuple(int(part) for part in cursor.execute("select sqlite_version()").fetchone()[0].split("."))
    cursor.execute(f"PRAGMA journal_mode = {'WAL' if version >= SAFE_WAL_SQLITE else 'TRUNCATE'}")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    record.info["file"] = cursor.execute("PRAGMA database_list").fetchone()[2]
    record.info["opened"] = _identity(record)
    record.info["read_only"] = not _can_write(record)
    cursor.close()


def _sqlite_checkout(engine: Engine) -> Callable[[object, ConnectionPoolEntry, object], None]:
    """Open the file anew if it was moved away or another is in its place: who has it open would write on into it.

    A file that was opened while the disk was read-only stays so: open it anew, too, once the disk can be written.
    """

    def look(_connection: object, record: ConnectionPoolEntry, _proxy: object) -> None:
        if _identity(record) != record.info["opened"] or (record.info["read_only"] and _can_write(record)):
            engine.dispose()  # all that wait in the pool: SQLite shares what it knows of a file within a process
            raise DisconnectionError

    return look


def _identity(record: ConnectionPoolEntry) -> tuple[int, int] | None:
    """Tells which file is there now; None: there is none."""
    try:
        found = os.stat(record.info["file"])  # at each checkout
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _can_write(record: ConnectionPoolEntry) -> bool:
    return os.access(record.info["file"], os.W_OK)


def _sqlite_open_anew(context: ExceptionContext) -> None:
    """A file that was opened while the disk was read-only stays so: leave such connections, and all of their time."""
    name = str(getattr(context.original_exception, "sqlite_errorname", ""))
    if name.startswith(("SQLITE_READONLY", "SQLITE_IOERR", "SQLITE_CANTOPEN")):
        context.is_disconnect = True
        if context.engine is not None:
            context.engine.dispose()  # those that wait, too, at once: one of them keeps the -shm read-only for all


def _sqlite_begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    writes = options.get(WRITES, False)
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(options.get(WAITS_MS, BUSY_TIMEOUT_MS))}")
    connection.exec_driver_sql(f"PRAGMA query_only = {'OFF' if writes else 'ON'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _postgresql_begin(connection: Connection) -> None:
    raw: Any = connection.connection.dbapi_connection
    writes = connection.get_execution_options().get(WRITES, False)
    raw.read_only = not writes
    raw.isolation_level = READ_COMMITTED if writes else REPEATABLE_READ
