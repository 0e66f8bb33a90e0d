"""Figures: what is counted, who sees which, and that it stays quick."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from portal.figures import queries
from portal.people import services as role_services
from portal.people.models import Person
from portal.requests import decision_services, discussion_services, filing_services, objection_services
from portal.requests.discussion_models import CommentAudience
from portal.web import clock, filters
from portal.web.unit_of_work import unit_of_work
from tests import factories as people
from tests import pages as sound
from tests.assessments import factories as sheets
from tests.mentoring import factories as mentoring
from tests.notifications.factories import forget
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


def concerned(request_id: int, by: Person) -> None:
    requests.do(objection_services.raise_concern, by, request_id, "Risk", "A risk.")


def day(at: datetime) -> str:
    """As a table says it."""
    return re.sub(r"<[^>]+>|\s+", " ", filters.when(at)).strip()


def test_a_portal_without_requests_says_so(app: Flask, client: FlaskClient, as_person: SignIn) -> None:
    page = client.get("/figures").text

    assert sound.faults(page) == []
    assert "There is nothing to count yet." in page
    director = as_person(people.director())
    assert "No request is open." in director.get("/figures/waiting").text
    assert "Nobody has anything to do that waits." in director.get("/figures/duties").text


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
    assert [row[:3] for row in rows_of(page, "<main")] == [["Ann Candidate", "Turn at a request", "2"]]
    assert "Ben Silent" not in page
    own = rows_of(as_person(ann).get("/figures").text, 'id="own"')
    assert [row[:2] for row in own] == [["Turn at a request:  show them", "2"]]
    assert "Nothing waits for you." in as_person(ben).get("/figures").text
    for reader, status in ((client, 401), (as_person(ann), 403), (as_person(people.deputy()), 403)):
        assert reader.get("/figures/duties").status_code == status


def test_every_named_duty_counts_once_for_who_has_it(app: Flask, as_person: SignIn) -> None:
    """A concern, a review, a final check of two markers and a question about mentoring; the turns as they are."""
    dora, ann = people.director("Dora Director"), people.member("Ann Candidate")
    cleo, eva = people.member("Cleo Concerned"), people.member("Eva Marker")
    mo, ned = mentoring.member_for(200, "Mo Mentor"), people.member("Ned New")
    sheets.seed()
    sheets.review(ann, eva, at=NOON - timedelta(days=3))
    sheets.revealed(ned, eva, cleo)
    mentoring.asked(ned, mo, at=NOON - timedelta(days=2))
    asked = requests.team_request(ann, "system:grafana", days_ago=5)
    requests.do(objection_services.raise_concern, cleo, asked, "Risk", "A risk.")
    requests.do(discussion_services.ask, dora, asked, "Why?")
    ada = people.member("Ada Agreeing")
    requests.team_request(people.member(), "system:matomo", candidate=ada, days_ago=5)
    forget()  # keeps whose turn it is, and this one is a duty to remind of as well

    expected = {
        ("Ada Agreeing", "Turn at a request", "1"): NOON - timedelta(days=5),
        ("Ann Candidate", "Turn at a request", "1"): NOON,
        ("Cleo Concerned", "Final check to agree to", "1"): NOON,
        ("Cleo Concerned", "Open concern at a request", "1"): NOON,
        ("Eva Marker", "Final check to agree to", "1"): NOON,
        ("Eva Marker", "Review or marking to finish", "1"): NOON - timedelta(days=3),
        ("Mo Mentor", "Question about mentoring to answer", "1"): NOON - timedelta(days=2),
    }
    found = rows_of(as_person(dora).get("/figures/duties").text, "<main")
    assert sorted(tuple(row[:3]) for row in found) == sorted(expected)
    assert {tuple(row[:3]): row[3] for row in found} == {key: day(at) for key, at in expected.items()}
    for person in (ada, ann, cleo, eva, mo, ned):
        page = as_person(person).get("/figures").text
        own = [key[1:] for key in sorted(expected) if key[0] == person.name]
        shown = [(row[0].partition(":")[0], row[1]) for row in rows_of(page, 'id="own"')] if own else []
        assert sorted(shown) == own, person.name
        assert ("Nothing waits for you." in page) == (not own)


def test_what_somebody_may_not_read_is_not_counted_for_them(app: Flask, as_person: SignIn) -> None:
    """Neither a concern about the Director, nor one's own concern and review after leaving the team."""
    dora, ben = people.director("Dora Director"), people.member("Ben Leaver")
    sheets.seed()
    about = requests.team_request(dora, "system:grafana", days_ago=5)
    requests.do(objection_services.raise_concern, ben, about, "Risk", "A risk.")
    ann = people.member("Ann")
    other = requests.team_request(ann, "system:matomo", days_ago=5)
    requests.do(objection_services.raise_concern, ben, other, "Risk", "A risk.")
    sheets.review(ann, ben)
    concerns = ["Ben Leaver", "Open concern at a request"]

    found = [row[:3] for row in rows_of(as_person(dora).get("/figures/duties").text, "<main")]
    assert [row for row in found if row[:2] == concerns] == [[*concerns, "1"]]
    own = rows_of(as_person(ben).get("/figures").text, 'id="own"')
    assert [row[:2] for row in own] == [["Open concern at a request", "2"], ["Review or marking to finish", "1"]]

    with unit_of_work() as now:
        role_services.end_role_by_hand(dora, ben.id, "software_engineer", reason="Left.", now=now)
    assert "Nothing waits for you." in as_person(ben).get("/figures").text


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

    sheets.seed()
    sheets.revealed(people.member(), ben, people.member())
    concerned(answered(5, by=ben), ben)
    few = asked()
    for hours in range(6):
        concerned(answered(hours, by=ben), ben)
        sheets.revealed(people.member(), ben, people.member())

    assert asked() == few
    assert max(few) <= 12, few
