"""Calendars: who reads what in them, and the secret address."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from portal.calendar import services
from portal.extensions import db
from portal.people import services as people_services
from portal.people.models import Person, WikiIdentity
from portal.requests import discussion_services
from portal.web.unit_of_work import unit_of_work
from tests import factories as people
from tests import pages as sound
from tests.calendar.test_ics import read, unescaped
from tests.filled_forms import filled
from tests.queries import statements
from tests.record.factories import NOON
from tests.requests import factories as requests
from tests.requests.pages import hidden

pytestmark = pytest.mark.both_databases
SignIn = Callable[[Person], FlaskClient]


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


def says(client: FlaskClient, address: str) -> list[tuple[str, str]]:
    """(first day, what) of every event of a calendar, in order."""
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.content_type == "text/calendar; charset=utf-8"
    return sorted((event["DTSTART"], unescaped(event["SUMMARY"])) for event in read(answer.text)[1])


def address_of(person: Person) -> str:
    with unit_of_work() as now:
        services.make(person.id, now=now)
    made = services.of(person.id)
    assert made is not None
    return f"/calendar/{services.secret(made)}.ics"


def away(person: Person, *, days: int = 5) -> None:
    with unit_of_work() as now:
        ends = now + timedelta(days=days)
        people_services.declare_absence(person, now, to_at=ends, reason="Canary reason", now=now)


def test_the_public_calendar_says_what_kind_and_nothing_else(app: Flask, client: FlaskClient) -> None:
    request_id = requests.team_request(people.member("Ann Candidate"), "system:grafana", days_ago=1)
    requests.do(discussion_services.comment, people.member(), request_id, "Canary comment", audience="shared")
    away(people.member("Al Away"))

    text = client.get("/calendar/public.ics").text

    (found,) = says(client, "/calendar/public.ics")
    assert found[1] == "Discussion can end: Access expansion"
    assert found[0] > "20261101"
    for secret in ("Ann", "Al Away", "Canary", "grafana", f"request-{request_id}", "URL:"):
        assert secret not in text


def test_a_personal_calendar_follows_what_its_owner_may_read(app: Flask, client: FlaskClient) -> None:
    ann, other = people.volunteer("Ann Candidate"), people.volunteer()
    mine = requests.team_request(ann, "role:software_engineer", kind="new_member", days_ago=1)
    theirs = requests.team_request(people.member(), "system:grafana", days_ago=1)
    away(people.member("Al Away"))

    found = {
        label: [what for _day, what in says(client, address_of(person))]
        for label, person in (("candidate", ann), ("stranger", other), ("member", people.member()))
    }

    assert found["candidate"] == [f"#{mine}: Discussion can end: New member"]
    assert found["stranger"] == []
    assert len(found["member"]) == 3
    assert "Al Away is away" in found["member"]
    assert f"#{theirs}: Discussion can end: Access expansion" in found["member"]
    text = client.get(address_of(people.member())).text
    assert "Canary" not in text
    assert "Ann Candidate" not in text


def test_the_address_can_be_made_anew_and_revoked(app: Flask, as_person: SignIn, client: FlaskClient) -> None:
    ann = people.member("Ann")
    browser = as_person(ann)
    shown = []
    for button in ("address", "address", "address/revoke"):
        page = browser.get("/calendar").text
        assert sound.faults(page) == []
        sent = {"csrf_token": hidden(page, "csrf_token"), **filled(page, f"/calendar/{button}")}
        assert browser.post(f"/calendar/{button}", data=sent).status_code == 303
        found = re.findall(r"/calendar/\d+-[0-9a-f]{40}\.ics", browser.get("/calendar").text)
        shown.append(found[0] if found else "")

    first, second, none = shown
    assert first
    assert second
    assert first != second
    assert none == ""
    for gone in (first, second):
        assert client.get(gone).status_code == 404


def test_only_the_newest_address_answers_and_no_other_sign(app: Flask, client: FlaskClient) -> None:
    ann = people.member("Ann")
    first = address_of(ann)
    second = address_of(ann)

    assert client.get(first).status_code == 404
    assert client.get(second).status_code == 200
    number, _, proof = second.removeprefix("/calendar/").removesuffix(".ics").partition("-")
    for wrong in (
        f"{number}-",
        f"{number}",
        f"{number}-{proof[:-1]}",
        f"{number}-{proof[::-1]}",
        f"-{proof}",
        "x",
        "é",
    ):
        assert client.get(f"/calendar/{wrong}.ics").status_code == 404, wrong
    assert client.get(f"/calendar/{int(number) + 1}-{proof}.ics").status_code == 404


def test_who_is_locked_or_has_left_reads_no_more_in_it(app: Flask, client: FlaskClient) -> None:
    ann = people.member("Ann")
    requests.team_request(people.member(), "system:grafana", days_ago=1)
    address = address_of(ann)
    assert len(says(client, address)) == 1

    with unit_of_work() as now:
        people_services.end_role_by_hand(ann, ann.id, "software_engineer", reason=None, now=now)
    assert says(client, address) == []
    with unit_of_work() as now:
        identity = db.session.query(WikiIdentity).filter_by(person_id=ann.id).one()
        identity.locked_at = now
    assert client.get(address).status_code == 404


def test_uids_stay_and_an_unchanged_calendar_is_not_sent_again(app: Flask, client: FlaskClient) -> None:
    requests.team_request(people.member(), "system:grafana", days_ago=1)
    first = client.get("/calendar/public.ics")

    with time_machine.travel(NOON + timedelta(hours=1), tick=False):
        again = client.get("/calendar/public.ics", headers={"If-None-Match": first.headers["ETag"]})
        later = client.get("/calendar/public.ics")

    assert again.status_code == 304
    assert read(later.text)[1][0]["UID"] == read(first.text)[1][0]["UID"]


def test_more_requests_need_no_more_statements(app: Flask, client: FlaskClient) -> None:
    address = address_of(people.member())

    def asked() -> list[int]:
        found = []
        for one in ("/calendar/public.ics", address):
            with statements() as sent:
                client.get(one)
            found.append(len(sent))
        return found

    requests.team_request(people.member(), "system:grafana", days_ago=1)
    away(people.member())
    few = asked()
    for _ in range(6):
        requests.team_request(people.member(), "system:grafana", days_ago=1)
        away(people.member())

    assert asked() == few
    assert max(few) <= 12
