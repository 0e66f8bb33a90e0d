""" "The Director cannot be reached": a member reports it, two others confirm, then the Deputy acts.

None of the three is the Deputy, and each time the Director must have been silent here for 72 hours. Any act by the
Director makes an open report void. The rule has a precedent in a sister project's policy: no contact for 72 hours.
"""

from __future__ import annotations

from datetime import datetime

from portal.audit import services as audit
from portal.errors import Conflict, Message, WrongState
from portal.extensions import db
from portal.people import absence_queries, acting, policy, queries
from portal.people.absence_queries import CONFIRMATIONS, silence
from portal.people.models import (
    ActingReason,
    Person,
    UnreachableConfirmation,
    UnreachableReport,
)


def report_unreachable(actor: Person, *, now: datetime) -> UnreachableReport:
    """Report that the Director cannot be reached. Raises NotPermitted, WrongState, Conflict."""
    policy.require(policy.why_not_report_unreachable(queries.facts(actor.id, now)))
    director_id = _silent_director(now)
    if absence_queries.unreachable_report(director_id, now) is not None:
        raise Conflict(Message("Somebody has reported this already. You can confirm it."))
    close_reports(director_id, now=now)
    report = UnreachableReport(director_id=director_id, reported_by_id=actor.id, reported_at=now)
    db.session.add(report)
    db.session.flush()
    audit.record("unreachable.reported", actor_id=actor.id, at=now, person_id=director_id, subject_id=report.id)
    return report


def confirm_unreachable(actor: Person, *, now: datetime) -> UnreachableReport:
    """Confirm the report; the second confirmation lets the Deputy act. Raises NotPermitted, WrongState, Conflict."""
    policy.require(policy.why_not_report_unreachable(queries.facts(actor.id, now)))
    director_id = _silent_director(now)
    report = absence_queries.unreachable_report(director_id, now)
    if report is None:
        raise WrongState(Message("There is no open report to confirm. You can report it yourself."))
    if report.reported_by_id == actor.id:
        raise Conflict(Message("You reported this yourself. Two others must confirm it."))
    if actor.id in {row.person_id for row in report.confirmations}:
        raise Conflict(Message("You have confirmed this already. It needs somebody else."))
    report.confirmations.append(UnreachableConfirmation(person_id=actor.id, at=now))
    db.session.flush()
    audit.record("unreachable.confirmed", actor_id=actor.id, at=now, person_id=director_id, subject_id=report.id)
    if _voices(report, now) > CONFIRMATIONS:
        report.closed_at = now
        acting.begin(director_id, ActingReason.UNREACHABLE, from_at=now, by_id=actor.id, now=now)
    return report


def close_reports(director_id: int, *, now: datetime) -> None:
    """Close what is open about this Director: a void report gives way to a new one, or the term is over."""
    for report in absence_queries.unclosed_reports(director_id):
        report.closed_at = now


def _silent_director(now: datetime) -> int:
    """The Director's id. Raises WrongState if the Director acted lately, or the Deputy acts already."""
    director = acting.director_or_refuse(now)
    if queries.acting_period(director.id, now) is not None:
        raise WrongState(Message("The Deputy acts already, so there is nothing to report."))
    act = absence_queries.last_act(director.id, now)
    if act is not None and now - act < silence():
        raise WrongState(
            Message(
                "The Director was active here at %(last)s. This can be said 72 hours after that, from %(then)s on.",
                last=_exact(act),
                then=_exact(act + silence()),
            )
        )
    return director.id


def _voices(report: UnreachableReport, now: datetime) -> int:
    """How many of the reporter and those who confirmed may still say so: one of them may be the Deputy by now."""
    ids = {report.reported_by_id, *(row.person_id for row in report.confirmations)}
    standing = queries.facts_of(ids, now).values()
    return sum(policy.why_not_report_unreachable(facts) is None for facts in standing)


def _exact(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
