"""Ways to take the database away from an app, and to give it back at the end of the block."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, text

from portal import extensions
from portal import postgresql as postgresql_driver
from portal.extensions import db, sqlite_module
from portal.web import unit_of_work
from tests import databases

Breaking = Callable[[], AbstractContextManager[None]]
BUSY_MS = 50  # in place of the 5 s a writer waits for the one before


def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody wait for long for a lock, on either database."""
    monkeypatch.setattr("portal.database.BUSY_TIMEOUT_MS", BUSY_MS)
    monkeypatch.setattr(unit_of_work, "BUSY_TIMEOUT_MS", BUSY_MS)
    limits = (func.set_config("lock_timeout", str(BUSY_MS), True), *unit_of_work.POSTGRESQL_LIMITS[1:])
    monkeypatch.setattr(unit_of_work, "POSTGRESQL_LIMITS", limits)
    anew()


def anew() -> None:
    """Let the app open its connections anew."""
    db.session.remove()
    db.engine.dispose()


def sqlite_file() -> Path:
    return Path(str(db.engine.url.database))


def _other_sqlite(*statements: str) -> Any:
    other = sqlite_module().connect(str(sqlite_file()), isolation_level=None)
    for statement in statements:
        other.execute(statement)
    return other


@contextmanager
def sqlite_written_by_another() -> Iterator[None]:
    other = _other_sqlite("BEGIN IMMEDIATE")
    yield
    other.close()


@contextmanager
def sqlite_kept_by_another() -> Iterator[None]:
    """Nobody else can even read."""
    anew()
    other = _other_sqlite("PRAGMA locking_mode = EXCLUSIVE", "BEGIN EXCLUSIVE")
    yield
    other.close()


@contextmanager
def sqlite_full() -> Iterator[None]:
    """The file can grow no further."""

    def no_more(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute("VACUUM")  # migrations that made a table anew left room inside the file
        pages = cursor.execute("PRAGMA page_count").fetchone()[0]
        cursor.execute(f"PRAGMA max_page_count = {pages}")
        cursor.close()

    event.listen(db.engine, "connect", no_more)
    anew()
    yield
    event.remove(db.engine, "connect", no_more)
    anew()


@contextmanager
def sqlite_read_only() -> Iterator[None]:
    """The file is opened for reading alone, as SQLite does by itself on a disk that has become read-only."""

    def for_reading(_dialect: object, _record: object, arguments: Any, options: Any) -> Any:
        return sqlite_module().connect(f"file:{arguments[0]}?mode=ro", uri=True, **options)

    event.remove(db.engine, "do_connect", extensions._open_what_is_there)
    event.listen(db.engine, "do_connect", for_reading)
    anew()
    other = _other_sqlite("SELECT count(*) FROM person")  # keeps the -wal there, without which nobody could read
    yield
    other.close()
    event.remove(db.engine, "do_connect", for_reading)
    event.listen(db.engine, "do_connect", extensions._open_what_is_there)


@contextmanager
def sqlite_gone() -> Iterator[None]:
    """The folder is not there, as with a disk that was taken away; who had the file open has it still."""
    folder = sqlite_file().parent
    away = folder.rename(folder.with_name(folder.name + "-away"))
    yield
    away.rename(folder)


@contextmanager
def sqlite_not_mounted() -> Iterator[None]:
    """In place of the folder there is an empty one. Nothing may be put into it."""
    folder = sqlite_file().parent
    with sqlite_gone():
        folder.mkdir()
        yield
        folder.rmdir()


def sqlite_copied(to: Path) -> None:
    """A copy of the whole database, as an operator makes one."""
    other = _other_sqlite(f"VACUUM INTO '{to}'")
    other.close()


def sqlite_texts(file: Path) -> set[str]:
    """Every text in this file."""
    other = sqlite_module().connect(str(file))
    found = {body for (body,) in other.execute("SELECT body FROM text")}
    other.close()
    return found


def postgresql(*statements: str) -> None:
    database = databases.database("postgresql")
    assert isinstance(database, databases.PostgresqlDatabase)
    database.execute(*statements)


@contextmanager
def postgresql_written_by_another() -> Iterator[None]:
    with db.engine.connect() as other:
        other.execute(text(f"SELECT pg_advisory_lock({unit_of_work.WRITER_LOCK})"))
        yield
        other.invalidate()


def end_connections() -> None:
    """What a restart of the server does to those who were connected."""
    name = db.engine.url.database

    postgresql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")


@contextmanager
def postgresql_refusing() -> Iterator[None]:
    """No connection is taken, and those there were have ended."""
    name = db.engine.url.database
    db.session.rollback()  # the test's own
    postgresql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    end_connections()
    yield
    postgresql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


@contextmanager
def postgresql_ending_writers() -> Iterator[None]:
    """The connection breaks in the middle of a change."""

    def end(_session: object) -> None:
        end_connections()

    unit_of_work._before_commit.insert(0, end)
    yield
    unit_of_work._before_commit.remove(end)


@contextmanager
def postgresql_ending_commits() -> Iterator[None]:
    """The connection breaks while COMMIT is on its way."""

    def end(_connection: object) -> None:
        end_connections()

    event.listen(db.engine, "commit", end)
    yield
    event.remove(db.engine, "commit", end)


@contextmanager
def postgresql_hanging() -> Iterator[None]:
    """A statement gets no answer. Afterwards the server finds out by itself that nobody waits for it any more."""

    def hang(session: Any) -> None:
        session.execute(text("SELECT pg_sleep(60)"))

    anew()
    unit_of_work._before_commit.insert(0, hang)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(postgresql_driver, "ANSWER_LIMIT", 0.5)
        yield
    unit_of_work._before_commit.remove(hang)
    with db.engine.connect() as other:
        other.execute(text(f"SELECT pg_advisory_xact_lock({unit_of_work.WRITER_LOCK})"))
