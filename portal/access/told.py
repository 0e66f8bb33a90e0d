"""Who is told of access."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select

from portal.access import words
from portal.access.models import Grant
from portal.audit.models import Event
from portal.errors import Message
from portal.extensions import db
from portal.notifications.registry import Around, Source, View
from portal.notifications.told import Group, Row
from portal.web.addresses import path_to

ROWS: dict[str, Row] = {
    "grant.approved": Row(Message("Access was approved"), silent=Message("It comes with the decision, which is told.")),
    "grant.granted": Row(
        Message("%(who)s marked access as granted"), (Group.PERSON,), {Group.PERSON: Message("Your access is set up")}
    ),
    "grant.renewed": Row(Message("Access was prolonged"), (Group.PERSON,)),
    "grant.revoked": Row(Message("%(who)s ended access"), (Group.PERSON, Group.TEAM)),
}


def _around(_events: Sequence[Event], _now: datetime) -> Mapping[int, Around]:
    return {}


def _views(events: Sequence[Event], _now: datetime) -> Mapping[int, View]:
    """The person and the team read it; whether the public reads the name is a rule, so rooms of the public do not."""
    query = select(Grant).where(Grant.id.in_({event.subject_id for event in events}))
    found = {grant.id: grant for grant in db.session.scalars(query)}
    return {event.id: _view(found[id]) for event in events if (id := event.subject_id or 0) in found}


def _view(grant: Grant) -> View:
    title = Message("Access: %(item)s", item=words.item_words(grant.item_type, grant.item_key).name)
    person_id = grant.person_id
    return View(
        title,
        path_to("access.show", grant_id=grant.id),
        lambda reader: reader is not None and not reader.locked and (reader.id == person_id or reader.is_member),
    )


SOURCE = Source(Message("Access"), ROWS, _around, _views)
