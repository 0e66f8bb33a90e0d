"""Puts requests into the index of words: their titles, and what was said on them, for as long as a page shows it."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, String, func, or_, select
from sqlalchemy.orm import Session, aliased

from portal.audit.models import Text
from portal.index import services as index
from portal.index.models import Indexed, ReadBy, What
from portal.index.services import Entry
from portal.org import organisation
from portal.people.models import Person
from portal.requests import texts, words
from portal.requests.models import RequestedItem, Revision, TeamRequest
from portal.requests.workflow import Action
from portal.web.unit_of_work import NAMED, before_commit

READ_BY = {Action.READ: ReadBy.ALL, Action.READ_TEAM: ReadBy.TEAM, Action.NOTE: ReadBy.DECIDERS}
MERGED = "person.merged"


@before_commit
def keep(session: Session) -> None:
    """Let the index say what is said on each request that this unit of work touched."""
    events = session.info.get("events", [])
    renamed = session.info.get(NAMED, set()) | {event.person_id for event in events if event.code == MERGED}
    touched = {event.request_id for event in events if event.request_id}
    connection = session.connection()
    if renamed:
        concerned = or_(TeamRequest.candidate_id.in_(renamed), TeamRequest.requester_id.in_(renamed))
        touched |= set(session.scalars(select(TeamRequest.id).where(concerned)))
    for request_id in sorted(touched):
        index.agree(connection, Indexed.request_id == request_id, of_request(connection, request_id))


def of_request(connection: Connection, request_id: int) -> Iterator[Entry]:
    """What can be found of one request; the texts by their ids."""
    for row in connection.execute(_titles().where(TeamRequest.id == request_id)):
        yield _title(row)[1]
    for _at, *found in connection.execute(texts.shown(of_one=True), {"id": request_id}):
        yield _said(*found)


def everything(connection: Connection) -> Iterator[tuple[datetime, Entry]]:
    """What can be found of all requests, in the order of time."""
    titles = connection.execute(_titles().order_by(TeamRequest.submitted_at, TeamRequest.id))
    found = texts.shown(of_one=False).subquery()
    query = select(*found.c, Text.body).join(Text, Text.id == found.c.text_id).order_by(found.c.at, found.c.text_id)
    said = connection.execute(query.execution_options(yield_per=index.AT_ONCE))
    yield from heapq.merge(
        map(_title, titles),
        ((at, _said(*row, body=body)) for at, *row, body in said),
        key=lambda entry: entry[0],
    )


def _said(
    what: str, subject_id: int, request_id: int, text_id: int, action: str, *, body: str | None = None
) -> Entry:  # fmt: skip
    return Entry(What(what), subject_id, body, text_id, request_id, READ_BY[Action(action)])


def _titles() -> Select[Any]:
    """SQL: what the title of each submitted request is made of."""
    candidate, requester = aliased(Person), aliased(Person)
    names = (candidate.name, requester.name, asked_items())
    columns = (TeamRequest.id, TeamRequest.submitted_at, TeamRequest.kind, *names)
    query = select(*columns).join(candidate, TeamRequest.candidate_id == candidate.id)
    query = query.join(requester, TeamRequest.requester_id == requester.id)
    return query.where(TeamRequest.submitted_at.is_not(None))


def asked_items() -> Any:
    """SQL: what a request asks for, as type:key, parted by commas."""
    item = RequestedItem.item_type.cast(String) + ":" + RequestedItem.item_key
    items = select(func.aggregate_strings(item, ",")).join(Revision, Revision.id == RequestedItem.revision_id)
    same = (Revision.request_id == TeamRequest.id, Revision.number == TeamRequest.revision_number)
    return items.where(*same).correlate(TeamRequest).scalar_subquery()


def _title(row: Any) -> tuple[datetime, Entry]:
    request_id, at, kind, candidate, requester, items = row
    return at, Entry(What.TITLE, request_id, title(kind, candidate, requester, items), request_id=request_id)


def title(kind: str, candidate: str, requester: str, items: str | None) -> str:
    """What a request is called, in one line: kind, who it is about, who filed it, what is asked for."""
    known = organisation().kinds.get(kind)
    names = [words.item_words(*item.split(":", 1)).name for item in sorted((items or "").split(",")) if item]
    people = candidate if candidate == requester else f"{candidate}, {requester}"
    return f"{known.name if known else kind}: {people}" + (f" ({', '.join(names)})" if names else "")
