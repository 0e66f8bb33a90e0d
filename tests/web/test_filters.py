"""Moments and messages in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask_babel import lazy_gettext

from portal.errors import Message
from portal.web import filters
from tests.hostile import ADDRESSES

NOON = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _at_noon(app: Flask) -> Iterator[None]:
    with time_machine.travel(NOON, tick=False), app.test_request_context("/"):
        yield


@pytest.mark.parametrize(
    ("delta", "words"),
    [
        (timedelta(0), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(minutes=59, seconds=59), "59 minutes ago"),
        (timedelta(hours=1), "1 hour ago"),
        (timedelta(hours=47, minutes=59), "47 hours ago"),
        (timedelta(hours=48), "2 days ago"),
        (timedelta(days=400), "400 days ago"),
        (-timedelta(seconds=30), "in 1 minute"),
        (-timedelta(hours=2), "in 2 hours"),
        (-timedelta(days=3), "in 3 days"),
    ],
)
def test_a_moment_is_told_by_its_distance(delta: timedelta, words: str) -> None:
    assert filters.ago(NOON - delta) == words


def test_a_moment_carries_its_exact_time_for_hover_machines_and_paper() -> None:
    html = filters.when(NOON - timedelta(hours=2, minutes=5))

    assert html == '<time datetime="2026-11-03T09:55:00Z" title="3 Nov 2026, 09:55 UTC">2 hours ago</time>'


def test_no_moment_is_no_words() -> None:
    assert filters.when(None) == ""


def test_all_moments_of_a_page_are_told_from_one_now() -> None:
    first = filters.now()

    with time_machine.travel(NOON + timedelta(minutes=5)):
        assert filters.now() == first


def test_a_day_is_written_out() -> None:
    assert filters.day(date(2026, 11, 3)) == filters.day(NOON) == "3 Nov 2026"


def test_lines_are_kept_and_nothing_else_is_html() -> None:
    assert filters.lines("a <b>\nc") == "a &lt;b&gt;<br>c"


def test_a_message_is_said_with_its_values_and_the_messages_in_them() -> None:
    inner = Message("%(count)s of %(all)s", count=1, all=3)

    assert filters.say(Message("Heard from the team: %(how)s.", how=inner)) == "Heard from the team: 1 of 3."


def test_whatever_a_form_reports_can_be_said() -> None:
    assert filters.say("plain") == "plain"
    assert filters.say(lazy_gettext("later")) == "later"
    assert filters.say(None) == ""


@pytest.mark.parametrize(
    "address", [None, "", *ADDRESSES, "//a.example", "/account", "https://", "https://[", "a.example"]
)
def test_an_address_that_no_browser_should_follow_leads_nowhere(address: str | None) -> None:
    assert filters.outward(address) == "#"


def test_an_address_on_the_web_is_kept_as_it_is() -> None:
    assert filters.outward("https://a.example/b?c#d") == "https://a.example/b?c#d"
