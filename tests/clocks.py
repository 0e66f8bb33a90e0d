"""A server's clock that goes wrong."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask

from portal.web import clock
from tests.clients import travel_freely

MINUTE, HOUR, DAY, YEAR = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(days=365)


@contextmanager
def moved(app: Flask, by: timedelta) -> Iterator[None]:
    """The wall clock is set while the portal runs; its steady clock, which nobody can set, goes on."""
    app.extensions["clock_watch"] = clock.Watch()
    with time_machine.travel(clock.now() + by):
        yield


@contextmanager
def started_under(app: Flask, by: timedelta) -> Iterator[None]:
    """The portal is started while the clock is wrong: only what is on record can tell."""
    with time_machine.travel(clock.now() + by):
        travel_freely(app)
        yield
    travel_freely(app)


CHANGES_OF_THE_HOUR = [datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)]


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server whose own zone changes its hour twice a year."""
    former = os.environ.get("TZ")
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")  # Berlin's rule, also where no zone files are
    time.tzset()
    yield
    monkeypatch.delenv("TZ") if former is None else monkeypatch.setenv("TZ", former)
    time.tzset()
