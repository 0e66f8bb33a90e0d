"""The one rule of who is told, for every possible set of people around an event."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from portal.errors import Message
from portal.notifications.told import Circle, Group, Row, recipients

SOME = (Group.TURN, Group.CANDIDATE, Group.SPOKE, Group.WATCHING)  # few groups and people, so that they meet
PERSON = st.integers(min_value=1, max_value=4)
PEOPLE = st.frozensets(PERSON)
ROWS = st.builds(
    Row,
    says=st.just(Message("%(who)s did it")),
    to=st.lists(st.sampled_from(SOME), unique=True).map(tuple),
    result=st.booleans(),
)
CIRCLES = st.builds(
    Circle,
    groups=st.dictionaries(st.sampled_from(SOME), PEOPLE),
    readers=PEOPLE,
    actor=st.none() | PERSON,
    recused=PEOPLE,
    muted=PEOPLE,
)


@settings(max_examples=400)
@given(ROWS, CIRCLES)
def test_nobody_is_told_of_their_own_act_of_what_they_may_not_read_or_after_recusing(row: Row, circle: Circle) -> None:
    told = recipients(row, circle).keys()

    assert circle.actor not in told
    assert told <= circle.readers - circle.recused


@settings(max_examples=400)
@given(ROWS, CIRCLES)
def test_everybody_whose_turn_it_becomes_is_told_so(row: Row, circle: Circle) -> None:
    told = recipients(row, circle)
    due = circle.groups.get(Group.TURN, frozenset()) & circle.readers - circle.recused - {circle.actor}

    assert {id for id, reason in told.items() if reason is Group.TURN} == due


@settings(max_examples=400)
@given(ROWS, CIRCLES)
def test_everybody_in_a_named_group_is_told_with_the_strongest_reason(row: Row, circle: Circle) -> None:
    told = recipients(row, circle)
    kept_out = circle.recused | {circle.actor}

    for group in row.to:
        muted = frozenset() if row.result else circle.muted
        assert circle.groups.get(group, frozenset()) & circle.readers - kept_out - muted <= told.keys()
    for id, reason in told.items():
        stronger = (Group.TURN, *row.to)[: (Group.TURN, *row.to).index(reason)]
        assert id in circle.groups[reason]
        assert not any(id in circle.groups.get(group, frozenset()) for group in stronger)


@settings(max_examples=400)
@given(ROWS, CIRCLES)
def test_who_muted_it_is_told_of_their_turn_and_of_results_alone(row: Row, circle: Circle) -> None:
    told = recipients(row, circle)

    assert all(reason is Group.TURN or row.result for id, reason in told.items() if id in circle.muted)
