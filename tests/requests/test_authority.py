"""What is said about who decides; who does is in test_authority_product.py."""

from __future__ import annotations

from typing import Any

import pytest

from portal.errors import Message
from portal.people.facts import PersonFacts
from portal.people.models import Capacity
from portal.requests.authority import DecidesAs, authority, excluded, why_not
from portal.requests.facts import AssessmentFacts
from portal.requests.workflow import State
from tests.requests import pure
from tests.requests.pure import BOARD, CANDIDATE, DEPUTY, DIRECTOR, NOON


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


def test_a_director_who_is_also_of_the_board_stands_once_among_those_who_may_decide() -> None:
    director = PersonFacts(DIRECTOR, frozenset({"director"}), frozenset({Capacity.BOARD}), is_director=True)
    leads = pure.leadership(director=director, board=(director, pure.board()), acting_open=True)

    found = authority(pure.request(leadership=leads, recused=frozenset({DEPUTY})))

    assert found.deciders == ((BOARD, DecidesAs.BOARD), (DIRECTOR, DecidesAs.DIRECTOR))


def test_while_the_board_has_it_everybody_else_is_told_so() -> None:
    found = pure.request(state=State.WITH_BOARD)
    referred = Message("It was referred to the Board, so the Board decides.")

    assert why_not(pure.director(), found) == why_not(pure.member(9), found) == referred
    assert why_not(pure.board(), found) is None


def test_what_is_with_the_board_is_explained_by_that_to_the_deputy_and_by_their_part_in_it_to_the_board() -> None:
    recused = pure.request(state=State.WITH_BOARD, recused=frozenset({BOARD}))

    assert why_not(pure.deputy(), recused) == Message("It was referred to the Board, so the Board decides.")
    assert why_not(pure.board(), recused) == Message("You recused yourself.")


def test_it_is_expected_of_the_first_of_those_who_may_decide() -> None:
    acting, free = pure.leadership(acting_open=True), pure.leadership(director=None, deputy=None, board=())

    assert authority(pure.request()).capacity is DecidesAs.DIRECTOR
    assert authority(pure.request(leadership=acting)).capacity is DecidesAs.DEPUTY
    assert authority(pure.request(leadership=acting, recused=frozenset({DEPUTY}))).capacity is DecidesAs.BOARD
    assert authority(pure.request(leadership=free)).capacity is None


def test_a_locked_account_is_named_as_what_keeps_somebody_out() -> None:
    locked = pure.director(locked=True)

    assert excluded(locked, pure.request()) == Message("The wiki account is blocked or locked.")
