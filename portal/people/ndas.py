"""Non-disclosure agreements: that one was signed, and when. The paperwork is never kept here."""

from __future__ import annotations

from datetime import date, datetime

from portal.audit import services as audit
from portal.audit.models import Audience
from portal.errors import Invalid, Message, WrongState
from portal.extensions import db
from portal.people import policy, queries, roles
from portal.people.models import Nda, Person


def note_nda(actor: Person, person_id: int, *, signed_on: date, confirmed_by_id: int | None, now: datetime) -> Nda:
    """Note that a person has signed: a Board member does, or the Director, naming the Board member who confirmed it.

    Raises NotPermitted, NotVisible, Invalid.
    """
    person = roles.living_person(person_id)
    facts = queries.facts(actor.id, now)
    policy.require(policy.why_not_note_nda(facts, person.id))
    if signed_on > now.date():
        raise Invalid(Message("The day of signing lies in the future."), field="signed_on")
    if not facts.is_board:
        _require_board_member(confirmed_by_id, person.id, now)
    nda = Nda(
        person_id=person.id,
        signed_on=signed_on,
        noted_by_id=actor.id,
        confirmed_by_id=None if facts.is_board else confirmed_by_id,
        noted_at=now,
    )
    db.session.add(nda)
    db.session.flush()
    audit.record(
        "nda.noted",
        actor_id=actor.id,
        at=now,
        person_id=person.id,
        subject_id=nda.id,
        audience=Audience.DECIDERS,
        confirmed_by=nda.confirmed_by_id,
    )
    return nda


def _require_board_member(confirmed_by_id: int | None, person_id: int, now: datetime) -> None:
    """Whoever confirms is on the Board now, and is not the person it is about."""
    if confirmed_by_id is None or confirmed_by_id == person_id:
        raise Invalid(Message("Name the member of the Board who confirmed it to you."), field="confirmed_by_id")
    confirming = queries.facts(confirmed_by_id, now)
    if not confirming.is_board or confirming.locked:
        raise Invalid(Message("That person is not a member of the Board now."), field="confirmed_by_id")


def withdraw_nda(actor: Person, person_id: int, *, now: datetime) -> None:
    """Take back a note that was wrong, or an agreement that ended. Raises NotPermitted, NotVisible, WrongState."""
    person = roles.living_person(person_id)
    policy.require(policy.why_not_note_nda(queries.facts(actor.id, now), person.id))
    noted = queries.ndas_of(person.id)
    if not noted:
        raise WrongState(Message("No non-disclosure agreement of %(name)s is on record.", name=person.name))
    for nda in noted:
        nda.withdrawn_at = now
    audit.record("nda.withdrawn", actor_id=actor.id, at=now, person_id=person.id, audience=Audience.DECIDERS)
