"""A browser of one actor that reads all it is sent: bodies, headers, cookies, and what the portal logs meanwhile."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import factories
from tests.privacy.scene import ACTORS, Scene
from tests.requests.pages import HTMX, hidden


@dataclass(slots=True)
class Reader:
    """One actor's browser. ``leaks`` has a line for every word that came where it must not; ``found`` what was read."""

    actor: str
    client: FlaskClient
    readable: set[str]
    forbidden: re.Pattern[str]
    known: re.Pattern[str]
    found: set[str] = field(default_factory=set)
    leaks: list[str] = field(default_factory=list)
    _token: str = ""

    def get(self, address: str, *, htmx: bool = False) -> TestResponse:
        return self._read(f"GET {address}", self.client.get(address, headers=HTMX if htmx else None))

    def post(self, address: str, data: Any, *, htmx: bool = False) -> TestResponse:
        sent = data if "csrf_token" in data else {"csrf_token": self.token(), **data}
        return self._read(f"POST {address}", self.client.post(address, data=sent, headers=HTMX if htmx else None))

    def token(self) -> str:
        """The secret that every form of this session carries."""
        if not self._token and ACTORS[self.actor] is not None:
            self._token = hidden(self.client.get("/privacy").text, "csrf_token")
        return self._token

    def _read(self, asked: str, answer: TestResponse) -> TestResponse:
        beside = f"{answer.headers} {self._cookie() if 'Set-Cookie' in answer.headers else ''}"
        self.leaks += [f"{asked} failed, so it shows nothing"] if answer.status_code >= 500 else []
        for place, text in (("body", answer.text), ("headers and cookie", beside)):
            self.leaks += [f"{word} in the {place} of {asked}" for word in set(self.forbidden.findall(text))]
        self.leaks += [f"{word} in the headers or cookie of {asked}" for word in set(self.known.findall(beside))]
        self.found |= set(self.known.findall(answer.text))
        return answer

    def _cookie(self) -> str:
        """What the cookie says to whoever decodes it: it is signed, not sealed."""
        with self.client.session_transaction() as session:
            return str(dict(session))


def reader(app: Flask, scene: Scene, actor: str) -> Reader:
    """A browser of this actor, signed in unless nobody is."""
    client = app.test_client()
    if actor in scene.ids:
        factories.sign_in(client, scene.person(actor))
    words = scene.readable(actor), scene.forbidden(actor)
    return Reader(actor, client, words[0], any_of(words[1]), any_of({canary.word for canary in scene.canaries}))


def any_of(words: set[str]) -> re.Pattern[str]:
    """Finds each of these words."""
    return re.compile("|".join(sorted(map(re.escape, words))))


@contextmanager
def everything_logged() -> Iterator[list[str]]:
    """Every line that any logger writes while the block runs, as it would be written, with its traceback."""
    lines: list[str] = []
    handler = logging.Handler(logging.DEBUG)
    form = logging.Formatter("%(name)s %(levelname)s %(message)s %(pathname)s")
    handler.emit = lambda record: lines.append(form.format(record))  # type: ignore[method-assign]  # a handler of one line
    talkative = [logging.getLogger(name) for name in ("portal", "werkzeug", "flask", "authlib", "gunicorn")]
    levels = [logger.level for logger in talkative]
    root = logging.getLogger()
    root.addHandler(handler)
    for logger in talkative:
        logger.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        root.removeHandler(handler)
        for logger, level in zip(talkative, levels, strict=True):
            logger.setLevel(level)
