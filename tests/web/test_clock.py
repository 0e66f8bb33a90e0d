"""The watch on the wall clock, on clocks that the test moves by hand."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from portal.web import clock
from tests.clocks import CHANGES_OF_THE_HOUR, HOUR, MINUTE, berlin  # noqa: F401  # a fixture

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
DAY = timedelta(days=1)


class Clocks:
    """A wall clock and a steady one, each moved by hand."""

    def __init__(self) -> None:
        self.passed = timedelta()
        self._machine = time_machine.travel(NOON, tick=False)
        self._wall = self._machine.start()
        self.watch = clock.Watch(steady=self.passed_seconds)

    def passed_seconds(self) -> float:
        return self.passed.total_seconds()

    def pass_by(self, span: timedelta) -> None:
        """Time passes: both clocks go on."""
        self.passed += span
        self._wall.shift(span)

    def set(self, by: timedelta) -> None:
        """Somebody sets the wall clock."""
        self._wall.shift(by)

    def stop(self) -> None:
        self._machine.stop()


@pytest.fixture
def clocks() -> Iterator[Clocks]:
    made = Clocks()
    yield made
    made.stop()


def test_time_that_passes_is_no_jump(clocks: Clocks) -> None:
    clocks.pass_by(400 * DAY)

    assert not clocks.watch.is_far_off()


@pytest.mark.parametrize("by", [-2 * HOUR, 365 * DAY, 10 * MINUTE + timedelta(seconds=1)])
def test_a_clock_that_was_set_is_far_off_until_it_is_back(clocks: Clocks, by: timedelta) -> None:
    clocks.set(by)
    clocks.pass_by(3 * DAY)
    assert clocks.watch.is_far_off()
    assert clocks.watch.moved() == by

    clocks.set(-by)

    assert not clocks.watch.is_far_off()


@pytest.mark.parametrize("by", [-10 * MINUTE, 10 * MINUTE])
def test_a_correction_of_ten_minutes_is_no_jump(clocks: Clocks, by: timedelta) -> None:
    clocks.set(by)

    assert not clocks.watch.is_far_off()


def test_a_year_of_small_corrections_is_no_jump(clocks: Clocks) -> None:
    for _ in range(365):
        clocks.pass_by(DAY)
        clocks.set(MINUTE)
        assert not clocks.watch.is_far_off()


def test_small_corrections_on_one_day_add_up(clocks: Clocks) -> None:
    for _ in range(11):
        clocks.pass_by(HOUR)
        clocks.set(MINUTE)

    assert clocks.watch.is_far_off()


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize("change", CHANGES_OF_THE_HOUR)
def test_the_server_s_own_zone_plays_no_part_when_its_hour_changes(change: datetime) -> None:
    with time_machine.travel((change - 30 * MINUTE).timestamp(), tick=False) as travel:
        began, offset = clock.now(), time.localtime().tm_gmtoff
        watch = clock.Watch(steady=lambda: clock.now().timestamp())
        travel.shift(HOUR)

        assert abs(time.localtime().tm_gmtoff - offset) == 3600
        assert clock.now() - began == HOUR
        assert not watch.is_far_off()
