"""A server's clock that goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

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
