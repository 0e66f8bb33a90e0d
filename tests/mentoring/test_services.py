"""Asking, answering, handing over and ending, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal.audit.models import Event, Text
from portal.errors import Invalid, NotPermitted, NotVisible, WrongState
from portal.extensions import db
from portal.mentoring import goal_services, queries
from portal.mentoring.models import MentoringGoal, MentorshipState
from portal.people import removals, team_queries
from portal.people.models import Origin, Person, RoleAssignment
from portal.rules import services as rules
from portal.web.unit_of_work import unit_of_work
from tests import factories as people
from tests.assessments import factories as sheets
from tests.mentoring import factories as made
from tests.mentoring.factories import PEER

pytestmark = pytest.mark.both_databases
ASKED, ACTIVE = MentorshipState.ASKED, MentorshipState.ACTIVE
DECLINED, ENDED = MentorshipState.DECLINED, MentorshipState.ENDED


def codes() -> list[str]:
    query = select(Event.code).where(Event.code.like("%ment%") | Event.code.like("peer%")).order_by(Event.id)
    return list(db.session.scalars(query))


def test_a_volunteer_asks_and_a_member_accepts(app: Flask) -> None:
    ann, ben = people.volunteer("Ann"), people.member("Ben")

    found = made.asked(ann, ben, note="I would like to learn Puppet.")
    assert made.get(found).state is ASKED
    made.accepted(found, ben)

    row = made.get(found)
    assert (row.state, row.mentee_id, row.mentor_id) == (ACTIVE, ann.id, ben.id)
    assert row.note is not None
    assert row.note.body == "I would like to learn Puppet."
    assert codes() == ["mentorship.asked", "mentorship.accepted"]


def test_nobody_mentors_themselves_or_is_mentored_by_somebody_outside_the_team(app: Flask) -> None:
    ann, ben = people.member("Ann"), people.volunteer("Ben")

    with pytest.raises(Invalid, match="themselves"):
        made.asked(ann, ann)
    with pytest.raises(Invalid, match="Ben is none"):
        made.asked(ann, ben)
    with pytest.raises(Invalid, match="is none now"):
        made.asked(ann, people.person("Lars", "software_engineer", locked=True))


def test_a_locked_account_asks_nobody(app: Flask) -> None:
    with pytest.raises(NotPermitted, match="locked"):
        made.asked(people.person("Lars", locked=True), people.member())


@pytest.mark.parametrize(("days", "may"), [(89.9, False), (90, True)])
def test_a_mentor_has_been_a_member_for_ninety_days(app: Flask, days: float, may: bool) -> None:
    ann, new = people.volunteer(), made.member_for(days, "New Member")

    if may:
        assert made.active(ann, new)
        return
    with pytest.raises(Invalid, match="at least 90 days; for New Member it is 89"):
        made.asked(ann, new)
    with pytest.raises(NotPermitted, match="at least 90 days"):
        made.offered(new, 2)
    assert made.active(ann, new, kind=PEER)  # peer support is open to every member


def test_the_director_changes_for_how_long_a_mentor_has_been_a_member(app: Flask) -> None:
    ann, new, director = people.volunteer(), made.member_for(40), people.director()
    with unit_of_work() as now:
        rules.change_rule(
            director, "mentor_member_days", "portal", value=30, reason="We are few.", based_on=None, now=now
        )

    with pytest.raises(Invalid):
        made.asked(ann, new)
    assert made.asked(ann, new, at=people.now() + timedelta(hours=73))


def test_another_role_without_a_break_goes_on_and_a_break_begins_anew(app: Flask) -> None:
    changed, back, never = people.volunteer(), people.volunteer(), people.volunteer()
    with unit_of_work() as now:
        middle, break_end = now - people.days(50), now - people.days(10)
        for person, again in ((changed, middle), (back, break_end)):
            for role, from_at, to_at in (
                ("software_engineer", now - people.days(200), middle),
                ("project_manager", again, None),
            ):
                held = RoleAssignment(person_id=person.id, role_key=role, from_at=from_at, to_at=to_at)
                held.origin = Origin.BEFORE_PORTAL
                db.session.add(held)

    since = team_queries.member_since([changed.id, back.id, never.id], now)
    assert {id: (now - at).days for id, at in since.items()} == {changed.id: 200, back.id: 10}


def test_who_has_a_mentor_asks_for_no_other_and_peers_may_be_several(app: Flask) -> None:
    ann, ben, carl = people.volunteer(), people.member("Ben"), people.member()
    made.active(ann, ben)

    with pytest.raises(WrongState, match="Ben mentors you already"):
        made.asked(ann, carl)
    made.active(ann, carl, kind=PEER)
    made.active(ann, ben, kind=PEER)
    with pytest.raises(Invalid, match="was asked for this already"):
        made.asked(ann, ben, kind=PEER)


def test_of_several_who_were_asked_the_first_who_accepts_is_the_mentor(app: Flask) -> None:
    ann, ben, carl = people.volunteer(), people.member(), people.member()
    first, second = made.asked(ann, ben), made.asked(ann, carl)

    made.accepted(second, carl)

    assert made.get(first).state is ENDED
    with pytest.raises(WrongState, match="has ended already"):
        made.accepted(first, ben)
    assert codes()[-2:] == ["mentorship.accepted", "mentorship.settled"]


def test_who_is_full_is_not_asked_and_accepts_nobody(app: Flask) -> None:
    ann, eve, ben = people.volunteer(), people.volunteer(), people.member("Ben")
    made.offered(ben, 1)
    first, second = made.asked(ann, ben), made.asked(eve, ben)
    made.accepted(first, ben)

    with pytest.raises(Invalid, match="Ben is full"):
        made.asked(people.volunteer(), ben)
    with pytest.raises(WrongState, match="You are full"):
        made.accepted(second, ben)
    made.offered(ben, 2)
    made.accepted(second, ben)
    made.offered(ben, 0)  # sends nobody away
    assert made.get(second).state is ACTIVE
    assert queries.mentor(ben, people.now()).free == 0


@pytest.mark.parametrize("places", [-1, 21])
def test_a_number_of_places_that_nobody_has_is_refused(app: Flask, places: int) -> None:
    with pytest.raises(Invalid, match="from 0 to 20"):
        made.offered(people.member(), places)


def test_only_who_was_asked_answers_and_only_once(app: Flask) -> None:
    ann, ben = people.volunteer(), people.member()
    found = made.asked(ann, ben)

    with pytest.raises(NotVisible):
        made.accepted(found, people.member())
    with pytest.raises(NotPermitted, match="who was asked"):
        made.accepted(found, ann)
    with pytest.raises(NotPermitted, match="who was asked"):
        made.accepted(found, people.director())
    made.declined(found, ben, "Sorry, not this year.")
    assert made.get(found).state is DECLINED
    with pytest.raises(WrongState, match="declined already"):
        made.accepted(found, ben)


def test_ending_needs_a_reason_and_taking_back_none(app: Flask) -> None:
    ann, ben = people.volunteer(), people.member()
    taken_back = made.asked(ann, ben)
    made.ended(taken_back, ann, None)
    found = made.active(ann, ben)

    with pytest.raises(Invalid, match="Say why"):
        made.ended(found, ben, "  ")
    made.ended(found, ben, "I move house.")

    assert [made.get(id).state for id in (taken_back, found)] == [ENDED, ENDED]
    with pytest.raises(WrongState, match="ended already"):
        made.ended(found, ann)


def test_who_ends_it(app: Flask) -> None:
    ann, ben, dep = people.volunteer(), people.member(), people.deputy()

    for by in (ann, ben, dep, people.director()):
        made.ended(made.active(ann, ben), by)
    with pytest.raises(NotPermitted, match="Only the two"):
        made.ended(made.active(ann, ben), people.member())
    with pytest.raises(NotPermitted):  # who was asked answers
        made.ended(made.asked(people.volunteer(), ben), ben)


def test_handing_over_changes_nothing_until_the_new_mentor_accepts(app: Flask) -> None:
    sheets.seed()
    ann, ben, carl = people.volunteer(), people.member(), people.member("Carl")
    found = made.active(ann, ben)
    made.goal(found, ann, "web-security")

    new = made.handed(found, ben, carl, "She is quick.")
    assert (made.get(found).state, made.get(new).state) == (ACTIVE, ASKED)
    with pytest.raises(WrongState, match="Carl was asked to take over"):
        made.handed(found, ben, people.member())
    made.accepted(new, carl)

    assert (made.get(found).state, made.get(new).state) == (ENDED, ACTIVE)
    assert [goal.mentorship_id for goal in db.session.scalars(select(MentoringGoal))] == [new]
    assert made.get(new).follows_id == found
    assert codes()[-4:] == [
        *("mentorship.handover_begun", "mentorship.handover_asked"),
        *("mentorship.handed_over", "mentorship.accepted"),
    ]


def test_the_mentee_says_no_to_handing_over_by_ending_it(app: Flask) -> None:
    ann, ben, carl = people.volunteer(), people.member(), people.member()
    found = made.active(ann, ben)
    new = made.handed(found, ben, carl)

    made.ended(new, ann, None)

    assert (made.get(found).state, made.get(new).state) == (ACTIVE, ENDED)
    assert made.handed(found, ben, carl)  # and another can be asked


def test_what_is_handed_over_and_ended_meanwhile_is_settled(app: Flask) -> None:
    ann, ben, carl = people.volunteer(), people.member(), people.member()
    found = made.active(ann, ben)
    new = made.handed(found, ben, carl)

    made.ended(found, ann)

    assert made.get(new).state is ENDED
    with pytest.raises(WrongState):
        made.accepted(new, carl)


def test_who_hands_over_and_to_whom(app: Flask) -> None:
    ann, ben, carl = people.volunteer(), people.member("Ben"), people.member()
    found = made.active(ann, ben)
    full = people.member("Fay")
    made.offered(full, 0)

    for by in (ann, carl):
        with pytest.raises(NotPermitted, match="Only the mentor"):
            made.handed(found, by, carl)
    with pytest.raises(Invalid, match="Ben is the mentor already"):
        made.handed(found, ben, ben)
    with pytest.raises(Invalid, match="Fay is full"):
        made.handed(found, ben, full)
    member_mentee = made.active(carl, ben)
    with pytest.raises(Invalid, match="themselves"):
        made.handed(member_mentee, ben, carl)
    assert made.handed(found, people.deputy(), carl)


def test_goals_are_set_reached_and_dropped_by_the_two_alone(app: Flask) -> None:
    sheets.seed()
    ann, ben = people.volunteer(), people.member()
    found = made.active(ann, ben)
    goal = made.goal(found, ben, "web-security", 2)

    assert made.goal(found, ann, "web-security", 3) == goal  # another target of the same
    for person in (people.member(), people.director()):
        with pytest.raises(NotPermitted, match="two of them alone"):
            made.goal(found, person, "web-security")
    for key, target in (("no-such-item", 2), ("web-security", 4), ("web-security", 0)):
        with pytest.raises(Invalid):
            made.goal(found, ann, key, target)
    settle(ann, found, goal, reached=True)
    settle(ann, found, goal, reached=True)
    assert db.session.get_one(MentoringGoal, goal).reached_at is not None
    settle(ben, found, goal, reached=False)
    other = made.active(ann, people.member(), kind=PEER)
    with pytest.raises(NotVisible):  # the goal is of another
        settle(ann, other, goal, reached=True)
    with unit_of_work() as now:
        goal_services.drop_goal(ben, found, goal, now=now)
    assert list(queries.goals_of(found)) == []
    made.ended(found, ann)
    with pytest.raises(WrongState, match="ended already"):
        made.goal(found, ann, "web-security")


def settle(by: Person, mentorship_id: int, goal_id: int, *, reached: bool) -> None:
    with unit_of_work() as now:
        goal_services.settle_goal(by, mentorship_id, goal_id, reached=reached, now=now)


def test_words_are_removed_by_who_wrote_them_and_who_decides(app: Flask) -> None:
    ann, ben = people.volunteer(), people.member()
    found = made.asked(ann, ben, note="My address is ...")
    note_id = made.get(found).note_id
    assert note_id is not None

    with pytest.raises(NotVisible), unit_of_work() as now:
        removals.remove(ben.id, note_id, now=now)
    with unit_of_work() as now:
        removals.remove(ann.id, note_id, now=now)

    assert db.session.get_one(Text, note_id).body is None
