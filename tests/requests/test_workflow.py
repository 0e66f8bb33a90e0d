"""Every state and every action: what is not in this table is illegal."""

from __future__ import annotations

import pytest

from portal.errors import WrongState
from portal.requests.workflow import Action, State, next_state, submitted_state

LEGAL = {
    tuple(line.split())
    for line in """
    draft submit discussion
    draft withdraw withdrawn
    agreement agree discussion
    agreement agree_referred with_board
    agreement ask_agreement agreement
    agreement withdraw withdrawn
    discussion ask needs_information
    discussion ask_agreement agreement
    discussion withdraw withdrawn
    discussion approve approved
    discussion decline declined
    discussion refer with_board
    discussion record_approval approved
    discussion record_decline declined
    needs_information ask needs_information
    needs_information last_answer discussion
    needs_information ask_agreement agreement
    needs_information expire closed
    needs_information withdraw withdrawn
    needs_information approve approved
    needs_information decline declined
    needs_information refer with_board
    needs_information record_approval approved
    needs_information record_decline declined
    with_board ask with_board
    with_board ask_agreement agreement
    with_board last_answer with_board
    with_board withdraw withdrawn
    with_board record_approval approved
    with_board record_decline declined
    closed late_answer discussion
    declined reopen discussion
    declined reopen_referred with_board
    """.strip().splitlines()
}
TARGETS = {(state, action): target for state, action, target in LEGAL}


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("state", State)
def test_each_pair_leads_where_the_table_says_or_is_refused(state: State, action: Action) -> None:
    expected = TARGETS.get((state.value, action.value))

    if expected is None:
        with pytest.raises(WrongState, match="moved on"):
            next_state(state, action)
    else:
        assert next_state(state, action) is State(expected)


def test_the_table_names_only_states_and_actions_that_exist() -> None:
    assert {state for state, _, _ in LEGAL} | {target for _, _, target in LEGAL} <= set(State)
    assert {action for _, action, _ in LEGAL} <= set(Action)


@pytest.mark.parametrize("ended", [State.APPROVED, State.WITHDRAWN])
def test_an_approval_and_a_withdrawal_are_final(ended: State) -> None:
    assert not [action for state, action in TARGETS if state == ended]


def test_what_is_filed_for_somebody_else_waits_for_their_agreement() -> None:
    assert submitted_state(filed_for_oneself=True) is State.DISCUSSION
    assert submitted_state(filed_for_oneself=False) is State.AGREEMENT
