"""What stands in a calendar: for everybody, and for one person. No text that people wrote, no name of a candidate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from portal.calendar import services
from portal.calendar.ics import Entry
from portal.errors import Message
from portal.extensions import db
from portal.org import organisation
from portal.people import policy
from portal.people import queries as people
from portal.people.facts import PersonFacts
from portal.people.models import Absence
from portal.requests import fact_queries, queries, readiness
from portal.requests.models import TeamRequest
from portal.requests.workflow import DECIDABLE
from portal.web.addresses import absolute

MOST = 200  # discussions, and absences, in one calendar


def for_everybody(now: datetime) -> list[Entry]:
    """When discussions can end, by kind: not which, and not about whom."""
    return [
        Entry(_uid(services.stable(f"request {row.id}")), day, day, str(_says(row)), since)
        for row, day, since in _ends(_open(None), now)
    ]


def for_person(reader: PersonFacts, now: datetime) -> list[Entry]:
    """When the discussions end that this person may read, and, for team and Board, who is away."""
    found = [
        Entry(
            *(_uid(f"request-{row.id}"), day, day),
            str(Message("#%(number)s: %(says)s", number=row.id, says=_says(row))),
            since,
            absolute(f"/requests/{row.id}"),
        )
        for row, day, since in _ends(_open(reader), now)
    ]
    return [*found, *_absences(now)] if policy.reads_team_pages(reader) else found


def _uid(name: str) -> str:
    return f"{name}@{urlsplit(absolute('')).netloc}"


def _says(row: TeamRequest) -> Message:
    kind = organisation().kinds.get(row.kind)
    return Message("Discussion can end: %(kind)s", kind=kind.name if kind else row.kind)


def _open(reader: PersonFacts | None) -> Sequence[TeamRequest]:
    """The newest requests under discussion; of a reader, those they may read."""
    query = select(TeamRequest) if reader is None else queries.visible_to(reader)
    query = query.where(TeamRequest.state.in_(DECIDABLE), TeamRequest.discussion_at.is_not(None))
    return db.session.scalars(query.order_by(TeamRequest.id.desc()).limit(MOST)).all()


def _ends(rows: Sequence[TeamRequest], now: datetime) -> Iterator[tuple[TeamRequest, date, datetime]]:
    """Each request with the day on which its discussion can end, and when that was known."""
    known = fact_queries.known_of_many(rows, now)
    for row in rows:
        began = row.discussion_at
        if began is not None:
            yield row, (began + timedelta(days=readiness.days_needed(known[row.id].facts))).date(), began


def _absences(now: datetime) -> list[Entry]:
    """Who of those with a role or a capacity is away, or will be."""
    standing = people.standing(now)
    query = (
        select(Absence)
        .where(
            Absence.person_id.in_(standing.names),
            or_(Absence.ended_at.is_(None), Absence.ended_at > now),
            or_(Absence.to_at.is_(None), Absence.to_at > now),
        )
        .options(joinedload(Absence.person))
        .order_by(Absence.id.desc())
        .limit(MOST)
    )
    return [
        Entry(
            *(_uid(f"absence-{row.id}"), row.from_at.date(), row.last_day or now.date()),
            str(Message("%(name)s is away", name=row.person.name)),
            row.declared_at,
            absolute(f"/people/{row.person_id}"),
        )
        for row in db.session.scalars(query)
    ]
