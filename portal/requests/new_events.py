"""What happened on a request since somebody opened its page: what other people did, as far as the reader may know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import and_, bindparam, exists, or_, select

from portal.audit.models import Audience, Event
from portal.errors import Message, NotVisible
from portal.extensions import db
from portal.people import queries as people_queries
from portal.people.facts import PersonFacts
from portal.people.models import Person
from portal.requests import page, queries, seen, words
from portal.requests.discussion_models import Recusal
from portal.requests.models import TeamRequest
from portal.requests.queries import Seen

MOST = 50  # events that are counted
SAID = 3  # of them in words
COMMENTS = ("comment.added", "question.added", "answer.added")


@dataclass(frozen=True, slots=True)
class NewEvents:
    """How many, the first few in words in their order, and where the first of them stands on the page."""

    count: int
    says: tuple[Message, ...]
    where: str
    tag: str


def quick_tag(person: PersonFacts, request_id: int, now: datetime) -> str:
    """For an open page that asks again and again: where this is as before, so is all the rest. Raises NotVisible."""
    return seen.quick_tag(_newest_of(person, request_id), person, people_queries.leadership(now))


def _newest_of(person: PersonFacts, request_id: int) -> int:
    """The newest event of a request that this person may know of, in one statement. Raises NotVisible.

    It may miss what the Board reads while it has the word: for them the tags differ, and more is asked.
    """
    values = {"id": request_id, "me": person.id, "member": person.is_member, "decides": person.decides}
    found = db.session.execute(_newest(person.is_member or person.is_board), values).one_or_none()
    if found is None:
        raise NotVisible
    return int(found[0] or 0)


@cache
def _newest(inside: bool) -> Any:
    me: Any = bindparam("me")
    involved = or_(TeamRequest.candidate_id == me, TeamRequest.requester_id == me)
    recused = exists().where(Recusal.request_id == TeamRequest.id, Recusal.person_id == me)
    known = or_(
        Event.audience.in_((Audience.PUBLIC, Audience.SHARED)),
        and_(Event.audience == Audience.TEAM, bindparam("member"), TeamRequest.candidate_id != me),
        and_(Event.audience == Audience.DECIDERS, bindparam("decides"), ~involved, ~recused),
    )
    event = select(Event.id).where(Event.request_id == TeamRequest.id, known).order_by(Event.id.desc()).limit(1)
    query = select(event.correlate(TeamRequest).scalar_subquery()).where(TeamRequest.id == bindparam("id"))
    return query.where(queries.readable_by(me, inside=inside))


def since(person: PersonFacts, found: Seen, sequence: int) -> NewEvents:
    """What others did after this place in the chain. One statement."""
    values = {"id": found.row.id, "me": person.id, "since": sequence, "audiences": page.audiences(found.actions)}
    rows = db.session.execute(_since(), values).all()
    newest = max((row.id for row in rows), default=sequence)
    says = tuple(words.happened(row.code, row.name) for row in rows[:SAID])
    return NewEvents(len(rows), says, _where(rows[0]) if rows else "header", seen.news_tag(newest, found.actions))


@cache
def _since() -> Any:
    query = select(Event.id, Event.code, Event.subject_id, Person.name).outerjoin(Person, Person.id == Event.actor_id)
    query = query.where(
        Event.request_id == bindparam("id"),
        Event.id > bindparam("since"),
        Event.audience.in_(bindparam("audiences", expanding=True)),
        or_(Event.actor_id.is_(None), Event.actor_id != bindparam("me")),
    )
    return query.order_by(Event.id).limit(MOST)


def _where(event: Any) -> str:
    if event.code in COMMENTS:
        return f"comment-{event.subject_id}"
    if event.code == "concern.raised":
        return f"concern-{event.subject_id}"
    return "decision" if event.code.startswith("request.") else "timeline"
