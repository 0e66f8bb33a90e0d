"""A sign-in that has ended loses no typed text: it comes back to the same person, in the same form, for a day."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
import time_machine
from flask import Blueprint, Flask, render_template_string
from flask.testing import FlaskClient
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from portal.extensions import db
from portal.people import current, held, held_forms
from portal.people.models import HeldForm, SignIn
from portal.web import clock
from portal.web.access import Rule, access
from portal.web.forms import PortalForm, TextField
from portal.web.unit_of_work import unit_of_work
from tests.devwiki_fixture import sign_in

TYPED = "A long & careful <comment>\nwith a second line"


class NoteForm(PortalForm):
    body = TextField("Body")


PAGE = "<form method=post action=/notes/add>{{ form.csrf_token }}{{ form.body }}</form>"


def notes() -> Blueprint:
    """A page with a form, as the features of the portal have them."""
    bp = Blueprint("notes", __name__)

    @bp.get("/notes")
    @access(Rule.SIGNED_IN)
    def index() -> ResponseReturnValue:
        return render_template_string(PAGE, form=NoteForm(formdata=held_forms.kept_fields("notes.add")))

    @bp.post("/notes/add")
    @access(Rule.SIGNED_IN)
    def add() -> ResponseReturnValue:
        return "added"

    @bp.post("/notes/decide")
    @access(Rule.SIGNED_IN)
    def decide() -> ResponseReturnValue:
        current.require_fresh()
        return "decided"

    return bp


@pytest.fixture
def writer(portal: Flask) -> FlaskClient:
    """Somebody signed in, before the page with the form."""
    portal.register_blueprint(notes())
    client = portal.test_client()
    sign_in(client, "Demo Volunteer")
    return client


def secret(client: FlaskClient) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/notes").text)
    assert found
    return found[1]


def end_all_sessions() -> None:
    with unit_of_work() as now:
        db.session.execute(update(SignIn).values(ended_at=now))


def send(client: FlaskClient, csrf: str, where: str = "/notes/add", **headers: str) -> TestResponse:
    referer = {"Referer": "http://localhost/notes?page=2", **headers}
    return client.post(where, data={"csrf_token": csrf, "body": TYPED}, headers=referer)


def way_on(answer: TestResponse) -> str:
    """The sign-in link of the page, or the link back to the form."""
    links = re.findall(r'href="([^"]*kept[^"]*)"', answer.text)
    assert links, answer.text
    return html.unescape(links[-1])


def kept_rows() -> int:
    db.session.rollback()
    return db.session.scalars(select(func.count(HeldForm.id))).one()


@pytest.mark.both_databases
def test_what_was_typed_comes_back_after_signing_in_again(writer: FlaskClient) -> None:
    csrf = secret(writer)
    end_all_sessions()

    answer = send(writer, csrf)

    assert answer.status_code == 401
    assert "Your sign-in has ended. What you typed is kept." in answer.text
    back = sign_in(writer, "Demo Volunteer", way_on(answer))
    assert back.headers["Location"].startswith("/notes?page=2&kept=")
    assert html.escape(TYPED) in writer.get(back.headers["Location"]).text


def test_somebody_else_does_not_get_it(writer: FlaskClient) -> None:
    csrf = secret(writer)
    end_all_sessions()
    answer = send(writer, csrf)

    back = sign_in(writer, "Demo Director", way_on(answer)).headers["Location"]

    assert "careful" not in writer.get(back).text


def test_another_form_does_not_get_it(writer: FlaskClient) -> None:
    csrf = secret(writer)
    end_all_sessions()
    answer = send(writer, csrf, "/notes/decide")

    back = sign_in(writer, "Demo Volunteer", way_on(answer)).headers["Location"]

    assert "careful" not in writer.get(back).text


@pytest.mark.both_databases
def test_it_is_forgotten_after_a_day(writer: FlaskClient) -> None:
    csrf = secret(writer)
    end_all_sessions()
    answer = send(writer, csrf)
    back = sign_in(writer, "Demo Volunteer", way_on(answer)).headers["Location"]

    with time_machine.travel(clock.now() + timedelta(days=1, minutes=1)):
        assert "careful" not in writer.get(back).text
        with unit_of_work() as now:
            assert held_forms.purge(now) == 1
            assert held_forms.purge(now) == 0


def test_a_pause_of_twelve_hours_goes_through_the_wiki_and_back_to_the_form(writer: FlaskClient) -> None:
    csrf = secret(writer)
    with time_machine.travel(clock.now() + timedelta(hours=13)):
        assert send(writer, csrf).text == "added"

        answer = send(writer, csrf, "/notes/decide")

        assert answer.status_code == 401
        assert "away for more than 12 hours" in answer.text
        assert "What you typed is kept." in answer.text
        sign_in(writer, "Demo Volunteer", way_on(answer))
        assert send(writer, secret(writer), "/notes/decide").text == "decided"


def test_a_short_pause_asks_for_nothing(writer: FlaskClient) -> None:
    csrf = secret(writer)

    with time_machine.travel(clock.now() + timedelta(hours=11)):
        assert send(writer, csrf, "/notes/decide").text == "decided"


def test_signing_in_anew_in_another_tab_does_not_lose_the_first_tabs_text(writer: FlaskClient) -> None:
    csrf = secret(writer)
    sign_in(writer, "Demo Volunteer")

    answer = send(writer, csrf)

    assert answer.status_code == 400
    assert "You signed in anew after this page was opened. What you typed is kept." in answer.text
    assert html.escape(TYPED) in writer.get(way_on(answer)).text


def test_without_a_known_session_the_page_itself_shows_what_was_typed(portal: Flask, writer: FlaskClient) -> None:
    stranger = portal.test_client()

    answer = send(stranger, "none")

    assert answer.status_code == 401
    assert html.escape(TYPED) in answer.text
    assert "Sign in with Miraheze" in answer.text
    assert kept_rows() == 0


def test_with_htmx_the_same_words_are_swapped_in(writer: FlaskClient) -> None:
    csrf = secret(writer)
    end_all_sessions()

    answer = send(writer, csrf, **{"HX-Request": "true"})

    assert answer.status_code == 401
    assert "<html" not in answer.text
    assert "What you typed is kept." in answer.text
    assert "kept=" in way_on(answer) or "kept%3D" in way_on(answer)


def test_a_piece_that_needs_a_sign_in_reloads_the_whole_page(portal: Flask) -> None:
    answer = portal.test_client().get("/account", headers={"HX-Request": "true"})

    assert answer.status_code == 401
    assert answer.headers["HX-Refresh"] == "true"


def test_a_page_that_needs_a_sign_in_says_so_and_leads_back(visitor: FlaskClient) -> None:
    answer = visitor.get("/account?tab=2")

    assert answer.status_code == 401
    assert "<h1>Sign in to go on</h1>" in answer.text
    assert "/sign-in?next=/account?tab%3D2" in answer.text or "/sign-in?next=%2Faccount" in answer.text


@pytest.mark.parametrize("referer", ["", "http://evil.example/notes", "http://localhost/notes/add"])
def test_a_referer_that_is_of_no_use_leads_to_the_nearest_page(writer: FlaskClient, referer: str) -> None:
    csrf = secret(writer)
    end_all_sessions()

    answer = send(writer, csrf, Referer=referer)

    back = sign_in(writer, "Demo Volunteer", way_on(answer)).headers["Location"]
    assert back.startswith("/notes?kept=")


def test_too_much_to_keep_is_shown_instead(writer: FlaskClient) -> None:
    csrf = secret(writer)
    end_all_sessions()

    answer = writer.post("/notes/add", data={"csrf_token": csrf, "body": "x" * 250_000})

    assert answer.status_code == 401
    assert "x" * 250_000 in answer.text
    assert kept_rows() == 0


@pytest.mark.both_databases
def test_twenty_forms_of_one_person_are_kept_at_most(writer: FlaskClient) -> None:
    person_id = db.session.scalars(select(SignIn.person_id)).first()
    assert person_id is not None

    with unit_of_work() as now:
        tokens = [held.hold(person_id, "notes.add", {"body": [str(n)]}, now=now) for n in range(25)]

    assert kept_rows() == 20
    assert held.find(tokens[0] or "", person_id, "notes.add", now=clock.now()) is None
    assert held.find(tokens[-1] or "", person_id, "notes.add", now=clock.now()) == {"body": ["24"]}


def test_the_form_secret_and_the_token_are_not_kept(writer: FlaskClient) -> None:
    csrf = secret(writer)
    end_all_sessions()
    answer = send(writer, csrf)

    row = db.session.scalars(select(HeldForm)).one()

    assert row.fields == {"body": [TYPED]}
    assert row.token_hash not in way_on(answer)
