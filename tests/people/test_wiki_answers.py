"""Every answer of the wiki that lets nobody in: a sentence that fits, no session, nothing written, one logged line."""

from __future__ import annotations

import json
import logging
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from devwiki.accounts import SUBS, Block
from devwiki.wiki import GENERATIONS, DevWiki
from portal.extensions import db
from portal.people.models import Person
from tests.devwiki_fixture import answer_consent, path_of, to_the_callback
from tests.people.wiki_answers import API, LETS_IN, PROFILE, Row, json_of, page, person, rows
from tests.whole.test_pages import everything


def secrets_of(client: FlaskClient, wiki: DevWiki, address: str) -> set[str]:
    """What must stand nowhere: codes, states, verifiers, tokens, and the portal's own secret."""
    query = parse_qs(urlsplit(address).query)
    asked = {*query.get("code", []), *query.get("state", []), *wiki.codes}
    with client.session_transaction() as session:
        verifiers = {verifier for _next, _link, verifier in session.get("errands", {}).values()}
    return asked | verifiers | set(wiki.tokens) | {wiki.client.secret}


def only_line(caplog: pytest.LogCaptureFixture) -> dict[str, object]:
    """What the portal logged, which has to be one line of JSON."""
    lines = [record for record in caplog.records if record.levelno >= logging.INFO]
    assert [record.name for record in lines] == ["portal"], [record.getMessage() for record in lines]
    found: dict[str, object] = json.loads(lines[0].getMessage())
    return found


def faults_of_refusal(
    client: FlaskClient, wiki: DevWiki, address: str, status: int, says: str, caplog: pytest.LogCaptureFixture
) -> list[str]:
    """Open the callback. What is wrong with how nobody is signed in."""
    before = everything()
    hidden = secrets_of(client, wiki, address)
    caplog.clear()
    answer = client.get(address)
    line = only_line(caplog)
    hidden |= set(wiki.tokens)
    written = answer.text + str(answer.headers) + json.dumps(line)
    found = {
        f"status {answer.status_code}": answer.status_code != status,
        f"words {re.findall('says[^>]*>([^<]*)', answer.text)}": says not in answer.text,
        "no heading": "<h1>You were not signed in</h1>" not in answer.text,
        "no way on": "Try again" not in answer.text or "/sign-in" not in answer.text,
        "a secret is written out": any(secret in written for secret in hidden),
        "something was written": everything() != before,
        "a session was begun": client.get("/account").status_code != 401,
        f"log {line}": (line["status"], line["endpoint"], line["person"]) != (status, "sign_in.callback", None),
        "the wiki's markup": "<b>" in answer.text,
    }
    return [name for name, is_wrong in found.items() if is_wrong]


@pytest.mark.parametrize("generation", GENERATIONS)
def test_every_answer_that_lets_nobody_in_has_a_sentence_that_fits(
    portal: Flask, wiki: DevWiki, generation: str, caplog: pytest.LogCaptureFixture
) -> None:
    wiki.generation = generation
    faults = {}

    for row in rows():
        client = portal.test_client()
        wiki.canned = {}
        address = to_the_callback(client, "Demo Volunteer")
        wiki.canned = {row.place: row.answer(generation)}
        if found := faults_of_refusal(client, wiki, address, row.status, row.says, caplog):
            faults[row.name] = found

    assert faults == {}


def test_no_two_rows_have_one_name() -> None:
    names = [row.name for row in rows()]

    assert len(names) == len(set(names)) >= 85


@pytest.mark.parametrize("generation", GENERATIONS)
def test_what_the_log_calls_the_cause(
    portal: Flask, wiki: DevWiki, generation: str, caplog: pytest.LogCaptureFixture
) -> None:
    wiki.generation = generation
    causes = {}

    for row in (row for row in rows() if row.name in ("wrong secret", "reused code", "overloaded", "token: broken")):
        client = portal.test_client()
        wiki.canned = {}
        address = to_the_callback(client, "Demo Volunteer")
        wiki.canned = {row.place: row.answer(generation)}
        caplog.clear()
        client.get(address)
        causes[row.name] = only_line(caplog)["cause"]

    assert causes == {
        "wrong secret": "TokenRefused invalid_client",
        "reused code": "TokenRefused invalid_request" if generation == "43" else "TokenRefused invalid_grant",
        "token: broken": "HTTPError 500",
    }


@pytest.mark.parametrize(("name", "profile"), LETS_IN, ids=[name for name, _profile in LETS_IN])
def test_an_answer_that_names_a_person_lets_them_in(
    visitor: FlaskClient, wiki: DevWiki, name: str, profile: object
) -> None:
    address = to_the_callback(visitor, "Demo Volunteer")
    wiki.canned = {PROFILE: json_of(200, profile)}

    assert visitor.get(address).status_code == 302
    assert visitor.get("/account").status_code == 200
    assert db.session.scalars(select(Person.name)).all() == ["Demo Volunteer"]


RETURNS = {
    "43": [
        ("error=unauthorized_client&error_description=User+has+rejected&message=User", 403, "You did not allow"),
        ("error=invalid_scope&error_description=x&hint=Check+the+%60openid%60+scope&message=x", 502, "refused the"),
    ],
    "46": [
        ("error=unauthorized_client&error_description=User+has+rejected", 403, "You did not allow"),
        ("state=STATE&error=invalid_scope&error_description=x&hint=Check+the+%60openid%60+scope", 502, "refused the"),
    ],
}
MADE_UP = [
    ("error=access_denied", 403, "You did not allow"),
    ("error=server_error&code=CODE&state=STATE", 502, "refused the"),
    ("error=%3Cb%3Ex&error_description=%3Cb%3Ey", 502, "refused the"),
    ("error=" + "x" * 5000, 502, "refused the"),
    ("error=a%0Ab", 502, "refused the"),
]


@pytest.mark.parametrize("generation", GENERATIONS)
def test_every_refusal_that_comes_back_from_the_wikis_pages_is_one_in_words(
    portal: Flask, wiki: DevWiki, generation: str, caplog: pytest.LogCaptureFixture
) -> None:
    wiki.generation = generation
    faults = {}

    for query, status, says in [*RETURNS[generation], *MADE_UP]:
        client = portal.test_client()
        asked = parse_qs(urlsplit(to_the_callback(client, "Demo Volunteer")).query)
        address = query.replace("STATE", asked["state"][0]).replace("CODE", asked["code"][0])
        if found := faults_of_refusal(client, wiki, f"/sign-in/callback?{address}", status, says, caplog):
            faults[query[:60]] = found

    assert faults == {}


@pytest.mark.parametrize("generation", GENERATIONS)
def test_what_stays_on_the_wiki_leaves_the_portal_as_it_was(
    visitor: FlaskClient, wiki: DevWiki, generation: str
) -> None:
    """A wrong client or redirect is an error page of the wiki. Whoever comes back by themselves begins anew."""
    wiki.generation = generation
    stuck = visitor.get("/sign-in?next=/account").headers["Location"].replace("client_id=", "client_id=un")
    with pytest.raises(AssertionError, match="Application Connection Error"):
        answer_consent(stuck, account=SUBS["Demo Volunteer"])
    assert visitor.get("/account").status_code == 401

    begun = visitor.get("/sign-in?next=/account").headers["Location"]

    assert visitor.get(path_of(answer_consent(begun, account=SUBS["Demo Volunteer"]))).status_code == 302


SHUT = {
    "Demo Blocked": "blocked from the whole wiki",
    "Demo Hidden": "hidden by the wiki",
    "Demo Globally Locked": "locked on all wikis",
}


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize(("name", "says"), SHUT.items())
def test_an_account_that_is_shut_out_leaves_no_trace(
    visitor: FlaskClient, wiki: DevWiki, generation: str, name: str, says: str, caplog: pytest.LogCaptureFixture
) -> None:
    wiki.generation = generation
    address = to_the_callback(visitor, name)

    assert faults_of_refusal(visitor, wiki, address, 403, says, caplog) == []


API_TROUBLE = [
    ("an error of the API", json_of(200, {"error": {"code": "mwoauth-invalid-authorization-blocked-user"}})),
    ("no answer to the question", json_of(200, {"batchcomplete": True})),
    ("a list", json_of(200, [])),
    ("a page", page(200)),
    ("turned away", page(403)),
    ("far too long", json_of(200, {"query": {"x": "y" * 5_000_000}})),
    ("says no block", json_of(200, {"query": {"blocks": [], "users": [{"name": "Demo Volunteer"}]}})),
    ("odd rows", json_of(200, {"query": {"blocks": [None, 5], "users": "x", "globaluserinfo": []}})),
]


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize(("name", "answer"), API_TROUBLE, ids=[name for name, _answer in API_TROUBLE])
def test_a_block_of_an_unknown_kind_keeps_out_without_a_trace(
    visitor: FlaskClient, wiki: DevWiki, generation: str, name: str, answer: object, caplog: pytest.LogCaptureFixture
) -> None:
    wiki.generation = generation
    wiki.change(SUBS["Demo Volunteer"], block=Block.PARTIAL)
    address = to_the_callback(visitor, "Demo Volunteer")
    wiki.canned = {API: answer}  # type: ignore[dict-item]  # rows are data

    found = faults_of_refusal(visitor, wiki, address, 503, "could not read from the wiki&#39;s public API", caplog)

    assert found == []


def test_a_lock_that_only_the_api_knows_keeps_out(visitor: FlaskClient, wiki: DevWiki) -> None:
    address = to_the_callback(visitor, "Demo Volunteer")
    wiki.canned = {API: json_of(200, {"query": {"globaluserinfo": {"name": "Demo Volunteer", "locked": ""}}})}

    answer = visitor.get(address)

    assert answer.status_code == 403
    assert "locked on all wikis" in answer.text


def test_somebody_else_stays_signed_in_whatever_the_wiki_answers(portal: Flask, wiki: DevWiki) -> None:
    """The browser that begins a sign-in once more keeps the session it has when that fails."""
    client = portal.test_client()
    client.get(to_the_callback(client, "Demo Volunteer"))
    address = to_the_callback(client, "Demo Director")
    wiki.canned = {PROFILE: json_of(200, person(sub="0"))}

    answer = client.get(address)

    assert "You are still signed in as Demo Volunteer" in answer.text
    assert client.get("/account").status_code == 200


def test_the_rows_are_told_apart() -> None:
    """A row of the older generation carries its "message", and no other does."""
    row = next(row for row in rows() if row.name == "wrong verifier")

    assert b'"message"' in row.answer("43").body
    assert b'"message"' not in row.answer("46").body
    assert isinstance(row, Row)
