"""Chromium, and a portal to click through: served over HTTP with its own database and development wiki login."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

import config

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",  # the tests may run as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass(frozen=True, slots=True)
class LivePortal:
    """A running portal with the demo data. ``url`` has no slash at its end."""

    url: str
    wiki_url: str
    data: Path

    def sign_in(self, page: Page, name: str) -> None:
        """Sign in through the development wiki login, as people do."""
        page.goto(self.url)
        page.get_by_role("link", name="Sign in with Miraheze").first.click()
        page.get_by_role("button", name=f"Continue as {name}", exact=True).click()
        page.get_by_role("button", name="Sign out").wait_for()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The machine's own Chromium."""
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def window(browser: Browser, **options: Any) -> Iterator[Page]:
    """A fresh window, in which nobody is signed in. Fails when a page in it complained to the console."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
    context.set_default_timeout(10_000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if _is_complaint(said.type, said.text) else None)
    try:
        yield page
    finally:
        context.close()
    assert complaints == []


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """One window for a test."""
    with window(chromium) as page:
        yield page


def _is_complaint(kind: str, text: str) -> bool:
    """What a page must not say. A refusal (4xx) is reported by Chromium too, and is no fault of the page."""
    return kind == "error" and "Failed to load resource" not in text


@pytest.fixture(scope="session")
def live_portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivePortal]:
    """`./dev run` on free ports, with the demo data, for all browser tests of this process."""
    data = tmp_path_factory.mktemp("live")
    port = free_ports()
    command = [sys.executable, str(config.ROOT / "dev"), "run", "--port", str(port), "--data", str(data)]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout
        said: list[str] = []
        for line in iter(running.stdout.readline, ""):
            said.append(line)
            if line.startswith("Portal ready"):
                break
        else:
            pytest.fail("./dev run did not start:\n" + "".join(said))
        yield LivePortal(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port + 1}", data)
        running.send_signal(signal.SIGTERM)


def free_ports() -> int:
    """A port that is free together with the next two."""
    while True:
        with closing(socket.socket()) as first, closing(socket.socket()) as second, closing(socket.socket()) as third:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 1))
                third.bind(("127.0.0.1", port + 2))
            except (OSError, OverflowError):
                continue
            return port
