"""Turns that come with time, words about what waits too long, and reminders of named duties."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.assessments.models import Seat
from portal.audit.models import Event
from portal.extensions import db
from portal.notifications import duties, sending
from portal.notifications.models import Reminder, Turn
from portal.people.models import Person
from portal.requests import discussion_services, objection_services, turn_jobs
from portal.requests.discussion_models import CommentAudience
from portal.web.unit_of_work import unit_of_work
from tests import factories
from tests.assessments import factories as sheets
from tests.notifications.factories import Box, channel, forget, told
from tests.requests import factories as requests

pytestmark = pytest.mark.both_databases


def tick(moment: datetime) -> int:
    """What the clock does at this moment, and what is told of it."""
    with time_machine.travel(moment, tick=False):
        with unit_of_work() as now:
            count = turn_jobs.tick(now) + duties.tick(now)
        forget()
    return count


def codes(*only: str) -> list[str]:
    db.session.rollback()
    return [code for code in db.session.scalars(select(Event.code).order_by(Event.id)) if code in only]


def test_the_decider_is_told_when_the_discussion_has_lasted_long_enough(app: Flask) -> None:
    dora, ann, ben = factories.director(), factories.member("Ann"), factories.member("Ben")
    id = requests.team_request(ann)
    requests.position(ben, id)
    forget()
    begin = factories.now()

    assert tick(begin + timedelta(days=2)) == 0
    assert "turn.began/turn" not in told(dora)

    assert tick(begin + timedelta(days=3, minutes=1)) == 1
    assert told(dora)[-1] == "turn.began/turn"
    assert "turn.began" not in " ".join([*told(ann), *told(ben)])
    assert tick(begin + timedelta(days=3, minutes=2)) == 0


def test_the_deputy_is_told_when_the_director_goes_away(app: Flask) -> None:
    dora, dep, ann, ben = factories.director(), factories.deputy(), factories.member("Ann"), factories.member("Ben")
    id = requests.team_request(ann, days_ago=5)
    requests.position(ben, id)
    forget()
    assert db.session.scalars(select(Turn.person_id)).all() == [dora.id]

    factories.absent(dora)
    forget()
    tick(factories.now() + timedelta(minutes=1))

    assert told(dep)[-1] == "turn.began/turn"


def test_a_turn_that_news_will_tell_is_not_told_by_the_clock(app: Flask) -> None:
    ann, ben = factories.member("Ann"), factories.member("Ben")
    factories.director()
    id = requests.team_request(ann)
    forget()
    requests.do(discussion_services.ask, ben, id, "Which?")

    with unit_of_work() as now:
        assert turn_jobs.tick(now) == 0

    assert told(ann) == ["question.added/turn"]


def test_what_waits_a_week_longer_than_it_had_to_is_said_in_public_and_without_names(app: Flask) -> None:
    dora, ann = factories.director(), factories.member("Ann")
    requests.team_request(ann)
    forget()
    begin = factories.now()

    assert tick(begin + timedelta(days=9)) == 0
    with channel(app, Box(rooms=("square",))) as box:
        tick(begin + timedelta(days=10, minutes=1))
        tick(begin + timedelta(days=11))
        with time_machine.travel(begin + timedelta(days=11)):
            sending.send_due()

    assert [str(out.title) for out in box.taken if out.room] == ["#1 Access expansion"]
    assert codes("request.overdue") == ["request.overdue"]
    assert told(ann)[-1] == "request.overdue/candidate"
    assert "request.overdue" not in " ".join(told(dora))  # nobody is chased for not taking a position
    with time_machine.travel(begin + timedelta(days=11)):
        page = app.test_client().get("/record").text
    assert "Access expansion" in page
    assert "Ann" not in page


def test_a_reminder_goes_to_who_has_the_duty_first_and_a_week_later_to_the_director(app: Flask) -> None:
    dora, ann, ben, cleo = factories.director(), *(factories.member(name) for name in ("Ann", "Ben", "Cleo"))
    requests.team_request(ben, candidate=ann)
    forget()
    begin = factories.now()

    tick(begin + timedelta(days=6))
    assert told(ann) == ["request.filed/turn"]

    tick(begin + timedelta(days=7, minutes=1))
    assert told(ann)[-1] == "duty.reminded/person"
    assert "duty.raised/director" not in told(dora)
    tick(begin + timedelta(days=8))
    assert codes("duty.reminded") == ["duty.reminded"]

    tick(begin + timedelta(days=14, minutes=2))
    assert told(dora)[-1] == "duty.raised/director"
    tick(begin + timedelta(days=30))
    assert codes("duty.reminded", "duty.raised") == ["duty.reminded", "duty.raised"]
    assert not any("duty" in line for line in told(cleo))  # who merely has not spoken


def test_the_owner_of_an_open_concern_is_reminded_and_the_candidate_does_not_know(
    app: Flask, as_person: Callable[[Person], FlaskClient]
) -> None:
    factories.director()
    ann, ben = factories.member("Ann"), factories.member("Ben")
    id = requests.team_request(ann)
    concern = requests.do(objection_services.raise_concern, ben, id, "Risk", "A risk.")
    forget()
    begin = factories.now()

    tick(begin + timedelta(days=7, minutes=1))
    assert told(ben)[-1] == "duty.reminded/person"
    assert not any("duty" in line for line in told(ann))
    assert "A reminder to whoever" not in as_person(ann).get(f"/requests/{id}").text

    requests.do(objection_services.resolve_concern, ben, id, concern.id, "It is fine.")
    tick(begin + timedelta(days=20))
    assert codes("duty.raised") == []
    assert [row for row in db.session.scalars(select(Reminder.duty)) if row == "concern"] == []


def test_a_named_marker_is_reminded_and_who_is_away_is_left_in_peace(app: Flask) -> None:
    factories.director()
    ann, ben = factories.member("Ann"), factories.member("Ben")
    sheets.seed()
    sheets.review(ann, ben)
    forget()
    begin = factories.now()
    away = factories.absent(ben, length=timedelta(days=10))

    tick(begin + timedelta(days=8))
    assert "assessment.reminded/person" not in told(away)
    tick(begin + timedelta(days=11))
    assert told(ben)[-1] == "assessment.reminded/person"


def test_of_two_markers_the_one_who_has_not_agreed_is_reminded_once_both_markings_are_in(app: Flask) -> None:
    dora, ann = factories.director(), factories.member("Ann")
    ben, cleo = factories.member("Ben"), factories.member("Cleo")
    sheets.seed()
    marking = sheets.marking(ann, ben, cleo)
    sheets.mark(ben, marking, Seat.MENTOR)
    assert [(duty.kind, duty.person_id) for duty in duties.open_duties(factories.now())] == [("review", cleo.id)]
    sheets.mark(cleo, marking, Seat.SECOND)
    final = [("final", ben.id), ("final", cleo.id)]
    assert [(duty.kind, duty.person_id) for duty in duties.open_duties(factories.now())] == final
    sheets.final(ben, marking)
    sheets.agree(ben, marking)
    forget()
    begin = factories.now()

    tick(begin + timedelta(days=7, minutes=1))
    assert told(cleo)[-1] == "marking.reminded/person"
    tick(begin + timedelta(days=14, minutes=2))
    assert told(dora)[-1] == "marking.raised/director"
    assert "marking.reminded/person" not in told(ben)
    assert codes("marking.reminded", "marking.raised") == ["marking.reminded", "marking.raised"]

    with time_machine.travel(begin + timedelta(days=15), tick=False):
        sheets.agree(cleo, marking)
        assert duties.open_duties(factories.now()) == []


def test_a_ready_request_reminds_the_director_by_name_and_a_week_later_says_that_it_still_waits(app: Flask) -> None:
    """Who decides has a duty with a name: not whoever is in the team."""
    dora, ann, ben = factories.director(), factories.member("Ann"), factories.member("Ben")
    id = requests.team_request(ann, days_ago=5)
    requests.position(ben, id)
    forget()
    begin = factories.now()
    ready = [("turn", id, dora.id)]
    assert [(duty.kind, duty.request_id, duty.person_id) for duty in duties.open_duties(begin)] == ready

    tick(begin + timedelta(days=6, hours=23))
    assert codes("duty.reminded") == []
    tick(begin + timedelta(days=7, minutes=1))
    assert told(dora)[-1] == "duty.reminded/person"
    tick(begin + timedelta(days=13))
    assert codes("duty.reminded", "duty.raised") == ["duty.reminded"]

    tick(begin + timedelta(days=14, minutes=2))
    assert told(dora)[-1] == "duty.raised/director"
    tick(begin + timedelta(days=40))
    assert codes("duty.reminded", "duty.raised") == ["duty.reminded", "duty.raised"]
    about = select(Event.person_id).where(Event.code.in_(("duty.reminded", "duty.raised")))
    assert set(db.session.scalars(about)) == {dora.id}
    assert not any("duty" in line for line in [*told(ann), *told(ben)])


def test_a_member_who_says_nothing_is_never_told_of_their_silence(app: Flask) -> None:
    factories.director()
    ann, ben = factories.member("Ann"), factories.member("Ben")
    id = requests.team_request(ann)
    requests.do(discussion_services.comment, factories.member("Cleo"), id, "Hm.", audience=CommentAudience.TEAM)
    forget()
    begin, before = factories.now(), told(ben)

    for day in range(1, 40):
        tick(begin + timedelta(days=day))

    assert told(ben) == before
