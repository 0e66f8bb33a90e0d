"""Figures: what is counted, who sees which, and that it stays quick."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from portal.figures import queries
from portal.people.models import Person
from portal.requests import decision_services, discussion_services, filing_services
from portal.requests.discussion_models import CommentAudience
from portal.web import clock
from tests import factories as people
from tests import pages as sound
from tests.queries import statements
from tests.record.factories import NOON
from tests.requests import factories as requests

pytestmark = pytest.mark.both_databases
SignIn = Callable[[Person], FlaskClient]


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


def rows_of(page: str, id: str) -> list[list[str]]:
    """The words of each row of the first table after this id."""
    assert sound.faults(page) == []
    table = page[page.index(id) :].partition("</table>")[0]
    return [
        [re.sub(r"<[^>]+>|\s+", " ", cell).strip() for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)]
        for row in re.findall(r"<tr>(<td.*?)</tr>", table, re.DOTALL)
    ]


def answered(hours: int, *, by: Person, candidate: Person | None = None, days_ago: float = 9) -> int:
    """A request that somebody answered so many hours after it was filed."""
    filer = candidate or people.member()
    request_id = requests.team_request(filer, "system:grafana", days_ago=days_ago)
    at = clock.now() - timedelta(days=days_ago) + timedelta(hours=hours)
    requests.do(discussion_services.comment, by, request_id, "Good.", audience=CommentAudience.TEAM, at=at)
    return request_id


def test_a_portal_without_requests_says_so(app: Flask, client: FlaskClient, as_person: SignIn) -> None:
    page = client.get("/figures").text

    assert sound.faults(page) == []
    assert "There is nothing to count yet." in page
    director = as_person(people.director())
    assert "No request is open." in director.get("/figures/waiting").text
    assert "It is nobody's turn" in director.get("/figures/duties").text.replace("&#39;", "'")


def test_everybody_sees_the_median_to_the_first_answer_of_somebody_else(app: Flask, client: FlaskClient) -> None:
    ben = people.member("Ben")
    for hours in (10, 30, 200):
        ann = people.member()
        request_id = answered(hours, by=ben, candidate=ann)
        requests.do(
            discussion_services.comment,
            ann,
            request_id,
            "Hello?",
            audience="shared",
            at=clock.now() - timedelta(days=9) + timedelta(hours=1),
        )

    page = client.get("/figures").text

    assert rows_of(page, 'id="answer"') == [["Access expansion", "30 hours"]]
    assert 'width="100.0"' in page
    for hidden in ("Ben", "Your open duties", "What waits now"):
        assert hidden not in page


def test_neither_party_answers_their_own_request(app: Flask) -> None:
    ann, rita = people.member(), people.member()
    request_id = requests.team_request(rita, "system:grafana", candidate=ann, days_ago=9)
    requests.do(filing_services.agree, ann, request_id)
    for party in (ann, rita):
        requests.do(discussion_services.comment, party, request_id, "Hello?", audience=CommentAudience.SHARED)
    assert [course.answered_at for course in queries.courses(clock.now())] == [None]

    requests.do(discussion_services.comment, people.member(), request_id, "Yes.", audience=CommentAudience.SHARED)
    assert [course.answered_at for course in queries.courses(clock.now())] == [NOON]


def test_the_median_to_the_first_decision(app: Flask, client: FlaskClient) -> None:
    dora = people.director()
    for days in (4, 6, 8):
        request_id = requests.team_request(people.member(), "system:grafana", days_ago=9)
        at = clock.now() - timedelta(days=9 - days)
        requests.do(decision_services.decide, dora, request_id, requests.ruling(request_id, at=at), at=at)

    assert rows_of(client.get("/figures").text, 'id="decision"') == [["Access expansion", "6 days"]]


def test_of_one_or_two_requests_no_time_is_told(app: Flask, client: FlaskClient) -> None:
    answered(10, by=people.member())

    page = client.get("/figures").text

    assert rows_of(page, 'id="answer"') == [["Access expansion", "fewer than 3 requests"]]
    assert "10 hours" not in page


def test_what_was_submitted_before_the_window_is_not_counted(app: Flask) -> None:
    old = queries.WINDOW.days + 1
    answered(5, by=people.member(), days_ago=old)
    assert queries.courses(clock.now()) == []

    assert len(queries.courses(clock.now() - timedelta(days=2))) == 1


def test_the_team_and_the_board_see_what_waits_and_nobody_else(
    app: Flask, client: FlaskClient, as_person: SignIn
) -> None:
    ann = people.member("Ann Candidate")
    for _ in range(2):
        requests.team_request(people.member(), "system:grafana", days_ago=3)
    asked = requests.team_request(ann, "system:matomo", days_ago=5)
    requests.do(discussion_services.ask, people.member(), asked, "Why?")

    for reader in (people.member(), people.director(), people.board_member()):
        page = as_person(reader).get("/figures/waiting").text
        found = rows_of(page, "<main")
        assert [row[:3] for row in found] == [
            ["Access expansion", "In discussion", "2"],
            ["Access expansion", "Needs information", "1"],
        ]
        assert "Ann" not in page.partition("<main")[2]
    assert client.get("/figures/waiting").status_code == 401
    assert as_person(people.volunteer()).get("/figures/waiting").status_code == 403


def test_the_director_sees_the_duties_of_each_and_others_their_own(
    app: Flask, client: FlaskClient, as_person: SignIn
) -> None:
    ann, ben, dora = people.member("Ann Candidate"), people.member("Ben Silent"), people.director("Dora Director")
    for item in ("system:grafana", "system:matomo"):
        asked = requests.team_request(ann, item, days_ago=5)
        requests.do(discussion_services.ask, dora, asked, "Why?")

    page = as_person(dora).get("/figures/duties").text
    assert [row[:2] for row in rows_of(page, "<main")] == [["Ann Candidate", "2"]]
    assert "Ben Silent" not in page
    assert "your turn at 2 requests" in as_person(ann).get("/figures").text
    assert "Nothing waits for you." in as_person(ben).get("/figures").text
    for reader, status in ((client, 401), (as_person(ann), 403), (as_person(people.deputy()), 403)):
        assert reader.get("/figures/duties").status_code == status


def test_figures_need_no_more_statements_for_more_requests(app: Flask, as_person: SignIn) -> None:
    director, ben = people.director(), people.member()
    browser = as_person(director)

    def asked() -> list[int]:
        found = []
        for address in ("/figures", "/figures/waiting", "/figures/duties"):
            with statements() as sent:
                browser.get(address)
            found.append(len(sent))
        return found

    answered(5, by=ben)
    few = asked()
    for hours in range(6):
        answered(hours, by=ben)

    assert asked() == few
    assert max(few) <= 12
