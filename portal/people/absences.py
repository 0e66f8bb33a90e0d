"""Declared leave: "I will be away" and "I am back"."""

from __future__ import annotations

from datetime import datetime

from portal.audit import services as audit
from portal.errors import Conflict, Invalid, Message, WrongState
from portal.extensions import db
from portal.people import absence_queries, acting, policy, queries
from portal.people.models import Absence, Person


def declare_absence(
    actor: Person, from_at: datetime, *, to_at: datetime | None, reason: str | None, now: datetime
) -> Absence:
    """Put one's own leave on record; while the Director's lasts, the Deputy acts.

    One absence at a time: whoever declares another says "I am back" first, so that "away until" has one meaning.
    Raises NotPermitted, Invalid, Conflict.
    """
    facts = queries.facts(actor.id, now)
    policy.require(policy.why_not_declare_absence(facts))
    if from_at < now:
        raise Invalid(Message("An absence begins today or later, not in the past."), field="from_day")
    if to_at is not None and to_at <= from_at:
        raise Invalid(Message("The last day away lies before the first."), field="to_day")
    if absence_queries.absence_of(actor.id, now) is not None:
        raise Conflict(Message('You are on record as away already. Press "I am back" first, then say it anew.'))
    text = audit.write_text(actor.id, reason.strip(), at=now) if reason and reason.strip() else None
    absence = Absence(
        person_id=actor.id, from_at=from_at, to_at=to_at, declared_at=now, reason_id=text.id if text else None
    )
    db.session.add(absence)
    db.session.flush()
    audit.record("absence.declared", actor_id=actor.id, at=now, person_id=actor.id, subject_id=absence.id)
    if facts.is_director:
        acting.open_for_absence(absence, by_id=actor.id, now=now)
    return absence


def end_absence(actor: Person, *, now: datetime) -> None:
    """ "I am back": ends one's own absence, also a planned one; for the Director every acting period too.

    Raises NotPermitted, WrongState.
    """
    policy.require(policy.why_not_declare_absence(queries.facts(actor.id, now)))
    absences = absence_queries.unended_absences(actor.id, now)
    ended = acting.end_all(actor.id, by_id=actor.id, now=now)
    if not absences and not ended:
        raise WrongState(Message("You are not on record as away, so there is nothing to end."))
    for absence in absences:
        absence.ended_at = now
        audit.record("absence.ended", actor_id=actor.id, at=now, person_id=actor.id, subject_id=absence.id)
