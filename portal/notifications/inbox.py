"""The inbox of one person: what they were told and are not done with. Its lines are the deliveries themselves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, func, literal, or_, select, update
from sqlalchemy.orm import joinedload

from portal.database import UTCDateTime
from portal.errors import Message, NotVisible
from portal.extensions import db
from portal.notifications import describing, registry
from portal.notifications.models import INBOX, Delivery
from portal.notifications.told import Group
from portal.people import queries as people
from portal.people.models import SignIn
from portal.web.paging import Page, page_of

MOST_COUNTED = 100  # beyond that nobody needs the number, and counting costs
LATER = timedelta(days=1)


class Show(StrEnum):
    """The three parts of the inbox."""

    OPEN = "open"
    LATER = "later"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Line:
    """One message. ``path`` is empty where the person may no longer read what it was about."""

    id: int
    at: datetime
    title: Message
    says: Message
    why: Message
    path: str
    is_turn: bool
    show: Show
    later_until: datetime | None = None


GONE = Message("Something you can no longer read")


def count_open(person_id: int, now: datetime) -> int:
    """How many messages wait, up to `MOST_COUNTED`."""
    return db.session.scalar(select(waiting_of(literal(person_id), literal(now, UTCDateTime())))) or 0


def waiting_of(person_id: Any, now: Any) -> ColumnElement[int]:
    """SQL: how many messages wait for this person. Reads no more than `MOST_COUNTED` from an index."""
    some = select(Delivery.id).where(*_part(person_id, Show.OPEN, now)).limit(MOST_COUNTED).correlate(SignIn)
    return select(func.count()).select_from(some.subquery()).scalar_subquery()


def _part(person_id: Any, show: Show, now: Any) -> list[ColumnElement[bool]]:
    """SQL: what stands in this part of the person's inbox."""
    mine = [Delivery.person_id == person_id, Delivery.channel == INBOX]
    if show is Show.DONE:
        return [*mine, Delivery.done_at.is_not(None)]
    hidden = Delivery.later_until > now
    if show is Show.LATER:
        return [*mine, Delivery.done_at.is_(None), hidden]
    return [*mine, Delivery.done_at.is_(None), or_(Delivery.later_until.is_(None), ~hidden)]


def page(person_id: int, show: Show, *, before: int | None, now: datetime) -> Page[Line]:
    """One page of messages, the newest first. What may no longer be read is told without its words."""
    query = select(Delivery).where(*_part(person_id, show, now)).options(joinedload(Delivery.event))
    found = page_of(query, Delivery.id, before=before)
    return Page(lines(person_id, found.rows, now), found.older, found.is_first)


def lines(person_id: int, deliveries: Iterable[Delivery], now: datetime) -> list[Line]:
    """Deliveries as their recipient reads them now."""
    rows = list(deliveries)
    events = [row.event for row in rows]
    reader, views = people.facts(person_id, now), registry.views(events, now)
    names = describing.names_of(events, now)
    found = []
    for row in rows:
        view = views.get(row.event_id)
        reads = view is not None and view.may_read(reader)
        found.append(
            Line(
                id=row.id,
                at=row.event.at,
                title=view.title if view is not None and reads else GONE,
                says=describing.says(row.event, row.reason, names) if reads else Message(""),
                why=describing.why(row.reason) if reads else Message(""),
                path=view.path if view is not None and reads else "",
                is_turn=row.reason is Group.TURN and row.done_at is None,
                show=_show_of(row, now),
                later_until=row.later_until,
            )
        )
    return found


def _show_of(row: Delivery, now: datetime) -> Show:
    if row.done_at is not None:
        return Show.DONE
    return Show.LATER if row.later_until is not None and row.later_until > now else Show.OPEN


def one(person_id: int, delivery_id: int, now: datetime) -> Line:
    """One message of this person. Raises NotVisible for what is not theirs."""
    return lines(person_id, [_own(person_id, delivery_id)], now)[0]


def _own(person_id: int, delivery_id: int) -> Delivery:
    query = select(Delivery).where(Delivery.id == delivery_id, Delivery.person_id == person_id)
    query = query.where(Delivery.channel == INBOX).options(joinedload(Delivery.event))
    found = db.session.scalars(query).one_or_none()
    if found is None:
        raise NotVisible
    return found


def move(person_id: int, delivery_id: int, to: Show, *, now: datetime) -> None:
    """Put one message into another part of the inbox. Raises NotVisible for what is not theirs."""
    found = _own(person_id, delivery_id)
    found.done_at = now if to is Show.DONE else None
    found.later_until = now + LATER if to is Show.LATER else None


def finish_all(person_id: int, upto_id: int, *, now: datetime) -> int:
    """Be done with everything up to this message: what came after the page was made stays. Returns how many."""
    mine = (*_part(person_id, Show.OPEN, now), Delivery.id <= upto_id)
    done = db.session.scalars(update(Delivery).where(*mine).values(done_at=now).returning(Delivery.id))
    return len(done.all())
