"""What too few in the team master: whose scores count, what is shown of them, and to whom."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from portal.assessments import queries as assessments
from portal.assessments.models import Score, Section, StandardItem
from portal.errors import NotPermitted
from portal.extensions import db
from portal.mentoring import gaps, services
from portal.mentoring.models import ScoreSharing
from portal.people import services as people_services
from portal.people.models import Origin, Person, RoleAssignment
from portal.web.unit_of_work import unit_of_work
from tests import factories as people
from tests.assessments import factories as sheets
from tests.requests.pages import Browser

pytestmark = pytest.mark.both_databases
FIRST = "open-source-ecosystem-awareness"


def agreed(person: Person, scores: list[Score]) -> None:
    """A final check of this person with these scores, made by two others."""
    ben, carl = people.member(), people.member()
    found = sheets.revealed(person, ben, carl, scores, scores)
    sheets.final(ben, found)
    sheets.agree(ben, found)
    sheets.agree(carl, found)


def shares(person: Person, *, on: bool = True) -> None:
    with unit_of_work() as now:
        services.share(person, on=on, now=now)


def found() -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """(who masters it, who is one step away) by the key of each item."""
    sections = gaps.of_team(people.now()).sections
    return {gap.item.key: (gap.masters, gap.next) for own in sections.values() for gap in own}


def scores_with(**given: Score) -> list[Score]:
    """N/A everywhere but there."""
    standard = assessments.current_standard()
    assert standard is not None
    items = assessments.items_of(standard.id)
    return [given.get(item.key.replace("-", "_"), Score.NOT_APPLICABLE) for item in items]


@pytest.fixture(autouse=True)
def standards(app: Flask) -> None:
    sheets.seed()


def test_nobodys_scores_are_looked_at_who_did_not_say_so() -> None:
    agreed(people.member("Ann"), scores_with(web_security=Score.TEACHES))

    assert gaps.of_team(people.now()).counted == 0
    assert found() == {}


def test_an_item_that_one_person_masters_names_them_and_who_is_one_step_away() -> None:
    ann, ben, carl = people.member("Ann"), people.member("Ben"), people.member("Carl")
    agreed(ann, scores_with(web_security=Score.INDEPENDENT))
    agreed(ben, scores_with(web_security=Score.BASIC))
    agreed(carl, scores_with(web_security=Score.NONE))
    for person in (ann, ben, carl):
        shares(person)

    assert found()["web-security"] == (("Ann",), ("Ben",))
    assert found()[FIRST] == ((), ())


def test_what_two_master_is_no_gap() -> None:
    for name in ("Ann", "Ben"):
        person = people.member(name)
        agreed(person, scores_with(web_security=Score.TEACHES))
        shares(person)

    assert "web-security" not in found()


def test_who_stops_or_leaves_the_team_is_no_longer_counted() -> None:
    ann, ben = people.member("Ann"), people.member("Ben")
    for person in (ann, ben):
        agreed(person, scores_with(web_security=Score.TEACHES))
        shares(person)
    shares(ann, on=False)
    assert found()["web-security"] == (("Ben",), ())

    dana = people.director()
    with unit_of_work() as now:
        people_services.end_role_by_hand(dana, ben.id, "software_engineer", reason="It is over.", now=now)

    assert found() == {}


def test_the_newest_final_check_counts() -> None:
    ann = people.member("Ann")
    agreed(ann, scores_with(web_security=Score.BASIC))
    agreed(ann, scores_with(web_security=Score.TEACHES))
    shares(ann)

    assert found()["web-security"] == (("Ann",), ())


def test_it_is_said_once_and_only_by_members() -> None:
    ann = people.member()
    shares(ann)
    shares(ann)

    with pytest.raises(NotPermitted):
        shares(people.volunteer())


def test_who_left_can_still_stop_and_who_comes_back_is_asked_anew() -> None:
    ben, dana = people.member("Ben"), people.director()
    agreed(ben, scores_with(web_security=Score.TEACHES))
    shares(ben)
    with unit_of_work() as now:
        people_services.end_role_by_hand(dana, ben.id, "software_engineer", reason="It is over.", now=now)
    with unit_of_work() as now:
        back = people.now() + timedelta(hours=1)
        role = RoleAssignment(person_id=ben.id, role_key="project_manager", from_at=back, origin=Origin.BEFORE_PORTAL)
        db.session.add(role)

    later = people.now() + timedelta(hours=2)
    assert gaps.of_team(later).counted == 0
    assert not gaps.takes_part(ben.id, later)
    shares(ben, on=False)
    assert db.session.scalars(select(ScoreSharing.id)).all() == []


def test_only_the_newest_final_check_is_looked_at_also_for_items_it_leaves_out() -> None:
    ann = people.member("Ann")
    agreed(ann, scores_with(web_security=Score.TEACHES))
    agreed(ann, scores_with(log_interpretation=Score.TEACHES))
    shares(ann)

    assert found()["web-security"] == ((), ())
    assert found()["log-interpretation"] == (("Ann",), ())


def test_the_team_and_the_board_read_the_page_and_members_take_part_with_a_button(app: Flask) -> None:
    ann = people.member("Ann")
    agreed(ann, scores_with(web_security=Score.TEACHES))
    browser = Browser(app, ann)

    assert "Nobody takes part yet" in browser.client.get("/mentoring/gaps").text
    assert browser.post("/mentoring/gaps", {"deed": "share"}).status_code == 303
    assert "One person" in browser.client.get("/mentoring/gaps").text
    assert "One person" in Browser(app, people.board_member()).client.get("/mentoring/gaps").text
    assert Browser(app, people.volunteer()).client.get("/mentoring/gaps").status_code == 403
    assert browser.post("/mentoring/gaps", {"deed": "else"}).status_code == 422


score = st.sampled_from([*Score])


@given(st.dictionaries(st.sampled_from("abc"), st.dictionaries(st.integers(1, 5), score)))
def test_exactly_the_items_with_at_most_one_master_are_gaps(scores: dict[str, dict[int, Score]]) -> None:
    items = [StandardItem(key=key, section=Section.SKILL) for key in "abc"]
    shown = gaps.gaps_in(items, scores, {id: f"P{id}" for id in range(1, 6)})

    named = {gap.item.key for own in shown.values() for gap in own}
    for key in "abc":
        given_there = list(scores.get(key, {}).values())
        masters = sum(given_there.count(value) for value in (Score.INDEPENDENT, Score.TEACHES))
        assert (key in named) == (masters <= 1)
