"""How Alembic reaches the database: through the running app, in a writing transaction."""

from __future__ import annotations

from logging.config import fileConfig
from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy.engine import Connection

from portal.database import WRITES, UTCDateTime, is_ours

config = context.config
if config.config_file_name:
    fileConfig(config.config_file_name, disable_existing_loggers=False)
database = current_app.extensions["migrate"].db


def render_item(kind: str, item: Any, autogen_context: Any) -> Any:
    """Write our own column types as what they are."""
    if kind == "type" and isinstance(item, UTCDateTime):
        autogen_context.imports.add("from portal.database import UTCDateTime")
        return "UTCDateTime()"
    if kind == "type" and type(item).__name__ == "JSON":
        autogen_context.imports.add("from portal.database import JSONValue")
        return "JSONValue"
    return False


def let_tables_be_made_anew(connection: Connection) -> None:
    """SQLite changes a column by making the table anew, which its foreign keys would refuse halfway.

    They are off for this one connection, which no pool gets back, and are checked before the commit (sqlite.org,
    lang_altertable).
    """
    if connection.dialect.name == "sqlite":
        raw: Any = connection.connection.dbapi_connection
        raw.execute("PRAGMA foreign_keys = OFF")  # before the transaction, in which it would do nothing
        connection.detach()


def refuse_broken_pointers(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if broken:
            raise RuntimeError(f"the migration breaks pointers between rows: {broken[:3]}")


def run() -> None:
    """Migrate inside one transaction; `flask restore` names a database of its own."""
    engine = config.attributes.get("engine", database.engine)
    with engine.connect().execution_options(**{WRITES: True}) as connection:
        let_tables_be_made_anew(connection)
        context.configure(
            connection=connection,
            target_metadata=database.metadata,
            render_item=render_item,
            render_as_batch=True,
            compare_type=True,
            include_name=is_ours,
        )
        with context.begin_transaction():
            context.run_migrations()
            refuse_broken_pointers(connection)


run()
