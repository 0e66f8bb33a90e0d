"""What happens to requests by itself, and that it happens once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask

from portal.requests import clock_jobs, decision_services, discussion_services, filing_services
from portal.requests.workflow import State
from portal.web import clock
from portal.web.unit_of_work import unit_of_work
from tests import factories as people
from tests.requests.factories import do, events, state, team_request

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("whole_timeline")]
SECOND = timedelta(seconds=1)


def tick(at: datetime) -> int:
    with unit_of_work(at) as now:
        return clock_jobs.tick(now)


def asked() -> tuple[int, datetime]:
    """A request with a question that was asked just now."""
    request_id, now = team_request(people.member()), clock.now()
    do(discussion_services.ask, people.member(), request_id, "Which?", at=now)
    return request_id, now


def test_a_question_is_reminded_of_once_after_seven_days(app: Flask) -> None:
    request_id, began = asked()

    assert tick(began + timedelta(days=7) - SECOND) == 0
    assert tick(began + timedelta(days=7)) == 1
    assert tick(began + timedelta(days=7)) == 0
    assert tick(began + timedelta(days=20)) == 0

    assert events(request_id).count("question.reminded/shared") == 1
    assert state(request_id) is State.NEEDS_INFORMATION


def test_a_request_is_closed_after_thirty_days_without_an_answer(app: Flask) -> None:
    request_id, began = asked()
    tick(began + timedelta(days=7))

    assert tick(began + timedelta(days=30) - SECOND) == 0
    assert tick(began + timedelta(days=30)) == 1
    assert tick(began + timedelta(days=31)) == 0

    assert state(request_id) is State.CLOSED
    assert events(request_id)[-1] == "request.closed_without_reply/shared"


def test_a_clock_that_stood_still_reminds_first_and_leaves_as_long_to_answer(app: Flask) -> None:
    request_id, began = asked()

    tick(began + timedelta(days=40))
    assert events(request_id)[-1] == "question.reminded/shared"
    assert state(request_id) is State.NEEDS_INFORMATION

    assert tick(began + timedelta(days=63) - SECOND) == 0
    assert tick(began + timedelta(days=63)) == 1
    assert state(request_id) is State.CLOSED


def test_a_question_that_was_answered_or_is_with_the_board_closes_nothing(app: Flask) -> None:
    director, ann = people.director(), people.member()
    answered = team_request(ann)
    question = do(discussion_services.ask, people.member(), answered, "Which?").id
    do(discussion_services.answer, ann, answered, question, "These.")
    referred, _ = asked()
    do(decision_services.refer, director, referred, "Please")
    withdrawn = team_request(ann, "system:github")
    do(discussion_services.ask, people.member(), withdrawn, "Which?")
    do(filing_services.withdraw, ann, withdrawn)

    assert tick(clock.now() + timedelta(days=60)) == 0
    assert [state(id) for id in (answered, referred, withdrawn)] == [
        State.DISCUSSION, State.WITH_BOARD, State.WITHDRAWN,
    ]  # fmt: skip


def test_the_oldest_open_question_closes_it(app: Flask) -> None:
    request_id, began = asked()
    tick(began + timedelta(days=7))
    do(discussion_services.ask, people.member(), request_id, "And which?", at=began + timedelta(days=29))

    assert tick(began + timedelta(days=30)) >= 1
    assert state(request_id) is State.CLOSED
