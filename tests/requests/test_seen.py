"""The grounds of a decision: what counts as changed, and in which words."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.errors import Message
from portal.org.catalogue import Weight
from portal.requests import seen
from portal.requests.readiness import Check
from tests.requests import pure

OUT_OF_DATE = [Message("The page was out of date.")]


def grounds(*met: bool, revision: int = 1, concerns: tuple[int, ...] = (), evidence: tuple[int, ...] = ()) -> str:
    checks = [Check(f"rule{n}", is_met, Weight.REQUIRED, Message("")) for n, is_met in enumerate(met)]
    return seen.grounds(pure.request(revision_number=revision), checks, concerns, evidence)


@pytest.mark.parametrize(
    ("before", "now", "sentences"),
    [
        (grounds(), grounds(), []),
        (grounds(concerns=(2, 1)), grounds(concerns=(1, 2)), []),
        (grounds(revision=1), grounds(revision=2, concerns=(4,)), ["What is asked for was changed."]),
        (grounds(False, False, True), grounds(True, True, True), ["Now met: 2 of the checks."]),
        (grounds(True, False), grounds(False, False), ["No longer met: 1 of the checks."]),
        (
            grounds(True, False),
            grounds(False, True),
            ["Now met: 1 of the checks.", "No longer met: 1 of the checks."],
        ),
        (grounds(concerns=(1,)), grounds(concerns=(1, 2, 3)), ["New concerns: 2."]),
        (grounds(concerns=(1, 2)), grounds(concerns=(2,)), ["Concerns closed: 1."]),
        (grounds(evidence=(1,)), grounds(evidence=(2,)), ["The linked evidence changed."]),
        (grounds(evidence=(1,)), grounds(), ["The linked evidence changed."]),
    ],
)
def test_differences_are_told_in_words(before: str, now: str, sentences: list[str]) -> None:
    assert [str(found) for found in seen.differences(before, now)] == sentences


@pytest.mark.parametrize("broken", ["", "{}", "null", "[]", "7", "{", '{"revision": 1}', '"text"', "\x00", "[" * 4000])
def test_what_cannot_be_read_counts_as_out_of_date(broken: str) -> None:
    assert seen.differences(broken, grounds()) == OUT_OF_DATE


def test_grounds_written_by_hand_count_as_out_of_date() -> None:
    spaced = json.dumps(json.loads(grounds(True)))

    assert seen.differences(spaced, grounds(True)) == OUT_OF_DATE


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_nothing_but_the_same_grounds_is_ever_no_difference(before: str) -> None:
    assert seen.differences(before, grounds(True, concerns=(1,)))


def _like(part: str, value: object) -> str:
    return json.dumps({**json.loads(grounds(True, concerns=(1,), evidence=(1,))), part: value})


@given(
    st.sampled_from(["revision", "checks", "concerns", "evidence"]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=5,
    ),
)
def test_a_tampered_part_never_fails(part: str, value: object) -> None:
    assert seen.differences(_like(part, value), grounds(True, concerns=(1,), evidence=(1,)))
