"""Sessions: new at each sign-in, ended by signing out, here or everywhere."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from devwiki.wiki import DevWiki
from portal.extensions import db
from portal.people import sessions
from portal.people.models import SignIn
from portal.web import clock
from portal.web.unit_of_work import unit_of_work
from tests import devwiki_fixture
from tests.devwiki_fixture import sign_in, to_the_callback


def token_of(client: FlaskClient) -> str | None:
    with client.session_transaction() as session:
        return session.get("_user_id")


def csrf_of(client: FlaskClient) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/account").text)
    assert found
    return found[1]


def is_in(client: FlaskClient) -> bool:
    return client.get("/account").status_code == 200


@pytest.mark.both_databases
def test_each_sign_in_has_a_new_token_and_ends_the_one_before(visitor: FlaskClient) -> None:
    sign_in(visitor, "Demo Volunteer")
    first, old = token_of(visitor), visitor.get_cookie("portal")
    assert old is not None

    sign_in(visitor, "Demo Volunteer")

    assert token_of(visitor) != first
    visitor.set_cookie("portal", old.value)
    assert not is_in(visitor)


def test_nothing_of_the_visitors_session_survives_the_sign_in(visitor: FlaskClient) -> None:
    with visitor.session_transaction() as session:
        session["planted"] = "by somebody else"
        session["csrf_token"] = "known"
    sign_in(visitor, "Demo Volunteer")

    with visitor.session_transaction() as session:
        assert "planted" not in session
        assert session.get("csrf_token") != "known"
        assert "errands" not in session


def test_a_planted_session_token_signs_nobody_in(visitor: FlaskClient) -> None:
    with visitor.session_transaction() as session:
        session["_user_id"] = "planted"
    address = to_the_callback(visitor, "Demo Volunteer")

    visitor.get(address)

    assert token_of(visitor) != "planted"
    assert is_in(visitor)


def test_sign_out_ends_the_row_so_that_the_old_cookie_is_worth_nothing(visitor: FlaskClient) -> None:
    sign_in(visitor, "Demo Volunteer")
    old = visitor.get_cookie("portal")
    assert old is not None

    answer = visitor.post("/sign-out", data={"csrf_token": csrf_of(visitor)})

    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert not is_in(visitor)
    visitor.set_cookie("portal", old.value)
    assert not is_in(visitor)


def test_sign_out_by_a_link_does_not_exist(visitor: FlaskClient) -> None:
    sign_in(visitor, "Demo Volunteer")

    assert visitor.get("/sign-out").status_code == 405
    assert visitor.post("/sign-out").status_code == 400
    assert is_in(visitor)


@pytest.mark.both_databases
def test_sign_out_everywhere_ends_every_session_of_this_person_only(portal: Flask, visitor: FlaskClient) -> None:
    elsewhere, other = portal.test_client(), portal.test_client()
    for client, name in ((visitor, "Demo Volunteer"), (elsewhere, "Demo Volunteer"), (other, "Demo Director")):
        sign_in(client, name)

    visitor.post("/sign-out/everywhere", data={"csrf_token": csrf_of(visitor)})

    assert [is_in(client) for client in (visitor, elsewhere, other)] == [False, False, True]


def test_one_session_elsewhere_can_be_ended(portal: Flask, visitor: FlaskClient) -> None:
    elsewhere = portal.test_client()
    sign_in(elsewhere, "Demo Volunteer")
    sign_in(visitor, "Demo Volunteer")
    oldest = db.session.scalars(select(func.min(SignIn.id))).one()

    visitor.post("/account", data={"csrf_token": csrf_of(visitor), "session": str(oldest)})

    assert (is_in(elsewhere), is_in(visitor)) == (False, True)


@pytest.mark.parametrize("chosen", ["", "x", "0", "99999999999999999999", "١"])
def test_nobody_ends_a_session_that_is_not_theirs(portal: Flask, visitor: FlaskClient, chosen: str) -> None:
    other = portal.test_client()
    sign_in(other, "Demo Director")
    theirs = db.session.scalars(select(SignIn.id)).one()
    sign_in(visitor, "Demo Volunteer")
    secret = csrf_of(visitor)

    for value in (chosen, str(theirs)):
        answer = visitor.post("/account", data={"csrf_token": secret, "session": value})
        assert answer.status_code == 404
    assert is_in(other)


def test_a_session_ends_after_thirty_days(visitor: FlaskClient) -> None:
    sign_in(visitor, "Demo Volunteer")

    with time_machine.travel(clock.now() + timedelta(days=29), tick=False):
        assert is_in(visitor)
    with time_machine.travel(clock.now() + timedelta(days=31), tick=False):
        assert not is_in(visitor)


@pytest.mark.both_databases
def test_sessions_that_ended_long_ago_are_forgotten(visitor: FlaskClient) -> None:
    sign_in(visitor, "Demo Volunteer")
    sign_in(visitor, "Demo Volunteer")

    with unit_of_work() as now:
        assert sessions.purge(now) == 0
    with unit_of_work() as now:
        assert sessions.purge(now + timedelta(days=31)) == 1
        assert sessions.purge(now + timedelta(days=31)) == 0


def test_on_plain_http_the_cookie_has_a_plain_name(visitor: FlaskClient) -> None:
    cookie = sign_in(visitor, "Demo Volunteer").headers["Set-Cookie"]

    assert cookie.startswith("portal=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Expires=" in cookie
    assert "Secure" not in cookie


def test_on_https_the_cookie_is_bound_to_the_host(database_kind: str) -> None:
    base, callback = "https://portal.example.org", "https://portal.example.org/sign-in/callback"
    with (
        devwiki_fixture.running_wiki(callback) as running,
        devwiki_fixture.portal_for(running.rest_url, database_kind, BASE_URL=base) as portal,
    ):
        client = portal.test_client()
        begun = client.get("/sign-in", base_url=base).headers["Location"]
        back = devwiki_fixture.path_of(devwiki_fixture.answer_consent(begun, account="9012"))
        answer = client.get(back, base_url=base)

    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-portal=")
    for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in cookie
    assert "Domain" not in cookie


def test_the_page_says_who_is_signed_in_and_offers_to_sign_in(visitor: FlaskClient, wiki: DevWiki) -> None:
    assert "Sign in with Miraheze" in visitor.get("/account").text

    sign_in(visitor, "Demo Volunteer")

    page = visitor.get("/account").text
    assert "Demo Volunteer" in page
    assert "Sign in with" not in page
