"""Reading absences, acting periods and reports that the Director cannot be reached."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload

from portal.audit import believing
from portal.audit.models import Event
from portal.database import remembered
from portal.extensions import db
from portal.org import organisation
from portal.org.catalogue import WHOLE, Leads
from portal.people import queries
from portal.people.models import Absence, Person, RoleAssignment, UnreachableReport

CONFIRMATIONS = 2


def silence() -> timedelta:
    """How long the Director has done nothing before a report is taken: the organisation's rule, else three days."""
    rule = organisation().rules.get("unreachable_hours")
    return timedelta(hours=int(rule.values[WHOLE])) if rule else timedelta(days=3)


def absence_of(person_id: int, now: datetime) -> Absence | None:
    """The absence that this person is in, or has planned, and has not ended. Read once for a page."""
    kept: dict[int, Absence | None] = remembered(db.session(), "absences", now)
    if person_id not in kept:
        kept[person_id] = next(iter(unended_absences(person_id, now)), None)
    return kept[person_id]


def unended_absences(person_id: int, now: datetime) -> Sequence[Absence]:
    """The absences that this person is in or has planned: one, or more where two people became one."""
    return db.session.scalars(
        select(Absence)
        .where(
            Absence.person_id == person_id,
            or_(Absence.ended_at.is_(None), Absence.ended_at > now),
            or_(Absence.to_at.is_(None), Absence.to_at > now),
        )
        .order_by(Absence.from_at)
    ).all()


def absences_of(person_ids: Iterable[int], now: datetime) -> dict[int, Absence]:
    """Who of these people is away at this moment, in one statement."""
    rows = db.session.scalars(select(Absence).where(Absence.person_id.in_(set(person_ids)), queries.absent(now)))
    return {absence.person_id: absence for absence in rows}


def last_act(director_id: int, now: datetime) -> datetime | None:
    """When this Director last did something on record here, under any account; not before their term began.

    What was said under a clock that ran ahead counts for nothing: it would hide a silence until then.
    """
    merged = select(Person.id).where(or_(Person.id == director_id, Person.merged_into_id == director_id))
    acts = select(Event.at).where(Event.actor_id.in_(merged), Event.at <= now + believing.BEHIND)
    newest = acts.order_by(Event.id.desc()).limit(1)
    role = organisation().leading_role(Leads.DIRECTOR)
    began = select(func.max(RoleAssignment.from_at)).where(
        RoleAssignment.person_id == director_id,
        RoleAssignment.role_key == (role.key if role else ""),
        queries.in_force(RoleAssignment.from_at, RoleAssignment.to_at, now),
    )
    found = db.session.execute(select(newest.scalar_subquery(), began.scalar_subquery())).one()
    return max((moment for moment in found if moment is not None), default=None)


def unreachable_report(director_id: int, now: datetime) -> UnreachableReport | None:
    """The open report about this Director; one that the Director's act made void is none."""
    report = (
        db.session.scalars(
            select(UnreachableReport)
            .where(UnreachableReport.director_id == director_id, UnreachableReport.closed_at.is_(None))
            .options(joinedload(UnreachableReport.confirmations), joinedload(UnreachableReport.reported_by))
            .order_by(UnreachableReport.id.desc())
            .limit(1)
        )
        .unique()
        .first()
    )
    if report is None:
        return None
    act = last_act(director_id, now)
    return None if act is not None and act > report.reported_at else report


def unclosed_reports(director_id: int) -> Sequence[UnreachableReport]:
    """Every report about this Director that nothing closed yet, void or not."""
    return db.session.scalars(
        select(UnreachableReport).where(
            UnreachableReport.director_id == director_id, UnreachableReport.closed_at.is_(None)
        )
    ).all()
