"""Finding requests and what was said on them. What the reader may read is part of the query itself.

A member of the Board who holds no role finds what is for the team where a request is with the Board; where the Board
has the word because nobody else may decide, they read it on the page alone. Keys and reasons of recusals are found by
nobody; private notes by those who decide, not by the Board.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, or_, select, true
from sqlalchemy.orm import aliased

from portal.audit.models import Text
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

MOST_OWN = 300  # requests of somebody outside the team by which the index is asked; above that, all are looked through


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
    found = index.page(_hits(person, question, before), before=before, size=size)
    hits = [Hit(*row) for row in found[:size]]
    return Page(hits, hits[-1].id if len(found) > size else None, before is None)


def requests_with(person: PersonFacts | None, question: Question, near: range | None) -> Select[Any]:
    """SQL: ids of the requests of which the title, or a text that this person may read, has all the terms.

    ``near``: only of requests with these ids.
    """
    query = _readable(person, question, None, near=near).with_only_columns(Indexed.request_id).order_by(None)
    if near is not None:
        query = query.where(Indexed.request_id >= near.start, Indexed.request_id < near.stop)
    return query.correlate(None)


def may_read(person: PersonFacts | None) -> ColumnElement[bool]:
    """SQL over the index and the request: this person may read these words. As `portal.requests.policy` says."""
    if person is None:
        return false()
    involved = or_(TeamRequest.candidate_id == person.id, TeamRequest.requester_id == person.id)
    recused = exists().where(Recusal.request_id == TeamRequest.id, Recusal.person_id == person.id)
    inside = true() if person.is_member else TeamRequest.state == State.WITH_BOARD
    allowed = [Indexed.read_by == ReadBy.ALL]
    if person.is_member or person.is_board:
        allowed.append(and_(Indexed.read_by == ReadBy.TEAM, TeamRequest.candidate_id != person.id, inside))
    if person.decides:
        allowed.append(and_(Indexed.read_by == ReadBy.DECIDERS, ~involved, ~recused))
    return and_(queries.readable(person), or_(*allowed))


def _readable(
    person: PersonFacts | None, question: Question, before: int | None, *, near: range | None = None
) -> Select[Any]:
    within = _within(person)
    if within is None and near is not None:
        within = index.bucket_words(near)
    query = index.matching(question, within=within, before=before)
    return query.join(TeamRequest, TeamRequest.id == Indexed.request_id).where(may_read(person))


def _within(person: PersonFacts | None) -> Sequence[str] | None:
    """Somebody outside the team is part of few requests: the index need not look at others."""
    if person is None:
        return ()
    if person.is_member or person.is_board:
        return None
    own = db.session.scalars(select(TeamRequest.id).where(queries.readable(person)).limit(MOST_OWN + 1)).all()
    return [index.request_word(id) for id in own] if len(own) <= MOST_OWN else None


def _hits(person: PersonFacts | None, question: Question, before: int | None) -> Select[Any]:
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
    query: Select[Any] = _readable(person, question, before).with_only_columns(*columns)
    query = query.join(candidate, candidate.id == TeamRequest.candidate_id)
    query = query.join(requester, requester.id == TeamRequest.requester_id)
    return query.outerjoin(Text, Text.id == Indexed.text_id).outerjoin(author, author.id == Text.author_id)
