"""Who decides: nobody who is involved, the Deputy while acting, the Board as the last word; reopening and effects."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.access import queries as access_queries
from portal.access.models import ItemType
from portal.access.standing import Status
from portal.errors import Invalid, NotPermitted, NotVisible, WrongState
from portal.extensions import db
from portal.people import queries as people_queries
from portal.people.models import Capacity
from portal.requests import (
    decision_services,
    discussion_services,
    fact_queries,
    filing_services,
    objection_services,
    queries,
)
from portal.requests.decision_services import AlreadyDecided, Choice
from portal.requests.filing_checks import DuplicateRequest
from portal.requests.models import Decision, Referral
from portal.requests.workflow import State
from portal.web import clock
from tests import factories as people
from tests.access import factories as access
from tests.assessments import factories as assessments
from tests.requests.deciding import away, day, held, item_ids, nothing_was_decided, ready, roles
from tests.requests.factories import (
    CANARY,
    decide,
    details,
    do,
    events,
    get,
    position,
    ruling,
    state,
    team_request,
)

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("whole_timeline")]


def test_nobody_decides_their_own_request(app: Flask) -> None:
    director = people.director()
    request_id = ready(director)

    for act in (True, False):
        with pytest.raises(NotPermitted, match="your own request"):
            decide(director, request_id, approve=act)
    with pytest.raises(NotPermitted, match="your own request"):
        do(decision_services.refer, director, request_id, "Board, please")

    assert nothing_was_decided(request_id)


def test_the_directors_own_request_is_decided_by_the_deputy(app: Flask) -> None:
    director, deputy = people.director(), people.deputy()

    decision = decide(deputy, ready(director))

    assert (decision.capacity, decision.acting) == ("deputy", False)


def test_who_filed_sponsors_or_marks_does_not_decide(app: Flask) -> None:
    assessments.seed()
    director, deputy, vera, ann = people.director(), people.deputy(), people.volunteer(), people.member()
    filed = team_request(director, "role:software_engineer", candidate=vera, kind="new_member")
    do(filing_services.agree, vera, filed)
    marked = ready(ann)
    review = assessments.locked_review(ann, director)
    do(objection_services.link_assessment, ann, marked, review)
    sponsored = team_request(people.volunteer(), "role:software_engineer", kind="new_member")
    do(discussion_services.sponsor, deputy, sponsored, None)
    do(discussion_services.withdraw_sponsorship, deputy, sponsored)
    away(director)

    for person, request_id, why in (
        (director, filed, "You filed"),
        (director, marked, "You marked"),
        (deputy, sponsored, "You sponsored"),
    ):
        with pytest.raises(NotPermitted, match=why):
            decide(person, request_id)


def test_the_deputy_decides_nothing_while_the_director_is_there(app: Flask) -> None:
    people.director()
    deputy, ben = people.deputy(), people.member()
    request_id = ready(people.member())

    with pytest.raises(NotPermitted, match="only while the Director is away or involved"):
        decide(deputy, request_id)
    with pytest.raises(NotPermitted, match="The Director decides"):
        decide(ben, request_id)
    with pytest.raises(NotVisible):
        decide(people.volunteer(), request_id)


def test_what_the_acting_deputy_decides_waits_for_the_directors_review(app: Flask) -> None:
    director, deputy = people.director(), people.deputy()
    request_id = ready(people.member())
    away(director)

    decision = decide(deputy, request_id)
    assert (decision.capacity, decision.acting, decision.reviewed_at) == ("deputy", True, None)
    with pytest.raises(NotPermitted):
        do(decision_services.review, deputy, request_id, decision.id)
    do(decision_services.review, director, request_id, decision.id)

    assert (decision.reviewed_by_id, decision.reviewed_at is not None) == (director.id, True)
    assert events(request_id)[-1] == "decision.reviewed/team"
    with pytest.raises(WrongState):
        do(decision_services.review, director, request_id, decision.id)


def test_a_review_names_a_decision_of_this_very_request(app: Flask) -> None:
    director, deputy = people.director(), people.deputy()
    one, other = ready(people.member()), ready(people.member())
    away(director)
    first, _second = decide(deputy, one), decide(deputy, other)

    with pytest.raises(NotVisible):
        do(decision_services.review, director, other, first.id)


def test_a_decision_of_the_director_ends_the_acting(app: Flask) -> None:
    director, deputy = people.director(), people.deputy()
    first, second = ready(people.member()), ready(people.member())
    away(director)

    decide(director, first, approve=False)

    assert not people_queries.leadership(clock.now()).acting_open
    with pytest.raises(NotPermitted):
        decide(deputy, second)


def test_the_board_has_the_last_word_on_what_was_referred(app: Flask) -> None:
    director, board, ann = people.director(), people.board_member(), people.member()
    request_id = ready(ann)
    do(decision_services.refer, director, request_id, f"I know them too well. {CANARY}")
    assert (state(request_id), events(request_id)[-1]) == (State.WITH_BOARD, "request.referred/shared")
    assert db.session.scalars(select(Referral)).one().by_id == director.id

    for person in (director, ann):
        with pytest.raises((NotPermitted, WrongState)):
            decide(person, request_id)
    with pytest.raises(NotPermitted):
        do(decision_services.record_outcome, director, request_id, outcome(request_id))
    decision = do(decision_services.record_outcome, board, request_id, outcome(request_id))

    assert (decision.capacity, decision.decided_by_id) == ("board", board.id)
    assert (decision.met_on, decision.minutes_url) == (day(0), "https://example.org/minutes")
    assert held(ann) == {("grafana", Status.APPROVED)}
    assert state(request_id) is State.APPROVED


def outcome(request_id: int, **changes: Any) -> decision_services.Ruling:
    return ruling(request_id, **{"met_on": day(0), "minutes_url": "https://example.org/minutes", **changes})


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"met_on": None}, "met_on"),
        ({"met_on": date(2100, 1, 1)}, "met_on"),
        ({"minutes_url": None}, "minutes_url"),
        ({"minutes_url": "javascript://example.org/%0aalert(1)"}, "minutes_url"),
    ],
)
def test_the_boards_outcome_has_a_day_and_minutes(app: Flask, changes: dict[str, Any], field: str) -> None:
    director, board = people.director(), people.board_member()
    request_id = ready(people.member())
    do(decision_services.refer, director, request_id, "Please")

    with pytest.raises(Invalid) as refused:
        do(decision_services.record_outcome, board, request_id, outcome(request_id, **changes))

    assert refused.value.field == field
    assert state(request_id) is State.WITH_BOARD


def test_the_board_says_not_yet_too_and_then_nobody_else_decides(app: Flask) -> None:
    director, board = people.director(), people.board_member()
    request_id = ready(people.member())
    do(decision_services.refer, director, request_id, "Please")

    do(decision_services.record_outcome, board, request_id, outcome(request_id, approve=False))

    assert state(request_id) is State.DECLINED
    with pytest.raises(AlreadyDecided):
        do(decision_services.record_outcome, board, request_id, outcome(request_id))


def test_where_nobody_else_may_decide_the_board_does(app: Flask) -> None:
    director, board, other = people.director(), people.board_member(), people.board_member()
    request_id = ready(director)
    do(discussion_services.recuse, other, request_id, None)

    with pytest.raises(NotPermitted):
        do(decision_services.record_outcome, other, request_id, outcome(request_id))
    do(decision_services.record_outcome, board, request_id, outcome(request_id))

    assert state(request_id) is State.APPROVED


def test_the_treasurer_and_the_operator_decide_nothing(app: Flask) -> None:
    people.director()
    request_id = ready(people.member())

    for capacity in (Capacity.TREASURER, Capacity.OPERATOR):
        with pytest.raises(NotVisible):
            decide(people.person(None, capacity=capacity), request_id)


def test_not_yet_can_be_taken_up_again_as_a_new_revision(app: Flask) -> None:
    director, ben = people.director(), people.member()
    request_id = ready(people.member())
    decide(director, request_id, approve=False)

    with pytest.raises(NotPermitted):
        do(decision_services.reopen, ben, request_id)
    do(decision_services.reopen, director, request_id)

    row = get(request_id)
    facts = fact_queries.facts_of(row, clock.now())
    assert (row.state, row.revision_number, row.closed_at) == (State.DISCUSSION, 2, None)
    assert ([item.key for item in facts.items], facts.positions) == (["grafana"], ())
    assert row.discussion_at == row.state_since
    assert events(request_id)[-1] == "request.reopened/shared"
    decide(director, request_id)
    assert state(request_id) is State.APPROVED
    assert db.session.scalar(select(func.count()).select_from(Decision)) == 2


def test_what_the_board_declined_goes_back_to_the_board(app: Flask) -> None:
    director, board = people.director(), people.board_member()
    request_id = ready(people.member())
    do(decision_services.refer, director, request_id, "Please")
    do(decision_services.record_outcome, board, request_id, outcome(request_id, approve=False))

    with pytest.raises(NotPermitted):
        do(decision_services.reopen, director, request_id)
    do(decision_services.reopen, board, request_id)

    assert (state(request_id), get(request_id).revision_number) == (State.WITH_BOARD, 2)
    with pytest.raises((NotPermitted, WrongState)):
        decide(director, request_id)


def test_a_changed_request_that_was_referred_stays_with_the_board_once_it_is_agreed_to(app: Flask) -> None:
    from portal.requests import queries

    director, ann, ben = people.director(), people.member(), people.member()
    request_id = team_request(ann, candidate=ben)
    do(filing_services.agree, ben, request_id)
    do(decision_services.refer, director, request_id, "Please")
    base = queries.edit_base(request_id, 1)
    do(filing_services.revise, ann, request_id, details("access_expansion", ben, "system:github"), base=base)
    assert state(request_id) is State.AGREEMENT

    do(filing_services.agree, ben, request_id)

    assert state(request_id) is State.WITH_BOARD


def test_whoever_joins_is_given_a_role(app: Flask) -> None:
    director, vera = people.director(), people.volunteer()
    request_id = team_request(vera, "role:software_engineer", "system:grafana", kind="new_member", days_ago=8)
    _role, grafana = item_ids(request_id)

    with pytest.raises(Invalid, match="needs a role"):
        decide(director, request_id, choices=(Choice(grafana),))

    assert nothing_was_decided(request_id)


def test_nothing_is_given_for_longer_than_ten_years_nor_asked_again_in_the_past(app: Flask) -> None:
    director = people.director()
    request_id = ready(people.member())
    (item,) = item_ids(request_id)

    with pytest.raises(Invalid, match="ten years") as refused:
        decide(director, request_id, choices=(Choice(item, date(9999, 12, 31)),))
    assert refused.value.field == "until"
    with pytest.raises(Invalid, match="in the future") as refused:
        decide(director, request_id, approve=False, ask_again_on=day(0))
    assert refused.value.field == "ask_again_on"


def test_an_approval_is_never_reopened(app: Flask) -> None:
    director = people.director()
    request_id = ready(people.member())
    decide(director, request_id)

    with pytest.raises(WrongState):
        do(decision_services.reopen, director, request_id)


def test_what_was_asked_anew_is_not_reopened_beside_it(app: Flask) -> None:
    director, ann = people.director(), people.member()
    request_id = ready(ann)
    decide(director, request_id, approve=False)
    anew = team_request(ann)

    with pytest.raises(DuplicateRequest) as refused:
        do(decision_services.reopen, director, request_id)

    assert refused.value.request_id == anew
    assert (state(request_id), get(request_id).revision_number) == (State.DECLINED, 1)


def test_a_failure_in_the_effect_leaves_nothing_behind(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    director, ann, ben = people.director(), people.member(), people.member()
    request_id = ready(ann, "role:project_manager", "system:grafana", kind="role_change")
    concern = do(objection_services.raise_concern, ben, request_id, "Key", "x").id
    before = events()
    filled = ruling(request_id, overrides={concern: "Seen to"})

    def fail(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("portal.access.services.approve", fail)
    with pytest.raises(RuntimeError):
        do(decision_services.decide, director, request_id, filled)
    monkeypatch.undo()

    assert nothing_was_decided(request_id)
    assert roles(ann) == {"software_engineer"}
    assert events() == before
    assert fact_queries.facts_of(get(request_id), clock.now()).open_concerns == 1
    do(decision_services.decide, director, request_id, filled)
    assert roles(ann) == {"software_engineer", "project_manager"}


def test_approving_a_newcomer_makes_them_a_member(app: Flask) -> None:
    director, vera, ben = people.director(), people.volunteer(), people.member()
    request_id = team_request(vera, "role:software_engineer", kind="new_member", days_ago=8)
    position(people.member(), request_id)
    with pytest.raises(Invalid, match="No member sponsors"):
        decide(director, request_id, anyway=None)

    do(discussion_services.sponsor, ben, request_id, None)
    decide(director, request_id, anyway=None)

    assert roles(vera) == {"software_engineer"}


def test_an_access_that_is_held_already_is_not_given_twice(app: Flask) -> None:
    director, ann = people.director(), people.member()
    request_id = ready(ann)
    access.approved(ann, director, "grafana", item_type=ItemType.SYSTEM, at=clock.now())

    decide(director, request_id)

    assert len(access_queries.history(ann.id, clock.now())) == 1


def test_what_the_board_declined_goes_back_to_the_board_also_after_the_candidate_agreed_anew(app: Flask) -> None:
    ann, ben, board = people.member(), people.member(), people.board_member()
    request_id = team_request(ben, candidate=ann)
    do(filing_services.agree, ann, request_id)
    do(decision_services.record_outcome, board, request_id, outcome(request_id, approve=False))  # there is no Director
    do(decision_services.reopen, board, request_id)
    base = queries.edit_base(request_id, get(request_id).revision_number)
    wanted = details("access_expansion", ann, "system:github")

    do(filing_services.revise, ben, request_id, wanted, base=base)
    do(filing_services.agree, ann, request_id)

    assert state(request_id) is State.WITH_BOARD
