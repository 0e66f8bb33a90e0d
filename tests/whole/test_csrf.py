"""Every form of the portal, sent without its secret or from elsewhere: refused in words before anything else happens.

Also covers forms that are not written yet: the routes come from the app.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal.extensions import db
from portal.people.models import HeldForm, Person
from portal.web.security import SAFE_METHODS
from tests import factories
from tests.requests.pages import HTMX, Browser
from tests.requests.scenes import scene
from tests.whole.test_pages import everything

TYPED = "What I typed & <did not> want to lose"
OURS = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
STALE_WORDS = "You signed in anew after this page was opened."
FOREIGN_WORDS = "This was sent from a page of another site"


@dataclass(frozen=True, slots=True)
class Door:
    """One address that takes a changing method."""

    method: str
    endpoint: str
    address: str

    def knock(self, client: FlaskClient, secret: str | None, **headers: str) -> TestResponse:
        """Send typed text there, with this form secret."""
        fields = {"body": TYPED} if secret is None else {"body": TYPED, "csrf_token": secret}
        return client.open(self.address, method=self.method, data=fields, headers=headers)


def doors(app: Flask) -> list[Door]:
    """Every changing method of every route. Numbers in addresses are those of rows that exist, as far as they go."""
    found = []
    for rule in app.url_map.iter_rules():
        address = re.sub(r"<\w+>", "key", re.sub(r"<int:\w+>", "1", rule.rule))
        for method in sorted((rule.methods or set()) - set(SAFE_METHODS)):
            found.append(Door(method, rule.endpoint, address))
    return found


@dataclass(frozen=True, slots=True)
class Attack:
    """What is wrong with a post. ``secret`` names one of the secrets of `Scene`."""

    name: str
    secret: str = "own"
    headers: Mapping[str, str] = field(default_factory=lambda: OURS)


UNPROVED = [
    Attack("no secret", "none"),
    Attack("an empty secret", "empty"),
    Attack("a made-up secret", "made up"),
    Attack("the secret of the session before", "stale"),
    Attack("somebody else's secret", "theirs"),
]
FOREIGN = [
    Attack("from another site", headers={"Sec-Fetch-Site": "cross-site"}),
    Attack("from a neighbour's host", headers={"Sec-Fetch-Site": "same-site"}),
    Attack("with another site's origin", headers={"Origin": "https://evil.example"}),
    Attack("from a sandboxed frame", headers={"Origin": "null"}),
]
ORIGINS = [
    "https://evil.example",
    "https://localhost",
    "http://localhost:81",
    "http://localhost.evil.example",
    "http://localhost@evil.example",
    "http://evil.example/localhost",
    "http://evil.example\\localhost",
    "http://[",
    "http://localhost:x",
    "localhost",
    "//localhost",
    "file://localhost",
    "NULL",
    "",
]


OWN = {
    "an old browser": {},
    "a new browser": OURS,
    "a port written out": {"Origin": "http://localhost:80"},
    "sent again by hand": {"Sec-Fetch-Site": "none"},
    "a browser that hides pages": {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
}


class Scene:
    """A member with a request of their own, signed in for the second time, and somebody else who is signed in too."""

    def __init__(self, app: Flask) -> None:
        request_id, ann = scene()
        assert request_id == 1
        self.ann_id = ann.id
        before, self.browser = Browser(app, ann), Browser(app, ann)
        other = Browser(app, factories.director("Somebody Else"))
        self.secrets = {
            "none": None,
            "empty": "",
            "made up": "IjAwMDAi.aaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbb",
            "stale": before.token(),
            "theirs": other.token(),
            "own": self.browser.token(),
        }

    def knock(self, door: Door, attack: Attack, *, htmx: bool = False) -> TestResponse:
        headers = {**attack.headers, **(HTMX if htmx else {})}
        return door.knock(self.browser.client, self.secrets[attack.secret], **headers)


@pytest.fixture
def staged(app: Flask) -> Scene:
    return Scene(app)


def but_held_forms() -> dict[str, list[object]]:
    """All rows but the kept texts, which are kept so that nobody loses them."""
    return {name: rows for name, rows in everything().items() if name != "held_form"}


def kept() -> set[tuple[str, int]]:
    """Of which forms the typed text is kept now, and for whom. The newest of each person stay."""
    db.session.rollback()
    rows = db.session.scalars(select(HeldForm)).all()
    assert all(row.fields == {"body": [TYPED]} for row in rows)
    return {(row.endpoint, row.person_id) for row in rows}


BY_TOKEN = {"mail.stopped"}
"""Doors without a form's secret: the signed token in the address is the proof, and no cookie counts (RFC 8058)."""


def closed_doors(app: Flask) -> list[Door]:
    """The doors that need a form's secret: all but one."""
    return [door for door in doors(app) if door.endpoint not in BY_TOKEN]


def test_one_door_alone_needs_no_secret_and_it_needs_a_token(app: Flask, staged: Scene) -> None:
    before = everything()

    answers = [door.knock(staged.browser.client, None) for door in doors(app) if door.endpoint in BY_TOKEN]

    assert [answer.status_code for answer in answers] == [422]
    assert everything() == before


def test_there_are_doors_to_knock_at(app: Flask) -> None:
    assert len(doors(app)) >= 49
    assert all(door.method == "POST" for door in doors(app))


def test_no_form_is_taken_without_its_secret_and_its_text_is_kept(app: Flask, staged: Scene) -> None:
    before = but_held_forms()
    faults: list[object] = []

    for door, attack, htmx in product(closed_doors(app), UNPROVED, (False, True)):
        if htmx and attack.secret in ("empty", "made up"):
            continue  # to the portal these are one with no secret
        answer = staged.knock(door, attack, htmx=htmx)
        if answer.status_code != 400 or STALE_WORDS not in answer.text or "kept=" not in answer.text:
            faults.append((door.endpoint, attack.name, htmx, answer.status_code))
        if ("<html" in answer.text) is htmx:
            faults.append((door.endpoint, attack.name, htmx, "page and fragment are mixed up"))

    assert faults == []
    assert but_held_forms() == before
    assert kept() == {(door.endpoint, staged.ann_id) for door in closed_doors(app)[-3:]}  # the newest 20, 8 of each


def test_no_form_is_taken_from_elsewhere_even_with_the_right_secret(app: Flask, staged: Scene) -> None:
    before = everything()
    faults: list[object] = []

    for door, attack, htmx in product(doors(app), FOREIGN, (False, True)):
        answer = staged.knock(door, attack, htmx=htmx)
        if answer.status_code != 403 or FOREIGN_WORDS not in answer.text or html.escape(TYPED) not in answer.text:
            faults.append((door.endpoint, attack.name, htmx, answer.status_code))

    assert faults == []
    assert everything() == before  # not even a kept text: it is not what this person typed


def test_what_comes_from_elsewhere_without_a_secret_is_not_even_kept(app: Flask, staged: Scene) -> None:
    before = everything()

    for door in doors(app):
        answer = staged.knock(door, Attack("", "none", {"Sec-Fetch-Site": "cross-site"}))
        assert answer.status_code == 403, door

    assert everything() == before


def test_an_origin_that_only_looks_like_ours_is_foreign(app: Flask, staged: Scene) -> None:
    comment = next(door for door in doors(app) if door.endpoint == "requests.comment")

    answers = [staged.knock(comment, Attack("", headers={"Origin": origin})) for origin in ORIGINS]

    assert [answer.status_code for answer in answers] == [403] * len(ORIGINS)
    assert all(FOREIGN_WORDS in answer.text for answer in answers)


def test_a_form_of_ours_with_its_secret_passes_the_door(app: Flask, staged: Scene) -> None:
    refused = []

    for door, (name, headers) in product(doors(app), OWN.items()):
        if door.endpoint == "requests.comment" or (headers is OURS and not door.endpoint.startswith("sign_in.")):
            answer = staged.knock(door, Attack(name, headers=headers))
            if FOREIGN_WORDS in answer.text or STALE_WORDS in answer.text or answer.status_code in (400, 401):
                refused.append((door.endpoint, name, answer.status_code))

    assert refused == []


def test_a_secret_in_the_address_is_not_taken(staged: Scene) -> None:
    secret = staged.secrets["own"]

    answer = staged.browser.client.post(f"/sign-out?csrf_token={secret}", data={"body": TYPED}, headers=OURS)

    assert answer.status_code == 400
    assert staged.browser.get("/account").status_code == 200


def test_a_stranger_changes_nothing_and_gets_their_text_back(app: Flask, staged: Scene) -> None:
    stranger = app.test_client()
    before = everything()
    wrong = []

    for door, attack in product(closed_doors(app), (UNPROVED[0], UNPROVED[-1], FOREIGN[0])):
        answer = door.knock(stranger, staged.secrets[attack.secret], **attack.headers)
        if answer.status_code not in (400, 401, 403) or html.escape(TYPED) not in answer.text:
            wrong.append((door.endpoint, attack.name, answer.status_code))

    assert wrong == []
    assert everything() == before


def test_the_secret_is_not_a_part_of_the_cookie_that_signs_in(staged: Scene) -> None:
    """Whoever reads a page's secret cannot make a session of it, nor the other way round."""
    with staged.browser.client.session_transaction() as session:
        assert session["_user_id"] not in str(staged.secrets["own"])
        assert session["csrf_token"] not in str(staged.secrets["theirs"])


def test_each_person_has_a_secret_of_their_own(app: Flask) -> None:
    people: list[Person] = [factories.member(), factories.member()]
    secrets = {Browser(app, person).token() for person in [*people, *people]}

    assert len(secrets) == 4
