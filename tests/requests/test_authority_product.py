"""Who decides, over the whole product of who leads and how each of them stands to the request.

The rule is written here anew from the words of docs/permissions.md and of Tech:Organization/2024: the first of
Director, Deputy and Board who holds the office, is not locked and not kept out. The Deputy counts while acting, or
where the Director is kept out by the request itself; never for money. The absent Director may always decide.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from portal.people.facts import Leadership, PersonFacts
from portal.people.models import Capacity
from portal.requests.authority import authority, deciding_now, why_not
from portal.requests.facts import AssessmentFacts, RequestFacts
from portal.requests.workflow import State
from tests.requests.pure import BOARD, CANDIDATE, DEPUTY, DIRECTOR, NOON, REQUESTER

STEP = 347  # the fast suite looks at one combination in so many; --slow at all of them


@dataclass(frozen=True, slots=True)
class Someone:
    """One who leads, and what may keep them from deciding. Being away alone keeps nobody from it."""

    locked: bool
    away: bool
    sponsored: bool
    marked: bool
    recused: bool


EVERYBODY = [Someone(*flags) for flags in itertools.product((False, True), repeat=5)]
PARTIES = ("somebody else", "director", "deputy", "board")
BOARDS: list[Someone | str | None] = [None, *EVERYBODY, "director", "deputy"]  # a name: who has that office too


@dataclass(frozen=True, slots=True)
class Case:
    """One combination. ``director`` and ``deputy`` are None where nobody holds the office."""

    director: Someone | None
    deputy: Someone | None
    board: Someone | str | None
    candidate: str
    requester: str
    acting: bool
    fiscal: bool
    second: Someone | None = None  # another member of the Board

    def people(self) -> dict[str, Someone]:
        """Everybody there is, once each."""
        found = {"director": self.director, "deputy": self.deputy}
        found["board"] = None if isinstance(self.board, str) else self.board
        found["second"] = self.second
        return {name: someone for name, someone in found.items() if someone is not None}

    def on_the_board(self) -> list[str]:
        """Who the members of the Board are, in order."""
        first = self.board if isinstance(self.board, str) else "board"
        return [name for name in (first, "second") if name in self.people()]


CASES = (
    [None, *EVERYBODY],
    [None, *EVERYBODY],
    BOARDS,
    PARTIES,
    PARTIES,
    (False, True),
    (False, True),
)
FEW = [
    None,
    *(Someone(*flags) for flags in itertools.product((False, True), (False,), (False,), (False,), (False, True))),
]
TWO_ON_THE_BOARD = (  # the others in fewer ways: with one member all of theirs are gone through
    FEW,
    FEW,
    BOARDS,
    (*PARTIES, "second"),
    (*PARTIES, "second"),
    (False, True),
    (False, True),
    EVERYBODY,
)
SECOND = 12
IDS = {"director": DIRECTOR, "deputy": DEPUTY, "board": BOARD, "second": SECOND}


def cases(step: int) -> Iterator[Case]:
    products: list[Iterator[Any]] = [itertools.product(*CASES), itertools.product(*TWO_ON_THE_BOARD)]
    product = itertools.chain.from_iterable(products)
    return (Case(*parts) for parts in itertools.islice(product, 0, None, step))


def kept_out(case: Case, name: str) -> bool:
    """Whether the request itself keeps this person out."""
    someone = case.people()[name]
    return name in (case.candidate, case.requester) or someone.sponsored or someone.marked or someone.recused


def expected(case: Case) -> list[tuple[str, str]]:
    """(who, as what): the one it is expected of first."""
    people = case.people()
    free = [name for name, someone in people.items() if not someone.locked and not kept_out(case, name)]
    director = [("director", "director")] if "director" in free else []
    if director and not case.acting:
        return director
    deputy_counts = case.acting or ("director" in people and kept_out(case, "director"))
    if "deputy" in free and deputy_counts and not case.fiscal:
        return [("deputy", "deputy"), *director]
    members = [name for name in case.on_the_board() if name in free and not (director and name == "director")]
    board = [(name, "board") for name in members]
    return [*board, *director]


def facts(case: Case, state: State = State.DISCUSSION) -> RequestFacts:
    """The same combination as the portal knows it."""
    people, board = case.people(), case.on_the_board()

    def person(name: str) -> PersonFacts:
        someone = people[name]
        return PersonFacts(
            IDS[name],
            roles=frozenset() if name in ("board", "second") else frozenset({name}),
            capacities=frozenset({Capacity.BOARD}) if name in board else frozenset(),
            is_director=name == "director",
            is_deputy=name == "deputy",
            locked=someone.locked,
            away=someone.away,
        )

    lead = {name: person(name) for name in people}
    return RequestFacts(
        id=1,
        kind="access_expansion",
        state=state,
        requester_id=IDS.get(case.requester, REQUESTER),
        candidate_id=IDS.get(case.candidate, CANDIDATE),
        leadership=Leadership(
            lead.get("director"),
            lead.get("deputy"),
            tuple(lead[name] for name in board),
            acting_open=case.acting,
        ),
        now=NOON,
        fiscal=case.fiscal,
        sponsors_ever=frozenset(IDS[name] for name, someone in people.items() if someone.sponsored),
        recused=frozenset(IDS[name] for name, someone in people.items() if someone.recused),
        assessments=tuple(
            AssessmentFacts(IDS[name], current_standard=True, locked_at=NOON)
            for name, someone in people.items()
            if someone.marked and name != case.candidate  # nobody marks themselves as a mentor
        ),
    )


def faults(step: int) -> Iterator[str]:
    """Where the portal and the rule differ."""
    for case in cases(step):
        found, rule = authority(facts(case)), [(IDS[name], capacity) for name, capacity in expected(case)]
        if [(id, str(capacity)) for id, capacity in found.deciders] != rule:
            yield f"{case}: {found.deciders} in place of {rule}"
        if not str(found.why):
            yield f"{case}: no reason is given"


def test_authority_follows_the_rule() -> None:
    assert list(itertools.islice(faults(STEP), 5)) == []


@pytest.mark.slow
def test_authority_follows_the_rule_for_the_whole_product() -> None:
    assert list(itertools.islice(faults(1), 5)) == []


def test_whoever_may_not_decide_is_told_why_and_whoever_may_is_not() -> None:
    for case in cases(STEP * 5):
        for state in (State.DISCUSSION, State.WITH_BOARD):
            known = facts(case, state)
            lead = known.leadership
            for person in [found for found in (lead.director, lead.deputy, *lead.board) if found]:
                may = deciding_now(known).capacity_of(person.id) is not None
                assert (why_not(person, known) is None) == may, (case, state, person)


def test_what_is_with_the_board_is_decided_by_the_free_members_of_the_board_alone() -> None:
    for case in cases(STEP * 5):
        known = facts(case, State.WITH_BOARD)
        free = [name for name in case.on_the_board() if not case.people()[name].locked and not kept_out(case, name)]

        assert [id for id, _ in deciding_now(known).deciders] == [IDS[name] for name in free], case
