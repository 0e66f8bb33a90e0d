"""After every test here the timeline is whole and holds no text."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from portal.extensions import db
from tests.requests import factories
from tests.requests.pages import Browser, Open


@pytest.fixture
def whole_timeline(app: object) -> Iterator[None]:
    yield
    db.session.rollback()
    assert factories.chain_is_whole()


@pytest.fixture
def open_as(app: Flask) -> Open:
    """Opens pages as this person."""
    return lambda person: Browser(app, person)
