"""When the Deputy acts for the Director: how such a time begins and ends. Whether one is open is computed from now.

It begins by the Director's declared absence, by a record of the Board, or by a report that two others confirmed
(`portal.people.unreachable`). It ends by "I am back", by any decision of the Director, or by the Board.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select

from portal.audit import services as audit
from portal.errors import Invalid, Message, WrongState
from portal.extensions import db
from portal.people import policy, queries
from portal.people.facts import PersonFacts
from portal.people.models import Absence, ActingPeriod, ActingReason, Person


def open_for_absence(absence: Absence, *, by_id: int, now: datetime) -> ActingPeriod:
    """The Deputy acts for exactly the time of this absence of the Director."""
    return begin(
        absence.person_id,
        ActingReason.ABSENCE,
        from_at=absence.from_at,
        to_at=absence.to_at,
        absence_id=absence.id,
        by_id=by_id,
        now=now,
    )


def begin(
    director_id: int,
    reason: ActingReason,
    *,
    from_at: datetime,
    by_id: int,
    now: datetime,
    to_at: datetime | None = None,
    absence_id: int | None = None,
    note_id: int | None = None,
) -> ActingPeriod:
    """Put an acting period on record. Who may, was asked before."""
    period = ActingPeriod(
        director_id=director_id,
        reason=reason,
        from_at=from_at,
        to_at=to_at,
        absence_id=absence_id,
        started_by_id=by_id,
        note_id=note_id,
    )
    db.session.add(period)
    db.session.flush()
    audit.record(
        "acting.started",
        actor_id=by_id,
        at=now,
        person_id=director_id,
        subject_id=period.id,
        reason=reason.value,
        since=audit.stamp(from_at),
        until=audit.stamp(to_at),
    )
    return period


def start_acting_by_board(actor: Person, note: str, *, now: datetime) -> ActingPeriod:
    """The Board puts on record that the Deputy acts. Raises NotPermitted, Invalid, WrongState."""
    policy.require(policy.why_not_start_acting(queries.facts(actor.id, now)))
    director = director_or_refuse(now)
    if not note.strip():
        raise Invalid(Message("Say why the Deputy acts, or where the Board decided it."), field="note")
    if queries.acting_period(director.id, now) is not None:
        raise WrongState(Message("The Deputy acts already."))
    text = audit.write_text(actor.id, note, at=now)
    return begin(director.id, ActingReason.BOARD, from_at=now, by_id=actor.id, now=now, note_id=text.id)


def end_acting_by_hand(actor: Person, *, now: datetime) -> int:
    """The Board (or the Director) ends what is open now. Raises NotPermitted, WrongState."""
    policy.require(policy.why_not_end_acting(queries.facts(actor.id, now)))
    director = director_or_refuse(now)
    ended = end_acting(director.id, by_id=actor.id, now=now)
    if not ended:
        raise WrongState(Message("The Deputy does not act now, so there is nothing to end."))
    return ended


def end_acting(director_id: int, *, by_id: int | None, now: datetime) -> int:
    """End what is open now, as a decision of the Director does; what is planned stays. Returns how many."""
    return _end([period for period in unended(director_id, now) if period.from_at <= now], by_id=by_id, now=now)


def end_all(director_id: int, *, by_id: int | None, now: datetime) -> int:
    """End what is open and what is planned: "I am back", or the Director's term is over. Returns how many."""
    return _end(unended(director_id, now), by_id=by_id, now=now)


def unended(director_id: int, now: datetime) -> Sequence[ActingPeriod]:
    """The acting periods of this Director that are open or lie ahead."""
    return db.session.scalars(
        select(ActingPeriod)
        .where(
            ActingPeriod.director_id == director_id,
            or_(ActingPeriod.ended_at.is_(None), ActingPeriod.ended_at > now),
            or_(ActingPeriod.to_at.is_(None), ActingPeriod.to_at > now),
        )
        .order_by(ActingPeriod.id)
    ).all()


def _end(periods: Sequence[ActingPeriod], *, by_id: int | None, now: datetime) -> int:
    for period in periods:
        period.ended_at, period.ended_by_id = now, by_id
        audit.record("acting.ended", actor_id=by_id, at=now, person_id=period.director_id, subject_id=period.id)
    return len(periods)


def director_or_refuse(now: datetime) -> PersonFacts:
    """The Director of this moment. Raises WrongState if there is none."""
    director = queries.leadership(now).director
    if director is None:
        raise WrongState(Message("There is no Director now, so the Board decides."))
    return director
