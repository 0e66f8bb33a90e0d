"""Lists of requests: filters of the URL, search in what one may read, whose turn it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, Select, case, func, or_, select

from portal.database import remembered
from portal.errors import Message
from portal.extensions import db
from portal.index import asking
from portal.people import queries as people_queries
from portal.people.facts import PersonFacts
from portal.people.models import Person
from portal.requests import fact_queries, findings, policy, queries, readiness, words
from portal.requests.kinds import registry
from portal.requests.models import RequestedItem, TeamRequest
from portal.requests.words import Turn, TurnOf
from portal.requests.workflow import ENDED, OPEN_STATES, Action, State
from portal.web import ids
from portal.web.paging import Page, page_of

SEARCH_LIMIT = 100  # characters
NEWEST_LOOKED_AT = 1_000  # requests that a search looks through before it looks through all
WAITING_LOOKED_AT = 200  # open requests that "waiting for me" looks through, the longest open first


@dataclass(frozen=True, slots=True)
class Filters:
    """What the URL asks for. Anything unknown is left out, so no URL is an error."""

    kind: str = ""
    stage: str = ""
    person: str = ""
    item: str = ""
    mine: bool = False
    waiting: bool = False
    words: str = ""

    @classmethod
    def read(cls, args: Mapping[str, str]) -> Filters:
        args = {name: value.replace("\x00", "") for name, value in args.items()}
        kind, stage = args.get("kind", ""), args.get("stage", "")
        return cls(
            kind=kind if kind in registry.KINDS else "",
            stage=stage if stage in ("open", "ended") or stage in list(State) else "",
            person=args.get("person", "").strip()[:255],
            item=args.get("item", "").strip()[:100],
            mine=args.get("mine") == "1",
            waiting=args.get("waiting") == "1",
            words=args.get("q", "").strip()[:SEARCH_LIMIT],
        )

    def as_args(self) -> dict[str, str]:
        """The filters as arguments of the URL."""
        args = {
            "kind": self.kind,
            "stage": self.stage,
            "person": self.person,
            "item": self.item,
            "mine": "1" if self.mine else "",
            "waiting": "1" if self.waiting else "",
            "q": self.words,
        }
        return {key: value for key, value in args.items() if value}

    def without(self, name: str) -> str:
        """The query string with one filter taken away."""
        return urlencode({key: value for key, value in self.as_args().items() if key != name})


@dataclass(frozen=True, slots=True)
class ListRow:
    """One request in a list. ``mine``: it is the reader's turn. ``inside``: the reader sees what the team says."""

    row: TeamRequest
    items: Sequence[RequestedItem]
    turn: Turn
    mine: bool
    inside: bool
    who: Sequence[TurnOf] = ()


def find(person: PersonFacts | None, filters: Filters, *, before: int | None, now: datetime) -> Page[ListRow]:
    """One page of the requests this person may read, newest first."""
    if filters.words and not filters.waiting:  # most often the newest requests fill the page
        page = page_of(_filtered(person, filters, near=_newest(before)), TeamRequest.id, before=before)
        if page.older is not None:
            return Page(_rows(person, page.rows, now), page.older, page.is_first)
    query = _filtered(person, filters)
    if filters.waiting:
        waiting = [row.row.id for row in _rows(person, _open(query), now) if row.mine]
        query = query.where(TeamRequest.id.in_(waiting))
    page = page_of(query, TeamRequest.id, before=before)
    return Page(_rows(person, page.rows, now), page.older, page.is_first)


def desk(person: PersonFacts, now: datetime) -> list[ListRow]:
    """The drafts this person began, then the open requests they may read, the longest open first.

    A dashboard asks for it in two places; it is read once.
    """
    kept: dict[int, list[ListRow]] = remembered(db.session(), "desk", now)
    if person.id not in kept:
        draft = (TeamRequest.state == State.DRAFT) & (TeamRequest.requester_id == person.id)
        query = queries.visible_to(person).where(or_(draft, TeamRequest.state.in_(OPEN_STATES)))
        first = case((TeamRequest.state == State.DRAFT, 0), else_=1)
        found = db.session.scalars(query.order_by(first, TeamRequest.id).limit(WAITING_LOOKED_AT))
        kept[person.id] = _rows(person, list(found), now)
    return kept[person.id]


def waiting_for(person: PersonFacts, now: datetime) -> list[ListRow]:
    """The open requests in which it is this person's turn."""
    return [row for row in desk(person, now) if row.mine and row.row.state is not State.DRAFT]


def _open(query: Select[Any]) -> list[TeamRequest]:
    states = query.where(TeamRequest.state.in_(OPEN_STATES)).order_by(TeamRequest.id).limit(WAITING_LOOKED_AT)
    return list(db.session.scalars(states))


def _rows(person: PersonFacts | None, found: Sequence[TeamRequest], now: datetime) -> list[ListRow]:
    known = fact_queries.known_of_many(found, now)
    weights, standing = fact_queries.weights(), people_queries.standing(now)
    rows = []
    for row in found:
        facts, revision = known[row.id].facts, known[row.id].revision
        turn = words.turn(facts, readiness.checks(facts, weights))
        items = revision.items if revision else []
        inside = policy.may(person, Action.READ_TEAM, facts)
        names = {**standing.names, row.candidate_id: row.candidate.name}
        who = words.turn_of(turn, names, known[row.id].turn_since)
        rows.append(ListRow(row, items, turn, person is not None and person.id in turn.people, inside, who))
    return rows


def _newest(before: int | None) -> range:
    """The ids of the newest requests, before this one."""
    end = before or (db.session.scalar(select(func.max(TeamRequest.id))) or 0) + 1
    return range(max(0, end - NEWEST_LOOKED_AT), end)


def _filtered(person: PersonFacts | None, filters: Filters, near: range | None = None) -> Select[Any]:
    query = queries.visible_to(person)
    if filters.kind:
        query = query.where(TeamRequest.kind == filters.kind)
    if filters.stage == "open":
        query = query.where(TeamRequest.state.in_(OPEN_STATES))
    elif filters.stage == "ended":
        query = query.where(TeamRequest.state.in_(ENDED))
    elif filters.stage:
        query = query.where(TeamRequest.state == State(filters.stage))
    if filters.mine and person:
        query = query.where(or_(TeamRequest.requester_id == person.id, TeamRequest.candidate_id == person.id))
    if filters.person:
        named = select(Person.id).where(Person.name == filters.person.replace("_", " "))
        query = query.where(or_(TeamRequest.candidate_id.in_(named), TeamRequest.requester_id.in_(named)))
    if filters.item:
        type_, _, key = filters.item.partition(":")
        query = query.where(queries.asks_for(type_, key))
    if filters.words:
        query = query.where(_mentions(person, filters.words, near))
    return query


def _mentions(person: PersonFacts | None, sought: str, near: range | None) -> ColumnElement[bool]:
    """SQL: the request of this number, or those in which the reader may read these words."""
    if sought.lstrip("#").isdecimal():
        return TeamRequest.id == (ids.parse(sought.lstrip("#")) or 0)
    return TeamRequest.id.in_(findings.requests_with(person, asking.parse(sought), near))


STAGE_CHOICES: dict[str, Message] = {
    "open": Message("Open"),
    "ended": Message("Ended"),
    **{state.value: words.stage(state) for state in State},
}
