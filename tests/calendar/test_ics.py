"""The form of iCalendar files, read by a second reader that knows only the rules of RFC 5545."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.calendar.ics import Entry, calendar

STAMP = datetime(2026, 11, 2, 12, tzinfo=UTC)
NAME = re.compile(r"(?P<name>[A-Z-]+)(?:;(?P<param>[A-Z-]+)=(?P<of>[A-Z-]+))?:(?P<value>.*)", re.DOTALL)
ONCE = {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY"}


def read(file: str) -> tuple[dict[str, str], list[dict[str, str]]]:
    """Properties of the calendar, and of each event. Raises AssertionError for what RFC 5545 does not allow."""
    assert file.endswith("\r\n")
    assert "\n" not in file.replace("\r\n", "")
    assert "\r" not in file.replace("\r\n", "")
    lines = file[:-2].split("\r\n")
    assert max(len(line.encode()) for line in lines) <= 75
    whole: list[str] = []
    for line in lines:
        if line.startswith(" "):
            whole[-1] += line[1:]
        else:
            whole.append(line)
    assert (whole[0], whole[-1]) == ("BEGIN:VCALENDAR", "END:VCALENDAR")
    head: dict[str, str] = {}
    events: list[dict[str, str]] = []
    inside = False
    for line in whole[1:-1]:
        if line in ("BEGIN:VEVENT", "END:VEVENT"):
            assert inside == line.startswith("END")
            inside = not inside
            events += [{}] if inside else []
            continue
        found = NAME.fullmatch(line)
        assert found, line
        into = events[-1] if inside else head
        assert found["name"] not in into, f"{found['name']} stands twice"
        into[found["name"]] = found["value"]
    assert not inside
    assert {"VERSION", "PRODID"} <= head.keys()
    assert all(event.keys() >= ONCE for event in events)
    return head, events


def unescaped(value: str) -> str:
    """A value of type TEXT as it was meant. Raises AssertionError for a sign that would have ended it."""
    assert not re.search(r"(?<!\\)(?:\\\\)*[;,]", value)
    assert not re.search(r"[\x00-\x1f\x7f]", value)
    return re.sub(r"\\(.)", r"\1", value)


def entry(says: str = "Discussion can end", **changes: object) -> Entry:
    parts = {"uid": "request-1@localhost", "first": date(2026, 11, 9), "last": date(2026, 11, 9), "stamp": STAMP}
    return Entry(**{**parts, "says": says, **changes})  # type: ignore[arg-type]


def test_an_event_of_one_day_and_one_of_many() -> None:
    one, many = read(calendar("Team", [entry(), entry(uid="absence-1", last=date(2026, 12, 31))]))[1]

    assert (one["DTSTART"], one["DTEND"], one["DTSTAMP"]) == ("20261109", "20261110", "20261102T120000Z")
    assert (many["DTSTART"], many["DTEND"]) == ("20261109", "20270101")


def test_an_end_before_the_beginning_is_a_day() -> None:
    found = read(calendar("Team", [entry(last=date(2026, 1, 1))]))[1]

    assert (found[0]["DTSTART"], found[0]["DTEND"]) == ("20261109", "20261110")


@pytest.mark.parametrize("says", ["a;b,c\\;d\\\\,e", "ü" * 60, "😀" * 40, "a\r\nEND:VEVENT", ""])
def test_awkward_words_stay_one_value(says: str) -> None:
    test_whatever_is_said_stays_one_value.hypothesis.inner_test(says)  # type: ignore[attr-defined]


@given(st.text(max_size=300))
def test_whatever_is_said_stays_one_value(says: str) -> None:
    head, events = read(calendar(says, [entry(says), entry("after")]))

    assert [event["UID"] for event in events] == ["request-1@localhost"] * 2
    assert unescaped(events[1]["SUMMARY"]) == "after"
    plain = "".join(ch for ch in says if ch.isprintable() and ch != " ")
    for value in (head["X-WR-CALNAME"], events[0]["SUMMARY"]):
        assert "".join(ch for ch in unescaped(value) if ch.isprintable() and ch != " ") == plain


def test_the_same_entries_make_the_same_file() -> None:
    assert calendar("Team", [entry()]) == calendar("Team", [entry()])
