"""After every test here the timeline is whole and holds no text."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from portal.extensions import db
from tests.requests import factories


@pytest.fixture
def whole_timeline(app: object) -> Iterator[None]:
    yield
    db.session.rollback()
    assert factories.chain_is_whole()
