"""Hands queued deliveries to their channels: at least once each, with a key by which the second is known.

A worker takes a few deliveries by a lease, sends them outside any transaction, and notes what came of each. If it dies,
the lease ends and another takes them. Within one request a recipient is sent one thing after the other.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session, aliased

from portal.audit.models import Event
from portal.database import WRITES
from portal.extensions import db
from portal.notifications import describing, registry
from portal.notifications.channels import Channel, NotWanted, Outgoing, PermanentFailure, TemporaryFailure, channels
from portal.notifications.models import Delivery, DeliveryState
from portal.people import queries as people
from portal.web import clock, logs

LEASE = timedelta(minutes=5)  # longer than any channel may take for what it was given
AT_ONCE = 10  # deliveries taken at a time
TRIES = 10  # then it is parked
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=2)  # doubled after each failure


def send_due() -> int:
    """Send everything that is due now. Returns how many deliveries were tried."""
    count = 0
    by_name = {channel.name: channel for channel in channels() if not getattr(channel, "gathers", False)}
    while by_name and (taken := _take(sorted(by_name), clock.now())):
        for delivery_id in taken:
            _deliver(delivery_id, by_name)
        count += len(taken)
    return count


@contextmanager
def _short_write() -> Iterator[Session]:
    """A writing transaction beside the one writer at a time: it touches deliveries alone, and waits for nobody long.

    On SQLite there is only one writer; on PostgreSQL workers pass by what another holds.
    """
    session = Session(db.engine.execution_options(**{WRITES: True}), expire_on_commit=False)
    try:
        yield session
        session.commit()
    finally:
        session.close()


def _take(names: Sequence[str], now: datetime) -> list[int]:
    """The ids of some deliveries that are due, leased to this worker; the oldest first."""
    with _short_write() as session:
        taken = list(session.scalars(_due(names, now)))
        if taken:
            values = {"leased_until": now + LEASE}
            session.execute(update(Delivery).where(Delivery.id.in_(taken)).values(values))
    return taken


def _due(names: Sequence[str], now: datetime) -> Select[int]:
    """SQL: what is due and free, the first of its request for its recipient; others pass by what one worker holds."""
    earlier = aliased(Delivery)
    waits = (
        select(earlier.id)
        .where(
            earlier.state == DeliveryState.QUEUED,
            earlier.channel == Delivery.channel,
            earlier.person_id.is_not_distinct_from(Delivery.person_id),
            earlier.request_id == Delivery.request_id,
            earlier.room == Delivery.room,
            earlier.id < Delivery.id,
        )
        .exists()
    )
    free = Delivery.leased_until.is_(None) | (Delivery.leased_until <= now)
    due = (Delivery.state == DeliveryState.QUEUED, Delivery.channel.in_(names), Delivery.not_before <= now, free)
    query = select(Delivery.id).where(*due, ~waits).order_by(Delivery.id).limit(AT_ONCE)
    return query.with_for_update(skip_locked=True)


def _deliver(delivery_id: int, by_name: dict[str, Channel]) -> None:
    """Send one delivery and note what came of it."""
    now = clock.now()
    db.session.rollback()  # rights are asked as of now
    delivery = db.session.get(Delivery, delivery_id)
    if delivery is None or delivery.state is not DeliveryState.QUEUED:
        return
    channel, tries = by_name[delivery.channel], delivery.tries + 1
    outgoing = _outgoing(delivery, channel, now)
    db.session.rollback()  # nothing is held open while a server is slow
    if outgoing is None:
        _settle(delivery_id, DeliveryState.DROPPED, now)
        return
    try:
        channel.send(outgoing)
    except NotWanted:
        _settle(delivery_id, DeliveryState.DROPPED, now)
    except PermanentFailure as failure:
        _settle(delivery_id, DeliveryState.PARKED, now, tries=tries, failure=failure.kind)
    except TemporaryFailure as failure:
        _again(delivery_id, tries, failure.kind, failure.after, now)
    except Exception as error:  # a channel's own fault must not stop the others
        _again(delivery_id, tries, type(error).__name__, None, now)
    else:
        _settle(delivery_id, DeliveryState.SENT, clock.now(), tries=tries)


def _outgoing(delivery: Delivery, channel: Channel, now: datetime) -> Outgoing | None:
    """The message, if its recipient may still read it."""
    event: Event = delivery.event
    view = registry.views([event], now).get(event.id)
    person_id = delivery.person_id
    reader = channel.reads_as(delivery.room) if person_id is None else people.facts(person_id, now)
    if view is None or (reader is not None and reader.locked) or not view.may_read(reader):
        return None
    path = view.path if reader is not None else view.public_path
    return describing.outgoing(delivery, event, view.title, path, now)


def _again(id: int, tries: int, kind: str, after: timedelta | None, now: datetime) -> None:
    """Try later, each time longer after the last; give up after ten tries."""
    logs.write(logging.WARNING, "delivery", delivery=id, tries=tries, failure=kind)
    if tries >= TRIES:
        _settle(id, DeliveryState.PARKED, now, tries=tries, failure=kind)
        return
    wait = min(FIRST_WAIT * 2 ** (tries - 1), LONGEST_WAIT)
    _note(id, tries=tries, failure=kind[:64], not_before=now + max(wait, after or wait), leased_until=None)


def _settle(id: int, state: DeliveryState, at: datetime, *, tries: int = 0, failure: str = "") -> None:
    _note(
        id, state=state, settled_at=at, leased_until=None, failure=failure[:64], **({"tries": tries} if tries else {})
    )


def _note(id: int, **values: object) -> None:
    with _short_write() as session:
        still_queued = (Delivery.id == id, Delivery.state == DeliveryState.QUEUED)
        session.execute(update(Delivery).where(*still_queued).values(values))
