"""The decision: who, on what grounds, with what effect, and what refuses it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.access import queries as access_queries
from portal.access.standing import Status
from portal.errors import Invalid, WrongState
from portal.extensions import db
from portal.people.models import RoleAssignment, WikiIdentity
from portal.requests import decision_services, discussion_services, fact_queries, filing_services, objection_services
from portal.requests.decision_services import AlreadyDecided, ChangedSinceSeen, Choice
from portal.requests.discussion_models import Concern, ConcernOutcome
from portal.requests.models import Decision
from portal.requests.workflow import State
from portal.web import clock
from portal.web.unit_of_work import unit_of_work
from tests import factories as people
from tests.access import factories as access
from tests.requests.deciding import away, day, held, item_ids, nothing_was_decided, ready, roles, with_end
from tests.requests.factories import (
    CANARY,
    decide,
    details,
    do,
    events,
    get,
    grounds,
    position,
    ruling,
    state,
    team_request,
)

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("whole_timeline")]


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
