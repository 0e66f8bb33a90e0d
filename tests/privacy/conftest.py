"""The scene: built once for each database and process, and copied anew for every test."""

from __future__ import annotations

import pytest
from flask import Flask

from portal.extensions import db
from tests import databases
from tests.privacy import telling
from tests.privacy.scene import Scene

_scenes: dict[str, Scene] = {}


@pytest.fixture
def scene(app: Flask, database_kind: str) -> Scene:
    """A portal in which much was said. The database is as `telling.build` left it."""
    if database_kind not in _scenes:
        _scenes[database_kind] = telling.build()
        keep("scene", database_kind)
    go_back("scene", database_kind)
    return _scenes[database_kind]


def keep(name: str, database_kind: str = "sqlite") -> None:
    """Remember the database as it is now."""
    _leave()
    databases.database(database_kind).keep(name)


def go_back(name: str, database_kind: str = "sqlite") -> None:
    """Make the database what it was when it was kept."""
    _leave()
    databases.database(database_kind).reset(name)


def _leave() -> None:
    db.session.remove()
    db.engine.dispose()
