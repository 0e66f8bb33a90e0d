"""Everything that can go wrong on the way to the wiki and back ends in a page that names the cause."""

from __future__ import annotations

import time
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from devwiki.accounts import SUBS
from devwiki.faults import Fault
from devwiki.wiki import GENERATIONS, Client, DevWiki
from portal import create_app
from portal.extensions import db
from portal.people.models import Person
from portal.web.addresses import local_path
from tests import databases, devwiki_fixture
from tests.devwiki_fixture import answer_consent, path_of, sign_in, to_the_callback


def people() -> int:
    db.session.rollback()
    return len(db.session.scalars(select(Person)).all())


FAULTS = [
    (Fault.DOWN, 503, "cannot reach"),
    (Fault.SLOW, 503, "did not answer in time"),
    (Fault.DRIBBLE, 503, "did not answer in time"),
    (Fault.HTML, 502, "something else than a sign-in answer"),
    (Fault.CHALLENGE, 502, "protection against robots"),
    (Fault.ERROR, 502, "answered with error 500"),
    (Fault.LIST_JSON, 502, ""),
    (Fault.WRONG_JSON, 502, ""),
]


@pytest.mark.parametrize("place", ["token", "profile"])
@pytest.mark.parametrize(("fault", "status", "says"), FAULTS)
def test_a_wiki_in_trouble_is_named_as_the_cause(
    portal: Flask, visitor: FlaskClient, wiki: DevWiki, place: str, fault: Fault, status: int, says: str
) -> None:
    elsewhere = portal.test_client()
    sign_in(elsewhere, "Demo Director")
    portal.config["WIKI_TIME_LIMIT"] = 0.6
    wiki.fault, wiki.fault_on, wiki.delay = fault, frozenset({place}), 1.5

    began = time.monotonic()
    answer = sign_in(visitor, "Demo Volunteer")

    assert answer.status_code == status
    assert says in answer.text
    assert "You were not signed in" in answer.text
    assert "Try again" in answer.text
    assert time.monotonic() - began < 3
    assert people() == 1
    assert elsewhere.get("/account").status_code == 200


def test_the_whole_conversation_ends_within_twelve_seconds(portal: Flask) -> None:
    fresh = create_app(databases.settings(databases.database("sqlite").url))

    assert fresh.config["WIKI_TIME_LIMIT"] <= 11


def test_a_wiki_that_is_down_is_named(database_kind: str) -> None:
    with devwiki_fixture.portal_for("http://127.0.0.1:9/w/rest.php", database_kind) as portal:
        client = portal.test_client()
        state = parse_qs(urlsplit(client.get("/sign-in").headers["Location"]).query)["state"][0]

        answer = client.get(f"/sign-in/callback?code=abc&state={state}")

    assert answer.status_code == 503
    assert "cannot reach" in answer.text


@pytest.mark.parametrize("fault", [Fault.HTML, Fault.ERROR, Fault.WRONG_JSON, Fault.LIST_JSON, Fault.DOWN])
def test_a_block_whose_kind_cannot_be_read_keeps_out_and_says_why(
    visitor: FlaskClient, wiki: DevWiki, fault: Fault
) -> None:
    wiki.fault, wiki.fault_on = fault, frozenset({"api"})

    answer = sign_in(visitor, "Demo Partly Blocked")

    assert answer.status_code == 503
    assert "could not read from the wiki&#39;s public API" in answer.text
    assert people() == 0


def test_an_unblocked_account_does_not_need_the_public_api(visitor: FlaskClient, wiki: DevWiki) -> None:
    wiki.fault, wiki.fault_on = Fault.ERROR, frozenset({"api"})

    assert sign_in(visitor, "Demo Volunteer").status_code == 302


@pytest.mark.parametrize("generation", GENERATIONS)
def test_denied_consent_is_a_page_in_words(visitor: FlaskClient, wiki: DevWiki, generation: str) -> None:
    wiki.generation = generation
    back = answer_consent(visitor.get("/sign-in?next=/account").headers["Location"], cancel="1")
    assert "error=unauthorized_client" in back
    assert "state=" not in back

    answer = visitor.get(path_of(back))

    assert answer.status_code == 403
    assert "You did not allow Miraheze" in answer.text
    assert "/sign-in?next=/account" in answer.text


def test_a_made_up_error_is_not_shown_as_markup(visitor: FlaskClient) -> None:
    answer = visitor.get("/sign-in/callback?error=<script>x</script>&error_description=<b>y</b>")

    assert answer.status_code == 502
    assert "<script>x" not in answer.text
    assert "<b>y" not in answer.text


def test_a_wrong_state_is_refused(visitor: FlaskClient) -> None:
    address = to_the_callback(visitor, "Demo Volunteer")

    answer = visitor.get(address.replace("state=", "state=x"))

    assert answer.status_code == 400
    assert "began in another browser" in answer.text
    assert people() == 0


def test_another_browser_cannot_finish_the_sign_in(portal: Flask, visitor: FlaskClient) -> None:
    address = to_the_callback(visitor, "Demo Volunteer")

    assert portal.test_client().get(address).status_code == 400


@pytest.mark.parametrize("query", ["", "?code=abc", "?state=abc", "?code=&state="])
def test_a_bare_callback_is_refused(visitor: FlaskClient, query: str) -> None:
    assert visitor.get(f"/sign-in/callback{query}").status_code == 400


def test_a_replayed_callback_changes_nothing(visitor: FlaskClient) -> None:
    address = to_the_callback(visitor, "Demo Volunteer")
    assert visitor.get(address).status_code == 302

    answer = visitor.get(address)

    assert answer.status_code == 400
    assert "You are still signed in as Demo Volunteer" in answer.text
    assert visitor.get("/account").status_code == 200


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_code_used_before_is_refused_even_with_the_old_cookie(
    portal: Flask, visitor: FlaskClient, wiki: DevWiki, generation: str
) -> None:
    wiki.generation = generation
    address = to_the_callback(visitor, "Demo Volunteer")
    cookie = visitor.get_cookie("portal")
    assert cookie is not None
    visitor.get(address)
    thief = portal.test_client()
    thief.set_cookie("portal", cookie.value)

    answer = thief.get(address)

    assert answer.status_code == 400
    assert "used already or took too long" in answer.text
    assert thief.get("/account").status_code == 401


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_consumer_the_wiki_does_not_know_is_the_operators_business(
    visitor: FlaskClient, wiki: DevWiki, generation: str
) -> None:
    wiki.generation = generation
    right = wiki.client
    address = to_the_callback(visitor, "Demo Volunteer")
    wiki.client = Client(right.client_id, "changed", right.redirect_uri)

    try:
        answer = visitor.get(address)
    finally:
        wiki.client = right

    assert answer.status_code == 502
    assert "The operator of the portal has to mend that" in answer.text


def test_two_sign_ins_in_two_tabs_each_lead_where_they_were_meant_to(visitor: FlaskClient) -> None:
    first = visitor.get("/sign-in?next=/account").headers["Location"]
    visitor.get("/sign-in?next=/other")

    answer = visitor.get(path_of(answer_consent(first, account=SUBS["Demo Volunteer"])))

    assert answer.headers["Location"] == "/account"


def test_many_begun_sign_ins_do_not_outgrow_the_cookie(visitor: FlaskClient) -> None:
    for number in range(20):
        visitor.get(f"/sign-in?next=/{'x' * 500}{number}")

    assert len(visitor.get("/sign-in").headers["Set-Cookie"]) < 4000
    assert sign_in(visitor, "Demo Volunteer").status_code == 302


def test_the_question_to_the_wiki_is_the_observed_one(portal: Flask, visitor: FlaskClient) -> None:
    asked = parse_qs(urlsplit(visitor.get("/sign-in").headers["Location"]).query)

    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == ["http://localhost/sign-in/callback"]
    assert not {"scope", "nonce", "prompt"} & set(asked)


@pytest.mark.parametrize("address", ["/", "/requests/1?before=3&kind=new_member", "/a//b", "/%2F/evil.example"])
def test_an_address_of_this_portal_is_taken_as_it_is(address: str) -> None:
    assert local_path(address) == address


@pytest.mark.parametrize(
    "target", ["//evil.example", "/\\evil.example", "https://evil.example", "/sign-in", "/sign-out"]
)
def test_a_sign_in_ends_within_the_portal(visitor: FlaskClient, target: str) -> None:
    begun = visitor.get("/sign-in", query_string={"next": target}).headers["Location"]

    answer = visitor.get(path_of(answer_consent(begun, account=SUBS["Demo Volunteer"])))

    assert answer.headers["Location"] == "/"


def test_a_cancelled_sign_in_leaves_the_signed_in_alone(visitor: FlaskClient) -> None:
    sign_in(visitor, "Demo Volunteer")

    answer = visitor.get("/sign-in/callback?error=unauthorized_client")

    assert "You are still signed in as Demo Volunteer" in answer.text
    assert visitor.get("/account").status_code == 200
