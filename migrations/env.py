"""How Alembic reaches the database: through the running app, in a writing transaction."""

from __future__ import annotations

from logging.config import fileConfig
from typing import Any

from alembic import context
from flask import current_app

from portal.database import WRITES, UTCDateTime

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


def run() -> None:
    """Migrate inside one transaction; `flask restore` names a database of its own."""
    engine = config.attributes.get("engine", database.engine)
    with engine.connect().execution_options(**{WRITES: True}) as connection:
        context.configure(
            connection=connection,
            target_metadata=database.metadata,
            render_item=render_item,
            render_as_batch=True,
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
