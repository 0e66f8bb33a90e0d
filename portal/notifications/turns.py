"""Whose turn it becomes: what was their turn already is compared with what it is now.

People are told with the newest event that was not their own; where there is none, they made it their turn themselves.
A turn that comes with time alone gets an event of its own from the clock (`portal.notifications.duties`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, select, tuple_, update

from portal.audit.models import Event
from portal.extensions import db
from portal.notifications.models import INBOX, Delivery, Turn
from portal.notifications.registry import Around
from portal.notifications.told import Group

BEGAN = "turn.began"  # what the clock records when time, an absence or an appointment made it somebody's turn
Pair = tuple[int, int]  # request, person


@dataclass(slots=True)
class Changes:
    """Turns that began, each with its moment, and turns that are over."""

    begun: dict[Pair, datetime] = field(default_factory=dict)
    over: set[Pair] = field(default_factory=set)


def known(request_ids: Iterable[int]) -> dict[int, frozenset[int]]:
    """Whose turn it is at each of these requests, as far as they were told."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    query = select(Turn.request_id, Turn.person_id).where(Turn.request_id.in_(set(request_ids)))
    for request_id, person_id in db.session.execute(query):
        found[request_id].add(person_id)
    return {id: frozenset(people) for id, people in found.items()}


def changes(
    events: Sequence[Event], around: Mapping[int, Around], may_read: Callable[[int, int], bool], *, is_all: bool
) -> tuple[Changes, defaultdict[int, frozenset[int]]]:
    """What these events change, and by event id who is told that it is their turn.

    ``may_read`` takes an event and a person. ``is_all``: no event came after these; if some did, who made it their own
    turn is left for then. Who may read none of the events is told by the clock.
    """
    by_request: defaultdict[int, list[Event]] = defaultdict(list)
    for event in events:
        if event.request_id is not None and event.id in around and around[event.id].turn is not None:
            by_request[event.request_id].append(event)
    before = known(by_request)
    found, told = Changes(), defaultdict[int, frozenset[int]](frozenset)
    for request_id, own in by_request.items():
        was, is_now = before.get(request_id, frozenset()), around[own[-1].id].turn or frozenset()
        found.over |= {(request_id, person_id) for person_id in was - is_now}
        for person_id in is_now - was:
            others = [event for event in reversed(own) if event.actor_id != person_id]
            cause = next((event for event in others if may_read(event.id, person_id)), None)
            if cause is not None:
                told[cause.id] |= {person_id}
            if cause is not None or (is_all and not others) or any(event.code == BEGAN for event in own):
                found.begun[request_id, person_id] = (cause or own[-1]).at
    return found, told


def write(found: Changes, *, now: datetime) -> None:
    """Keep who was told; what the inbox said of turns that are over is done."""
    end(found.over, now=now)
    db.session.add_all(Turn(request_id=r, person_id=p, since=since) for (r, p), since in sorted(found.begun.items()))


def end(over: Iterable[Pair], *, now: datetime) -> None:
    """These turns are over."""
    pairs = sorted(over)
    if not pairs:
        return
    db.session.execute(delete(Turn).where(tuple_(Turn.request_id, Turn.person_id).in_(pairs)))
    said = tuple_(Delivery.request_id, Delivery.person_id).in_(pairs)
    turn = (Delivery.channel == INBOX, Delivery.reason == Group.TURN, Delivery.done_at.is_(None))
    db.session.execute(update(Delivery).where(said, *turn).values(done_at=now))
