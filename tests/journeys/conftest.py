"""Fixtures of the journeys: a portal with the demo data anew for each test, and windows for several people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Page

from portal.web import clock
from tests.browser import window
from tests.journeys.staged import StagedPortal, staged_portal

OpenWindow = Callable[..., Page]


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StagedPortal]:
    """The portal of all journeys of this process."""
    with staged_portal(tmp_path_factory.mktemp("staged")) as portal:
        yield portal


@pytest.fixture
def portal(served: StagedPortal, monkeypatch: pytest.MonkeyPatch) -> StagedPortal:
    """The portal with nothing but the demo data, and a clock to move."""
    served.reset()
    monkeypatch.setattr(clock, "now", served.clock.now)
    return served


@pytest.fixture(scope="session")
def served_mirrored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StagedPortal]:
    """The same portal for readers from right to left."""
    with staged_portal(tmp_path_factory.mktemp("mirrored"), PSEUDO_LOCALE="rtl") as portal:
        yield portal


@pytest.fixture
def mirrored(served_mirrored: StagedPortal) -> StagedPortal:
    """The mirrored portal with nothing but the demo data."""
    served_mirrored.reset()
    return served_mirrored


@pytest.fixture
def open_window(chromium: Browser, portal: StagedPortal) -> Iterator[OpenWindow]:
    """Opens one window after another, each with cookies of its own, as several people have. Takes context options."""
    with ExitStack() as windows:
        yield lambda **options: windows.enter_context(window(chromium, **options))
