"""Deliveries in words: what happened, by whom, and why this person is told. Nothing that people wrote is in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from portal.audit.models import ActorKind, Event
from portal.errors import Message
from portal.notifications.channels import Outgoing
from portal.notifications.models import Delivery
from portal.notifications.registry import row_of
from portal.notifications.told import WHY, Group
from portal.people import queries as people

UNKNOWN = Message("Something happened here.")  # a code of an older release, without a row


def says(event: Event, reason: Group, names: Mapping[int, str]) -> Message:
    """The sentence for somebody who is told because of this group. ``names`` of those who acted, by id."""
    row = row_of(event.code)
    if row is None:
        return UNKNOWN
    sentence = row.words_for(reason)
    who: object = names.get(event.actor_id or 0, "?")
    if event.actor_kind is not ActorKind.PERSON:
        who = Message("The portal")
    return Message(sentence.id, **{**sentence.values, "who": who})


def why(reason: Group) -> Message:
    """Why this person: "The request is about you."."""
    return WHY[reason]


def names_of(events: Iterable[Event], now: datetime) -> dict[int, str]:
    """The names of those who acted, as they are now."""
    names = dict(people.standing(now).names)
    others = {event.actor_id for event in events if event.actor_id is not None} - names.keys()
    return names | {id: name for id, (_, name) in people.living_names(others).items()}


def outgoing(delivery: Delivery, event: Event, title: Message, path: str, now: datetime) -> Outgoing:
    """What a channel is given to send."""
    return Outgoing(
        delivery_id=delivery.id,
        key=delivery.key,
        event_id=event.id,
        code=event.code,
        audience=event.audience,
        at=event.at,
        request_id=event.request_id,
        person_id=delivery.person_id,
        room=delivery.room,
        reason=delivery.reason,
        title=title,
        says=says(event, delivery.reason, names_of([event], now)),
        why=why(delivery.reason),
        path=path,
    )
