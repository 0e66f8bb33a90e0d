"""Reading what the figures are made of: a fixed number of statements, over a bounded number of requests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from portal.audit.models import Event
from portal.extensions import db
from portal.figures.medians import Course
from portal.people.facts import PersonFacts
from portal.people.models import Person
from portal.requests import fact_queries, lists
from portal.requests.models import Decision, TeamRequest
from portal.requests.workflow import OPEN_STATES, State

YEARS = 2
WINDOW = timedelta(days=365 * YEARS)
MOST = 1000  # requests, the newest: so the page costs the same however many there are
ANSWERS = (  # what somebody else has to do for a request to have been answered
    *("comment.added", "question.added", "position.taken", "concern.raised", "sponsorship.given"),
    *("request.approved", "request.declined", "request.referred"),
)


def courses(now: datetime) -> list[Course]:
    """The newest requests that were submitted within the window. Three statements."""
    columns = (TeamRequest.id, TeamRequest.kind, TeamRequest.submitted_at)
    query = select(*columns).where(TeamRequest.state != State.DRAFT).order_by(TeamRequest.id.desc()).limit(MOST)
    rows = [row for row in db.session.execute(query) if row.submitted_at and now - row.submitted_at <= WINDOW]
    ids = [row.id for row in rows]
    answered, decided = _answered(ids), _decided(ids)
    return [Course(row.kind, row.submitted_at, answered.get(row.id), decided.get(row.id)) for row in rows]


def _answered(ids: Sequence[int]) -> dict[int, datetime]:
    """When somebody who is no party to it first did something about each request."""
    query = (
        select(Event.request_id, func.min(Event.at))
        .join(TeamRequest, TeamRequest.id == Event.request_id)
        .where(
            Event.request_id.in_(ids),
            Event.code.in_(ANSWERS),
            Event.actor_id != TeamRequest.candidate_id,
            Event.actor_id != TeamRequest.requester_id,
        )
        .group_by(Event.request_id)
    )
    return {row[0]: row[1] for row in db.session.execute(query) if row[0] is not None}


def _decided(ids: Sequence[int]) -> dict[int, datetime]:
    query = select(Decision.request_id, func.min(Decision.decided_at)).where(Decision.request_id.in_(ids))
    return {row[0]: row[1] for row in db.session.execute(query.group_by(Decision.request_id))}


@dataclass(frozen=True, slots=True)
class Waiting:
    """Open requests of one kind in one state: how many, and since when the longest is in it."""

    kind: str
    state: State
    count: int
    since: datetime


def waiting() -> list[Waiting]:
    """What is open now. One statement."""
    query = select(TeamRequest.kind, TeamRequest.state, func.count(), func.min(TeamRequest.state_since))
    query = query.where(TeamRequest.state.in_(OPEN_STATES)).group_by(TeamRequest.kind, TeamRequest.state)
    return sorted((Waiting(*row) for row in db.session.execute(query)), key=lambda row: (row.kind, row.state))


@dataclass(frozen=True, slots=True)
class Duties:
    """At how many requests it is this person's turn, and since when at the longest, where that is known."""

    person_id: int
    name: str
    count: int
    since: datetime | None


def duties(reader: PersonFacts, now: datetime) -> list[Duties]:
    """Of everybody whose turn it is at a request that the reader may read, the most first."""
    sinces = _turns(reader, now)
    rows = db.session.execute(select(Person.id, Person.name).where(Person.id.in_(sinces)))
    names = {row.id: row.name for row in rows}
    found = [_duties(id, names.get(id, ""), moments) for id, moments in sinces.items()]
    return sorted(found, key=lambda row: (-row.count, row.name.casefold()))


def own_duties(reader: PersonFacts, now: datetime) -> Duties:
    """One's own."""
    return _duties(reader.id, "", _turns(reader, now).get(reader.id, []))


def _turns(reader: PersonFacts, now: datetime) -> dict[int, list[datetime | None]]:
    """By person: since when it is their turn, for each request."""
    found: defaultdict[int, list[datetime | None]] = defaultdict(list)
    rows = [row for row in lists.desk(reader, now) if row.row.state is not State.DRAFT]
    known = fact_queries.known_of_many([row.row for row in rows], now)
    for row in rows:
        for person_id in row.turn.people:
            found[person_id].append(known[row.row.id].turn_since.get(person_id))
    return found


def _duties(person_id: int, name: str, moments: Sequence[datetime | None]) -> Duties:
    return Duties(person_id, name, len(moments), min((at for at in moments if at is not None), default=None))
