"""Keys of the organisation's data that rows in the database hold. Such an entry can be retired, but never be removed.

The organisation lies below every table, so the tables above it register what they use.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import click
from flask import Flask, current_app
from sqlalchemy import Select, inspect, literal, select, union
from sqlalchemy.exc import DBAPIError

from portal.extensions import db
from portal.org.catalogue import WHOLE, Organisation
from portal.web import logs


@dataclass(frozen=True, slots=True)
class Use:
    """A table that holds keys of one collection. ``keys`` selects them; it is called when the check runs."""

    table: str
    collection: str
    keys: Callable[[], Select[Any]]


class MissingEntriesError(Exception):
    """The database uses keys that the organisation's data lacks. ``faults`` has one line each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("The organisation's data does not fit the database:\n- " + "\n- ".join(faults))
        self.faults = faults


def add_use(app: Flask, *uses: Use) -> None:
    """Register tables that hold keys."""
    app.extensions.setdefault("organisation_uses", []).extend(uses)


def missing_entries(organisation: Organisation) -> list[str]:
    """One line for each key in use that this organisation lacks. A table that is not there uses none."""
    uses: list[Use] = current_app.extensions.get("organisation_uses", [])
    with db.engine.connect() as connection:
        tables = set(inspect(connection).get_table_names())
        parts = [_labelled(use) for use in uses if use.table in tables]
        rows = connection.execute(union(*parts)).all() if parts else []
    known = _known(organisation)
    return [
        f"{collection}.yaml lacks {key!r}, which the table {table} uses: put it back and retire it"
        for table, collection, key in sorted(rows)
        if key not in known[collection]
    ]


def _labelled(use: Use) -> Select[Any]:
    keys = use.keys().subquery()
    return select(literal(use.table), literal(use.collection), keys.c[0]).where(keys.c[0].is_not(None))


def _known(organisation: Organisation) -> Mapping[str, set[str]]:
    return {
        "roles": set(organisation.roles),
        "access_groups": set(organisation.access_groups),
        "systems": set(organisation.systems),
        "kinds": {*organisation.kinds, WHOLE},
        "rules": set(organisation.rules),
    }


def refuse_missing_entries(app: Flask) -> None:
    """Raise MissingEntriesError at start. A management command starts all the same: it may be the one that mends it.

    A database that cannot be asked, or is not migrated yet, is for the health check to tell.
    """
    if click.get_current_context(silent=True) is not None:
        return
    with app.app_context():
        try:
            faults = missing_entries(cast(Organisation, app.extensions["organisation"]))
        except DBAPIError as error:
            logs.write(logging.WARNING, "catalogue_unchecked", error=type(error).__name__)
            return
        finally:
            db.engine.dispose()  # a server that forks after this must not share the connection
    if faults:
        raise MissingEntriesError(faults)
