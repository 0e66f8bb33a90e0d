"""Ways to reach people beside the inbox. A channel is one module here; how to add one:

1. Write a module with a class that has what `Channel` asks for: a ``name`` (at most 16 letters, it stands in
   ``delivery.channel``), ``plan`` and ``send`` (and ``reads_as`` if it has rooms).
2. Register it in create_app: ``channels.add_channel(app, Mail(settings))``, only where its settings are given.

The worker (`flask notifications deliver`) does the rest: it writes one delivery for each that ``plan`` names, asks once
more whether they may read it at the moment of sending, keeps the order within a request, waits longer after each
failure and parks what failed ten times. ``send`` runs outside any transaction; it must give up by itself within
`portal.notifications.sending.LEASE`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from portal.audit.models import Audience, Event
from portal.errors import Message
from portal.extensions import app_value
from portal.notifications.told import Group
from portal.people.facts import PersonFacts

CHANNELS = "channels"
ERRANDS = "channel_errands"


class TemporaryFailure(Exception):
    """It may work later. ``kind`` is a code for the operator, never a text; ``after``: not before that time."""

    def __init__(self, kind: str, *, after: timedelta | None = None) -> None:
        super().__init__(kind)
        self.kind, self.after = kind, after


class PermanentFailure(Exception):
    """It will never work: parked at once. ``kind`` is a code for the operator, never a text."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class NotWanted(Exception):
    """The recipient wants it no longer, or cannot be reached this way any more: dropped, and no fault."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to one recipient. ``key`` stays the same at each try: make the message id of it.

    ``path`` begins with "/" (`portal.web.addresses.absolute` makes a whole address of it). No text that people wrote is
    in it: who wants to read that follows the link.
    """

    delivery_id: int
    key: str
    event_id: int
    code: str
    audience: Audience
    at: datetime
    request_id: int | None
    person_id: int | None
    room: str
    reason: Group
    title: Message
    says: Message
    why: Message
    path: str


@dataclass(frozen=True, slots=True)
class Planned:
    """One delivery: to a person (by id) or to a room (by name), and when at the earliest, if not now."""

    person_id: int | None = None
    room: str = ""
    not_before: datetime | None = None


class Channel(Protocol):
    """What every channel has."""

    name: str

    def plan(self, event: Event, told: Mapping[int, Group], now: datetime) -> Iterable[Planned]:
        """To whom this event goes by this channel: of ``told``, those who want it here; or its rooms.

        Runs in a reading transaction. A person who is not in ``told`` is left out by the caller.
        """
        ...

    def send(self, outgoing: Outgoing) -> None:
        """Hand it over. Raises TemporaryFailure or PermanentFailure; anything else counts as temporary."""
        ...

    def reads_as(self, room: str) -> PersonFacts | None:
        """Who the room is, when it is asked whether it may read an event: None for the public."""
        ...


Errand = Callable[[], int]
"""What the worker does in each round after sending; returns how many things it did. A failure stops no other."""


class App(Protocol):
    """An application: what it holds for features, by name."""

    extensions: dict[str, Any]


def add_channel(app: App, channel: Channel) -> None:
    """Register a channel."""
    app.extensions.setdefault(CHANNELS, []).append(channel)


def channels() -> Sequence[Channel]:
    """The channels of this portal, beside the inbox."""
    found: list[Channel] = app_value(CHANNELS)
    return found


def add_errand(app: App, errand: Errand) -> None:
    """Register what a channel does beside sending one delivery after the other: what it gathers, what it asks."""
    app.extensions.setdefault(ERRANDS, []).append(errand)


def errands() -> Sequence[Errand]:
    """The errands of all channels."""
    found: list[Errand] = app_value(ERRANDS)
    return found
