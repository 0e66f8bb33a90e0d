"""`flask clock tick` after a gap: it only lists, nothing lapses, and an operator says when to go on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.access import services as access
from portal.access.models import ItemType
from portal.extensions import db
from portal.operations import ticking
from portal.operations.models import ClockRun
from portal.people import held
from portal.requests import discussion_services
from portal.requests.workflow import State
from portal.web import clock
from portal.web.unit_of_work import unit_of_work
from tests import factories as people
from tests.clocks import DAY, HOUR, MINUTE, YEAR, moved, started_under
from tests.operations.test_commands import run
from tests.requests.factories import do, state, team_request
from tests.requests.pages import Browser, url

pytestmark = pytest.mark.both_databases
WOULD = "question.reminded request"


@pytest.fixture
def waiting(app: Flask) -> int:
    """A request with a question that nobody answered for eight days; the clock ran a moment ago."""
    request_id = team_request(people.member(), days_ago=9)
    do(discussion_services.ask, people.member(), request_id, "Which?", at=clock.now() - 8 * DAY)
    ran(timedelta())
    return request_id


def ran(ago: timedelta) -> None:
    """The clock's jobs last ran so long ago."""
    with unit_of_work() as now:
        ticking.note_run(now - ago)


def last_run() -> datetime:
    db.session.rollback()
    return db.session.scalars(select(ClockRun.at)).one()


def reminded() -> int:
    return len([code for code in codes() if code == "question.reminded"])


def codes() -> list[str]:
    from portal.audit.models import Event

    db.session.rollback()
    return list(db.session.scalars(select(Event.code).order_by(Event.id)))


def everything() -> dict[str, Sequence[Any]]:
    """Every row of every table, sessions and half-typed forms too."""
    with db.engine.connect() as connection:
        return {
            table.name: connection.execute(select(table).order_by(*table.primary_key.columns)).all()
            for table in db.metadata.sorted_tables
        }


def test_the_first_run_and_one_within_a_day_do_what_is_due(app: Flask, waiting: int) -> None:
    ran(DAY - MINUTE)

    answer = run(app, "clock", "tick")

    assert answer.exit_code == 0, answer.output
    assert reminded() == 1
    assert clock.now() - last_run() < MINUTE


def test_after_a_gap_it_lists_what_it_would_do_and_does_nothing(app: Flask, waiting: int) -> None:
    ran(DAY + MINUTE)
    before = everything()

    answer = run(app, "clock", "tick")

    assert answer.exit_code == 1
    assert f"{WOULD} {waiting}" in answer.output
    assert "Nothing was done" in answer.output
    assert "more than a day ago" in answer.output
    assert "flask clock confirm" in answer.output
    assert everything() == before


def test_what_was_listed_is_done_when_an_operator_confirms(app: Flask, waiting: int) -> None:
    ran(3 * DAY)

    answer = run(app, "clock", "confirm", "--yes")

    assert answer.exit_code == 0, answer.output
    assert codes()[-2:] == ["clock.confirmed", "question.reminded"]
    assert run(app, "clock", "tick").exit_code == 0


def test_an_operator_who_says_no_changes_nothing(app: Flask, waiting: int) -> None:
    ran(3 * DAY)
    before = everything()
    db.session.remove()

    answer = app.test_cli_runner().invoke(args=["clock", "confirm"], input="n\n")

    assert answer.exit_code == 1
    assert f"{WOULD} {waiting}" in answer.output
    assert everything() == before


def test_there_is_nothing_to_confirm_while_the_clock_raises_no_doubt(app: Flask, waiting: int) -> None:
    before = everything()

    assert "Nothing waits" in run(app, "clock", "confirm", "--yes").output
    assert everything() == before


@pytest.mark.parametrize(("wrong", "by"), [(moved, -2 * HOUR), (moved, YEAR), (started_under, -2 * HOUR)])
def test_under_a_wrong_clock_it_only_lists(app: Flask, waiting: int, wrong: Any, by: timedelta) -> None:
    do(discussion_services.comment, people.member(), waiting, body="Newest.", audience="shared")
    before = everything()

    with wrong(app, by):
        assert run(app, "clock", "tick").exit_code == 1
        assert everything() == before

    assert run(app, "clock", "tick").exit_code == 0
    assert reminded() == 1


def test_a_last_run_that_lies_ahead_is_looked_at_first(app: Flask, waiting: int) -> None:
    ran(-HOUR)

    answer = run(app, "clock", "tick")

    assert answer.exit_code == 1
    assert "which lies ahead" in answer.output


def test_health_and_doctor_tell_that_the_jobs_wait(app: Flask, client: FlaskClient, waiting: int) -> None:
    assert client.get("/healthz").get_json() == {"status": "ok"}
    assert "The clock's jobs" not in run(app, "doctor").output
    ran(HOUR)
    assert "is their timer on?" in run(app, "doctor").output

    ran(2 * DAY)

    assert client.get("/healthz").get_json() == {"status": "clock jobs wait for an operator"}
    assert "RED   The clock's jobs wait" in run(app, "doctor").output


def lapsing(app: Flask) -> Browser:
    """Somebody with everything that could lapse: a session, typed text, access with an end, an ended session."""
    ann = people.member("Ann")
    browser = Browser(app, ann)
    with unit_of_work() as now:
        held.hold(ann.id, "requests.comment", {"body": ["Half a word"]}, now=now)
        access.approve(
            ann.id,
            ItemType.SYSTEM,
            "grafana",
            decision_id=1,
            request_id=1,
            until=now + 30 * DAY,
            by_id=ann.id,
            now=now,
        )
    people.absent(people.director(), length=20 * DAY)
    return browser


def test_nothing_lapses_when_the_clock_is_a_year_ahead_for_a_while(app: Flask, waiting: int) -> None:
    browser = lapsing(app)
    pages = ("/", "/requests/", url(waiting), "/access/", "/account", "/people/")
    shown = [browser.get(page).status_code for page in pages]
    before = everything()

    for wrong in (moved, started_under):
        with wrong(app, YEAR):
            for page in pages:
                browser.get(page)
            assert run(app, "clock", "tick").exit_code == 1

    assert everything() == before
    assert [browser.get(page).status_code for page in pages] == shown
    assert state(waiting) is State.NEEDS_INFORMATION
