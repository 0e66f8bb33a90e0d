"""When the Deputy acts for the Director: by absence, by the Board, by a confirmed report; and how it ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from portal.audit import services as audit
from portal.errors import Conflict, Invalid, NotPermitted, WrongState
from portal.extensions import db
from portal.people import acting, queries, services
from portal.people.models import (
    Absence,
    ActingPeriod,
    ActingReason,
    Capacity,
    Origin,
    Person,
    RoleAssignment,
    UnreachableReport,
)
from portal.people.policy import Post
from portal.web.unit_of_work import unit_of_work
from tests import factories
from tests.people.test_absence import back, declare

pytestmark = pytest.mark.both_databases

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def acts(at: datetime) -> bool:
    return queries.leadership(at).acting_open


def decide(director: Person, at: datetime) -> None:
    """What a decision of the Director does to acting periods."""
    with unit_of_work(at) as now:
        services.end_acting(director.id, by_id=director.id, now=now)


def something_done(person: Person, at: datetime) -> None:
    with unit_of_work(at) as now:
        audit.record("test.act", actor_id=person.id, at=now)


def report(person: Person, at: datetime = NOON) -> UnreachableReport:
    with unit_of_work(at) as now:
        return services.report_unreachable(person, now=now)


def confirm(person: Person, at: datetime = NOON) -> UnreachableReport:
    with unit_of_work(at) as now:
        return services.confirm_unreachable(person, now=now)


def test_the_deputy_acts_for_exactly_the_time_the_director_is_away(app: Flask) -> None:
    director = factories.director()

    declare(director, at=NOON, start=1, end=3)

    assert [acts(NOON + day * DAY) for day in (0, 1, 2, 3, 4)] == [False, True, True, False, False]
    period = db.session.scalars(select(ActingPeriod)).one()
    assert (period.reason, period.started_by_id) == (ActingReason.ABSENCE, director.id)


def test_the_absence_of_anybody_else_changes_nothing(app: Flask) -> None:
    factories.director()

    declare(factories.deputy(), at=NOON)
    declare(factories.member(), at=NOON)

    assert not acts(NOON + HOUR)


def test_i_am_back_ends_it_also_when_it_was_planned(app: Flask) -> None:
    director = factories.director()
    declare(director, at=NOON)
    assert acts(NOON + HOUR)

    back(director, NOON + HOUR)
    declare(director, at=NOON + 2 * HOUR, start=1)
    back(director, NOON + 3 * HOUR)

    assert not acts(NOON + 2 * HOUR)
    assert not acts(NOON + 5 * DAY)


def test_a_decision_of_the_director_ends_what_is_open_but_not_what_is_planned(app: Flask) -> None:
    director = factories.director()
    declare(director, at=NOON, start=5, end=9)

    decide(director, NOON + HOUR)
    assert acts(NOON + 6 * DAY)
    decide(director, NOON + 6 * DAY)

    assert not acts(NOON + 6 * DAY + HOUR)
    assert not acts(NOON + 8 * DAY)


def test_the_board_starts_it_with_a_note_and_ends_it(app: Flask) -> None:
    factories.director()
    board = factories.board_member()

    with pytest.raises(Invalid), unit_of_work(NOON) as now:
        services.start_acting_by_board(board, " ", now=now)
    with unit_of_work(NOON) as now:
        services.start_acting_by_board(board, "Minutes of 4 May", now=now)
    assert acts(NOON + HOUR)
    with pytest.raises(WrongState), unit_of_work(NOON + HOUR) as now:
        services.start_acting_by_board(board, "Again", now=now)

    with unit_of_work(NOON + HOUR) as now:
        services.end_acting_by_hand(board, now=now)
    assert not acts(NOON + 2 * HOUR)
    with pytest.raises(WrongState), unit_of_work(NOON + 2 * HOUR) as now:
        services.end_acting_by_hand(board, now=now)


def test_the_director_comes_back_from_what_the_board_started(app: Flask) -> None:
    director, board = factories.director(), factories.board_member()
    with unit_of_work(NOON) as now:
        services.start_acting_by_board(board, "Minutes of 4 May", now=now)

    back(director, NOON + HOUR)

    assert not acts(NOON + 2 * HOUR)


def test_nobody_but_the_board_starts_it_and_the_deputy_never_does(app: Flask) -> None:
    factories.director()
    both = factories.person(None, "deputy_director", capacity=Capacity.BOARD)
    others = [both, factories.member(), factories.volunteer(), factories.person(None, capacity=Capacity.OPERATOR)]

    for other in others:
        with pytest.raises(NotPermitted), unit_of_work(NOON) as now:
            services.start_acting_by_board(other, "Now I decide", now=now)
    with pytest.raises(NotPermitted), unit_of_work(NOON) as now:
        services.end_acting_by_hand(others[1], now=now)

    assert not acts(NOON + HOUR)


def test_a_report_and_two_confirmations_let_the_deputy_act(app: Flask) -> None:
    factories.director()
    factories.deputy()
    first, second, board = factories.member(), factories.member(), factories.board_member()

    report(first)
    confirm(second, NOON + HOUR)
    assert not acts(NOON + HOUR)
    confirm(board, NOON + 2 * HOUR)

    assert acts(NOON + 2 * HOUR)
    assert not acts(NOON + HOUR), "it begins with the second confirmation, not before"
    with pytest.raises(WrongState, match="acts already"):
        report(first, NOON + 3 * HOUR)


def test_each_of_the_three_is_somebody_else(app: Flask) -> None:
    factories.director()
    first, second = factories.member(), factories.member()
    report(first)

    with pytest.raises(Conflict, match="others"):
        confirm(first)
    confirm(second)
    with pytest.raises(Conflict, match="already"):
        confirm(second)
    with pytest.raises(Conflict, match="confirm"):
        report(second)

    assert not acts(NOON + HOUR)


@pytest.mark.parametrize("who", ["deputy", "deputy on the Board", "director", "volunteer", "treasurer", "locked"])
def test_who_may_neither_report_nor_confirm(app: Flask, who: str) -> None:
    director = factories.director()
    people: dict[str, Callable[[], Person]] = {
        "deputy": factories.deputy,
        "deputy on the Board": lambda: factories.person(None, "deputy_director", capacity=Capacity.BOARD),
        "director": lambda: director,
        "volunteer": factories.volunteer,
        "treasurer": lambda: factories.person(None, capacity=Capacity.TREASURER),
        "locked": lambda: factories.person(None, "software_engineer", locked=True),
    }
    person = people[who]()

    with pytest.raises(NotPermitted):
        report(person)
    report(factories.member())
    with pytest.raises(NotPermitted):
        confirm(person)


def test_it_takes_72_hours_without_an_act_and_the_refusal_says_when(app: Flask) -> None:
    director, member = factories.director(), factories.member()
    something_done(director, NOON - timedelta(hours=71))

    with pytest.raises(WrongState, match="2026-05-04 13:00 UTC"):
        report(member)
    report(member, NOON + HOUR)


def test_an_act_of_the_director_makes_the_report_void(app: Flask) -> None:
    director, members = factories.director(), [factories.member() for _ in range(3)]
    report(members[0])
    confirm(members[1])
    something_done(director, NOON + HOUR)

    with pytest.raises(WrongState, match="active here"):
        confirm(members[2], NOON + 2 * HOUR)
    with pytest.raises(WrongState, match="no open report"):
        confirm(members[2], NOON + 5 * DAY)
    report(members[2], NOON + 5 * DAY)
    confirm(members[1], NOON + 5 * DAY)

    assert not acts(NOON + 6 * DAY), "the old confirmation does not count for the new report"
    assert [row.closed_at is None for row in db.session.scalars(select(UnreachableReport))] == [False, True]


def test_what_was_done_under_a_merged_account_is_an_act_of_the_director(app: Flask) -> None:
    director, other, member = factories.director(), factories.volunteer(), factories.member()
    something_done(other, NOON - HOUR)
    with unit_of_work():
        db.session.get_one(Person, other.id).merged_into_id = director.id

    with pytest.raises(WrongState):
        report(member)


def test_a_new_director_has_72_hours_too(app: Flask) -> None:
    board, person, member = factories.board_member(), factories.volunteer(), factories.member()
    with unit_of_work(NOON - HOUR) as now:
        services.appoint(board, person.id, Post.DIRECTOR, now=now)

    with pytest.raises(WrongState, match="72 hours"):
        report(member)


def test_who_became_deputy_meanwhile_does_not_count(app: Flask) -> None:
    director, members = factories.director(), [factories.member() for _ in range(4)]
    report(members[0], NOON)
    with unit_of_work(NOON) as now:
        db.session.add(
            RoleAssignment(
                person_id=members[0].id,
                role_key="deputy_director",
                from_at=now,
                origin=Origin.BEFORE_PORTAL,
            )
        )

    confirm(members[1], NOON + HOUR)
    confirm(members[2], NOON + HOUR)
    assert not acts(NOON + 2 * HOUR)
    confirm(members[3], NOON + HOUR)

    assert acts(NOON + 2 * HOUR)
    assert director.id == db.session.scalars(select(ActingPeriod.director_id)).one()


def test_without_a_director_there_is_nothing_to_report(app: Flask) -> None:
    with pytest.raises(WrongState, match="no Director"):
        report(factories.member())


def test_the_end_of_a_term_ends_its_acting_and_its_report(app: Flask) -> None:
    director, board, successor = factories.director(), factories.board_member(), factories.volunteer()
    declare(director, at=NOON, start=3)

    with unit_of_work(NOON + HOUR) as now:
        services.appoint(board, successor.id, Post.DIRECTOR, now=now)

    assert acting.unended(director.id, NOON + 2 * HOUR) == []
    assert not acts(NOON + 5 * DAY)


def test_who_is_away_when_appointed_director_is_acted_for(app: Flask) -> None:
    board, successor = factories.board_member(), factories.volunteer()
    declare(successor, at=NOON, end=3)

    with unit_of_work(NOON + HOUR) as now:
        services.appoint(board, successor.id, Post.DIRECTOR, now=now)

    assert acts(NOON + DAY)
    assert not acts(NOON + 3 * DAY)


# A step is what happens, and how many hours after the step before.
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["away", "back", "decide", "board", "board ends"]),
        st.integers(min_value=1, max_value=30),
        st.integers(min_value=0, max_value=40),
        st.one_of(st.none(), st.integers(min_value=1, max_value=60)),
    ),
    max_size=12,
)


class Model:
    """What the words of the rule say, hour by hour: planned acting times, cut off by what ends them."""

    def __init__(self) -> None:
        self.away_until: int | None = None  # the end of the absence on record; 10 ** 6 for an open one
        self.spans: list[list[int]] = []

    def is_open(self, hour: int) -> bool:
        return any(begin <= hour < end for begin, end in self.spans)

    def step(self, what: str, hour: int, start: int, length: int | None) -> None:
        if what == "away" and (self.away_until is None or self.away_until <= hour):
            end = 10**6 if length is None else hour + start + length
            self.away_until = end
            self.spans.append([hour + start, end])
        elif what == "back":
            self.away_until = None
            self.spans = [[begin, min(end, hour)] for begin, end in self.spans]
        elif what in ("decide", "board ends"):
            self.spans = [[begin, min(end, hour) if begin <= hour else end] for begin, end in self.spans]
        elif what == "board" and not self.is_open(hour):
            self.spans.append([hour, 10**6])


def play(what: str, director: Person, board: Person, *, at: datetime, start: int, length: int | None) -> None:
    """Do one step with the real services; a refusal is an answer too."""
    try:
        if what == "decide":
            return decide(director, at)
        with unit_of_work(at) as now:
            if what == "away":
                begin = now + start * HOUR
                to_at = None if length is None else begin + length * HOUR
                services.declare_absence(director, begin, to_at=to_at, reason=None, now=now)
            elif what == "back":
                services.end_absence(director, now=now)
            elif what == "board":
                services.start_acting_by_board(board, "Minutes", now=now)
            else:
                services.end_acting_by_hand(board, now=now)
    except (Conflict, WrongState):
        pass
    return None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(steps=STEPS)
def test_whether_the_deputy_acts_follows_from_what_happened(
    app: Flask, steps: list[tuple[str, int, int, int | None]]
) -> None:
    with unit_of_work():  # one database for all examples: no acting, no absence, no Director from the one before
        for model_class in (ActingPeriod, Absence, RoleAssignment):
            db.session.execute(delete(model_class))
    director, board = factories.director(), factories.board_member()
    model, hour = Model(), 0

    for what, pause, start, length in steps:
        hour += pause
        model.step(what, hour, start, length)
        play(what, director, board, at=NOON + hour * HOUR, start=start, length=length)

        for ahead in (0, 1, 10, 41, 200):
            assert acts(NOON + (hour + ahead) * HOUR) == model.is_open(hour + ahead)
