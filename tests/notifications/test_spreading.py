"""From the timeline to the inboxes: who was told of what, on both databases."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.extensions import db
from portal.notifications import spreading
from portal.notifications.models import Delivery, Turn
from portal.requests import decision_services, discussion_services, filing_services
from portal.requests.discussion_models import CommentAudience
from tests import factories
from tests.notifications.factories import forget, told
from tests.requests import factories as requests

pytestmark = pytest.mark.both_databases
TEAM, SHARED = CommentAudience.TEAM, CommentAudience.SHARED


def test_a_new_request_reaches_the_team_and_not_who_filed_it(app: Flask) -> None:
    ann, ben, olga = factories.member("Ann"), factories.member("Ben"), factories.volunteer("Olga")
    forget()

    requests.team_request(ann)

    assert told(ann) == []
    assert told(ben) == ["request.filed/team"]
    assert told(olga) == []


def test_who_is_asked_to_agree_is_told_that_it_is_their_turn_and_the_team_when_it_is_discussed(app: Flask) -> None:
    ann, ben, cleo = (factories.member(name) for name in ("Ann", "Ben", "Cleo"))
    forget()

    id = requests.team_request(ben, candidate=ann)
    assert told(ann) == ["request.filed/turn"]
    assert told(cleo) == []

    requests.do(filing_services.agree, ann, id)
    assert told(ben) == ["request.agreed/requester"]
    assert told(cleo) == ["request.agreed/team"]


def test_the_candidate_is_told_of_shared_words_and_not_of_those_for_the_team(app: Flask) -> None:
    ann, ben, cleo = (factories.member(name) for name in ("Ann", "Ben", "Cleo"))
    id = requests.team_request(ann)
    requests.do(discussion_services.comment, cleo, id, "First.", audience=TEAM)
    forget()

    requests.do(discussion_services.comment, ben, id, "For us.", audience=TEAM)
    requests.do(discussion_services.comment, ben, id, "For you.", audience=SHARED)

    assert told(ann) == ["comment.added/candidate"]
    assert told(cleo)[-2:] == ["comment.added/spoke", "comment.added/spoke"]
    assert told(ben)[-1] != "comment.added/spoke"


def test_the_result_reaches_the_candidate_the_requester_and_who_spoke(app: Flask) -> None:
    dora, ann, ben, cleo, dan = (
        factories.director(),
        *(factories.member(name) for name in ("Ann", "Ben", "Cleo", "Dan")),
    )
    id = requests.team_request(ben, candidate=ann)
    requests.do(filing_services.agree, ann, id)
    requests.do(discussion_services.comment, cleo, id, "Yes.", audience=TEAM)
    forget()

    requests.decide(dora, id)

    assert told(ann)[-1] == "request.approved/candidate"
    assert told(ben)[-1] == "request.approved/requester"
    assert told(cleo)[-1] == "request.approved/spoke"
    assert "request.approved" not in " ".join([*told(dan), *told(dora)])


def test_a_question_makes_it_the_turn_of_the_candidate_until_it_is_answered(app: Flask) -> None:
    factories.director()
    ann, ben = factories.member("Ann"), factories.member("Ben")
    id = requests.team_request(ann)
    forget()

    asked = requests.do(discussion_services.ask, ben, id, "Which?")
    assert told(ann) == ["question.added/turn"]
    assert db.session.scalars(select(Turn.person_id)).all() == [ann.id]

    requests.do(discussion_services.answer, ann, id, asked.id, "Both.")
    assert told(ben)[-1] == "answer.added/spoke"
    assert db.session.scalars(select(Turn.person_id)).all() == []
    done = db.session.scalars(select(Delivery.done_at).where(Delivery.person_id == ann.id)).one()
    assert done is not None  # the inbox does not go on saying that it is their turn


def test_who_makes_it_their_own_turn_is_not_told_and_has_it(app: Flask) -> None:
    dora, ann = factories.director(), factories.member("Ann")
    id = requests.team_request(ann)
    board = factories.board_member("Bo")
    forget()

    requests.do(decision_services.refer, dora, id, "For the Board.")
    assert told(board)[-1] == "request.referred/turn"
    assert db.session.scalars(select(Turn.person_id)).all() == [board.id]


def test_who_recused_themselves_is_told_of_nothing_more(app: Flask) -> None:
    dora, ann, ben = factories.director(), factories.member("Ann"), factories.member("Ben")
    id = requests.team_request(ann)
    requests.do(discussion_services.comment, ben, id, "Hm.", audience=TEAM)
    requests.do(discussion_services.recuse, ben, id, None)
    forget()
    before = told(ben)

    requests.decide(dora, id)

    assert told(ben) == before


def test_reading_the_timeline_again_tells_nothing_twice(app: Flask) -> None:
    ann, ben = factories.member("Ann"), factories.member("Ben")
    requests.team_request(ann)

    assert spreading.spread() > 0
    assert spreading.spread() == 0
    assert told(ben) == ["request.filed/team"]


def test_a_worker_that_was_slower_writes_nothing(app: Flask) -> None:
    ann = factories.member("Ann")
    factories.member("Ben")
    requests.team_request(ann)
    slow = spreading._read(factories.now())
    assert slow is not None

    spreading.spread()
    before = db.session.scalar(select(func.count(Delivery.id)))

    assert not spreading._write(slow)
    assert db.session.scalar(select(func.count(Delivery.id))) == before
