"""Under a clock that cannot be believed nothing is decided, people go on talking, and nothing lapses."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

import config
from portal.access import queries as access_queries
from portal.audit import believing
from portal.audit import services as audit
from portal.audit.believing import ClockLooksWrong
from portal.audit.models import ActorKind, ChainHead, Event
from portal.errors import Invalid
from portal.extensions import db
from portal.operations import ticking
from portal.people import absences, sessions, unreachable
from portal.people import queries as people_queries
from portal.people.models import Person
from portal.requests import discussion_services
from portal.requests.discussion_models import CommentAudience
from portal.requests.workflow import State
from portal.web import clock
from portal.web.unit_of_work import unit_of_work
from tests import factories as people
from tests.clocks import CHANGES_OF_THE_HOUR, DAY, HOUR, MINUTE, YEAR, berlin, moved, started_under  # noqa: F401  # a fixture
from tests.operations.test_commands import run
from tests.requests.deciding import nothing_was_decided, ready, with_end
from tests.requests.factories import decide, do, events, position, state, team_request
from tests.requests.pages import Browser, hidden, parse, typed, url
from tests.served import fields_of

pytestmark = pytest.mark.both_databases
SECOND = timedelta(seconds=1)
SENTENCE = "Server clock looks wrong"
WRONG = [(moved, -2 * HOUR), (moved, YEAR), (started_under, -2 * HOUR)]


def write(code: str) -> Event:
    with unit_of_work() as now:
        audit.record(code, actor_id=None, at=now)
    return db.session.scalars(select(Event).order_by(Event.id.desc()).limit(1)).one()


def approval(page: str) -> dict[str, Any]:
    item = next(e for e in parse(page).iter("input") if e.get("name") == "items")
    return {"grounds": hidden(page, "grounds"), "items": [item.get("value")], "reason": "A reason I typed."}


@pytest.mark.parametrize(("wrong", "by"), WRONG)
def test_a_decision_waits_with_what_was_typed_and_is_taken_once_the_clock_is_right(
    app: Flask, wrong: Any, by: timedelta
) -> None:
    request_id = ready(people.member())
    dora = Browser(app, people.director("Dora"))
    form = approval(dora.text(url(request_id)))

    with wrong(app, by):
        answer = dora.post(url(request_id, "/approve"), form)
        assert answer.status_code == 503
        assert SENTENCE in answer.text
        assert "an operator has put it right" in answer.text
        assert typed(answer.text, "reason") == "A reason I typed."
        assert nothing_was_decided(request_id)

    assert dora.post(url(request_id, "/approve"), form).status_code == 303
    assert state(request_id) is State.APPROVED


@pytest.mark.parametrize("path", ["/decline", "/refer", "/outcome/approve", "/outcome/decline"])
def test_no_other_decision_is_taken_under_a_wrong_clock_either(app: Flask, path: str) -> None:
    request_id, decider = ready(people.member()), Browser(app, people.director("Dora"))
    if path.startswith("/outcome"):
        assert decider.post(url(request_id, "/refer"), {"reason": "Please decide."}).status_code == 303
        decider = Browser(app, people.board_member())
    page = decider.text(url(request_id))
    prefix = "decline-" if path.endswith("/decline") else ""
    minutes = {"met_on": clock.now().date().isoformat(), "minutes_url": "https://example.org/minutes"}
    choices = approval(page) if path.endswith("/approve") else {}
    form = {**fields_of(page, url(request_id, path)), **choices, f"{prefix}reason": "A reason I typed."}
    form |= {f"{prefix}{name}": value for name, value in minutes.items() if path.startswith("/outcome")}
    before = events(request_id)

    with moved(app, -2 * HOUR):
        answer = decider.post(url(request_id, path), form)
        assert answer.status_code == 503
        assert SENTENCE in answer.text
        assert fields_of(answer.text, url(request_id, path))[f"{prefix}reason"] == "A reason I typed."
        assert events(request_id) == before

    assert decider.post(url(request_id, path), form).status_code == 303
    assert events(request_id) != before


@pytest.mark.parametrize(("wrong", "by"), WRONG)
def test_people_go_on_talking_and_their_words_keep_their_order(app: Flask, wrong: Any, by: timedelta) -> None:
    ann = people.member("Ann")
    request_id, browser = team_request(ann), Browser(app, ann)
    say = {"audience": "shared"}

    for number, when in enumerate([timedelta(), by, timedelta()]):
        with wrong(app, when):
            answer = browser.post(url(request_id, "/comments"), {**say, "body": f"Word {number}."})
            assert answer.status_code == 303, answer.text

    page = browser.text(url(request_id))
    assert page.index("Word 0.") < page.index("Word 1.") < page.index("Word 2.")
    comments = db.session.scalars(select(Event).where(Event.code == "comment.added").order_by(Event.id)).all()
    assert [event.data.get("clock") for event in comments] == [None, "wrong", None]
    assert audit.verify_chain().first_bad is None


def test_a_word_said_under_a_wrong_clock_leaves_no_doubt_behind(app: Flask) -> None:
    write("person.added")
    with moved(app, YEAR):
        write("comment.added")

    assert write("person.added").data == {}


@pytest.mark.parametrize(("wrong", "by"), WRONG)
def test_what_is_not_known_to_be_harmless_waits(app: Flask, wrong: Any, by: timedelta) -> None:
    write("person.added")

    with wrong(app, by), pytest.raises(ClockLooksWrong):
        write("anything.new")

    assert db.session.scalars(select(Event.code)).all() == ["person.added"]


@pytest.mark.parametrize("code", sorted(believing.GOES_ON))
def test_what_goes_on_under_a_wrong_clock_is_something_the_portal_does(code: str) -> None:
    sources = [path.read_text(encoding="utf-8") for path in Path(config.ROOT / "portal").rglob("*.py")]
    known = {found for text in sources if "GOES_ON =" not in text for found in re.findall(r'"([a-z]+\.[a-z_]+)"', text)}

    assert code in known


@pytest.mark.parametrize(
    ("wrong", "by", "taken"),
    [
        (started_under, -2 * MINUTE + SECOND, True),
        (started_under, -2 * MINUTE - SECOND, False),
        (moved, 10 * MINUTE - SECOND, True),
        (moved, 10 * MINUTE + SECOND, False),
    ],
)
def test_small_differences_between_clocks_are_no_doubt(app: Flask, wrong: Any, by: timedelta, taken: bool) -> None:
    write("person.added")

    with wrong(app, by):
        if taken:
            write("person.added")
        else:
            with pytest.raises(ClockLooksWrong):
                write("person.added")


def test_an_event_of_the_future_stops_decisions_until_an_operator_confirms_the_clock(app: Flask) -> None:
    with started_under(app, YEAR):
        write("person.added")
    with pytest.raises(ClockLooksWrong):
        write("person.added")
    assert "RED   The server's clock says" in run(app, "doctor").output

    answer = run(app, "clock", "confirm", "--yes")

    assert answer.exit_code == 0, answer.output
    assert write("person.added").data == {}
    confirmed = db.session.scalars(select(Event).where(Event.code == believing.CONFIRMED)).one()
    assert (confirmed.actor_kind, confirmed.data) == (ActorKind.COMMAND, {})
    assert audit.verify_chain().first_bad is None
    assert "RED" not in run(app, "doctor").output


def test_the_timeline_says_what_moment_it_believes(app: Flask) -> None:
    write("person.added")
    with unit_of_work():
        db.session.scalars(select(ChainHead)).one().newest_at = clock.now() - YEAR

    assert "does not end where its head says" in audit.verify_chain().reason


def test_every_page_warns_while_the_clock_is_far_off(app: Flask, client: FlaskClient) -> None:
    assert SENTENCE not in client.get("/").text

    with moved(app, -2 * HOUR):
        assert SENTENCE in client.get("/").text

    assert SENTENCE not in client.get("/").text


def health(client: FlaskClient) -> tuple[int, str]:
    answer = client.get("/healthz")
    return answer.status_code, answer.get_json()["status"]


@pytest.mark.parametrize(("wrong", "by"), WRONG)
def test_health_and_doctor_tell(app: Flask, client: FlaskClient, wrong: Any, by: timedelta) -> None:
    write("person.added")
    assert health(client) == (200, "ok")

    with wrong(app, by):
        assert health(client) == (200, "server clock looks wrong")
        assert "RED   The server's clock says" in run(app, "doctor").output


@pytest.mark.parametrize("by", [-2 * HOUR, YEAR])
def test_nobody_is_signed_out_by_a_jump_that_is_over(app: Flask, by: timedelta) -> None:
    dora = Browser(app, people.director("Dora"))
    dora.text("/requests/")

    with moved(app, by):
        dora.get("/requests/")
        dora.get("/")

    assert dora.get("/requests/").status_code == 200


def test_who_is_signed_in_stays_so_while_the_clock_is_two_hours_back(app: Flask) -> None:
    dora = Browser(app, people.director("Dora"))
    dora.text("/requests/")

    with moved(app, -2 * HOUR):
        assert dora.get("/requests/").status_code == 200


def test_a_session_begun_a_year_ahead_does_not_live_a_year_longer(app: Flask) -> None:
    ann = people.member()
    with started_under(app, YEAR):
        browser = Browser(app, ann)
        assert browser.get("/requests/").status_code == 200

    assert browser.get("/requests/").status_code == 401
    assert sessions.living(ann.id, now=clock.now()) == []


@pytest.mark.parametrize("wrong", [moved, started_under])
def test_a_jump_is_no_pause_and_hides_none(app: Flask, wrong: Any) -> None:
    ann = people.member()
    browser = Browser(app, ann)
    browser.text("/requests/")
    with wrong(app, 11 * HOUR):
        browser.get("/requests/")

    browser.text("/requests/")
    assert "paused" not in cookie(browser)
    with started_under(app, sessions.IDLE_LIMIT + MINUTE):
        browser.text("/requests/")
        assert cookie(browser)["paused"] is True


def cookie(browser: Browser) -> dict[str, Any]:
    with browser.client.session_transaction() as session:
        return dict(session)


def test_a_word_of_next_year_does_not_hide_that_the_director_is_silent(app: Flask) -> None:
    dora, ann = people.director(), people.member()
    request_id = team_request(ann, days_ago=5)
    with moved(app, YEAR):
        do(discussion_services.comment, dora, request_id, "Soon.", audience=CommentAudience.SHARED)

    with unit_of_work() as now:
        report = unreachable.report_unreachable(ann, now=now)

    assert report.director_id == dora.id


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize("change", CHANGES_OF_THE_HOUR)
def test_an_hour_stays_an_hour_when_the_server_s_zone_changes(app: Flask, change: datetime) -> None:
    ann = people.member()
    with time_machine.travel((change - 30 * MINUTE).timestamp(), tick=False) as travel:
        request_id = team_request(ann)
        for _ in range(3):
            do(discussion_services.comment, ann, request_id, "A word.", audience=CommentAudience.SHARED)
            travel.shift(30 * MINUTE)

    db.session.rollback()
    events = db.session.scalars(select(Event).where(Event.code == "comment.added").order_by(Event.at)).all()
    assert [event.at - change for event in events] == [-30 * MINUTE, 0 * MINUTE, 30 * MINUTE]
    assert [event.id for event in events] == sorted(event.id for event in events)
    assert audit.verify_chain().first_bad is None


def frozen_at(moment: datetime) -> time_machine.travel:
    """Stand at this moment, in the server's own zone: a datetime would bring its zone along."""
    return time_machine.travel(moment.timestamp(), tick=False)


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize("change", CHANGES_OF_THE_HOUR)
def test_what_is_due_when_the_server_s_zone_changes_is_due_then_and_no_sooner(app: Flask, change: datetime) -> None:
    """A session, absences, the end of a discussion and a reminder, all due at the moment of the change."""
    with frozen_at(change - 30 * MINUTE):
        dora, dep, ann = people.director(), people.deputy(), people.member()
        dora_id, ann_id = dora.id, ann.id
        ready_id = team_request(ann, days_ago=(3 * DAY - 30 * MINUTE) / DAY)
        position(people.member(), ready_id)
        asked_id = team_request(people.member(), days_ago=9)
        do(discussion_services.ask, dep, asked_id, "Which?", at=change - 7 * DAY)
        with unit_of_work() as now:
            ticking.note_run(now)
            token = sessions.start(ann.id, ann.identities[0].id, now=change - sessions.LIFETIME)
            for person in (dora, ann):
                absences.declare_absence(person, now, to_at=change, reason=None, now=now)

    with frozen_at(change - SECOND):
        assert sessions.find(token, now=clock.now()) is not None
        assert people_queries.facts(ann.id, clock.now()).away
        assert people_queries.leadership(clock.now()).acting_open
        with pytest.raises(Invalid, match="2 of 3 days"):
            decide(dep, ready_id, anyway=None)
        assert run(app, "clock", "tick").exit_code == 0
        assert "question.reminded/shared" not in events(asked_id)

    with frozen_at(change):
        assert sessions.find(token, now=clock.now()) is None
        assert not people_queries.facts(ann_id, clock.now()).away
        assert not people_queries.leadership(clock.now()).acting_open
        decide(db.session.get_one(Person, dora_id), ready_id, anyway=None)
        assert run(app, "clock", "tick").exit_code == 0
        assert "question.reminded/shared" in events(asked_id)

    assert state(ready_id) is State.APPROVED
    assert audit.verify_chain().first_bad is None


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize("change", CHANGES_OF_THE_HOUR)
def test_access_granted_around_the_change_ends_when_its_last_day_is_over_in_utc(app: Flask, change: datetime) -> None:
    dora, midnight = people.director(), change.replace(hour=0)
    for shift, last in (
        (-DAY, midnight + DAY),
        (timedelta(), midnight + 2 * DAY),
    ):  # until the change's day, or the next
        with frozen_at(change + shift):
            ann = people.member()
            decide(dora, with_end(ann, 1))
            (access,) = access_queries.held(ann.id, clock.now())

        assert access.until == last
        assert access_queries.held(ann.id, last - SECOND) != []
        assert access_queries.held(ann.id, last) == []
