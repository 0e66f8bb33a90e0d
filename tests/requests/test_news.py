"""An open page is told what others did: by conditional requests, to who may read it; asking is no presence."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.extensions import db
from portal.people import roles as people_roles
from portal.people.models import Person
from portal.requests import discussion_services, objection_services
from portal.requests.discussion_models import CommentAudience
from portal.web import clock
from portal.web.unit_of_work import unit_of_work
from tests import factories as people
from tests.queries import statements
from tests.requests.factories import do, team_request
from tests.served import Served, at_once

pytestmark = pytest.mark.both_databases
TEAM, SHARED = CommentAudience.TEAM, CommentAudience.SHARED


def to_ask(page: str) -> tuple[str, str]:
    """Where the page asks, and with which tag."""
    url, tag = re.search(r'data-url="([^"]+)"', page), re.search(r"data-tag='([^']+)'", page)
    assert url
    assert tag
    return url[1].replace("&amp;", "&"), tag[1]


class Open:
    """A page of a request that stays open, and asks."""

    def __init__(self, client: FlaskClient, request_id: int) -> None:
        self.client = client
        self.url, self.tag = to_ask(client.get(f"/requests/{request_id}").text)

    def ask(self) -> TestResponse:
        answer = self.client.get(self.url, headers={"HX-Request": "true", "If-None-Match": self.tag})
        self.tag = answer.headers.get("ETag", self.tag)
        return answer


@pytest.fixture
def request_id(app: Flask) -> int:
    return team_request(people.member("Ann"))


def opened(app: Flask, person: Person, request_id: int) -> Open:
    client = app.test_client()
    people.sign_in(client, person)
    return Open(client, request_id)


def test_nothing_new_is_answered_with_304_and_nothing_else(app: Flask, request_id: int) -> None:
    page = opened(app, people.member("Ben"), request_id)

    answer = page.ask()

    assert (answer.status_code, answer.data) == (304, b"")
    assert "Set-Cookie" not in answer.headers


def test_what_others_did_is_told_once_and_ones_own_never(app: Flask, request_id: int) -> None:
    ben, carl = people.member("Ben"), people.member("Carl")
    page = opened(app, ben, request_id)
    do(discussion_services.comment, ben, request_id, "Mine", audience=SHARED)
    assert page.ask().status_code == 304

    said = do(discussion_services.comment, carl, request_id, "<b>Theirs</b>", audience=SHARED)
    answer = page.ask()

    assert answer.status_code == 200
    assert "Carl commented" in answer.text
    assert "Theirs" not in answer.text
    assert f'href="/requests/{request_id}#comment-{said.id}"' in answer.text
    assert 'data-count="1"' in answer.text
    assert page.ask().status_code == 304
    do(discussion_services.ask, carl, request_id, "Which?")
    assert 'data-count="2"' in page.ask().text


def test_what_is_for_the_team_is_told_to_the_team_alone(app: Flask, request_id: int) -> None:
    ann = db.session.get_one(Person, 1)
    candidate, member = opened(app, ann, request_id), opened(app, people.member("Ben"), request_id)
    carl = people.member("Carl")
    do(discussion_services.comment, carl, request_id, "Secret", audience=TEAM)
    do(objection_services.raise_concern, carl, request_id, "Reuse", "Key reuse")

    assert candidate.ask().status_code == 304
    assert 'data-count="2"' in member.ask().text
    do(discussion_services.comment, carl, request_id, "Open", audience=SHARED)
    told = candidate.ask().text
    assert 'data-count="1"' in told
    assert "concern" not in told


def test_who_loses_the_right_to_read_is_told_at_the_next_asking(app: Flask, request_id: int) -> None:
    director, ben, vera = people.director(), people.member("Ben"), people.volunteer("Vera")
    page = opened(app, ben, request_id)
    end_role(director, ben)

    assert page.ask().status_code == 404
    assert app.test_client().get(page.url, headers={"HX-Request": "true"}).status_code == 401
    stranger = app.test_client()
    people.sign_in(stranger, vera)
    assert stranger.get(page.url, headers={"HX-Request": "true", "If-None-Match": page.tag}).status_code == 404


def end_role(director: Person, person: Person) -> None:
    from sqlalchemy import update

    from portal.people.models import RoleAssignment

    with unit_of_work() as now:
        db.session.execute(update(RoleAssignment).where(RoleAssignment.person_id == person.id).values(to_at=now))
    assert people_roles.held_role(person.id, "software_engineer", clock.now()) is None
    assert director


def test_who_takes_no_part_any_more_is_told(app: Flask, request_id: int) -> None:
    ben = people.member("Ben")
    page = opened(app, ben, request_id)
    do(discussion_services.recuse, ben, request_id, None)

    answer = page.ask()

    assert "What you may do here has changed." in answer.text
    assert page.ask().status_code == 304


def test_asking_is_no_presence_and_ends_with_the_session(
    app: Flask, request_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ben = people.member("Ben")
    page = opened(app, ben, request_id)
    with page.client.session_transaction() as session:
        before = dict(session)
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(hours=1))

    assert page.ask().status_code == 304
    with page.client.session_transaction() as session:
        assert dict(session) == before
    with unit_of_work() as now:
        from portal.people import sessions

        sessions.end_all(ben.id, now=now)
    assert page.ask().status_code == 401


def test_without_htmx_the_address_leads_to_the_page(app: Flask, request_id: int) -> None:
    page = opened(app, people.member("Ben"), request_id)

    answer = page.client.get(page.url)

    assert (answer.status_code, answer.headers["Location"]) == (303, f"/requests/{request_id}")


def test_asking_costs_few_statements(app: Flask, request_id: int) -> None:
    page = opened(app, people.member("Ben"), request_id)
    with statements() as sent:
        page.ask()

    assert len(sent) <= 3


def test_show_brings_every_panel_and_where_to_ask_from(app: Flask, request_id: int) -> None:
    page = opened(app, people.member("Ben"), request_id)
    do(discussion_services.comment, people.member("Carl"), request_id, "Theirs", audience=SHARED)

    answer = page.client.get(f"/requests/{request_id}", headers={"HX-Request": "true"})

    assert "Theirs" in answer.text
    assert "<html" not in answer.text
    assert "Saved." not in answer.text
    assert 'id="news" hx-swap-oob="true"' in answer.text


def test_several_processes_answer_alike(served: Served, request_id: int) -> None:
    ben, carl = served.browser(people.member("Ben")), served.browser(people.member("Carl"))
    url, tag = to_ask(ben.text(f"/requests/{request_id}"))

    def ask_often(tag: str) -> list[tuple[int, str, str]]:
        answers = at_once([lambda: ben.get(url, htmx=True, tag=tag)] * 8)
        return [(answer.status_code, answer.text, answer.headers.get("ETag", "")) for answer in answers]

    assert {status for status, _text, _tag in ask_often(tag)} == {304}
    comments = f"/requests/{request_id}/comments"
    carl.post(comments, {**carl.form(f"/requests/{request_id}", comments), "body": "Theirs"})

    told = ask_often(tag)
    assert len(set(told)) == 1, "one answer for all"
    status, text, newer = told[0]
    assert status == 200
    assert "Carl commented" in text
    assert {status for status, _text, _tag in ask_often(newer)} == {304}
    assert served.processes(f"/requests/{request_id}/news") > 1
