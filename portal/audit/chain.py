"""The hash chain over events, and its verification. Pure but for `portal.audit.models`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from portal.audit.models import Event

GENESIS = "0" * 64


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


def event_hash(event: Event) -> str:
    """SHA-256 over every column of the event and the hash before it."""
    content = [
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
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def verify(events: Iterable[Event], *, sequence: int, head: str) -> Verification:
    """Walk the events in order and compare with the head on record."""
    previous, count = GENESIS, 0
    for event in events:
        count += 1
        if event.id != count:
            return Verification(count - 1, previous, count, f"event {count} is missing")
        if event.previous_hash != previous:
            return Verification(count - 1, previous, count, f"event {count} does not follow the one before it")
        if event.hash != event_hash(event):
            return Verification(count - 1, previous, count, f"event {count} was changed")
        previous = event.hash
    if count != sequence or previous != head:
        return Verification(count, previous, count + 1, "the chain does not end where its head says")
    return Verification(count, previous)
