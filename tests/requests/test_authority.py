"""Who decides, over every combination of who leads and how they stand to the request."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from portal.errors import Message
from portal.people.facts import PersonFacts
from portal.people.models import Capacity
from portal.requests.authority import DecidesAs, authority, excluded, why_not
from portal.requests.facts import AssessmentFacts, RequestFacts
from tests.requests import pure
from tests.requests.pure import BOARD, CANDIDATE, DEPUTY, DIRECTOR, NOON, REQUESTER

KEPT_OUT = ("candidate", "requester", "sponsor", "former sponsor", "marker", "recused")
STANDINGS = ("none", "active", "locked", *KEPT_OUT)
BOARDS = ("none", "free", "excluded")
PARTIES = {"candidate": CANDIDATE, "requester": REQUESTER}


def expected(director: str, deputy: str, board: str, *, acting: bool, fiscal: bool) -> list[str]:
    """The rule in words, written anew: in which capacities it may be decided, the expected one first."""
    if director == "active" and not acting:
        return ["director"]
    also = ["director"] if director == "active" else []  # away, and may come back to decide
    deputy_has_the_turn = not fiscal and (acting or director in KEPT_OUT)
    if deputy == "active" and deputy_has_the_turn:
        return ["deputy", *also]
    if board == "free":
        return ["board", *also]
    return also


def facts(director: str, deputy: str, board: str, *, acting: bool, fiscal: bool) -> RequestFacts:
    """These people in these standings. Two parties of one kind are one person with both offices."""
    standings: dict[int, str] = {}

    def stand(id: int, standing: str) -> int:
        id = PARTIES.get(standing, id)
        standings[id] = standing
        return id

    di, de = stand(DIRECTOR, director), stand(DEPUTY, deputy)
    if board == "excluded":
        standings[BOARD] = "recused"

    def those(*wanted: str) -> frozenset[int]:
        return frozenset(id for id, standing in standings.items() if standing in wanted)

    return pure.request(
        leadership=pure.leadership(
            director=None if director == "none" else pure.director(di, locked=director == "locked"),
            deputy=None if deputy == "none" else pure.deputy(de, locked=deputy == "locked"),
            board=() if board == "none" else (pure.board(),),
            acting_open=acting,
        ),
        fiscal=fiscal,
        sponsors=those("sponsor"),
        sponsors_ever=those("sponsor", "former sponsor"),
        recused=those("recused"),
        assessments=tuple(AssessmentFacts(id, True, NOON) for id in those("marker")),
    )


def capacities(found: RequestFacts) -> list[str]:
    return [str(capacity) for _, capacity in authority(found).deciders]


@pytest.mark.parametrize("deputy", STANDINGS)
@pytest.mark.parametrize("director", STANDINGS)
def test_authority_follows_the_rule_for_every_standing(director: str, deputy: str) -> None:
    for board, acting, fiscal in itertools.product(BOARDS, (False, True), (False, True)):
        found = facts(director, deputy, board, acting=acting, fiscal=fiscal)

        rule = expected(director, deputy, board, acting=acting, fiscal=fiscal)

        assert capacities(found) == rule, (board, acting, fiscal)


@pytest.mark.parametrize("director", STANDINGS)
def test_nobody_who_is_kept_out_or_locked_ever_decides_and_the_deputy_never_on_money(director: str) -> None:
    for deputy, board, acting, fiscal in itertools.product(STANDINGS, BOARDS, (False, True), (False, True)):
        found = facts(director, deputy, board, acting=acting, fiscal=fiscal)
        lead = found.leadership
        people = {p.id: p for p in (lead.director, lead.deputy, *lead.board) if p}

        result = authority(found)

        assert str(result.why)
        for id, capacity in result.deciders:
            assert excluded(people[id], found) is None
            assert not people[id].locked
            assert not (fiscal and capacity is DecidesAs.DEPUTY)
            assert result.capacity_of(id) is capacity
        for person in people.values():
            assert (why_not(person, found) is None) == (result.capacity_of(person.id) is not None)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "The Director decides."),
        ({"leadership": pure.leadership(acting_open=True)}, "The Director is away, so the Deputy decides."),
        ({"recused": frozenset({DIRECTOR})}, "The Director is involved, so the Deputy decides."),
        ({"leadership": pure.leadership(director=None)}, "There is no Director now, so the Board decides."),
        (
            {"leadership": pure.leadership(director=pure.director(locked=True))},
            "The Director's wiki account is locked, so the Board decides.",
        ),
        (
            {"recused": frozenset({DIRECTOR}), "fiscal": True},
            "It involves money and the Director cannot decide, so the Board decides.",
        ),
        (
            {"recused": frozenset({DIRECTOR, DEPUTY})},
            "Neither the Director nor the Deputy may decide this, so the Board decides.",
        ),
        (
            {"leadership": pure.leadership(deputy=None, board=(), acting_open=True)},
            "The Director is away, and nobody else may decide. It waits for the Director.",
        ),
        (
            {"leadership": pure.leadership(director=None, deputy=None, board=())},
            "Nobody may decide this now. The Board has to appoint somebody who can.",
        ),
    ],
)
def test_the_page_says_why_it_is_their_turn(changes: dict[str, Any], sentence: str) -> None:
    assert str(authority(pure.request(**changes)).why) == sentence


BOTH = pure.outsider(BOARD, Capacity.BOARD)


@pytest.mark.parametrize(
    ("person", "changes", "sentence"),
    [
        (pure.director(), {"requester_id": DIRECTOR}, "You filed this request."),
        (pure.director(), {"candidate_id": DIRECTOR}, "This request is about you."),
        (pure.director(), {"sponsors_ever": frozenset({DIRECTOR})}, "You sponsored this request."),
        (
            pure.director(),
            {"assessments": (AssessmentFacts(DIRECTOR, False, NOON),)},
            "You marked an assessment that is linked here.",
        ),
        (pure.director(), {"recused": frozenset({DIRECTOR})}, "You recused yourself."),
        (pure.deputy(), {"fiscal": True}, "The Deputy never decides on money."),
        (pure.deputy(), {}, "The Deputy decides only while the Director is away or involved."),
        (BOTH, {}, "The Board decides when a request is referred to it, or when nobody else may."),
        (pure.member(20), {}, "The Director decides."),
    ],
)
def test_whoever_cannot_decide_is_told_why(person: PersonFacts, changes: dict[str, Any], sentence: str) -> None:
    assert why_not(person, pure.request(**changes)) == Message(sentence)


def test_a_self_assessment_makes_the_candidate_no_marker_of_others() -> None:
    own = pure.request(assessments=(AssessmentFacts(CANDIDATE, True, NOON), AssessmentFacts(9, True, NOON)))

    assert own.markers == {9}
