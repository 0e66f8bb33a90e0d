"""The hash chain over events, and its verification. Pure but for `portal.audit.models`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from portal.audit.believing import newest_after
from portal.audit.models import Event

GENESIS = "0" * 64


class Unreadable(Exception):
    """A row of the timeline holds something that no event can hold."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What a walk along the chain found. ``first_bad`` is the first sequence number that does not hold, if any."""

    count: int
    head: str
    first_bad: int | None = None
    reason: str = ""


def canonical_time(moment: datetime) -> str:
    """The moment as it is hashed: UTC with microseconds, the same from both databases."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def canonical(event: Event) -> list[Any]:
    """Every column of the event and the hash before it, as they are hashed."""
    return [
        event.id,
        canonical_time(event.at),
        event.code,
        str(event.actor_kind),
        event.actor_id,
        event.request_id,
        event.person_id,
        event.subject_id,
        str(event.audience),
        event.data,
        event.previous_hash,
    ]


def event_hash(event: Event) -> str:
    """SHA-256 over the canonical form of the event, as JSON."""
    text = json.dumps(canonical(event), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Head:
    """Where the chain stands, as its one row says."""

    sequence: int = 0
    hash: str = GENESIS
    newest_at: datetime | None = None


def verify(events: Iterable[Event], head: Head, *, known: tuple[int, str] | None = None) -> Verification:
    """Walk the events in order and compare with the head on record.

    ``known`` is a head exported earlier: it finds a tail cut off and a chain written anew,
    which by themselves look whole.
    """
    previous, count, newest_at = GENESIS, 0, None
    walk = iter(events)
    while True:
        try:
            event = next(walk, None)
        except Unreadable:
            return Verification(count, previous, count + 1, f"event {count + 1} cannot be read")
        if event is None:
            break
        reason = _fault(event, count + 1, previous, known)
        if reason:
            return Verification(count, previous, count + 1, reason)
        previous, count, newest_at = event.hash, count + 1, newest_after(newest_at, event)
    if Head(count, previous, newest_at) != head or (known and count < known[0]):
        return Verification(count, previous, count + 1, "the chain does not end where its head says")
    return Verification(count, previous)


def _fault(event: Event, place: int, previous: str, known: tuple[int, str] | None) -> str:
    if event.id != place:
        return f"event {place} is missing"
    if event.previous_hash != previous:
        return f"event {place} does not follow the one before it"
    if event.hash != event_hash(event):
        return f"event {place} was changed"
    if known and known[0] == place and known[1] != event.hash:
        return f"event {place} is not the one whose head was exported"
    return ""
