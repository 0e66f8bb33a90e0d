"""Where the schema of a database stands, and bringing an empty one to the newest."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from portal.extensions import migrate


def _config() -> Config:
    return migrate.get_config()  # type: ignore[return-value]  # Flask-Migrate's Config is Alembic's


def newest() -> str:
    """The revision this release of the portal needs."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def current(engine: Engine) -> str | None:
    """The revision of a database; None for an empty one."""
    with engine.connect() as connection:
        return current_of(connection)


def current_of(connection: Connection) -> str | None:
    """The revision as this transaction sees it."""
    return MigrationContext.configure(connection).get_current_revision()


def upgrade(engine: Engine) -> None:
    """Bring a database to the newest revision."""
    config = _config()
    config.attributes["engine"] = engine
    command.upgrade(config, "head")
