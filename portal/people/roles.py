"""Roles over time: how one begins, by a decision, an appointment or from before the portal, and how it ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select

from portal.audit import services as audit
from portal.audit.models import ActorKind, Audience
from portal.errors import Invalid, Message, NotPermitted, NotVisible, WrongState
from portal.extensions import db
from portal.org import organisation
from portal.org.catalogue import Leads, Role
from portal.people import absence_queries, acting, policy, queries, unreachable
from portal.people.models import Origin, Person, RoleAssignment


def assign_role(
    person_id: int,
    role_key: str,
    *,
    by_id: int | None,
    decision_id: int | None,
    request_id: int | None,
    now: datetime,
    until: datetime | None = None,
) -> RoleAssignment:
    """Give a role by a decision, which is the permission. A role held already is returned, prolonged if need be.

    Raises Invalid for a role that the catalogue lacks or has retired, NotPermitted for one that is appointed.
    """
    role = requestable_role(role_key)
    person = living_person(person_id)
    held = held_role(person.id, role.key, now)
    if held is not None:
        return _prolong(held, until, by_id=by_id, decision_id=decision_id, request_id=request_id, now=now)
    return begin(
        person.id,
        role,
        origin=Origin.DECISION,
        by_id=by_id,
        now=now,
        until=until,
        decision_id=decision_id,
        request_id=request_id,
    )


def end_role(
    person_id: int,
    role_key: str,
    *,
    by_id: int | None,
    reason: str | None,
    now: datetime,
    decision_id: int | None = None,
    request_id: int | None = None,
) -> RoleAssignment | None:
    """End a role by a decision, which is the permission; None if it is not held. A retired role may end.

    Raises Invalid for a role that the catalogue lacks, NotPermitted for one that is appointed.
    """
    role = requestable_role(role_key, retired_too=True)
    held = held_roles(living_person(person_id).id, role.key, now)
    for assignment in held:
        finish(assignment, by_id=by_id, reason=reason, now=now, decision_id=decision_id, request_id=request_id)
    return held[0] if held else None


def end_role_by_hand(
    actor: Person, person_id: int, role_key: str, *, reason: str | None, now: datetime
) -> RoleAssignment:
    """Resign, or end somebody else's role with a reason: Director or Deputy; a leading role by who appoints it.

    Raises NotPermitted, NotVisible, Invalid, WrongState.
    """
    role = organisation().roles.get(role_key)
    if role is None:
        raise NotVisible
    person = living_person(person_id)
    policy.require(policy.why_not_end_role(queries.facts(actor.id, now), role.leads, person.id))
    if person.id != actor.id and not (reason and reason.strip()):
        raise Invalid(Message("Say why. The person and those who decide can read it."), field="reason")
    held = held_roles(person.id, role.key, now)
    if not held:
        raise WrongState(Message("%(name)s does not hold this role any more.", name=person.name))
    for assignment in held:
        finish(assignment, by_id=actor.id, reason=reason, now=now)
    return held[0]


def begin(
    person_id: int,
    role: Role,
    *,
    origin: Origin,
    by_id: int | None,
    now: datetime,
    since: datetime | None = None,
    until: datetime | None = None,
    decision_id: int | None = None,
    request_id: int | None = None,
) -> RoleAssignment:
    """Write a role that begins, and what a new Director's term brings with it. Who may, was asked before."""
    assignment = RoleAssignment(
        person_id=person_id,
        role_key=role.key,
        from_at=since or now,
        to_at=until,
        origin=origin,
        decision_id=decision_id,
        request_id=request_id,
        appointed_by_id=by_id if origin is Origin.APPOINTMENT else None,
    )
    db.session.add(assignment)
    db.session.flush()
    audit.record(
        "role.assigned",
        actor_id=by_id,
        actor_kind=None if by_id else ActorKind.COMMAND,
        at=now,
        request_id=request_id,
        person_id=person_id,
        subject_id=assignment.id,
        audience=Audience.PUBLIC,
        role=role.key,
        origin=origin.value,
        decision=decision_id,
        since=audit.stamp(assignment.from_at),
        until=audit.stamp(until),
    )
    if role.leads is Leads.DIRECTOR:
        absence = absence_queries.absence_of(person_id, now)
        if absence is not None:
            acting.open_for_absence(absence, by_id=by_id or person_id, now=now)
    return assignment


def finish(
    assignment: RoleAssignment,
    *,
    by_id: int | None,
    reason: str | None,
    now: datetime,
    decision_id: int | None = None,
    request_id: int | None = None,
) -> RoleAssignment:
    """Write that a role ends now, and close what belongs to a Director's term. Who may, was asked before."""
    text = audit.write_text(by_id, reason.strip(), at=now) if reason and reason.strip() else None
    assignment.to_at, assignment.ended_by_id = now, by_id
    assignment.end_reason_id = text.id if text else None
    audit.record(
        "role.ended",
        actor_id=by_id,
        actor_kind=None if by_id else ActorKind.COMMAND,
        at=now,
        request_id=request_id,
        person_id=assignment.person_id,
        subject_id=assignment.id,
        audience=Audience.PUBLIC,
        role=assignment.role_key,
        decision=decision_id,
        reason=audit.text_hash(text),
    )
    role = organisation().roles.get(assignment.role_key)
    if role is not None and role.leads is Leads.DIRECTOR:
        acting.end_all(assignment.person_id, by_id=by_id, now=now)
        unreachable.close_reports(assignment.person_id, now=now)
    return assignment


def _prolong(
    held: RoleAssignment,
    until: datetime | None,
    *,
    by_id: int | None,
    decision_id: int | None,
    request_id: int | None,
    now: datetime,
) -> RoleAssignment:
    """A role that is held for a time and is given again for longer goes on; never for shorter."""
    if held.to_at is None or (until is not None and until <= held.to_at):
        return held
    held.to_at = until
    audit.record(
        "role.extended",
        actor_id=by_id,
        at=now,
        request_id=request_id,
        person_id=held.person_id,
        subject_id=held.id,
        audience=Audience.PUBLIC,
        role=held.role_key,
        decision=decision_id,
        until=audit.stamp(until),
    )
    return held


def held_role(person_id: int, role_key: str, now: datetime) -> RoleAssignment | None:
    """The assignment by which the person holds the role at this moment."""
    return next(iter(held_roles(person_id, role_key, now)), None)


def held_roles(person_id: int, role_key: str, now: datetime) -> Sequence[RoleAssignment]:
    """Every such assignment: two people who became one may have two of the same role."""
    return db.session.scalars(
        select(RoleAssignment)
        .where(
            RoleAssignment.person_id == person_id,
            RoleAssignment.role_key == role_key,
            RoleAssignment.from_at <= now,
            or_(RoleAssignment.to_at.is_(None), RoleAssignment.to_at > now),
        )
        .order_by(RoleAssignment.id)
    ).all()


def living_person(person_id: int) -> Person:
    """The person, or the one they became part of. Raises NotVisible."""
    person = queries.get(person_id)
    if person is None:
        raise NotVisible
    return person


def requestable_role(role_key: str, *, retired_too: bool = False) -> Role:
    """A role that a request may be about. Raises Invalid, NotPermitted."""
    role = organisation().roles.get(role_key)
    if role is None or (role.retired and not retired_too):
        raise Invalid(Message("There is no such role in the catalogue, or it is retired."))
    if role.leads is not None:
        raise NotPermitted(Message("%(role)s is appointed, never requested.", role=role.name))
    return role
