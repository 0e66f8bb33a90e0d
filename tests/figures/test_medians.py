"""Medians by kind, against counting by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from portal.figures.medians import FEWEST, Course, to_answer, to_decision

START = datetime(2026, 11, 2, 12, tzinfo=UTC)


def course(hours: float | None, kind: str = "a") -> Course:
    end = START + timedelta(hours=hours) if hours is not None else None
    return Course(kind, START, answered_at=end, decided_at=end)


def test_the_middle_one_of_three_and_the_mean_of_two_in_the_middle_of_four() -> None:
    three, four = (to_answer(course(hours) for hours in found)[0] for found in ((1, 100, 3), (1, 2, 4, 100)))

    assert (three.count, three.length) == (3, timedelta(hours=3))
    assert (four.count, four.length) == (4, timedelta(hours=3))


def test_of_fewer_than_three_nothing_is_told() -> None:
    (found,) = to_decision([course(1), course(2), course(None)])

    assert (found.count, found.length) == (2, None)


def test_what_has_no_end_yet_counts_for_nothing_and_an_end_before_the_start_for_no_time() -> None:
    assert to_answer([course(None)]) == []
    assert to_answer([course(-5), course(-5), course(-5)])[0].length == timedelta(0)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.one_of(st.none(), st.integers(0, 10_000))), max_size=60))
def test_half_take_no_longer_and_half_no_less(found: list[tuple[str, int | None]]) -> None:
    medians = {median.kind: median for median in to_answer(course(hours, kind) for kind, hours in found)}

    for kind in "abc":
        hours = [length for of, length in found if of == kind and length is not None]
        assert (medians[kind].count if kind in medians else 0) == len(hours)
        if len(hours) >= FEWEST:
            middle = medians[kind].length
            assert middle is not None
            in_hours = middle / timedelta(hours=1)
            assert sum(length <= in_hours for length in hours) * 2 >= len(hours)
            assert sum(length >= in_hours for length in hours) * 2 >= len(hours)
