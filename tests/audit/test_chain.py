"""The chain by itself: what is hashed, and what a walk along it finds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest

from portal.audit.chain import GENESIS, Head, Unreadable, Verification, canonical_time, event_hash, verify
from portal.audit.models import ActorKind, Audience, Event

NOON = datetime(2026, 11, 2, 12, 30, 15, 42, tzinfo=UTC)


def event(place: int, previous: str) -> Event:
    made = Event(
        id=place, at=NOON, code="request.filed", actor_kind=ActorKind.PERSON, actor_id=7, request_id=1, person_id=None,
        subject_id=3, audience=Audience.SHARED, data={"kind": "é", "items": ["add:system:grafana"], "at": 2},
        previous_hash=previous,
    )  # fmt: skip
    made.hash = event_hash(made)
    return made


def chain(length: int) -> list[Event]:
    found: list[Event] = []
    for place in range(1, length + 1):
        found.append(event(place, found[-1].hash if found else GENESIS))
    return found


def walked(events: list[Event], known: tuple[int, str] | None = None) -> Verification:
    return verify(events, Head(3, chain(3)[-1].hash, NOON), known=known)


def test_the_same_event_has_the_same_hash_in_every_release() -> None:
    """A timeline that was written holds for ever: another way of writing it down would break every chain there is."""
    assert GENESIS == "0" * 64
    assert canonical_time(NOON.astimezone(timezone(timedelta(hours=5)))) == "2026-11-02T12:30:15.000042Z"
    assert event_hash(event(1, GENESIS)) == "47ce33061df2659f8283f1071d53ef982083e666dd78c5693ece25fad96ae009"


def test_a_whole_chain_is_counted_to_its_head() -> None:
    events = chain(3)

    assert walked(events) == walked(events, (2, events[1].hash)) == Verification(3, events[-1].hash, None, "")
    assert walked(events, (3, events[2].hash)).first_bad is None
    assert verify([], Head()) == Verification(0, GENESIS, None, "")


@pytest.mark.parametrize(
    ("damage", "place", "reason"),
    [
        (lambda events: events.pop(1), 2, "event 2 is missing"),
        (lambda events: events.pop(0), 1, "event 1 is missing"),
        (lambda events: setattr(events[1], "code", "request.edited"), 2, "event 2 was changed"),
        (lambda events: setattr(events[2], "previous_hash", GENESIS), 3, "event 3 does not follow the one before it"),
        (lambda events: events.pop(), 3, "the chain does not end where its head says"),
        (lambda events: events.append(event(4, events[-1].hash)), 5, "the chain does not end where its head says"),
    ],
)
def test_what_was_done_to_a_chain_is_named_with_its_place(damage: object, place: int, reason: str) -> None:
    events = chain(3)
    damage(events)  # type: ignore[operator]

    found = walked(events)

    assert (found.first_bad, found.reason) == (place, reason)
    assert found.count == place - 1


def test_a_head_that_does_not_fit_its_number_is_found() -> None:
    events = chain(3)

    assert verify(events, Head(2, events[-1].hash, NOON)).first_bad == 4
    assert verify(events, Head(3, GENESIS, NOON)).first_bad == 4
    assert verify(events, Head(3, events[-1].hash, NOON + timedelta(days=1))).first_bad == 4


def test_a_head_that_was_exported_finds_a_tail_that_was_cut_off_and_a_chain_that_was_written_anew() -> None:
    events = chain(3)
    cut = verify(events[:2], Head(2, events[1].hash, NOON), known=(3, events[2].hash))
    anew = walked(events, (2, "f" * 64))

    assert (cut.first_bad, cut.reason) == (3, "the chain does not end where its head says")
    assert (anew.first_bad, anew.reason) == (2, "event 2 is not the one whose head was exported")


def test_a_row_that_cannot_be_read_is_named_by_its_place() -> None:
    def broken() -> Iterator[Event]:
        yield from chain(2)
        raise Unreadable

    found = verify(broken(), Head(3))

    assert (found.count, found.first_bad, found.reason) == (2, 3, "event 3 cannot be read")
