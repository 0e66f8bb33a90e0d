"""The page "How decisions are made", and the form by which the Director changes a rule."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from portal.extensions import db
from portal.people.models import Person
from portal.rules.models import RuleChange
from tests import factories

SignIn = Callable[[Person], FlaskClient]
NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
CHANGE = "/rules/discussion_days/change?kind=new_member"


def token(client: FlaskClient, url: str = CHANGE) -> str:
    """The CSRF token of the form at this address."""
    text = client.get(url).text
    return text.split('name="csrf_token"', 1)[1].split('value="', 1)[1].split('"', 1)[0]


def send(client: FlaskClient, url: str = CHANGE, **fields: str) -> str:
    """Send the form; gives status and text."""
    form = {"csrf_token": token(client, url), "value": "5", "reason": "It is summer.", "based_on": "", **fields}
    answer = client.post(url, data=form)
    return f"{answer.status_code} {unescape(answer.text)}"


def count() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count(RuleChange.id))) or 0


def test_everybody_reads_each_rule_with_its_value_weight_and_source(client: FlaskClient) -> None:
    text = unescape(client.get("/rules").text)

    assert "<h1>How decisions are made</h1>" in text
    part = text[text.index('id="new_member-discussion_days"') :][:2500]
    assert "7 days" in part
    assert "Whoever decides may decide anyway, with a reason on the record." in part
    assert "Access Management Policy" in part
    assert "Since the portal began" in part


def test_the_page_says_who_decides_and_that_money_is_never_the_deputys(client: FlaskClient) -> None:
    text = unescape(client.get("/rules").text)

    assert "The Deputy never decides about money." in text
    assert "The Board decides when neither Director nor Deputy may" in text


def test_only_the_director_is_shown_a_way_to_change_a_rule(as_person: SignIn, client: FlaskClient) -> None:
    director, deputy = factories.director(), factories.deputy()

    assert "Change this rule" in as_person(director).get("/rules").text
    assert "Change this rule" not in as_person(deputy).get("/rules").text
    assert "Change this rule" not in client.get("/rules").text


def test_a_fixed_rule_is_marked_and_has_no_way_to_change_it(as_person: SignIn) -> None:
    text = as_person(factories.director()).get("/rules").text

    part = text[text.index('id="new_member-candidate_agreed"') : text.index('id="new_member-candidate_not_locked"')]
    assert "Fixed" in part
    assert "Change this rule" not in part


def test_the_director_announces_a_change_and_everybody_reads_it(as_person: SignIn, client: FlaskClient) -> None:
    director = factories.director("Dora")
    with time_machine.travel(NOON, tick=False):
        assert send(as_person(director)).startswith("303 ")
        pending = unescape(client.get("/rules").text)
    with time_machine.travel(NOON + timedelta(hours=72), tick=False):
        done = unescape(client.get("/rules").text)

    assert "Changes to 5 days on 6 Nov 2026, 12:00 UTC. Announced by Dora:" in pending
    assert "<q>It is summer.</q>" in pending
    assert "Since 6 Nov 2026, set by Dora" in done
    assert "Announced by Dora" not in done


@pytest.mark.parametrize("who", ["deputy", "member", "volunteer", "board_member"])
def test_others_are_refused_and_nothing_changes(as_person: SignIn, who: str) -> None:
    client = as_person(getattr(factories, who)())
    form = {"csrf_token": token(as_person(factories.director())), "value": "5", "reason": "Because.", "based_on": ""}

    assert client.get(CHANGE).status_code == 403
    assert client.post(CHANGE, data=form).status_code in (400, 403)
    assert count() == 0


def test_others_are_refused_even_with_a_token_of_their_own(app: Flask, as_person: SignIn) -> None:
    client = as_person(factories.deputy())
    app.config["WTF_CSRF_ENABLED"] = False
    try:
        answer = client.post(CHANGE, data={"value": "5", "reason": "Because.", "based_on": ""})
    finally:
        app.config["WTF_CSRF_ENABLED"] = True

    assert answer.status_code == 403
    assert count() == 0


def test_somebody_who_is_not_signed_in_is_asked_to(client: FlaskClient) -> None:
    assert client.get(CHANGE).status_code in (302, 303, 401)


@pytest.mark.parametrize(
    "url", ["/rules/nothing/change?kind=new_member", "/rules/sponsor/change?kind=role_change", "/rules/sponsor/change"]
)
def test_an_unknown_rule_is_not_found(as_person: SignIn, url: str) -> None:
    assert as_person(factories.director()).get(url).status_code == 404


def test_a_fixed_rule_has_no_form_even_for_the_director(as_person: SignIn) -> None:
    assert as_person(factories.director()).get("/rules/candidate_agreed/change?kind=new_member").status_code == 403


@pytest.mark.parametrize("value", ["", "many", "0", "-1", "1.5", "366", "٣", "9" * 5000])
def test_a_value_that_cannot_be_is_answered_with_the_form_and_what_was_typed(as_person: SignIn, value: str) -> None:
    answer = send(as_person(factories.director()), value=value)

    assert answer.startswith("422 ")
    assert "There is a problem" in answer
    assert "It is summer." in answer
    assert count() == 0


def test_a_reason_is_needed(as_person: SignIn) -> None:
    answer = send(as_person(factories.director()), reason="   ")

    assert answer.startswith("422 ")
    assert "Say why the rule changes." in answer


def test_a_switch_is_turned_off_by_its_own_form(as_person: SignIn) -> None:
    client = as_person(factories.director())
    url = "/rules/sponsor/change?kind=new_member"

    assert send(client, url, value="off").startswith("303 ")
    assert send(client, url, value="sideways", based_on="1").startswith("422 ")
    assert count() == 1


def test_a_change_that_came_in_between_is_shown_beside_what_was_typed(as_person: SignIn) -> None:
    client = as_person(factories.director("Dora"))
    send(client, value="5", reason="The first reason.")

    answer = send(client, value="9", reason="The second reason.")

    assert answer.startswith("409 ")
    assert "The first reason." in answer
    assert "The second reason." in answer
    assert count() == 1
    newest = answer.split('name="based_on"', 1)[1].split('value="', 1)[1].split('"', 1)[0]
    assert send(client, value="9", reason="The second reason.", based_on=newest).startswith("303 ")


@pytest.mark.parametrize("based_on", ["x", "-1", "9" * 40, "99"])
def test_a_tampered_form_is_a_conflict(as_person: SignIn, based_on: str) -> None:
    assert send(as_person(factories.director()), based_on=based_on).startswith("409 ")
    assert count() == 0


def test_what_people_write_is_shown_as_text(as_person: SignIn, client: FlaskClient) -> None:
    send(as_person(factories.director("<b>Dora</b>")), reason="<script>alert(1)</script>")

    assert "<script>alert(1)" not in client.get("/rules").text
    assert "<b>Dora" not in client.get("/rules").text
