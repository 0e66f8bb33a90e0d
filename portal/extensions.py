"""The Flask extensions, made once and bound to an app in `portal.create_app`."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from flask import Flask, current_app, has_request_context
from flask_babel import Babel
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from sqlalchemy import event

import config
from portal.database import Base, prepare_engine

# Seconds. Whatever hangs, the person who waits has a page in words within 6.
CONNECT_LIMIT = 2  # for each address of the PostgreSQL server
POOL_LIMIT = 3  # until a connection of this process is free

db = SQLAlchemy(metadata=Base.metadata, session_options={"autoflush": True})
migrate = Migrate()
login_manager = LoginManager()
csrf = CSRFProtect()
babel = Babel()


def sqlite_module() -> ModuleType:
    """The SQLite driver: the bundled newer one where there is one, else the standard library's."""
    return importlib.import_module("pysqlite3" if sys.platform == "linux" else "sqlite3")


def engine_options(database_url: str) -> dict[str, Any]:
    """Options for create_engine. SQLite leaves transactions to us (see portal.database).

    What people wrote is hidden from the texts of errors, which end in logs and on terminals.
    """
    if database_url.startswith("sqlite:"):
        own = {"module": sqlite_module(), "connect_args": {"isolation_level": None, "check_same_thread": False}}
    else:
        own = {"pool_pre_ping": True, "pool_size": 5, "connect_args": {"connect_timeout": CONNECT_LIMIT}}
    return {"hide_parameters": True, "pool_timeout": POOL_LIMIT, **own}


def bind_database(app: Flask) -> None:
    """Bind session, engine and migrations to the app."""
    db.init_app(app)
    migrate.init_app(app, db, directory=str(config.ROOT / "migrations"), render_as_batch=True, compare_type=True)
    with app.app_context():
        prepare_engine(db.engine)
        is_sqlite = db.engine.dialect.name == "sqlite"
        event.listen(db.engine, "do_connect", _open_what_is_there if is_sqlite else _connect_impatiently)


def _open_what_is_there(_dialect: object, _record: object, arguments: Any, options: Any) -> Any:
    """People do not make a new, empty database where the disk is not mounted; a command (a migration) may."""
    if not has_request_context():
        return None  # SQLAlchemy's own way
    return sqlite_module().connect(f"{Path(arguments[0]).absolute().as_uri()}?mode=rw", uri=True, **options)


def _connect_impatiently(_dialect: object, _record: object, arguments: Any, options: Any) -> Any:
    """People do not wait for ever; a command (a backup, a migration) takes the time it takes."""
    if not has_request_context():
        return None  # SQLAlchemy's own way
    driver = importlib.import_module("portal.postgresql")  # needs psycopg, which is there only where it is used
    return driver.ImpatientConnection.connect(*arguments, **options)


def app_value(name: str) -> Any:
    """Something create_app put into ``app.extensions`` under this name."""
    return current_app.extensions[name]
