"""Pictures of scores: where lines and dots stand, and that the page has the same numbers as a table."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from portal.assessments.models import Score, Seat
from portal.assessments.pictures import HEIGHT, RADIUS, WIDTH, Axis, average, lines_over_time, radar
from portal.people.models import Person
from tests import factories
from tests.assessments import factories as made

AsPerson = Callable[[Person], FlaskClient]
values = st.floats(0, 3)


@given(st.lists(values, min_size=3, max_size=15))
def test_a_corner_stands_as_far_out_as_its_value(found: list[float]) -> None:
    picture = radar([Axis(str(n), (value,)) for n, value in enumerate(found)])

    for value, point in zip(found, picture.shapes[0], strict=True):
        assert math.hypot(point.x, point.y) == pytest.approx(RADIUS * value / 3, abs=0.2)
    assert [spoke.number for spoke in picture.spokes] == list(range(1, len(found) + 1))


def test_the_first_axis_points_up_and_the_second_to_the_right_of_it() -> None:
    shape = radar([Axis("a", (3.0,)), Axis("b", (3.0,)), Axis("c", (3.0,)), Axis("d", (3.0,))]).shapes[0]

    assert [str(point) for point in shape] == ["0.0,-100.0", "100.0,0.0", "0.0,100.0", "-100.0,0.0"]


def test_what_has_no_score_has_no_corner_and_two_axes_make_no_radar() -> None:
    assert len(radar([Axis("a", (None,)), Axis("b", (1.0,)), Axis("c", (2.0,))]).shapes[0]) == 2
    with pytest.raises(ValueError, match="three axes"):
        radar([Axis("a", (1.0,)), Axis("b", (1.0,))])


def test_an_average_leaves_out_what_is_not_relevant() -> None:
    assert average([Score.TEACHES, Score.NOT_APPLICABLE, Score.BASIC, None]) == 2.0
    assert average([Score.NOT_APPLICABLE, None]) is None


@given(st.lists(st.tuples(st.integers(0, 3000), st.none() | values), min_size=1, max_size=20, unique_by=lambda v: v[0]))
def test_lines_go_from_left_to_right_inside_the_picture(found: list[tuple[int, float | None]]) -> None:
    ordered = sorted(found)
    days = [date(2026, 1, 1) + timedelta(days=day) for day, _ in ordered]
    (line,) = lines_over_time(days, [[value for _, value in ordered]])

    assert len(line.points) == sum(value is not None for _, value in ordered)
    assert all(0 <= point.x <= WIDTH and 0 <= point.y <= HEIGHT for point in line.points)
    assert [point.x for point in line.points] == sorted(point.x for point in line.points)


def scores(*first: Score) -> list[Score]:
    return [*first, *[Score.INDEPENDENT] * (28 - len(first))]


def test_a_round_is_drawn_once_both_markings_are_in(as_person: AsPerson) -> None:
    made.seed()
    ann, mentor, second = factories.member("Ann"), factories.member("Mia"), factories.member("Sam")
    marking = made.marking(ann, mentor, second)
    made.mark(mentor, marking, Seat.MENTOR, scores())
    assert "picture__radar" not in as_person(mentor).get(f"/markings/{marking}").text
    made.mark(second, marking, Seat.SECOND, scores(Score.NONE))

    page = as_person(ann).get(f"/markings/{marking}").text

    assert page.count("picture__radar") == 2
    assert page.count("picture__dots") == 28
    assert "Average by stack area" in page


def test_a_round_is_held_against_a_profile(as_person: AsPerson) -> None:
    made.seed()
    ann, mentor, second = factories.member("Ann"), factories.member("Mia"), factories.member("Sam")
    keys = made.keys(made.self_assessment(ann))
    below = [Score.BASIC if key == "web-security" else Score.INDEPENDENT for key in keys]
    marking = made.revealed(ann, mentor, second, below, [Score.INDEPENDENT] * 28)

    page = as_person(ann).get(f"/markings/{marking}?profile=mediawiki-work").text

    assert "12 of 13 met" in page
    assert "13 of 13 met" in page
    assert "Advised" in page
    assert "series--advised" in page
    assert "of 13 met" not in as_person(ann).get(f"/markings/{marking}?profile=nonsense").text


def test_progress_is_drawn_from_the_second_day_on(as_person: AsPerson) -> None:
    made.seed()
    ann = factories.member("Ann")
    made.locked_self(ann, [Score.BASIC] * 28, at=factories.now() - timedelta(days=90))
    client = as_person(ann)
    assert "picture__time" not in client.get(f"/assessments/of/{ann.id}").text
    made.locked_self(ann, [Score.TEACHES] * 28)

    page = client.get(f"/assessments/of/{ann.id}").text

    assert "picture__time" in page
    assert "<td>1.0</td>" in page
    assert "<td>3.0</td>" in page
