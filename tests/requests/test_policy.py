"""docs/permissions.md, asked of the policy alone: about one request, cell by cell, in every state."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from portal.errors import NotPermitted, NotVisible, PortalError, WrongState
from portal.people.facts import PersonFacts
from portal.people.models import Capacity
from portal.requests import policy
from portal.requests.facts import AssessmentFacts, RequestFacts
from portal.requests.workflow import Action, State
from tests.permissions import Standing, permissions
from tests.requests import pure
from tests.requests.pure import BOARD, CANDIDATE, DEPUTY, DIRECTOR, NOON, REQUESTER

DRAFT_ACTIONS = {"read", "submit", "withdraw"}
ELSEWHERE = {  # actions whose line of the page depends on more than these facts; each has tests of its own below
    *("read_key:waiting", "check_key:draft", "reopen:board", "review"),
    *("edit_comment", "resolve_concern", "withdraw_sponsorship"),
}
LINES = {
    key.replace(":", "_"): action
    for key, action in permissions().actions.items()
    if action.stages and key not in ELSEWHERE
}
ACTIONS = sorted(LINES)


@dataclass(frozen=True)
class Actor:
    """Who asks: their columns, the person, and what has to hold of the request for them to be in them."""

    codes: str
    person: PersonFacts | None
    decides: bool = False
    changes: dict[str, Any] = field(default_factory=dict)


ACTING = {"leadership": pure.leadership(acting_open=True)}
MEMBER = 20
ACTORS = {
    "anonymous": Actor("AN", None),
    "locked member": Actor("AN", pure.member(MEMBER, locked=True)),
    "locked candidate": Actor("AN", pure.member(CANDIDATE, locked=True)),
    "outsider": Actor("OU", pure.outsider(MEMBER)),
    "candidate": Actor("CA", pure.outsider(CANDIDATE)),
    "requester": Actor("RQ", pure.outsider(REQUESTER)),
    "requester who is a member": Actor("RQ TM", pure.member(REQUESTER)),
    "member": Actor("TM", pure.member(MEMBER)),
    "Deputy": Actor("DE", pure.deputy()),
    "acting Deputy": Actor("DE", pure.deputy(), decides=True, changes=ACTING),
    "Director": Actor("DI", pure.director(), decides=True),
    "Director who is away": Actor("DI", pure.director(), decides=True, changes=ACTING),
    "Board": Actor("BO", pure.board()),
    "treasurer": Actor("TR", pure.outsider(MEMBER, Capacity.TREASURER)),
    "operator": Actor("AD", pure.outsider(MEMBER, Capacity.OPERATOR)),
}


def allows(actor: Actor, action: str, state: State) -> bool:
    """What the page says of this actor, leaving aside whether the action makes sense in this state."""
    if state is State.DRAFT and "RQ" not in actor.codes.split():
        return False
    who = Standing(
        frozenset(actor.codes.split()),
        owns=action == "unlink_evidence",  # whose link it is, the service asks
        decides=actor.decides,
        board_has_the_word=state is State.WITH_BOARD,
    )
    return LINES[action].allows(who)


def refused_with(found: PortalError | None) -> type[PortalError] | None:
    return type(found) if found else None


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("name", ACTORS)
def test_each_cell_of_the_matrix_holds_in_every_state(name: str, action: str) -> None:
    actor = ACTORS[name]
    for state in State:
        found = policy.refusal(actor.person, Action(action), pure.request(state=state, **actor.changes))

        kind = refused_with(found)
        if not allows(actor, "read", state):
            assert kind is NotVisible, state
        elif state is State.DRAFT and action not in DRAFT_ACTIONS:
            assert kind in (NotPermitted, WrongState), state
        elif not allows(actor, action, state):
            assert kind is NotPermitted, state
        elif state not in LINES[action].stages:
            assert kind is WrongState, state
        else:
            assert kind is None, state


def test_every_action_that_people_press_has_a_row() -> None:
    by_itself = {
        *(Action.LAST_ANSWER, Action.LATE_ANSWER, Action.EXPIRE),
        *(Action.AGREE_REFERRED, Action.ASK_AGREEMENT, Action.REOPEN_REFERRED),
    }
    elsewhere = {Action.REVIEW, Action.RESOLVE_CONCERN, Action.WITHDRAW_SPONSORSHIP}

    assert {Action(action) for action in ACTIONS} | elsewhere | by_itself == set(Action)
    assert set(policy.TABLE) == set(Action) - by_itself


OFFICES = {
    "member": pure.member(CANDIDATE),
    "Director": pure.director(CANDIDATE),
    "Deputy": pure.deputy(CANDIDATE),
    "Board": pure.member(CANDIDATE, Capacity.BOARD),
    "treasurer": pure.member(CANDIDATE, Capacity.TREASURER),
    "operator": pure.member(CANDIDATE, Capacity.OPERATOR),
}


def with_office(person: PersonFacts, **changes: Any) -> RequestFacts:
    """A request in which this person holds whatever office they hold, and the Deputy acts."""
    lead = pure.leadership(
        director=person if person.is_director else pure.director(),
        deputy=person if person.is_deputy else pure.deputy(),
        board=(person,) if person.is_board else (pure.board(),),
        acting_open=True,
    )
    return pure.request(leadership=lead, **changes)


FORBIDDEN = [action for action in ACTIONS if LINES[action].cells["CA"] == "-"]


@pytest.mark.parametrize("action", FORBIDDEN)
@pytest.mark.parametrize("office", OFFICES)
def test_no_office_lets_a_candidate_take_part_in_their_own_request(office: str, action: str) -> None:
    person = OFFICES[office]
    for state in set(State) - {State.DRAFT}:
        assert not policy.may(person, Action(action), with_office(person, state=state)), state


PART = ["comment", "comment_team", "ask", "take_position", "raise_concern", "resolve_concern", "sponsor"]
DECIDING = ["approve", "decline", "refer", "override_concern", "record_approval", "record_decline", "note"]


@pytest.mark.parametrize("action", [*PART, "link_evidence", *DECIDING])
@pytest.mark.parametrize("person", [pure.member(MEMBER), pure.director(), pure.deputy(), pure.board()], ids=str)
def test_who_recused_themselves_reads_but_takes_no_part(person: PersonFacts, action: str) -> None:
    for state in (State.DISCUSSION, State.NEEDS_INFORMATION, State.WITH_BOARD):
        found = with_office(person, state=state, recused=frozenset({person.id}))

        assert policy.may(person, Action.READ, found)
        refused = policy.refusal(person, Action(action), found)
        assert isinstance(refused, NotPermitted)
        assert str(refused.message) == "You recused yourself from this request."


@pytest.mark.parametrize(
    "involved",
    [
        {"requester_id": DIRECTOR},
        {"sponsors_ever": frozenset({DIRECTOR})},
        {"assessments": (AssessmentFacts(DIRECTOR, True, NOON),)},
    ],
    ids=["filed it", "sponsors", "marked"],
)
def test_a_director_who_is_involved_neither_decides_nor_advises(involved: dict[str, Any]) -> None:
    found = pure.request(**involved)

    assert isinstance(policy.refusal(pure.director(), Action.APPROVE, found), NotPermitted)
    assert not policy.may(pure.director(), Action.TAKE_POSITION, found)
    assert not policy.may(pure.director(), Action.RAISE_CONCERN, found)
    assert policy.may(pure.deputy(), Action.APPROVE, found)
    assert not policy.may(pure.deputy(), Action.TAKE_POSITION, found)


def test_the_deputy_is_one_of_the_members_while_the_director_is_there() -> None:
    found = pure.request()

    assert not policy.may(pure.deputy(), Action.APPROVE, found)
    assert policy.may(pure.deputy(), Action.TAKE_POSITION, found)
    assert policy.may(pure.deputy(), Action.SPONSOR, found)


@pytest.mark.parametrize("acting", [False, True])
def test_the_deputy_never_decides_on_money(acting: bool) -> None:
    for changes in ({}, {"recused": frozenset({DIRECTOR})}):
        found = pure.request(fiscal=True, leadership=pure.leadership(acting_open=acting), **changes)

        for action in (Action.APPROVE, Action.DECLINE, Action.REFER, Action.OVERRIDE_CONCERN):
            assert isinstance(policy.refusal(pure.deputy(), action, found), NotPermitted)


def test_the_board_has_the_word_where_nobody_else_may_decide() -> None:
    found = pure.request(recused=frozenset({DIRECTOR, DEPUTY}))

    assert policy.may(pure.board(), Action.RECORD_APPROVAL, found)
    assert policy.may(pure.board(), Action.READ_TEAM, found)
    assert not policy.may(pure.board(), Action.APPROVE, found)


@pytest.mark.parametrize(
    "involved",
    [
        {"candidate_id": BOARD},
        {"requester_id": BOARD},
        {"sponsors_ever": frozenset({BOARD})},
        {"recused": frozenset({BOARD})},
        {"assessments": (AssessmentFacts(BOARD, True, NOON),)},
    ],
)
def test_a_member_of_the_board_who_is_involved_records_no_outcome(involved: dict[str, Any]) -> None:
    found = pure.request(state=State.WITH_BOARD, **involved)

    assert not policy.may(pure.board(), Action.RECORD_APPROVAL, found)


def test_a_member_of_the_board_who_is_also_on_the_team_does_not_advise_what_the_board_decides() -> None:
    person = pure.member(BOARD, Capacity.BOARD)

    assert policy.may(person, Action.TAKE_POSITION, with_office(person))
    assert not policy.may(person, Action.TAKE_POSITION, with_office(person, state=State.WITH_BOARD))


def test_the_key_is_for_its_owner_the_director_and_for_members_while_shell_waits_to_be_set_up() -> None:
    for state in set(State) - {State.DRAFT}:
        found = pure.request(state=state)

        assert policy.may(pure.outsider(CANDIDATE), Action.READ_KEY, found)
        assert policy.may(pure.director(), Action.READ_KEY, found)
        assert not policy.may(pure.outsider(REQUESTER), Action.READ_KEY, found)
        assert not policy.may(pure.board(), Action.READ_KEY, found)
        assert not policy.may(pure.member(MEMBER), Action.READ_KEY, found)
        assert policy.may(pure.member(MEMBER), Action.READ_KEY, replace(found, shell_waits=True))


def test_only_a_sponsor_takes_a_sponsorship_back() -> None:
    found = pure.request(sponsors=frozenset({MEMBER}))

    assert policy.may(pure.member(MEMBER), Action.WITHDRAW_SPONSORSHIP, found)
    assert not policy.may(pure.member(MEMBER + 1), Action.WITHDRAW_SPONSORSHIP, found)


def test_the_director_reviews_what_the_acting_deputy_decided_whatever_became_of_it() -> None:
    for state in set(State) - {State.DRAFT}:
        found = pure.request(state=state, awaits_review=True)

        assert policy.may(pure.director(), Action.REVIEW, found)
        assert not policy.may(pure.deputy(), Action.REVIEW, found)
        assert isinstance(policy.refusal(pure.director(), Action.REVIEW, pure.request(state=state)), WrongState)


def test_allowed_is_the_same_question_asked_of_every_action() -> None:
    for actor in ACTORS.values():
        for state in State:
            found = pure.request(state=state, **actor.changes)

            assert policy.allowed(actor.person, found) == {
                a for a in policy.TABLE if policy.may(actor.person, a, found)
            }


def test_what_the_board_declined_only_a_member_of_the_board_who_is_not_involved_reopens() -> None:
    found = pure.request(state=State.DECLINED, decided_by_board=True)

    assert policy.may(pure.board(), Action.REOPEN, found)
    assert not policy.may(pure.board(), Action.REOPEN, replace(found, requester_id=BOARD))
    assert not policy.may(pure.director(), Action.REOPEN, found)
    assert not policy.may(pure.member(MEMBER), Action.REOPEN, found)
    assert policy.may(pure.director(), Action.REOPEN, replace(found, decided_by_board=False))


def test_a_refusal_says_what_keeps_this_person_out() -> None:
    def says(person: PersonFacts, action: Action, **changes: Any) -> str:
        with pytest.raises(NotPermitted) as refused:
            policy.require(person, action, pure.request(**changes))
        return refused.value.message.id

    recused, member = frozenset({MEMBER}), pure.member(MEMBER)
    assert says(member, Action.COMMENT_TEAM, recused=recused) == "You recused yourself from this request."
    assert says(pure.member(CANDIDATE), Action.RECUSE) == "You take no part in the decision about your own request."
    assert says(pure.deputy(), Action.APPROVE) == "The Deputy decides only while the Director is away or involved."
    assert says(member, Action.EDIT) == policy.ONLY_PARTY
    assert says(member, Action.AGREE) == "Only the candidate can agree."


def test_what_one_may_is_refused_to_nobody() -> None:
    policy.require(pure.member(MEMBER), Action.COMMENT_TEAM, pure.request())
