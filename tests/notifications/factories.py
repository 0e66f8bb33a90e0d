"""Reading what people were told, and a channel that keeps what it was given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from flask import Flask
from sqlalchemy import select

from portal.audit.models import Event
from portal.extensions import db
from portal.notifications import spreading
from portal.notifications.channels import CHANNELS, Outgoing, Planned
from portal.notifications.models import INBOX, Delivery
from portal.notifications.told import Group
from portal.people.facts import PersonFacts
from portal.people.models import Person


def told(person: Person, *, channel: str = INBOX) -> list[str]:
    """What this person was told, as "code/reason", in order."""
    spreading.spread()
    db.session.rollback()
    query = select(Event.code, Delivery.reason).join(Event, Delivery.event_id == Event.id)
    mine = (Delivery.person_id == person.id, Delivery.channel == channel)
    return [f"{code}/{reason}" for code, reason in db.session.execute(query.where(*mine).order_by(Delivery.id))]


def forget() -> None:
    """Read what has happened so far, so that a test begins here."""
    spreading.spread()
    db.session.rollback()


@dataclass
class Box:
    """A channel that keeps what it was given. ``failures`` are raised before anything is taken, one at each try."""

    name: str = "box"
    rooms: tuple[str, ...] = ()
    taken: list[Outgoing] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    team: PersonFacts | None = None

    def plan(self, event: Event, told: Mapping[int, Group], now: datetime) -> Iterator[Planned]:
        yield from (Planned(person_id=id) for id in told)
        yield from (Planned(room=room) for room in self.rooms)

    def send(self, outgoing: Outgoing) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.taken.append(outgoing)

    def reads_as(self, room: str) -> PersonFacts | None:
        return self.team

    def of(self, person: Person) -> list[str]:
        """The codes this person was sent, in order."""
        return [outgoing.code for outgoing in self.taken if outgoing.person_id == person.id]


@contextmanager
def channel(app: Flask, box: Box) -> Iterator[Box]:
    """The portal with this channel beside the inbox."""
    app.extensions[CHANNELS].append(box)
    try:
        yield box
    finally:
        app.extensions[CHANNELS].remove(box)
