"""Reading what the figures are made of: a fixed number of statements, over a bounded number of requests."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from portal.audit.models import Event
from portal.extensions import db
from portal.figures.medians import Course
from portal.notifications.duties import open_duties
from portal.people.facts import PersonFacts
from portal.people.models import Person
from portal.requests import fact_queries, lists, turn_jobs
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
    """How many duties of one kind this person has, and since when the longest, where that is known."""

    person_id: int
    name: str
    kind: str
    count: int
    since: datetime | None


Moments = defaultdict[tuple[int, str], list[datetime | None]]  # person, kind of duty


def duties(reader: PersonFacts, now: datetime) -> list[Duties]:
    """Of everybody who has something to do that the reader may know of: who has most first."""
    moments = _open(reader, now)
    rows = db.session.execute(select(Person.id, Person.name).where(Person.id.in_({id for id, _ in moments})))
    names, of_person = {row.id: row.name for row in rows}, Counter[int]()
    for (person_id, _), found in moments.items():
        of_person[person_id] += len(found)
    lines = [_duties(*key, names.get(key[0], ""), found) for key, found in moments.items()]
    return sorted(lines, key=lambda row: (-of_person[row.person_id], row.name.casefold(), row.person_id, row.kind))


def own_duties(reader: PersonFacts, now: datetime) -> list[Duties]:
    """One's own."""
    moments = _open(reader, now)
    return [_duties(*key, "", found) for key, found in sorted(moments.items()) if key[0] == reader.id]


def _open(reader: PersonFacts, now: datetime) -> Moments:
    """Since when each duty is open that the reader may know of.

    Whose turn it is at a request is computed, since it comes and goes by itself; the kept turns only say since when.
    """
    found = Moments(list)
    desk = [row for row in lists.desk(reader, now) if row.row.state is not State.DRAFT]
    known = fact_queries.known_of_many([row.row for row in desk], now)
    for row in desk:
        for person_id in row.turn.people:
            found[person_id, turn_jobs.TURN].append(known[row.row.id].turn_since.get(person_id))
    inside = {row.row.id for row in desk if row.inside}
    for duty in open_duties(now):
        if duty.kind != turn_jobs.TURN and (duty.request_id in inside if duty.request_id else reader.is_member):
            found[duty.person_id, duty.kind].append(duty.since)
    return found


def _duties(person_id: int, kind: str, name: str, moments: Sequence[datetime | None]) -> Duties:
    since = min((at for at in moments if at is not None), default=None)
    return Duties(person_id, name, kind, len(moments), since)
