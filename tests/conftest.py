"""Fixtures: an app on a real, freshly migrated database, and clients that are signed in."""

from __future__ import annotations

import gc
import zlib
from collections.abc import Callable, Generator, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings as hypothesis_settings

from portal import create_app
from portal.extensions import db
from portal.people.models import Person
from tests import databases, factories
from tests.browser import chromium, live_portal, page  # noqa: F401  # fixtures
from tests.clients import travel_freely, use_apart_client
from tests.served import served  # noqa: F401  # fixture

hypothesis_settings.register_profile("suite", deadline=None, derandomize=databases.in_ci(), max_examples=50)
hypothesis_settings.load_profile("suite")

LONG = (
    *("tests/whole", "tests/journeys", "tests/notifications/test_kills", "tests/privacy", "tests/campaigns"),
    *("tests/test_", "tests/races", "tests/faults"),
)
ALWAYS_ON_BOTH = tuple(
    f"tests/{name}"
    for name in (
        "access",
        "audit",
        "campaigns",
        "faults",
        "index",
        "notifications",
        "operations",
        "races",
        "record",
        "search",
    )
)

_apps: dict[str, Flask] = {}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the long campaigns too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The long ones first, so that none is left for the end. Without --slow the campaigns are left out.

    Unless they are asked for by name: -m, -k or their address.
    """
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))
    if config.getoption("--slow") or config.option.markexpr or config.option.keyword:
        return
    if any("::" in argument for argument in config.args):
        return
    slow = [item for item in items if item.get_closest_marker("slow") or _is_left_to_slow(item)]
    config.hook.pytest_deselected(items=slow)
    items[:] = [item for item in items if item not in slow]


def _is_left_to_slow(item: pytest.Item) -> bool:
    """Where the kind of database matters least, one in three is tried on PostgreSQL too, always the same ones."""
    twice = "postgresql" in item.name and item.get_closest_marker("both_databases") is not None
    return twice and not item.nodeid.startswith(ALWAYS_ON_BOTH) and zlib.crc32(item.nodeid.encode()) % 3 != 0


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With CI=true a browser or PostgreSQL test that was skipped has failed: nobody may miss it."""
    report = yield
    needed = item.get_closest_marker("browser") or "postgresql" in item.name
    if databases.in_ci() and needed and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow here: {report.longrepr}"
    return report


def pytest_configure(config: pytest.Config) -> None:
    # A test process lives long and holds much; looking through all of it again and again was a tenth of its work.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    config.addinivalue_line("markers", "both_databases: runs on SQLite and on PostgreSQL")
    config.addinivalue_line("markers", "browser: needs Chromium")
    config.addinivalue_line("markers", "slow: a campaign, run by ./dev test --slow")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    chosen = any("database_kind" in mark.args[0] for mark in metafunc.definition.iter_markers("parametrize"))
    if "database_kind" in metafunc.fixturenames and not chosen:
        both = metafunc.definition.get_closest_marker("both_databases") is not None
        metafunc.parametrize("database_kind", databases.BOTH if both else ("sqlite",))


@pytest.fixture
def app(database_kind: str) -> Iterator[Flask]:
    """The app with an app context, on a database that holds nothing but the schema."""
    database = databases.database(database_kind)
    if database_kind in _apps:
        with _apps[database_kind].app_context():
            db.engine.dispose()
    database.reset()
    if database_kind not in _apps:
        _apps[database_kind] = create_app(databases.settings(database.url, ENV="testing"))
        use_apart_client(_apps[database_kind])
    app = _apps[database_kind]
    travel_freely(app)
    with app.app_context():
        yield app
        db.session.remove()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Somebody who is not signed in."""
    return app.test_client()


@pytest.fixture
def as_person(app: Flask) -> Callable[[Person], FlaskClient]:
    """A client signed in as this person."""

    def sign_in(person: Person) -> FlaskClient:
        client = app.test_client()
        factories.sign_in(client, person)
        return client

    return sign_in
