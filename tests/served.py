"""The portal served for real: gunicorn with worker processes on a test's database, and people who speak HTTP to it.

    def test_something(served: Served) -> None:          # the fixture: 4 workers on the database of ``app``
        ann = served.browser(factories.member("Ann"))    # rows are made in the test's own process, as ever
        form = ann.form("/requests/7", "/requests/7/comments")          # the fields as the page fills them
        answer = ann.post("/requests/7/comments", {**form, "body": "Hello"})
        at_once([lambda: ann.post(...), lambda: ben.post(...)])         # the same moment, the answers in order

`serving` is the same for a test that starts, stops or kills servers itself: `Served.start`, `stop`, `kill`.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import pytest
import requests
from flask import Flask

from devtools.processes import Family
from portal.people.models import Person
from tests import databases, factories
from tests.browser import free_ports
from tests.requests.pages import HTMX, hidden, parse

T = TypeVar("T")
NOTHING: Mapping[str, str] = MappingProxyType({})
PATIENCE = 90.0  # seconds until the portal has to answer, on a machine that does other things too


class Served:
    """A portal on a free port of 127.0.0.1. ``log`` is the file with all that gunicorn and the portal say."""

    def __init__(self, app: Flask, folder: Path, *, workers: int, threads: int, preload: bool) -> None:
        self.port = free_ports()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "gunicorn.log"
        self._answered = folder / "answered.log"  # a line for each answer: which process gave it, and to what
        self._app = app
        self._family = Family()
        self._command = [
            *(sys.executable, "-m", "gunicorn", "wsgi:app", "--bind", f"127.0.0.1:{self.port}"),
            *("--workers", str(workers), "--threads", str(threads), "--no-control-socket"),
            *("--graceful-timeout", "2", "--capture-output", "--error-logfile", str(self.log)),
            *("--access-logfile", str(self._answered), "--access-logformat", "%(p)s %(U)s"),
            *(["--preload"] if preload else []),
        ]
        own = databases.environment(app.config["SQLALCHEMY_DATABASE_URI"], ENV="testing", BASE_URL=self.url)
        self._environ = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")} | own

    def start(self, *, healthy: bool = True) -> float:
        """Start, and return how many seconds it took until /healthz answered 200; any answer if not ``healthy``.

        Call it from the test's own thread: gunicorn ends with the thread that started it.
        """
        began = time.monotonic()
        self._family.start("portal", self._command, self._environ)
        while time.monotonic() - began < PATIENCE:
            assert self._family.ended() is None, self.said()
            if self.is_healthy() if healthy else self.health():
                return time.monotonic() - began
            time.sleep(0.02)
        raise AssertionError(f"not healthy after {PATIENCE} s:\n{self.said()}")

    def is_healthy(self) -> bool:
        """Whether /healthz answers 200 now."""
        return self.health() == 200

    def health(self) -> int:
        """The status of /healthz; 0 for no answer."""
        try:
            return HttpBrowser(self.url, timeout=6).get("/healthz").status_code
        except requests.RequestException:
            return 0

    def stop(self) -> None:
        """Stop it politely and wait for its end."""
        self._family.stop()

    def kill(self) -> None:
        """kill -9 of gunicorn and all its workers at once, as when the machine loses power. `start` starts it again."""
        running = self._family.children["portal"]
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()

    def said(self) -> str:
        """The log so far."""
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""

    def processes(self, path: str) -> int:
        """How many worker processes have answered for this path so far."""
        return len(
            {line for line in self._answered.read_text(encoding="utf-8").splitlines() if line.endswith(f" {path}")}
        )

    def browser(self, person: Person | None = None) -> HttpBrowser:
        """A browser on a device of its own; with a person it is signed in as them."""
        browser = HttpBrowser(self.url)
        if person is not None:
            signer: Any = self._app.session_interface.get_signing_serializer(self._app)  # type: ignore[attr-defined]
            cookie = signer.dumps(factories.session_of(person))
            browser.cookies.set("portal", cookie, domain="127.0.0.1", path="/")
        return browser


class HttpBrowser:
    """One cookie jar. Each request has a connection of its own, so that every worker gets some."""

    def __init__(self, url: str, *, timeout: float = 60) -> None:
        self.url = url
        self.timeout = timeout
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.headers["Connection"] = "close"
        self.cookies = self._http.cookies
        self._token = ""

    def get(self, path: str, *, htmx: bool = False, tag: str = "") -> requests.Response:
        """``tag``: of what is in hand already, which need not be sent again."""
        return self._send("GET", path, None, htmx=htmx, more={"If-None-Match": tag} if tag else {})

    def post(self, path: str, data: dict[str, Any] | None = None, *, htmx: bool = False) -> requests.Response:
        """Send a form with the session's token. A redirect is not followed."""
        return self._send("POST", path, {"csrf_token": self.token(), **(data or {})}, htmx=htmx)

    def _send(
        self, method: str, path: str, data: dict[str, Any] | None, *, htmx: bool, more: Mapping[str, str] = NOTHING
    ) -> requests.Response:
        return self._http.request(
            method,
            self.url + path,
            data=data,
            headers={**(HTMX if htmx else {}), **more},
            timeout=self.timeout,
            allow_redirects=False,
        )

    def text(self, path: str, *, htmx: bool = False) -> str:
        """The page, which has to open."""
        answer = self.get(path, htmx=htmx)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.text

    def token(self) -> str:
        """The secret that every form of this session carries. Call it before a race, to have it in hand."""
        if not self._token:
            self._token = hidden(self.text("/requests/"), "csrf_token")
        return self._token

    def form(self, path: str, action: str) -> dict[str, Any]:
        """The fields of the page's form that is sent to ``action``, as they are filled when the page opens."""
        return fields_of(self.text(path), action, path)


def fields_of(page: str, action: str, path: str = "") -> dict[str, Any]:
    """What a browser would send of the form for this address if nobody touched it; no button is pressed.

    ``path`` is the page's own address: a form that names none is sent there.
    """
    forms = [form for form in parse(page).iter("form") if form.get("method") == "post"]
    found = [form for form in forms if (form.get("action") or path) == action]
    assert found, f"no form for {action}"
    fields: dict[str, list[str]] = {}
    for field in found[0].iter():
        name, kind = field.get("name"), field.get("type")
        if not name or field.tag == "button" or kind in ("submit", "button"):
            continue
        if kind in ("radio", "checkbox") and field.get("checked") is None:
            continue
        if field.tag == "select":
            chosen = [option for option in field.iter("option") if option.get("selected") is not None]
            value = (chosen or list(field.iter("option"))[:1])[0].get("value") or ""
        else:
            value = (field.text or "").removeprefix("\n") if field.tag == "textarea" else field.get("value") or ""
        fields.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in fields.items()}


def at_once(calls: Sequence[Callable[[], T]], *, late: float = 0) -> list[T]:
    """Make all calls at the same moment, each in a thread of its own. Returns what they returned, in order.

    ``late``: so many seconds by which the last one starts behind the others, to move the moment at which they meet.
    """
    barrier = threading.Barrier(len(calls), timeout=PATIENCE)

    def one(numbered: tuple[int, Callable[[], T]]) -> T:
        barrier.wait()
        if late and numbered[0] == len(calls) - 1:
            time.sleep(late)
        return numbered[1]()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(one, enumerate(calls)))


@contextmanager
def serving(app: Flask, folder: Path, *, workers: int = 4, threads: int = 1, preload: bool = False) -> Iterator[Served]:
    """Serve the database of this app; stopped at the end, whatever happened.

    ``preload`` starts quicker (the portal is imported once, not by each worker).
    """
    served = Served(app, folder, workers=workers, threads=threads, preload=preload)
    try:
        served.start()
        yield served
    finally:
        served.stop()


@pytest.fixture
def served(app: Flask, tmp_path: Path) -> Iterator[Served]:
    """The portal with four worker processes on the database of ``app``."""
    with serving(app, tmp_path, preload=True) as running:
        yield running
