"""The portal beside a running development wiki."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from devwiki.wiki import DevWiki
from tests import devwiki_fixture
from tests.devwiki_fixture import RunningWiki


@pytest.fixture(scope="session")
def running_wiki() -> Iterator[RunningWiki]:
    with devwiki_fixture.running_wiki() as running:
        yield running


@pytest.fixture
def wiki(running_wiki: RunningWiki) -> DevWiki:
    """The wiki as on its first day."""
    running_wiki.wiki.reset()
    return running_wiki.wiki


@pytest.fixture
def portal(wiki: DevWiki, running_wiki: RunningWiki, database_kind: str) -> Iterator[Flask]:
    """A portal on an empty database that signs people in with the development wiki."""
    with devwiki_fixture.portal_for(running_wiki.rest_url, database_kind) as app:
        yield app


@pytest.fixture
def visitor(portal: Flask) -> FlaskClient:
    """Somebody who is not signed in."""
    return portal.test_client()
