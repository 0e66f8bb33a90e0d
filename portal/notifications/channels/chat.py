"""Rooms of Discord and Mattermost, by their webhooks. What goes there follows from who may be in the room.

A public room gets what the public record shows. A room of the team gets what every member may read, whoever they are:
a candidate sits there too, so nothing that is kept from candidates.

Neither chat knows a key by which it would see that a message came before. It is sent along for what does; where a chat
takes a message and its answer is lost, the line stands there twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from config import Room
from portal.audit.models import Audience, Event
from portal.notifications.channels import NotWanted, Outgoing, Planned, TemporaryFailure
from portal.notifications.channels.limits import Pause
from portal.notifications.channels.outward import Outside, Resolve, post, resolve
from portal.notifications.registry import row_of
from portal.notifications.told import Group
from portal.people.facts import PersonFacts
from portal.web.addresses import absolute
from portal.web.mailing import said

ANY_MEMBER = PersonFacts(0, roles=frozenset({"member"}))  # nobody in particular: party to nothing
OF_REQUESTS = (Audience.PUBLIC, Audience.SHARED)
OF_THE_TEAM = (Audience.PUBLIC, Audience.SHARED, Audience.TEAM)
MARKS = re.compile(r"([\\`*_{}\[\]()#+.!|~<>:-])")
LONGEST = 1900  # characters: Discord takes 2000


class Chat:
    """The rooms of one kind of chat."""

    def __init__(self, kind: str, rooms: Sequence[Room], outside: Outside, resolver: Resolve = resolve) -> None:
        self.name = kind
        self._rooms = {room.name: room for room in rooms if room.kind == kind}
        self._outside, self._resolver = outside, resolver
        self._pauses = {urlsplit(room.url).netloc: Pause() for room in self._rooms.values()}

    def plan(self, event: Event, told: Mapping[int, Group], now: datetime) -> Iterable[Planned]:
        """The rooms whose people may all read it. Small things, of which nobody is told, go nowhere."""
        row = row_of(event.code)
        if row is None or not row.to:
            return
        team = OF_REQUESTS if event.request_id is not None else OF_THE_TEAM
        for room in self._rooms.values():
            if event.audience in ((Audience.PUBLIC,) if room.is_public else team):
                yield Planned(room=room.name)

    def reads_as(self, room: str) -> PersonFacts | None:
        """A member who has no part in anything; the public, also where the room is no longer known."""
        found = self._rooms.get(room)
        return ANY_MEMBER if found is not None and not found.is_public else None

    def send(self, outgoing: Outgoing) -> None:
        """Say it there. Raises NotWanted for a room that is gone from the settings, and what `post` raises."""
        room = self._rooms.get(outgoing.room)
        if room is None or (room.is_public and not outgoing.path):
            raise NotWanted  # the public has no page that shows it
        pause = self._pauses[urlsplit(room.url).netloc]
        pause.check()
        try:
            post(room.url, body(outgoing, room), {"Idempotency-Key": outgoing.key}, self._outside, self._resolver)
        except TemporaryFailure as failure:
            if not failure.kind.startswith("http_"):
                pause.begin()  # it did not even answer
            raise


def body(outgoing: Outgoing, room: Room) -> dict[str, object]:
    """The message as this chat takes it. Nobody is pinged by it, whatever somebody is called."""
    parts = [f"**{plain(said(outgoing.title))}**", plain(said(outgoing.says))]
    if outgoing.path:
        parts.append(absolute(outgoing.path))
    text = "\n".join(parts)[:LONGEST]
    if room.kind == "discord":
        return {"content": text, "allowed_mentions": {"parse": []}, "flags": 4}  # 4: no preview of the link
    return {"text": text, "props": {"portal_key": outgoing.key}}


def plain(text: str) -> str:
    """The text without a meaning for Markdown, and without a name that a chat would call."""
    return MARKS.sub(r"\\\1", text).replace("@", "@\u200b")


def chats(rooms: Sequence[Room], outside: Outside) -> list[Chat]:
    """One channel for each kind of chat that has rooms."""
    return [Chat(kind, rooms, outside) for kind in sorted({room.kind for room in rooms})]
