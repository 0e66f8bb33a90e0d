"""The checks: what meets each of them, and what just does not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from portal.errors import Message
from portal.org import organisation
from portal.org.catalogue import Weight
from portal.requests import readiness
from portal.requests.facts import AssessmentFacts, ItemFacts
from portal.requests.readiness import Check
from tests.requests import pure
from tests.requests.pure import CANDIDATE, DEPUTY, DIRECTOR, NOON, REQUESTER, SECOND, item, said

RULES: dict[str, int | bool] = {
    "candidate_agreed": True,
    "candidate_not_locked": True,
    "candidate_fits": True,
    "items_available": True,
    "discussion_days": 3,
    "high_trust_days": 7,
    "positions": 1,
    "positions_advised": 3,
    "no_open_concern": True,
    "no_open_question": True,
    "sponsor": True,
    "key_and_identity": True,
    "prerequisites": True,
    "liaison_without_development": True,
    "assessment": 180,
}
WEIGHTS = dict.fromkeys(RULES, Weight.REQUIRED)
MEMBERS = frozenset(range(20, 30))


def shell(action: str = "add") -> ItemFacts:
    return ItemFacts(1, action, "access_group", "bastion", shell=True)  # noqa: S604  # no program is started


def check(rule: str, *, rules: dict[str, int | bool] | None = None, **changes: Any) -> Check:
    found = readiness.checks(pure.request(rules={**RULES, **(rules or {})}, **changes), WEIGHTS)
    return next(one for one in found if one.rule == rule)


def met(rule: str, **changes: Any) -> bool:
    return check(rule, **changes).met


def days(number: float) -> timedelta:
    return timedelta(days=number)


def test_the_candidate_has_to_agree() -> None:
    assert met("candidate_agreed")
    assert not met("candidate_agreed", agreed=False)


def test_the_candidates_account_must_not_be_locked() -> None:
    assert met("candidate_not_locked")
    assert not met("candidate_not_locked", candidate_locked=True)


def test_the_kind_of_request_has_to_fit_the_candidate_still() -> None:
    assert met("candidate_fits")
    assert not met("candidate_fits", candidate_fits=False)


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ((item("a"),), True),
        ((), False),
        ((item("a", known=False),), False),
        ((item("a", leading=True),), False),
        ((item("a", retired=True),), False),
        ((item("a", "remove", retired=True),), True),
        ((item("a", until=NOON.date()),), True),
        ((item("a", until=NOON.date() - days(1)),), False),
        ((item("a"), item("b", until=NOON.date() - days(1))), False),
    ],
)
def test_everything_asked_for_has_to_be_there_to_give(items: tuple[ItemFacts, ...], expected: bool) -> None:
    assert met("items_available", items=items) == expected


@pytest.mark.parametrize(
    ("items", "rules", "needed"),
    [
        ((item("a"),), {}, 3),
        ((item("a", high_trust=True),), {}, 7),
        ((item("a"), item("b", high_trust=True)), {}, 7),
        ((item("a", "remove", high_trust=True),), {}, 3),
        ((item("a"),), {"discussion_days": 7}, 7),
        ((item("a", high_trust=True),), {"discussion_days": 10}, 10),
    ],
    ids=["plain", "high trust", "one of high trust", "giving up high trust", "new member", "the longer counts"],
)
def test_the_discussion_stays_open_for_exactly_its_days(
    items: tuple[ItemFacts, ...], rules: dict[str, int | bool], needed: int
) -> None:
    def open_for(time: timedelta) -> bool:
        return met("discussion_days", items=items, rules=rules, discussion_at=NOON - time)

    assert not open_for(days(0))
    assert not open_for(days(needed) - SECOND)
    assert open_for(days(needed))
    assert open_for(days(needed) + SECOND)


def test_a_discussion_that_has_not_begun_is_not_long_enough() -> None:
    assert not met("discussion_days", discussion_at=None)
    assert not met("discussion_days", discussion_at=NOON + days(1))


def test_no_day_is_done_on_the_first_day() -> None:
    for time in (-days(1), days(0), days(1) - SECOND):
        assert check("discussion_days", discussion_at=NOON - time).says.values["done"] == 0
    assert check("discussion_days", discussion_at=NOON - days(1)).says.values["done"] == 1


def test_an_organisation_without_these_rules_asks_for_no_days() -> None:
    """Pages ask this where no check of it stands."""
    trusted = (item("a", high_trust=True),)

    assert readiness.days_needed(pure.request(items=trusted)) == 0
    assert readiness.days_needed(pure.request(items=trusted, rules={"discussion_days": 2})) == 2


@given(st.integers(0, 60), st.integers(-5, 100))
def test_the_days_done_are_never_more_than_the_days_needed(needed: int, passed: int) -> None:
    found = check("discussion_days", rules={"discussion_days": needed}, discussion_at=NOON - days(passed))

    assert 0 <= int(str(found.says.values["done"])) <= needed
    assert found.met == (passed >= needed)


def test_one_member_who_is_not_involved_has_to_speak() -> None:
    assert not met("positions")
    assert met("positions", positions=said(20))


@pytest.mark.parametrize(
    ("who", "changes"),
    [
        (REQUESTER, {}),
        (CANDIDATE, {}),
        (20, {"sponsors_ever": frozenset({20})}),
        (20, {"recused": frozenset({20})}),
        (20, {"assessments": (AssessmentFacts(20, True, NOON),)}),
        (DIRECTOR, {}),
        (DEPUTY, {"recused": frozenset({DIRECTOR})}),
        (DEPUTY, {"leadership": pure.leadership(acting_open=True)}),
    ],
    ids=["filed it", "about them", "sponsors", "recused", "marked", "decides", "deputises", "acts"],
)
def test_the_position_of_somebody_involved_does_not_count(who: int, changes: dict[str, Any]) -> None:
    assert not met("positions", positions=said(who), **changes)
    assert met("positions", positions=said(who, 21), **changes)


@pytest.mark.parametrize(
    ("not_away", "needed"),
    [(range(20, 30), 3), (range(20, 26), 3), (range(20, 25), 3), (range(20, 24), 2), (range(20, 21), 1), ((), 0)],
    ids=["of ten", "of six", "half of five, rounded up", "of four", "of one", "of nobody"],
)
def test_three_positions_are_advised_or_half_of_those_not_away(not_away: tuple[int, ...], needed: int) -> None:
    here = frozenset(not_away)

    def spoke(count: int) -> bool:
        return met("positions_advised", members_not_away=here, positions=said(*sorted(MEMBERS)[:count]))

    assert spoke(needed)
    assert needed == 0 or not spoke(needed - 1)


def test_the_half_is_of_those_who_are_not_involved() -> None:
    involved = frozenset({REQUESTER, CANDIDATE, DIRECTOR, 24})
    found = check(
        "positions_advised",
        members_not_away=frozenset({20, 21}) | involved,
        sponsors_ever=frozenset({24}),
        positions=said(20),
    )

    assert found.met
    assert found.says.values["needed"] == 1


def test_no_concern_and_no_question_may_be_open() -> None:
    assert met("no_open_concern")
    assert not met("no_open_concern", open_concerns=1)
    assert met("no_open_question")
    assert not met("no_open_question", open_questions=2)


def test_a_newcomer_needs_a_sponsor_who_has_not_stepped_aside() -> None:
    assert not met("sponsor")
    assert not met("sponsor", sponsors_ever=frozenset({20}))
    assert met("sponsor", sponsors=frozenset({20}))
    assert not met("sponsor", sponsors=frozenset({20}), recused=frozenset({20}))


@pytest.mark.parametrize(
    ("items", "held", "needed"),
    [
        ((shell(),), (), True),
        ((shell(),), ("bastion",), False),
        ((shell("remove"),), (), False),
        ((item("grafana", type="system"),), (), False),
        ((item("grafana", type="system"), shell()), (), True),
    ],
    ids=["first shell", "has shell already", "gives shell up", "no shell", "shell among others"],
)
def test_a_key_is_needed_only_for_new_shell_access(
    items: tuple[ItemFacts, ...], held: tuple[str, ...], needed: bool
) -> None:
    assert met("key_and_identity", items=items, groups_held=frozenset(held)) == (not needed)
    assert met("key_and_identity", items=items, groups_held=frozenset(held), key_offered=True)


GATE = (frozenset({"bastion", "ops"}),)


@pytest.mark.parametrize(
    ("items", "held", "expected"),
    [
        ((item("admins", requires=GATE),), (), False),
        ((item("admins", requires=GATE),), ("bastion",), True),
        ((item("admins", requires=GATE),), ("ops",), True),
        ((item("admins", requires=GATE), item("bastion")), (), True),
        ((item("admins", requires=GATE), item("bastion", type="system")), (), False),
        ((item("admins", "remove", requires=GATE),), (), True),
        ((item("admins", requires=(*GATE, frozenset({"nda-readers"}))),), ("bastion",), False),
        ((item("admins", requires=(*GATE, frozenset({"nda-readers"}))),), ("bastion", "nda-readers"), True),
    ],
    ids=["none", "held", "alternative", "asked with it", "not a group", "given up", "one of two", "both"],
)
def test_what_an_access_builds_on_is_held_or_asked_for(
    items: tuple[ItemFacts, ...], held: tuple[str, ...], expected: bool
) -> None:
    assert met("prerequisites", items=items, groups_held=frozenset(held)) == expected


def test_giving_up_what_the_new_access_builds_on_is_missing_something() -> None:
    items = (item("admins", requires=GATE), item("bastion", "remove"))

    assert not met("prerequisites", items=items, groups_held=frozenset({"bastion"}))


def test_giving_something_up_does_not_take_away_what_stays() -> None:
    """``admins`` is held and stays; it was built on bastion or ops."""
    held: dict[str, Any] = {
        "groups_held": frozenset({"admins", "bastion", "ops"}),
        "held_requires": (("admins", GATE),),
    }
    both = (item("bastion", "remove"), item("ops", "remove"))

    assert met("prerequisites", items=both[:1], **held)
    assert check("prerequisites", items=both, **held).says.values == {"items": "admins"}
    assert met("prerequisites", items=(*both, item("admins", "remove")), **held)


def test_what_was_lacking_before_stands_in_the_way_of_giving_up_alone() -> None:
    """Who holds something without what it builds on by now may be given what has nothing to do with it."""
    held: dict[str, Any] = {"groups_held": frozenset({"admins"}), "held_requires": (("admins", GATE),)}

    assert met("prerequisites", items=(item("wiki-readers"),), **held)
    assert not met("prerequisites", items=(item("wiki-readers"), item("grafana", "remove", type="system")), **held)


def test_everything_that_builds_on_what_is_missing_is_named() -> None:
    items = (item("tech", requires=GATE), item("admins", requires=GATE), item("wiki-readers"))

    assert check("prerequisites", items=items).says.values == {"items": "admins, tech"}


@pytest.mark.parametrize(
    ("liaises", "develops", "expected"),
    [(False, False, True), (True, False, True), (False, True, True), (True, True, False)],
)
def test_liaison_and_development_do_not_go_together(liaises: bool, develops: bool, expected: bool) -> None:
    assert met("liaison_without_development", would_liaise=liaises, would_develop=develops) == expected


def test_an_assessment_counts_for_180_days_on_the_current_standard() -> None:
    def linked(age: timedelta, *, current: bool = True) -> bool:
        return met("assessment", assessments=(AssessmentFacts(20, current, NOON - age),))

    assert not met("assessment")
    assert linked(days(180))
    assert not linked(days(180) + SECOND)
    assert not linked(days(1), current=False)


def test_a_rule_that_is_switched_off_is_not_checked_and_one_with_the_value_nought_is() -> None:
    found = readiness.checks(pure.request(rules={"sponsor": False, "positions": 0, "high_trust_days": 7}), WEIGHTS)

    assert [one.rule for one in found] == ["positions"]
    assert found[0].met


def test_the_heaviest_checks_come_first() -> None:
    weights = {**WEIGHTS, "sponsor": Weight.ADVISED, "assessment": Weight.ABSOLUTE}
    found = readiness.checks(pure.request(rules={"sponsor": True, "positions": 1, "assessment": 1}), weights)

    assert [one.rule for one in found] == ["assessment", "positions", "sponsor"]


def test_a_rule_without_a_predicate_is_not_passed_over() -> None:
    with pytest.raises(KeyError):
        readiness.checks(pure.request(rules={"unheard_of": True}), {"unheard_of": Weight.REQUIRED})


def test_every_rule_of_the_organisation_about_requests_has_a_predicate(app: Flask) -> None:
    rules = {rule.key for kind in organisation().kinds for rule in organisation().rules_of(kind)}

    assert rules == set(readiness.PREDICATES) | readiness.VALUES_ONLY


def test_ready_means_that_nothing_but_advice_is_missing() -> None:
    weights = {**WEIGHTS, "positions_advised": Weight.ADVISED}
    lacking = pure.request(rules={"positions": 1, "positions_advised": 3}, members_not_away=MEMBERS)
    advised = pure.request(rules={"positions": 1, "positions_advised": 3}, members_not_away=MEMBERS, positions=said(20))

    assert not readiness.is_ready(readiness.checks(lacking, weights))
    assert readiness.is_ready(readiness.checks(advised, weights))


FIRST_ID, ASKED = 500, ("bastion", "mediawiki-admins", "grafana")
PEOPLE = st.frozensets(st.integers(FIRST_ID, FIRST_ID + 20), max_size=8)


@given(
    members=PEOPLE,
    spoke=PEOPLE,
    marked=PEOPLE,
    sets=st.fixed_dictionaries(dict.fromkeys(("sponsors", "sponsors_ever", "recused", "markers_ever"), PEOPLE)),
    counts=st.fixed_dictionaries({"open_concerns": st.integers(0, 9), "open_questions": st.integers(0, 9)}),
    flags=st.fixed_dictionaries({
        name: st.booleans()
        for name in ("agreed", "candidate_fits", "candidate_locked", "would_develop", "would_liaise", "key_offered")
    }),
    asked=st.lists(st.sampled_from(ASKED), max_size=3),
)  # fmt: skip
def test_no_check_says_who(
    members: frozenset[int],
    spoke: frozenset[int],
    marked: frozenset[int],
    sets: dict[str, frozenset[int]],
    counts: dict[str, int],
    flags: dict[str, bool],
    asked: list[str],
) -> None:
    """The candidate and the public read them: beside fixed words there are numbers, and keys of the catalogue."""
    facts = pure.request(
        rules=RULES, members=members, members_not_away=members, positions=said(*sorted(spoke)),
        requester_id=FIRST_ID, candidate_id=FIRST_ID + 1,
        assessments=tuple(AssessmentFacts(id, True, NOON) for id in sorted(marked)),
        items=tuple(item(key, requires=(frozenset({"ops"}),)) for key in asked), **sets, **counts, **flags,
    )  # fmt: skip

    for found in readiness.checks(facts, WEIGHTS):
        for value in found.says.values.values():
            if isinstance(value, int):
                assert value < FIRST_ID, found.rule  # how many, never who
            else:
                assert set(str(value).split(", ")) <= set(ASKED), found.rule


@given(st.lists(st.tuples(st.sampled_from(list(Weight)), st.booleans())))
def test_ready_never_depends_on_advice(found: list[tuple[Weight, bool]]) -> None:
    checks = [Check("x", is_met, weight, Message("")) for weight, is_met in found]

    binding = [is_met for weight, is_met in found if weight is not Weight.ADVISED]
    assert readiness.is_ready(checks) == all(binding)
    for weight in Weight:
        missing = [one for one in checks if one.weight is weight and not one.met]
        assert list(readiness.unmet(checks, weight)) == missing


def test_checks_name_nobody() -> None:
    """The candidate reads them too."""
    for changes in ({}, {"positions": said(20), "sponsors": frozenset({20}), "open_concerns": 1}):
        for one in readiness.checks(pure.request(rules=RULES, **changes), WEIGHTS):
            assert set(one.says.values) <= {"done", "needed", "found", "count", "items", "days"}
