"""Lists of requests: filters of the URL, search in what one may read, whose turn it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, case, or_, select

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
from portal.web.paging import PAGE_SIZE, Page, page_of

SEARCH_LIMIT = 100  # characters
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

    @property
    def number(self) -> int | None:
        """The number of a request, where that is what the words are."""
        sought = self.words.lstrip("#")
        return (ids.parse(sought) or 0) if sought.isdecimal() else None

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
    conditions = _conditions(person, filters)
    if filters.waiting:
        waiting = [row.row.id for row in _rows(person, _open(person, conditions), now) if row.mine]
        conditions.append(TeamRequest.id.in_(waiting))
    if filters.words and filters.number is None:
        question = asking.parse(filters.words)
        found = findings.requests_with(person, question, conditions, before=before, size=PAGE_SIZE)
        rows = db.session.scalars(
            queries.visible_to(person).where(TeamRequest.id.in_(found.ids)).order_by(TeamRequest.id.desc())
        )
        return Page(_rows(person, list(rows), now), found.older, before is None, found.stopped)
    page = page_of(queries.visible_to(person).where(*conditions), TeamRequest.id, before=before)
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


def _open(person: PersonFacts | None, conditions: Sequence[ColumnElement[bool]]) -> list[TeamRequest]:
    query = queries.visible_to(person).where(*conditions, TeamRequest.state.in_(OPEN_STATES))
    return list(db.session.scalars(query.order_by(TeamRequest.id).limit(WAITING_LOOKED_AT)))


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


def _conditions(person: PersonFacts | None, filters: Filters) -> list[ColumnElement[bool]]:
    """SQL: the reader may read the request and it passes the filters, but for the words."""
    found = [queries.readable(person)]
    if filters.kind:
        found.append(TeamRequest.kind == filters.kind)
    if filters.stage == "open":
        found.append(TeamRequest.state.in_(OPEN_STATES))
    elif filters.stage == "ended":
        found.append(TeamRequest.state.in_(ENDED))
    elif filters.stage:
        found.append(TeamRequest.state == State(filters.stage))
    if filters.mine and person:
        found.append(or_(TeamRequest.requester_id == person.id, TeamRequest.candidate_id == person.id))
    if filters.person:
        named = select(Person.id).where(Person.name == filters.person.replace("_", " "))
        found.append(or_(TeamRequest.candidate_id.in_(named), TeamRequest.requester_id.in_(named)))
    if filters.item:
        type_, _, key = filters.item.partition(":")
        found.append(queries.asks_for(type_, key))
    if filters.number is not None:
        found.append(TeamRequest.id == filters.number)
    return found


STAGE_CHOICES: dict[str, Message] = {
    "open": Message("Open"),
    "ended": Message("Ended"),
    **{state.value: words.stage(state) for state in State},
}
