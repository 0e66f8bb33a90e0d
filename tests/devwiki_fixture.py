"""The development wiki over real HTTP on this machine, and somebody who clicks through it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from devwiki.accounts import SUBS
from devwiki.server import listen, serve_in_background
from devwiki.wiki import Client, DevWiki
from portal import create_app
from portal.extensions import db
from tests import databases
from tests.clients import travel_freely, use_apart_client

CALLBACK = "http://localhost/sign-in/callback"
HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')


@dataclass(frozen=True, slots=True)
class RunningWiki:
    """A served development wiki; ``wiki`` is the object whose faults and generation tests switch."""

    wiki: DevWiki
    url: str

    @property
    def rest_url(self) -> str:
        return f"{self.url}/w/rest.php"


@contextmanager
def running_wiki(callback: str = CALLBACK) -> Iterator[RunningWiki]:
    """Serve a development wiki on a free port of 127.0.0.1."""
    wiki = DevWiki(Client("test-client", "test-secret", callback))
    server = listen(wiki)
    thread = serve_in_background(server)
    try:
        yield RunningWiki(wiki, f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()


@contextmanager
def portal_for(wiki_url: str, database_kind: str, **settings: str) -> Iterator[Flask]:
    """A portal on an empty database that signs people in with this wiki."""
    database = databases.database(database_kind)
    database.reset()
    app = create_app(databases.settings(database.url, WIKI_URL=wiki_url, **settings))
    use_apart_client(app)
    travel_freely(app)
    app.config["WIKI_TIME_LIMIT"] = 5.0
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def http() -> requests.Session:
    """A browser's connection: no proxy, nothing of the environment."""
    session = requests.Session()
    session.trust_env = False
    return session


def answer_consent(address: str, **pressed: str) -> str:
    """Open the wiki's consent page and press a button. Returns where the wiki sends the browser."""
    with http() as session:
        page = session.get(address, timeout=10)
        assert page.status_code == 200, page.text
        fields = {html.unescape(name): html.unescape(value) for name, value in HIDDEN.findall(page.text)}
        answer = session.post(page.url.partition("?")[0], data={**fields, **pressed}, timeout=10, allow_redirects=False)
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


def path_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def to_the_callback(client: FlaskClient, name: str, start: str = "/sign-in") -> str:
    """Begin a sign-in and go through the wiki as this account. Returns the callback, not yet opened."""
    location = client.get(start).headers["Location"]
    return path_of(answer_consent(location, account=SUBS.get(name, name)))


def sign_in(client: FlaskClient, name: str, start: str = "/sign-in") -> TestResponse:
    """Sign in as a demo account (or the number of an account). Returns the portal's answer to the callback."""
    return client.get(to_the_callback(client, name, start))
