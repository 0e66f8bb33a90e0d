"""A served portal whose disk is full or read-only, whose database is locked, stopped or frozen: slow, for real.

Within 6 seconds there is a page in words with what was typed, reading goes on where it can, and nothing is restarted.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from flask import Flask
from sqlalchemy import func, select

from portal.extensions import db, sqlite_module
from portal.web.unit_of_work import WRITER_LOCK
from tests import factories, invariants
from tests.faults import breaking, disks
from tests.faults.watching import TRACES
from tests.requests import factories as making
from tests.served import HttpBrowser, Served, fields_of, serving

pytestmark = pytest.mark.slow
LIMIT = 6.0  # seconds until a page says what is wrong
LOCKED, AWAY = 10.0, 30.0  # seconds


@dataclass
class Writer:
    """A signed-in person who comments on one request."""

    served: Served
    browser: HttpBrowser
    page: str

    @property
    def address(self) -> str:
        return f"{self.page}/comments"

    def comment(self, text: str) -> requests.Response:
        return self._in_time(lambda: self.browser.post(self.address, {"body": text, "audience": "team"}))

    def read(self, page: str) -> requests.Response:
        return self._in_time(lambda: self.browser.get(page))

    def send_again(self, answer: requests.Response) -> requests.Response:
        """Press "Send again" on the error page."""
        return self.browser.post(self.address, fields_of(answer.text, self.address))

    def _in_time(self, call: Callable[[], requests.Response]) -> requests.Response:
        began = time.monotonic()
        answer = call()
        took = time.monotonic() - began
        assert took < LIMIT, f"{answer.url} answered {answer.status_code} after {took:.1f} s"
        return answer


@contextmanager
def writing(app: Flask, folder: Path) -> Iterator[Writer]:
    """The served portal and somebody with a request to comment on."""
    with serving(app, folder, workers=2, threads=4) as served:
        browser = served.browser(factories.member("Wren Writer"))
        browser.token()
        page = f"/requests/{making.team_request(factories.member())}"
        db.session.remove()
        db.engine.dispose()
        yield Writer(served, browser, page)


def text() -> str:
    """Something long that no disk can make shorter."""
    return f"Words {secrets.token_hex(4900)}"


def assert_unsaved(answer: requests.Response, typed: str) -> None:
    assert answer.status_code == 503, answer.text
    assert typed in answer.text
    assert "Nothing was saved." in answer.text
    assert "Reference: " in answer.text
    assert not [trace for trace in TRACES if trace in answer.text]


def assert_unreadable(answer: requests.Response) -> None:
    assert answer.status_code == 503, answer.text
    assert "cannot reach its records right now" in answer.text


def said_once(served: Served, answer: requests.Response) -> None:
    """The log of the whole server has one line about this answer, and no trace of anything."""
    log = served.said()
    assert log.count(answer.headers["X-Request-Id"]) == 1, log
    assert "Traceback" not in log, log


def saves_again(writer: Writer, refused: requests.Response, typed: str) -> None:
    """The same server takes what it refused, and nothing is half there."""
    assert writer.send_again(refused).status_code == 303
    assert typed in writer.browser.text(writer.page)
    assert writer.served.is_healthy()
    assert invariants.broken() == []


def write_until_refused(writer: Writer) -> tuple[requests.Response, str]:
    """A full disk takes what still fits into what is there."""
    for _ in range(50):
        typed = text()
        answer = writer.comment(typed)
        if answer.status_code != 303:
            return answer, typed
    raise AssertionError("the full disk took everything")


ON_DISK = [pytest.param(disks.sqlite_on, 4, id="sqlite"), pytest.param(disks.postgresql_on, 24, id="postgresql")]


@pytest.mark.parametrize(("portal_on", "megabytes"), ON_DISK)
def test_a_full_disk(
    tmp_path: Path, portal_on: Callable[[Path], AbstractContextManager[Flask]], megabytes: int
) -> None:
    with (
        disks.small_disk(megabytes=megabytes) as disk,
        portal_on(disk) as app,
        writing(app, tmp_path) as writer,
    ):
        assert writer.comment(text()).status_code == 303
        with disks.filled(disk):
            answer, typed = write_until_refused(writer)
            assert_unsaved(answer, typed)
            said_once(writer.served, answer)
            for page in ("/", "/requests/", writer.page, "/healthz"):
                assert writer.read(page).status_code == 200, page

        saves_again(writer, answer, typed)


def test_a_read_only_disk(tmp_path: Path) -> None:
    with (
        disks.small_disk(megabytes=4) as disk,
        disks.sqlite_on(disk) as app,
        writing(app, tmp_path) as writer,
    ):
        writer.served.stop()
        disks.remount(disk, "ro")
        writer.served.start(healthy=False)
        typed = text()
        answer = writer.comment(typed)
        assert_unsaved(answer, typed)
        said_once(writer.served, answer)
        for page in ("/", writer.page):
            shown = writer.read(page)
            if shown.status_code != 200:  # SQLite can read on only if it finds its -wal beside the file
                assert_unreadable(shown)
        assert writer.read("/static/portal.css").status_code == 200

        disks.remount(disk, "rw")

        saves_again(writer, answer, typed)


def test_a_disk_that_comes_back_read_only_while_the_portal_is_running(tmp_path: Path) -> None:
    with (
        disks.small_disk(megabytes=4) as disk,
        disks.sqlite_on(disk) as app,
        writing(app, tmp_path) as writer,
    ):
        gone_for_a_moment(writer, disk)
        disks.remount(disk, "ro")
        typed = text()
        answer = writer.comment(typed)
        assert_unsaved(answer, typed)
        said_once(writer.served, answer)
        for page in ("/", "/requests/", writer.page, "/healthz"):
            assert writer.read(page).status_code == 200, page

        disks.remount(disk, "rw")

        assert {writer.comment(text()).status_code for _ in range(8)} == {303}, "by every worker, from now on"
        saves_again(writer, answer, typed)


def gone_for_a_moment(writer: Writer, disk: Path) -> None:
    """Until nobody has the database open: no disk that is written to can be made read-only by hand."""
    file = disk / "portal.db"
    files = [file.with_name(file.name + end) for end in ("", "-wal", "-shm")]
    away = [found.rename(found.with_suffix(".away" + found.suffix)) for found in files]
    began = time.monotonic()
    while disks.users_of(disk):
        assert time.monotonic() - began < AWAY, "somebody still has it open"
        assert_unreadable(writer.read("/requests/"))
    for found, name in zip(away, files, strict=True):
        found.rename(name)


@contextmanager
def locked(seconds: float) -> Iterator[threading.Event]:
    """Another process writes for this long; the event is set when it is done."""
    if db.engine.dialect.name == "sqlite":
        other = sqlite_module().connect(str(db.engine.url.database), isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        close = other.close
    else:
        held = db.engine.connect()
        held.execute(select(func.pg_advisory_lock(WRITER_LOCK)))
        close = held.invalidate
    done = threading.Event()

    def let_go() -> None:
        close()
        done.set()

    timer = threading.Timer(seconds, let_go)
    timer.start()
    yield done
    timer.cancel()
    timer.join()
    close()


@pytest.mark.both_databases
def test_a_locked_database(app: Flask, tmp_path: Path) -> None:
    with writing(app, tmp_path) as writer, locked(LOCKED) as done:
        typed = text()
        answer = writer.comment(typed)
        assert not done.is_set(), "it was refused for the lock"
        assert_unsaved(answer, typed)
        said_once(writer.served, answer)
        for page in ("/", "/requests/", writer.page, "/healthz"):
            assert writer.read(page).status_code == 200, page

        assert done.wait(2 * LOCKED)

        saves_again(writer, answer, typed)


AWAYS = [("sqlite", breaking.sqlite_gone), ("postgresql", disks.postgresql_stopped)]


@pytest.mark.parametrize(("database_kind", "away"), AWAYS, ids=["the folder of SQLite", "PostgreSQL"])
def test_a_database_that_is_away(
    app: Flask, tmp_path: Path, away: Callable[[], AbstractContextManager[None]]
) -> None:  # fmt: skip
    with writing(app, tmp_path) as writer:
        typed = text()
        with away():
            began = time.monotonic()
            while time.monotonic() - began < AWAY:
                answer = writer.comment(typed)
                assert_unsaved(answer, typed)
                said_once(writer.served, answer)
                for page in ("/", "/requests/", writer.page, "/roles"):
                    assert_unreadable(writer.read(page))
                assert writer.served.health() == 503
                assert HttpBrowser(writer.served.url).get("/roles").status_code == 200
                time.sleep(0.5)

        saves_again(writer, answer, typed)


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_a_frozen_database(app: Flask, tmp_path: Path) -> None:
    with writing(app, tmp_path) as writer:
        typed = text()
        assert writer.comment(text()).status_code == 303
        with disks.postgresql_frozen():
            answer = writer.comment(typed)
            assert_unsaved(answer, typed)
            for page in ("/", writer.page):
                assert_unreadable(writer.read(page))
            assert writer.served.health() == 503

        saves_again(writer, answer, typed)
