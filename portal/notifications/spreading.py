"""Turns events of the timeline into deliveries: each event once, to each recipient once by each channel.

What to write is worked out in a reading transaction, as of one moment. Then a short unit of work writes it together
with how far the timeline was read; if another worker was quicker, nothing is written. So a crash loses nothing and
doubles nothing, and nobody who writes waits for the thinking.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from portal.audit.models import ChainHead, Event
from portal.extensions import db
from portal.notifications import registry, turns
from portal.notifications.channels import channels
from portal.notifications.models import INBOX, Delivery, DeliveryState, Spread
from portal.notifications.registry import Around, View
from portal.notifications.told import Circle, Group, Nobody, Row, recipients
from portal.people import queries as people
from portal.people.facts import Standing
from portal.web import clock
from portal.web.unit_of_work import unit_of_work

BATCH = 200  # events


@dataclass(slots=True)
class _Batch:
    """What one round writes. ``after``: the event up to which all was read before."""

    after: int
    upto: int
    deliveries: list[Delivery] = field(default_factory=list)
    turns: turns.Changes = field(default_factory=turns.Changes)


def spread() -> int:
    """Write the deliveries of the events that came since the last time. Returns how many events those were."""
    count = 0
    while True:
        now = clock.now()
        db.session.rollback()  # read as of now
        batch = _read(now)
        if batch is None:
            return count
        if not _write(batch):
            return count  # another worker is at it
        count += batch.upto - batch.after


def _read(now: datetime) -> _Batch | None:
    """The next events and what they bring; None when there are none."""
    after = db.session.scalar(select(Spread.event_id)) or 0
    head = db.session.scalar(select(ChainHead.sequence)) or 0
    query = select(Event).where(Event.id > after).order_by(Event.id).limit(BATCH)
    events = db.session.scalars(query).all()
    if not events:
        return None
    batch = _Batch(after, events[-1].id)
    around = registry.around(events, now)
    views = registry.views(events, now)
    standing = people.standing(now)

    def may_read(event_id: int, person_id: int) -> bool:
        return event_id in views and views[event_id].may_read(standing.of(person_id))

    batch.turns, turned = turns.changes(events, around, may_read, is_all=batch.upto == head)
    merged = people.merged_into(id for event in events for id in (event.actor_id, event.person_id) if id)
    for event in events:
        row, view = registry.row_of(event.code), views.get(event.id)
        if row is not None and view is not None:
            found = around.get(event.id, Around())
            told = _told(event, row, view, found, turned[event.id], standing, merged)
            batch.deliveries += _deliveries(event, told, now)
    return batch


def _told(
    event: Event,
    row: Row,
    view: View,
    found: Around,
    turned: frozenset[int],
    standing: Standing,
    merged: Mapping[int, int],
) -> dict[int, Group]:
    """Who is told of the event, and why."""
    groups = {**team_groups(standing), **found.groups, Group.TURN: turned}
    if event.person_id is not None:
        groups.setdefault(Group.PERSON, frozenset({merged.get(event.person_id, event.person_id)}))
    everybody = {id for group in (Group.TURN, *row.to) for id in groups.get(group, Nobody)}
    return recipients(
        row,
        Circle(
            groups=groups,
            readers=frozenset(id for id in everybody if view.may_read(standing.of(id))),
            actor=merged.get(event.actor_id, event.actor_id) if event.actor_id else None,
            recused=found.recused,
            muted=found.muted,
        ),
    )


def team_groups(standing: Standing) -> dict[Group, frozenset[int]]:
    """The sets that are the same for every event."""
    able = [person for person in standing.people.values() if not person.locked]
    return {
        Group.DIRECTOR: frozenset(person.id for person in able if person.is_director),
        Group.DECIDERS: frozenset(person.id for person in able if person.decides),
        Group.BOARD: frozenset(person.id for person in able if person.is_board),
        Group.TEAM: frozenset(person.id for person in able if person.is_member),
    }


def _deliveries(event: Event, told: Mapping[int, Group], now: datetime) -> Iterator[Delivery]:
    """One for each person in the inbox, and what each channel plans."""
    for person_id, reason in sorted(told.items()):
        found = _delivery(event, INBOX, person_id, "", reason, now)
        found.state, found.settled_at = DeliveryState.SENT, now
        yield found
    for channel in channels():
        for planned in channel.plan(event, told, now):
            reason = told.get(planned.person_id or 0, Group.ROOM)
            if planned.person_id is None or planned.person_id in told:
                not_before = planned.not_before or now
                yield _delivery(event, channel.name, planned.person_id, planned.room, reason, not_before, now)


def _delivery(
    event: Event,
    channel: str,
    person_id: int | None,
    room: str,
    reason: Group,
    not_before: datetime,
    now: datetime | None = None,
) -> Delivery:
    return Delivery(
        key=f"{event.id}.{channel}.{f'p{person_id}' if person_id else f'r-{room}'}",
        event_id=event.id,
        request_id=event.request_id,
        person_id=person_id,
        room=room,
        channel=channel,
        reason=reason,
        state=DeliveryState.QUEUED,
        created_at=now or not_before,
        not_before=not_before,
    )


def _write(batch: _Batch) -> bool:
    """Write it, unless the timeline was read further meanwhile."""
    with unit_of_work() as now:
        row = db.session.scalars(select(Spread)).one_or_none()
        if row is None:
            row = Spread(id=1, event_id=0)
            db.session.add(row)
        if row.event_id != batch.after:
            return False
        row.event_id = batch.upto
        db.session.add_all(batch.deliveries)
        turns.write(batch.turns, now=now)
    return True
