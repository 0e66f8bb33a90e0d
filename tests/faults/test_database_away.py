"""The database is locked, full or away: 503 in words, the typed text in a form that can be sent again, no restart.

Here in one process and without waiting; tests/faults/test_served_faults.py does it to a served portal, with real disks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient

from portal.extensions import db
from portal.people.models import Person
from portal.web.unit_of_work import unit_of_work
from tests import factories
from tests.assessments import factories as marking
from tests.faults import breaking
from tests.faults.breaking import Breaking
from tests.faults.watching import TYPED, faults_of, log_lines, rows
from tests.requests import deciding
from tests.requests import factories as requests
from tests.requests.pages import Browser
from tests.served import fields_of

SQLITE = [breaking.sqlite_written_by_another, breaking.sqlite_full, breaking.sqlite_read_only]
SQLITE_UNREADABLE = [breaking.sqlite_kept_by_another, breaking.sqlite_gone, breaking.sqlite_not_mounted]
POSTGRESQL = [breaking.postgresql_written_by_another, breaking.postgresql_ending_writers, breaking.postgresql_hanging]
POSTGRESQL_UNREADABLE = [breaking.postgresql_refusing]
SYSTEMS = ["system:github", "system:grafana"]


def cases(sqlite: Sequence[Breaking], postgresql: Sequence[Breaking]) -> pytest.MarkDecorator:
    """Each way to break a database, with that database."""
    pairs = [("sqlite", way) for way in sqlite] + [("postgresql", way) for way in postgresql]
    return pytest.mark.parametrize(
        ("database_kind", "breaking_way"), pairs, ids=[getattr(way, "__name__", "") for _kind, way in pairs]
    )


@pytest.fixture
def writer(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Person:
    breaking.impatient(monkeypatch)
    return factories.member("Wren Writer")


@pytest.fixture
def browser(app: Flask, writer: Person) -> Browser:
    browser = Browser(app, writer)
    browser.token()
    return browser


@pytest.fixture
def request_page(writer: Person) -> str:
    return f"/requests/{requests.team_request(factories.member())}"


@pytest.fixture
def lines() -> Iterator[list[str]]:
    with log_lines() as written:
        yield written


@cases(SQLITE + SQLITE_UNREADABLE, POSTGRESQL + POSTGRESQL_UNREADABLE)
@pytest.mark.parametrize("htmx", [False, True])
def test_what_cannot_be_saved_can_be_sent_again(
    app: Flask, browser: Browser, request_page: str, lines: list[str], breaking_way: Breaking, htmx: bool
) -> None:
    before, address = rows(), f"{request_page}/comments"
    text = f"{TYPED} {'x' * 9000}"  # more than the database has room for

    with breaking_way():
        answer = browser.post(address, {"body": text, "audience": "team"}, htmx=htmx)

    person_id = json.loads(lines[0])["person"]  # nobody, where it could not be asked who it is
    assert faults_of(answer, lines, 503, person_id=person_id, typed=TYPED) == []
    assert "Nothing was saved." in answer.text
    assert rows() == before
    again = browser.client.post(address, data=fields_of(answer.text, address))
    assert again.status_code == 303, "the form on the error page is the one that was sent"
    assert text in browser.text(request_page)


@dataclass(frozen=True, slots=True)
class Filled:
    """A form with something typed into ``place``, before it is sent; ``page`` shows it once it is saved."""

    browser: Browser
    address: str
    page: str
    place: str
    others: dict[str, Any] = field(default_factory=dict)

    def fields(self, text: str) -> dict[str, Any]:
        return {**fields_of(self.browser.text(self.page), self.address, self.page), **self.others, self.place: text}


def _decision(app: Flask) -> Filled:
    request_id = deciding.ready(factories.member(), *SYSTEMS)
    items = [str(id) for id in deciding.item_ids(request_id)]
    page = f"/requests/{request_id}"
    return Filled(Browser(app, factories.director()), f"{page}/approve", page, "reason", {"items": items})


def _draft(app: Flask) -> Filled:
    ann = factories.member()
    page = f"/requests/{requests.draft(ann)}/draft"
    return Filled(Browser(app, ann), page, page, "why", {"for_whom": "me", "items": SYSTEMS})


def _assessment(app: Flask) -> Filled:
    marking.seed()
    ann = factories.member()
    assessment_id = marking.self_assessment(ann)
    page = f"/assessments/{assessment_id}"
    return Filled(Browser(app, ann), page, page, f"remark-{marking.keys(assessment_id)[0]}")


@cases(
    [breaking.sqlite_written_by_another, breaking.sqlite_gone],
    [breaking.postgresql_written_by_another, breaking.postgresql_refusing],
)
@pytest.mark.parametrize("form", [_decision, _draft, _assessment])
def test_no_form_loses_what_was_typed_into_it(
    app: Flask, monkeypatch: pytest.MonkeyPatch, breaking_way: Breaking, form: Callable[[Flask], Filled]
) -> None:
    breaking.impatient(monkeypatch)
    filled = form(app)
    sent, before = filled.fields(TYPED), rows()

    with breaking_way():
        answer = filled.browser.client.post(filled.address, data=sent)

    assert (answer.status_code, "Nothing was saved." in answer.text) == (503, True)
    assert rows() == before
    again = fields_of(answer.text, filled.address)
    assert {name: again[name] for name in sent} == sent, "every field as it was sent"
    assert filled.browser.client.post(filled.address, data=again).status_code == 303
    assert TYPED in filled.browser.text(filled.page)


@cases(SQLITE, POSTGRESQL)
def test_reading_goes_on_while_nothing_can_be_saved(
    app: Flask, browser: Browser, request_page: str, breaking_way: Breaking
) -> None:
    with breaking_way():
        assert [browser.get(page).status_code for page in ("/", "/requests/", request_page, "/healthz")] == [200] * 4


@cases(SQLITE_UNREADABLE, POSTGRESQL_UNREADABLE)
def test_what_cannot_be_read_says_so_and_comes_back_by_itself(
    app: Flask, browser: Browser, client: FlaskClient, request_page: str, lines: list[str], breaking_way: Breaking
) -> None:
    with breaking_way():
        for page in ("/", "/requests/", "/roles", request_page, "/nothing-here"):
            lines.clear()
            answer = browser.get(page)
            assert faults_of(answer, lines, 503, person_id=None) == [], page
            assert "cannot reach its records right now" in answer.text
        health = client.get("/healthz")
        assert (health.status_code, health.get_json()) == (503, {"status": "database away"})
        assert client.get("/roles").status_code == 200, "what needs no database is there for whoever is not signed in"
        with browser.get("/static/portal.css") as looks:
            assert looks.status_code == 200, "the error page has its looks"

    assert browser.get(request_page).status_code == 200
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_what_is_said_goes_into_the_file_that_is_there_and_not_into_one_that_was_moved_away(
    app: Flask, browser: Browser, request_page: str
) -> None:
    assert browser.get(request_page).status_code == 200  # the portal has it open
    file = breaking.sqlite_file()
    aside = file.with_name("aside.db")
    breaking.sqlite_copied(aside)
    for name in (file.name, f"{file.name}-wal", f"{file.name}-shm"):
        file.with_name(name).rename(file.with_name(f"moved-{name}"))
    aside.rename(file)

    assert browser.post(f"{request_page}/comments", {"body": TYPED, "audience": "team"}).status_code == 303

    assert TYPED in breaking.sqlite_texts(file)
    assert TYPED not in breaking.sqlite_texts(file.with_name(f"moved-{file.name}"))


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_connections_that_ended_while_nobody_used_them_are_not_noticed(
    app: Flask, browser: Browser, request_page: str
) -> None:
    breaking.end_connections()

    assert browser.get(request_page).status_code == 200
    assert browser.post(f"{request_page}/comments", {"body": TYPED, "audience": "team"}).status_code == 303


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_a_connection_that_breaks_in_the_commit_leaves_open_whether_it_was_saved(
    app: Flask, browser: Browser, request_page: str, lines: list[str], writer: Person
) -> None:
    person_id = writer.id
    with breaking.postgresql_ending_commits():
        answer = browser.post(f"{request_page}/comments", {"body": TYPED, "audience": "team"})

    assert faults_of(answer, lines, 503, person_id=person_id, typed=TYPED) == []
    assert "Look whether it is there" in answer.text
    assert "Nothing was saved" not in answer.text
    assert f'action="{request_page}/comments"' not in answer.text


@pytest.mark.both_databases
def test_a_reader_that_writes_is_an_error_of_ours_and_not_of_the_database(
    app: Flask, browser: Browser, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def writes(**_values: object) -> str:
        db.session.execute(db.text("UPDATE person SET name = 'Eve'"))
        return "written"

    writes.access_rule = "public"  # type: ignore[attr-defined]
    monkeypatch.setitem(app.view_functions, "org.roles", writes)

    answer = browser.get("/roles")

    assert faults_of(answer, lines, 500, person_id=json.loads(lines[0])["person"]) == []


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_a_writer_that_hangs_is_let_go_by_the_server(app: Flask) -> None:
    with unit_of_work():
        limits = [db.session.scalar(db.text(f"SHOW {name}")) for name in LIMITS]
    db.session.rollback()

    assert limits == ["5s", "30s"]
    assert [db.session.scalar(db.text(f"SHOW {name}")) for name in LIMITS] == ["0", "0"], "not of those who read"


LIMITS = ("lock_timeout", "idle_in_transaction_session_timeout")


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_a_connection_that_ends_when_all_is_read_spoils_nothing(
    app: Flask, browser: Browser, request_page: str, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def end(response: Response) -> Response:
        breaking.end_connections()
        return response

    monkeypatch.setitem(app.after_request_funcs, None, [end, *app.after_request_funcs[None]])

    assert browser.get(request_page).status_code == 200
    assert lines == []
