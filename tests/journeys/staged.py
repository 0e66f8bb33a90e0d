"""A portal to click through whose demo data and clock every test finds as they were: served in this process."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from playwright.sync_api import Page
from werkzeug.serving import make_server

from devwiki.server import Quiet, listen, serve_in_background
from devwiki.wiki import Client, DevWiki
from portal import create_app
from portal.assessments import standards
from portal.demo import mail as demo_mail
from portal.demo import people as demo_people
from portal.demo import requests as demo_requests
from portal.extensions import db
from portal.people import sessions
from portal.record import checkpoints
from portal.web.unit_of_work import unit_of_work
from tests import databases
from tests.browser import LivePortal, free_ports
from tests.clients import travel_freely

T = TypeVar("T")


@dataclass(slots=True)
class MovedClock:
    """The portal's present: the real one, moved."""

    moved: timedelta = field(default_factory=timedelta)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.moved


@dataclass(frozen=True, slots=True)
class StagedPortal(LivePortal):
    """A `LivePortal` whose clock can be moved, and whose rows a test can reach."""

    app: Flask
    clock: MovedClock

    def later(self, **by: float) -> None:
        """Move the portal's present forward."""
        self.clock.moved += timedelta(**by)

    def change(self, work: Callable[[datetime], T]) -> T:
        """Do this in a unit of work of its own, as the portal would. Returns what ``work(now)`` returns."""
        with self.app.app_context(), unit_of_work() as now:
            return work(now)

    def enter(self, page: Page, name: str) -> None:
        """Be signed in as this demo person, on the dashboard, without the way through the wiki."""
        cookie = {"name": self.app.config["SESSION_COOKIE_NAME"], "value": self.cookie(name), "url": self.url}
        page.context.add_cookies([cookie])  # type: ignore[list-item]  # Playwright's own type of a cookie
        page.goto(self.url)

    def cookie(self, name: str) -> str:
        """What a browser carries in which this demo person is signed in."""

        def start(now: datetime) -> str:
            person = demo_people.find(name)
            return sessions.start(person.id, person.identities[0].id, now=now)

        carried = {"_user_id": self.change(start), "_fresh": True}
        serializer = SecureCookieSessionInterface().get_signing_serializer(self.app)
        assert serializer
        return str(serializer.dumps(carried))

    def reset(self) -> None:
        """Begin again with the demo data, now."""
        self.clock.moved = timedelta()
        with self.app.app_context():
            db.engine.dispose()
        for leftover in self.data.glob("portal.db*"):
            leftover.unlink()
        shutil.copyfile(self.data / "demo.db", self.data / "portal.db")


@contextmanager
def staged_portal(data: Path, **more: str) -> Iterator[StagedPortal]:
    """Serve portal and development wiki from this process until the block ends. ``more`` are settings."""
    port = free_ports()
    url, wiki_url = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port + 1}"
    database = f"sqlite:///{data / 'portal.db'}"
    app = create_app(databases.settings(database, BASE_URL=url, WIKI_URL=f"{wiki_url}/w/rest.php", **more))
    travel_freely(app)
    portal = StagedPortal(url, wiki_url, data, app, MovedClock())
    _prepare(portal)
    wiki = DevWiki(Client("test-client", "test-secret", f"{url}/sign-in/callback"))
    servers = [
        listen(wiki, port=port + 1),
        make_server("127.0.0.1", port, _in_one_piece(app), threaded=True, request_handler=Quiet),
    ]
    threads = [serve_in_background(server) for server in servers]
    try:
        yield portal
    finally:
        for server, thread in zip(servers, threads, strict=True):
            server.shutdown()
            thread.join(5)
            server.server_close()


def _in_one_piece(app: Flask) -> Callable[[Any, Any], list[bytes]]:
    """The app, with each answer read before it is sent.

    Werkzeug's server leaves a file open when the browser hangs up while it is sent, which Python then warns of.
    """

    def served(environ: Any, start_response: Any) -> list[bytes]:
        answer = app(environ, start_response)
        try:
            return [b"".join(answer)]
        finally:
            if hasattr(answer, "close"):
                answer.close()

    return served


def _prepare(portal: StagedPortal) -> None:
    """A migrated database with the demo data, kept beside the one that is used."""
    empty = databases.database("sqlite")
    assert isinstance(empty, databases.SqliteDatabase)
    path = portal.data / "portal.db"
    shutil.copyfile(empty.template, path)

    def load(now: datetime) -> None:
        standards.seed_standards(now=now)
        demo_requests.load(demo_people.load(f"{portal.wiki_url}/w/rest.php", now=now), now=now)

    portal.change(load)
    portal.change(checkpoints.tick)
    portal.change(lambda now: demo_mail.load(now=now))
    with portal.app.app_context():
        db.engine.dispose()  # the last one to close the file takes in what is still in its log
    shutil.copyfile(path, portal.data / "demo.db")
