"""The decision: who, on what grounds, with what effect, and what refuses it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.access import queries as access_queries
from portal.access.models import Grant, ItemType
from portal.access.standing import Status
from portal.errors import Invalid, NotPermitted, NotVisible, WrongState
from portal.extensions import db
from portal.people import absences
from portal.people import queries as people_queries
from portal.people.models import Capacity, Person, RoleAssignment, WikiIdentity
from portal.requests import decision_services, discussion_services, fact_queries, filing_services, objection_services
from portal.requests.decision_services import AlreadyDecided, ChangedSinceSeen, Choice
from portal.requests.discussion_models import Concern, ConcernOutcome
from portal.requests.filing_checks import DuplicateRequest
from portal.requests.models import Decision, DecisionItem, Referral
from portal.requests.workflow import State
from portal.web import clock
from portal.web.unit_of_work import unit_of_work
from tests import factories as people
from tests.access import factories as access
from tests.assessments import factories as assessments
from tests.requests.factories import (
    CANARY,
    asked,
    decide,
    details,
    do,
    draft,
    events,
    get,
    grounds,
    position,
    ruling,
    state,
    team_request,
)

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("whole_timeline")]


def ready(candidate: Person, *items: str, kind: str = "access_expansion") -> int:
    """A request for which every required check is met."""
    request_id = team_request(candidate, *items, kind=kind, days_ago=8)
    position(people.member(), request_id)
    return request_id


def item_ids(request_id: int) -> list[int]:
    from portal.requests import queries

    return [item.id for item in queries.current_revision(get(request_id)).items]


def held(person: Person) -> set[tuple[str, Status]]:
    return {(found.item_key, found.status) for found in access_queries.held(person.id, clock.now())}


def roles(person: Person) -> frozenset[str]:
    return people_queries.facts(person.id, clock.now()).roles


def nothing_was_decided(request_id: int) -> bool:
    counts = [db.session.scalar(select(func.count()).select_from(table)) for table in (Decision, DecisionItem, Grant)]
    return counts == [0, 0, 0] and state(request_id) is State.DISCUSSION


def away(director: Person) -> None:
    with unit_of_work() as now:
        absences.declare_absence(director, now, to_at=None, reason=None, now=now)


def test_an_approval_gives_everything_asked_for_at_once(app: Flask) -> None:
    director, ann = people.director(), people.member()
    access.from_before(ann, "bastion", since=clock.now())
    access.from_before(ann, "mediawiki-test-admins", since=clock.now())
    request_id = ready(
        ann, "role:project_manager", "-role:software_engineer", "access_group:mediawiki-admins",
        "-access_group:mediawiki-test-admins", kind="role_change",
    )  # fmt: skip

    decision = decide(director, request_id)

    assert (state(request_id), decision.capacity, decision.acting) == (State.APPROVED, "director", False)
    assert decision.anyway is None
    assert roles(ann) == {"project_manager"}
    assert held(ann) == {("bastion", Status.GRANTED), ("mediawiki-admins", Status.APPROVED)}
    given = db.session.scalars(select(RoleAssignment).where(RoleAssignment.role_key == "project_manager")).one()
    assert (given.decision_id, given.request_id) == (decision.id, request_id)
    assert sorted(events(request_id)[2:]) == [
        "grant.approved/public",
        "grant.revoked/public",
        "request.approved/public",
        "role.assigned/public",
        "role.ended/public",
    ]


def test_some_of_the_items_may_be_given(app: Flask) -> None:
    director, ann = people.director(), people.member()
    request_id = ready(ann, "system:grafana", "system:github")
    grafana, _github = item_ids(request_id)

    decision = decide(director, request_id, choices=(Choice(grafana),))

    assert held(ann) == {("grafana", Status.APPROVED)}
    assert [item.requested_item_id for item in decision.items] == [grafana]


def test_an_item_chosen_twice_is_given_once(app: Flask) -> None:
    director, ann = people.director(), people.member()
    request_id = ready(ann)
    (item,) = item_ids(request_id)

    decision = decide(director, request_id, choices=(Choice(item), Choice(item)))

    assert len(decision.items) == 1


def with_end(ann: Person, days: int) -> int:
    """A request until some days from now."""
    until = (clock.now() + timedelta(days=days)).date()
    filled = replace(details("access_expansion", ann), items=(replace(asked("system:grafana")[0], until=until),))
    return do(filing_services.submit, ann, draft(ann), filled).id


def day(days: int) -> date:
    return (clock.now() + timedelta(days=days)).date()


@pytest.mark.parametrize(("asked_days", "given_days", "expected"), [(30, None, 30), (30, 10, 10), (30, 30, 30)])
def test_an_approval_runs_as_long_as_asked_or_shorter(
    app: Flask, asked_days: int, given_days: int | None, expected: int
) -> None:
    director, ann = people.director(), people.member()
    request_id = with_end(ann, asked_days)
    (item,) = item_ids(request_id)

    decide(director, request_id, choices=(Choice(item, day(given_days) if given_days else None),))

    (grant,) = access_queries.held(ann.id, clock.now())
    assert grant.until == datetime.combine(day(expected + 1), datetime.min.time(), tzinfo=clock.now().tzinfo)


@pytest.mark.parametrize(("days", "words"), [(31, "longer than was asked"), (-1, "in the past")])
def test_an_approval_never_runs_longer_than_asked_or_ends_before_it_began(app: Flask, days: int, words: str) -> None:
    director, ann = people.director(), people.member()
    request_id = with_end(ann, 30)
    (item,) = item_ids(request_id)

    with pytest.raises(Invalid, match=words) as refused:
        decide(director, request_id, choices=(Choice(item, day(days)),))

    assert refused.value.field == "until"
    assert nothing_was_decided(request_id)


def test_only_what_was_asked_for_can_be_given(app: Flask) -> None:
    director, ann, ben = people.director(), people.member(), people.member()
    request_id, other = ready(ann), ready(ben, "system:github")
    foreign = item_ids(other)[0]

    for choices, words in (((), "at least one"), ((Choice(foreign),), "what was asked for")):
        with pytest.raises(Invalid, match=words):
            decide(director, request_id, choices=choices)

    assert nothing_was_decided(request_id)


def test_a_missing_required_check_needs_a_reason_that_stays_on_the_record(app: Flask) -> None:
    director = people.director()
    request_id = team_request(people.member())

    with pytest.raises(Invalid, match="required check is not met") as refused:
        decide(director, request_id, anyway=None)
    assert refused.value.field == "anyway"
    assert nothing_was_decided(request_id)

    decision = decide(director, request_id, anyway=f"It burns. {CANARY}")
    assert decision.anyway is not None
    assert decision.anyway.body == f"It burns. {CANARY}"
    unmet = {check["rule"] for check in decision.checks if not check["met"] and check["weight"] == "required"}
    assert unmet == {"discussion_days", "positions"}


def test_a_reason_for_deciding_anyway_is_not_recorded_where_nothing_was_missing(app: Flask) -> None:
    director = people.director()

    assert decide(director, ready(people.member()), anyway="just in case").anyway is None


def test_some_of_the_items_alone_may_lack_what_they_build_on(app: Flask) -> None:
    director, ann = people.director(), people.member()
    request_id = team_request(ann, "access_group:bastion", "access_group:dns-admins", days_ago=8)
    position(people.member(), request_id)
    bastion, dns = item_ids(request_id)
    filled = replace(ruling(request_id), anyway=None, choices=(Choice(dns),))

    with pytest.raises(Invalid, match="required check"):
        do(decision_services.decide, director, request_id, filled)
    decision = decide(director, request_id, choices=(Choice(dns),), anyway="They get the gate elsewhere.")

    assert decision.anyway is not None
    assert [item.requested_item_id for item in decision.items] == [dns]
    assert bastion != dns


def test_each_open_concern_needs_its_own_answer(app: Flask) -> None:
    director, ben = people.director(), people.member()
    request_id = ready(people.member())
    ids = [do(objection_services.raise_concern, ben, request_id, f"Concern {n}", "x").id for n in range(2)]

    with pytest.raises(Invalid, match="Answer each open concern") as refused:
        decide(director, request_id, overrides={ids[0]: "Seen to"})
    assert refused.value.field == f"override-{ids[1]}"
    assert nothing_was_decided(request_id)
    assert fact_queries.facts_of(get(request_id), clock.now()).open_concerns == 2

    decide(director, request_id, overrides={ids[0]: "Seen to", ids[1]: "And this"})
    rows = db.session.scalars(select(Concern).order_by(Concern.id)).all()
    assert [(row.outcome, row.closed_by_id) for row in rows] == [(ConcernOutcome.OVERRIDDEN, director.id)] * 2
    assert [row.closing.body for row in rows if row.closing] == ["Seen to", "And this"]
    assert events(request_id).count("concern.overridden/team") == 2


def test_not_yet_leaves_concerns_as_they_are(app: Flask) -> None:
    director, ben = people.director(), people.member()
    request_id = ready(people.member())
    do(objection_services.raise_concern, ben, request_id, "Key", "x")

    decide(director, request_id, approve=False)

    assert fact_queries.facts_of(get(request_id), clock.now()).open_concerns == 1


def test_nothing_gets_past_an_absolute_check(app: Flask) -> None:
    director, ann = people.director(), people.member()
    request_id = ready(ann)
    with unit_of_work() as now:
        db.session.scalars(select(WikiIdentity).where(WikiIdentity.person_id == ann.id)).one().locked_at = now

    with pytest.raises(WrongState, match="blocked or locked"):
        decide(director, request_id)

    assert nothing_was_decided(request_id)
    assert decide(director, request_id, approve=False).approved is False


def test_an_approval_after_the_asked_time_has_passed_is_refused(app: Flask) -> None:
    director, ann = people.director(), people.member()
    request_id = with_end(ann, 5)
    later = clock.now() + timedelta(days=6)

    with pytest.raises((WrongState, Invalid)):
        decide(director, request_id, at=later)

    assert nothing_was_decided(request_id)


def test_on_its_last_day_it_can_still_be_given(app: Flask) -> None:
    director, ann = people.director(), people.member()
    request_id = with_end(ann, 5)

    decide(director, request_id, at=datetime.combine(day(5), datetime.min.time(), tzinfo=clock.now().tzinfo))

    assert state(request_id) is State.APPROVED


def test_not_yet_says_what_would_help_and_when_to_ask_again(app: Flask) -> None:
    director = people.director()
    request_id = team_request(people.member())

    decision = decide(
        director, request_id, approve=False, would_help=f"A review. {CANARY}", ask_again_on=day(30), anyway=None
    )

    assert (state(request_id), decision.approved, decision.items) == (State.DECLINED, False, [])
    assert decision.would_help is not None
    assert (decision.would_help.body, decision.ask_again_on) == (f"A review. {CANARY}", day(30))
    assert events(request_id)[-1] == "request.declined/shared"


def test_a_decision_needs_a_reason(app: Flask) -> None:
    director = people.director()
    request_id = ready(people.member())

    for approve in (True, False):
        with pytest.raises(Invalid, match="Give a reason") as refused:
            decide(director, request_id, approve=approve, reason="")
        assert refused.value.field == "reason"


def test_the_slower_of_two_deciders_is_told_who_was_first_and_when(app: Flask) -> None:
    director, deputy, ann = people.director("Dora"), people.deputy(), people.member()
    request_id = ready(ann)
    away(director)
    first, second = ruling(request_id), ruling(request_id)
    moment = datetime(2026, 12, 24, 18, 5, tzinfo=clock.now().tzinfo)
    first = replace(first, grounds=grounds(request_id, at=moment))
    do(decision_services.decide, director, request_id, first, at=moment)

    with pytest.raises(AlreadyDecided, match="Already decided by Dora at 2026-12-24 18:05 UTC"):
        do(decision_services.decide, deputy, request_id, second)
    with pytest.raises(AlreadyDecided):
        do(decision_services.refer, deputy, request_id, "To the Board")

    assert db.session.scalar(select(func.count()).select_from(Decision)) == 1
    assert len(access_queries.history(ann.id, clock.now())) == 1


def test_a_decision_on_other_grounds_than_were_seen_is_refused_with_the_difference(app: Flask) -> None:
    director, ben = people.director(), people.member()
    request_id = ready(people.member())
    filled = ruling(request_id)
    do(objection_services.raise_concern, ben, request_id, "Key", "x")
    do(objection_services.link_page, ben, request_id, "https://example.org", "A patch")

    with pytest.raises(ChangedSinceSeen) as refused:
        do(decision_services.decide, director, request_id, filled)

    assert [str(found) for found in refused.value.differences] == [
        "No longer met: 1 of the checks.",
        "New concerns: 1.",
        "The linked evidence changed.",
    ]
    assert nothing_was_decided(request_id)


def test_a_changed_request_is_never_decided_unseen(app: Flask) -> None:
    from portal.requests import queries

    director, ann = people.director(), people.member()
    request_id = ready(ann)
    filled, base = ruling(request_id), queries.edit_base(request_id, 1)
    do(filing_services.revise, ann, request_id, details("access_expansion", ann, "system:github"), base=base)

    with pytest.raises(ChangedSinceSeen) as refused:
        do(decision_services.decide, director, request_id, filled)

    assert [str(found) for found in refused.value.differences] == ["What is asked for was changed."]


def test_a_new_comment_alone_stops_no_decision(app: Flask) -> None:
    from portal.requests.discussion_models import CommentAudience

    director, ben = people.director(), people.member()
    request_id = ready(people.member())
    filled = ruling(request_id)
    do(discussion_services.comment, ben, request_id, "One more thing", audience=CommentAudience.TEAM)

    do(decision_services.decide, director, request_id, filled)

    assert state(request_id) is State.APPROVED


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
