"""Roles by decision and by hand, appointments, and the end of both."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal.audit.models import ActorKind, Event, Text
from portal.errors import Conflict, Invalid, NotPermitted, NotVisible, WrongState
from portal.extensions import db
from portal.people import appointments, queries, services
from portal.people.models import Capacity, CapacityAssignment, Origin, Person, RoleAssignment
from portal.people.policy import Post
from portal.web.unit_of_work import unit_of_work
from tests import factories

pytestmark = pytest.mark.both_databases


def assign(person: Person, role: str, by: Person, **more: object) -> RoleAssignment:
    with unit_of_work() as now:
        return services.assign_role(
            person.id,
            role,
            by_id=by.id,
            decision_id=7,
            request_id=5,
            now=now,
            **more,  # type: ignore[arg-type]
        )


def appoint(actor: Person, person: Person, post: Post) -> None:
    with unit_of_work() as now:
        services.appoint(actor, person.id, post, now=now)


def roles_of(person: Person) -> frozenset[str]:
    return queries.facts(person.id, factories.now()).roles


def capacities_of(person: Person) -> frozenset[Capacity]:
    return queries.facts(person.id, factories.now()).capacities


def codes() -> list[str]:
    return list(db.session.scalars(select(Event.code).order_by(Event.id)))


def test_a_decision_gives_a_role_and_stays_behind_it(app: Flask) -> None:
    director, volunteer = factories.director(), factories.volunteer()

    assignment = assign(volunteer, "software_engineer", director)

    assert roles_of(volunteer) == {"software_engineer"}
    assert (assignment.decision_id, assignment.request_id, assignment.origin) == (7, 5, Origin.DECISION)
    event = db.session.scalars(select(Event)).one()
    assert (event.code, event.person_id, event.request_id) == ("role.assigned", volunteer.id, 5)


def test_a_role_that_is_held_is_not_given_twice(app: Flask) -> None:
    director, member = factories.director(), factories.member()

    first = assign(member, "project_manager", director)
    second = assign(member, "project_manager", director)

    assert first.id == second.id
    assert codes() == ["role.assigned"]


def test_a_role_until_a_day_ends_by_itself_and_can_be_prolonged(app: Flask) -> None:
    director, volunteer = factories.director(), factories.volunteer()
    now = factories.now()

    assign(volunteer, "project_manager", director, until=now + timedelta(days=30))

    assert queries.facts(volunteer.id, now + timedelta(days=29)).is_member
    assert not queries.facts(volunteer.id, now + timedelta(days=31)).is_member

    assign(volunteer, "project_manager", director, until=now + timedelta(days=10))
    assert not queries.facts(volunteer.id, now + timedelta(days=31)).is_member
    assign(volunteer, "project_manager", director)
    assert queries.facts(volunteer.id, now + timedelta(days=31)).is_member
    assert codes() == ["role.assigned", "role.extended"]


@pytest.mark.parametrize(("role", "error"), [("no_such_role", Invalid), ("director", NotPermitted)])
def test_unknown_and_leading_roles_are_never_given_by_a_decision(app: Flask, role: str, error: type[Exception]) -> None:
    director, volunteer = factories.director(), factories.volunteer()

    with pytest.raises(error):
        assign(volunteer, role, director)
    with pytest.raises(error), unit_of_work() as now:
        services.end_role(director.id, role, by_id=director.id, reason=None, now=now)

    assert roles_of(volunteer) == frozenset()
    assert codes() == []


def test_a_decision_ends_a_role_and_ending_it_again_does_nothing(app: Flask) -> None:
    director, member = factories.director(), factories.member()

    for _ in range(2):
        with unit_of_work() as now:
            services.end_role(member.id, "software_engineer", by_id=director.id, reason="Moved on.", now=now)

    assert roles_of(member) == frozenset()
    assert codes() == ["role.ended"]
    assert db.session.scalars(select(Text.body)).all() == ["Moved on."]


def test_everybody_may_resign_without_a_reason(app: Flask) -> None:
    for person, role in (
        (factories.member(), "software_engineer"),
        (factories.deputy(), "deputy_director"),
        (factories.director(), "director"),
    ):
        with unit_of_work() as now:
            services.end_role_by_hand(person, person.id, role, reason=None, now=now)

        assert roles_of(person) == frozenset()


@pytest.mark.parametrize("lead", ["director", "deputy_director"])
def test_director_and_deputy_end_a_role_of_somebody_else_with_a_reason(app: Flask, lead: str) -> None:
    leader, member = factories.person(None, lead), factories.member()

    with pytest.raises(Invalid, match="Say why"), unit_of_work() as now:
        services.end_role_by_hand(leader, member.id, "software_engineer", reason="  ", now=now)
    with unit_of_work() as now:
        services.end_role_by_hand(leader, member.id, "software_engineer", reason="Left the team.", now=now)

    assert roles_of(member) == frozenset()
    with pytest.raises(WrongState), unit_of_work() as now:
        services.end_role_by_hand(leader, member.id, "software_engineer", reason="Again.", now=now)


def test_nobody_else_ends_a_role(app: Flask) -> None:
    member = factories.member()
    others = [
        factories.member(),
        factories.volunteer(),
        factories.board_member(),
        factories.person(None, capacity=Capacity.OPERATOR),
        factories.person(None, "director", locked=True),
    ]

    for other in others:
        with pytest.raises(NotPermitted), unit_of_work() as now:
            services.end_role_by_hand(other, member.id, "software_engineer", reason="No.", now=now)

    assert roles_of(member) == {"software_engineer"}
    assert codes() == []


def test_the_deputy_cannot_end_the_directors_term_nor_the_director_their_own_successors_way(app: Flask) -> None:
    director, deputy = factories.director(), factories.deputy()

    with pytest.raises(NotPermitted, match="Board"), unit_of_work() as now:
        services.end_role_by_hand(deputy, director.id, "director", reason="No.", now=now)
    with unit_of_work() as now:
        services.end_role_by_hand(director, deputy.id, "deputy_director", reason="A change.", now=now)

    assert roles_of(director) == {"director"}
    assert roles_of(deputy) == frozenset()


def test_a_role_that_the_catalogue_lacks_is_not_there_to_end(app: Flask) -> None:
    member = factories.member()

    with pytest.raises(NotVisible), unit_of_work() as now:
        services.end_role_by_hand(member, member.id, "nonsense", reason=None, now=now)


def test_the_director_appoints_the_deputy_from_the_team(app: Flask) -> None:
    director, former, member = factories.director(), factories.deputy(), factories.member()
    stranger = factories.volunteer()

    with pytest.raises(Invalid, match="from the team"):
        appoint(director, stranger, Post.DEPUTY)
    appoint(director, member, Post.DEPUTY)

    assert roles_of(member) == {"software_engineer", "deputy_director"}
    assert roles_of(former) == frozenset()
    assert codes() == ["role.ended", "role.assigned"]
    with pytest.raises(Conflict):
        appoint(director, member, Post.DEPUTY)


def test_the_board_appoints_the_director_and_the_term_before_ends(app: Flask) -> None:
    board, former, deputy = factories.board_member(), factories.director(), factories.deputy()

    appoint(board, deputy, Post.DIRECTOR)

    assert roles_of(deputy) == {"director"}, "the Deputy who becomes Director is Deputy no longer"
    assert roles_of(former) == frozenset()
    leadership = queries.leadership(factories.now())
    assert leadership.director is not None
    assert (leadership.director.id, leadership.deputy) == (deputy.id, None)


@pytest.mark.parametrize("post", [Post.BOARD, Post.TREASURER, Post.OPERATOR])
def test_the_board_appoints_and_removes_capacities(app: Flask, post: Post) -> None:
    board, person = factories.board_member(), factories.volunteer()
    assert post.capacity

    appoint(board, person, post)
    assert capacities_of(person) == {post.capacity}
    with unit_of_work() as now:
        services.end_capacity_by_hand(board, person.id, post.capacity, now=now)

    assert capacities_of(person) == frozenset()
    assert codes() == ["capacity.assigned", "capacity.ended"]
    assert db.session.scalars(select(CapacityAssignment.appointed_by_id)).all()[-1] == board.id


ALLOWED = {
    "director": {Post.DEPUTY},
    "board": {Post.DIRECTOR, Post.BOARD, Post.TREASURER, Post.OPERATOR},
}


@pytest.mark.parametrize("post", list(Post))
@pytest.mark.parametrize(
    "column", ["volunteer", "member", "deputy", "director", "board", "treasurer", "operator", "locked"]
)
def test_who_appoints_whom_is_the_matrix(app: Flask, column: str, post: Post) -> None:
    actors: dict[str, Callable[[], Person]] = {
        "volunteer": factories.volunteer,
        "member": factories.member,
        "deputy": factories.deputy,
        "director": factories.director,
        "board": factories.board_member,
        "treasurer": lambda: factories.person(None, capacity=Capacity.TREASURER),
        "operator": lambda: factories.person(None, capacity=Capacity.OPERATOR),
        "locked": lambda: factories.person(None, "director", capacity=Capacity.BOARD, locked=True),
    }
    actor = actors[column]()
    person = factories.member()

    if post in ALLOWED.get(column, set()):
        appoint(actor, person, post)
        assert appointments.holds(person.id, post, factories.now())
    else:
        with pytest.raises(NotPermitted):
            appoint(actor, person, post)
        assert not appointments.holds(person.id, post, factories.now())
        assert codes() == []


@pytest.mark.parametrize("post", list(Post))
def test_nobody_appoints_themselves(app: Flask, post: Post) -> None:
    everything = factories.person(None, "director", capacity=Capacity.BOARD)

    with pytest.raises(NotPermitted, match="themselves"):
        appoint(everything, everything, post)


def test_a_blocked_account_is_not_appointed(app: Flask) -> None:
    with pytest.raises(Invalid, match="blocked"):
        appoint(factories.board_member(), factories.person(None, locked=True), Post.TREASURER)


def test_the_board_never_empties_itself(app: Flask) -> None:
    board = factories.board_member()

    with pytest.raises(NotPermitted, match="another member of the Board"), unit_of_work() as now:
        services.end_capacity_by_hand(board, board.id, Capacity.BOARD, now=now)


def test_an_operator_may_resign_but_a_treasurer_asks_the_board(app: Flask) -> None:
    operator = factories.person(None, capacity=Capacity.OPERATOR)
    treasurer = factories.person(None, capacity=Capacity.TREASURER)

    with unit_of_work() as now:
        services.end_capacity_by_hand(operator, operator.id, Capacity.OPERATOR, now=now)
    with pytest.raises(NotPermitted), unit_of_work() as now:
        services.end_capacity_by_hand(treasurer, treasurer.id, Capacity.TREASURER, now=now)

    assert capacities_of(operator) == frozenset()


def test_what_the_command_line_does_is_marked_so(app: Flask) -> None:
    person = factories.volunteer()

    with unit_of_work() as now:
        appointments.install(person, Post.DIRECTOR, by_id=None, origin=Origin.APPOINTMENT, now=now)

    event = db.session.scalars(select(Event)).one()
    assert (event.actor_kind, event.actor_id) == (ActorKind.COMMAND, None)


def test_the_day_of_the_agreement_is_noted_by_the_board_or_by_the_director_with_a_name(app: Flask) -> None:
    board, director, member = factories.board_member(), factories.director(), factories.member()
    today = factories.now().date()

    with pytest.raises(Invalid, match="Board"), unit_of_work() as now:
        services.note_nda(director, member.id, signed_on=today, confirmed_by_id=None, now=now)
    with pytest.raises(Invalid, match="Board"), unit_of_work() as now:
        services.note_nda(director, member.id, signed_on=today, confirmed_by_id=director.id, now=now)
    with unit_of_work() as now:
        services.note_nda(director, member.id, signed_on=today - timedelta(days=9), confirmed_by_id=board.id, now=now)
    assert queries.nda_on(member.id, factories.now()) == today - timedelta(days=9)

    with unit_of_work() as now:
        services.note_nda(board, member.id, signed_on=today, confirmed_by_id=None, now=now)
    assert queries.nda_on(member.id, factories.now()) == today

    with unit_of_work() as now:
        services.withdraw_nda(board, member.id, now=now)
    assert queries.nda_on(member.id, factories.now()) is None


def test_nobody_notes_their_own_agreement_and_no_day_lies_ahead(app: Flask) -> None:
    board, member, other = factories.board_member(), factories.member(), factories.member()
    today = factories.now().date()

    for actor, person in ((board, board), (member, member), (member, other)):
        with pytest.raises(NotPermitted), unit_of_work() as now:
            services.note_nda(actor, person.id, signed_on=today, confirmed_by_id=None, now=now)
    with pytest.raises(Invalid, match="future"), unit_of_work() as now:
        services.note_nda(board, member.id, signed_on=today + timedelta(days=1), confirmed_by_id=None, now=now)

    assert queries.nda_on(member.id, factories.now()) is None
