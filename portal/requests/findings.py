"""Finding requests and what was said on them. What the reader may read is part of the query itself.

A member of the Board who holds no role finds what is for the team where a request is with the Board; where the Board
has the word because nobody else may decide, they read it on the page alone. Keys and reasons of recusals are found by
nobody; private notes by those who decide, not by the Board.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, or_, select, true
from sqlalchemy.orm import aliased

from portal.audit.models import Text
from portal.database import IDS
from portal.extensions import db
from portal.index import queries as index
from portal.index.asking import Question
from portal.index.models import Indexed, ReadBy, What
from portal.people.facts import PersonFacts
from portal.people.models import Person
from portal.requests import indexing, queries
from portal.requests.discussion_models import Comment, Recusal
from portal.requests.models import TeamRequest
from portal.requests.said import COMMENTS_SHOWN
from portal.requests.workflow import State
from portal.web.paging import Page

NEWEST_LOOKED_AT = 300  # requests of a list that are looked through before the index is asked


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that was found.

    ``items``: what the request asks for, as `indexing.title` takes it; ``by``: who said it, or who filed the request;
    ``is_old``: a comment that the page of the request does not show at first.
    """

    id: int
    what: What
    subject_id: int
    request_id: int
    read_by: ReadBy
    kind: str
    state: State
    candidate: str
    items: str | None
    by: str
    at: datetime
    body: str
    is_old: bool


def said(person: PersonFacts | None, question: Question, *, before: int | None, size: int) -> Page[Hit]:
    """One page of what this person may read and that has all the terms, the newest first."""
    readable = partial(_readable, person)
    if person is None or person.is_member or person.is_board:
        found = index.everywhere(question, readable, before=before, size=size)
    else:  # they are part of few requests
        own = select(TeamRequest.id).where(queries.readable(person))
        found = index.among(Indexed.request_id.in_(own), question, readable, before=before, size=size)
    hits = [Hit(*row) for row in db.session.execute(_hits(), {"ids": found.ids})] if found.ids else []
    return Page(hits, found.older, before is None, found.stopped)


def requests_with(
    person: PersonFacts | None,
    question: Question,
    conditions: Sequence[ColumnElement[bool]],
    *,
    before: int | None,
    size: int,
) -> index.Found:
    """One page of the ids of requests that meet the conditions and of which the title, or a text that this person may
    read, has all the terms; the newest first.
    """

    def readable(query: Select[Any], rows: index.Row) -> Select[Any]:
        return _readable(person, query, rows).where(*conditions)

    newest = select(TeamRequest.id).where(*conditions).order_by(TeamRequest.id.desc()).limit(NEWEST_LOOKED_AT)
    ids = db.session.scalars(newest if before is None else newest.where(TeamRequest.id < before)).all()
    place = Indexed.request_id.in_(ids)
    found = index.among(place, question, readable, before=before, size=size, key="request_id")
    if found.older or len(ids) < NEWEST_LOOKED_AT:
        return found
    return index.everywhere(question, readable, before=before, size=size, key="request_id")


def may_read(person: PersonFacts | None, rows: index.Row = Indexed) -> ColumnElement[bool]:
    """SQL over the index and the request: this person may read these words. As `portal.requests.policy` says."""
    if person is None:
        return false()
    involved = or_(TeamRequest.candidate_id == person.id, TeamRequest.requester_id == person.id)
    recused = exists().where(Recusal.request_id == TeamRequest.id, Recusal.person_id == person.id)
    inside = true() if person.is_member else TeamRequest.state == State.WITH_BOARD
    allowed = [rows.read_by == ReadBy.ALL]
    if person.is_member or person.is_board:
        allowed.append(and_(rows.read_by == ReadBy.TEAM, TeamRequest.candidate_id != person.id, inside))
    if person.decides:
        allowed.append(and_(rows.read_by == ReadBy.DECIDERS, ~involved, ~recused))
    return and_(queries.readable(person), or_(*allowed))


def _readable(person: PersonFacts | None, query: Select[Any], rows: index.Row) -> Select[Any]:
    return query.join(TeamRequest, TeamRequest.id == rows.request_id).where(may_read(person, rows))


@cache
def _hits() -> Select[Any]:
    """SQL: what a page shows of the rows ``ids`` of the index."""
    candidate, requester, author = aliased(Person), aliased(Person), aliased(Person)
    later = select(Comment.id).where(Comment.request_id == Indexed.request_id, Comment.id > Indexed.subject_id)
    is_old = and_(Indexed.what == What.COMMENT, later.offset(COMMENTS_SHOWN - 1).limit(1).exists())
    columns: tuple[Any, ...] = (
        Indexed.id,
        Indexed.what,
        Indexed.subject_id,
        Indexed.request_id,
        Indexed.read_by,
        TeamRequest.kind,
        TeamRequest.state,
        candidate.name,
        indexing.asked_items(),
        func.coalesce(author.name, requester.name),
        func.coalesce(Text.created_at, TeamRequest.submitted_at),
        func.coalesce(Text.body, ""),
        is_old,
    )
    query: Select[Any] = select(*columns).join_from(Indexed, TeamRequest, TeamRequest.id == Indexed.request_id)
    query = query.join(candidate, candidate.id == TeamRequest.candidate_id)
    query = query.join(requester, requester.id == TeamRequest.requester_id)
    query = query.outerjoin(Text, Text.id == Indexed.text_id).outerjoin(author, author.id == Text.author_id)
    return query.where(Indexed.id.in_(IDS)).order_by(Indexed.id.desc())
