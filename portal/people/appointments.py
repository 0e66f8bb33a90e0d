"""Appointments: the Director appoints the Deputy; the Board appoints Director, Board, treasurer and operators.

There is one active Director and one active Deputy at a time: an appointment ends the term before it, in the same unit
of work. Tech:Organization/2024 names no operators; they hold the keys of this portal, so the Board appoints them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from portal.audit import services as audit
from portal.audit.models import ActorKind, Audience
from portal.errors import Conflict, Invalid, Message, WrongState
from portal.extensions import db
from portal.org import organisation
from portal.org.catalogue import Leads, Role
from portal.people import policy, queries, roles
from portal.people.models import Capacity, CapacityAssignment, Origin, Person, RoleAssignment
from portal.people.policy import Post


def appoint(actor: Person, person_id: int, post: Post, *, now: datetime, seen: str | None = None) -> None:
    """Appoint somebody. ``seen`` are the `leaders` as the actor knew them; None where nobody looked.

    Raises NotPermitted, NotVisible, Invalid, Conflict: a term that the actor does not know of is not ended.
    """
    person = roles.living_person(person_id)
    policy.require(policy.why_not_appoint(queries.facts(actor.id, now), post, person.id))
    if post.leads is not None and seen is not None and seen != leaders(now):
        raise Conflict(
            Message("Somebody else changed who leads while you had this page open. Look who does now, and send again.")
        )
    _refuse_unfit(person, post, now)
    install(person, post, by_id=actor.id, origin=Origin.APPOINTMENT, now=now)


def _refuse_unfit(person: Person, post: Post, now: datetime) -> None:
    facts = queries.facts(person.id, now)
    if facts.locked:
        raise Invalid(
            Message("The wiki account of %(name)s is blocked or locked.", name=person.name), field="person_id"
        )
    if holds(person.id, post, now):
        raise Conflict(Message("%(name)s holds this already.", name=person.name))
    if post is Post.DEPUTY and not facts.is_member:
        raise Invalid(
            Message("The Deputy is appointed from the team, and %(name)s holds no role.", name=person.name),
            field="person_id",
        )


def install(person: Person, post: Post, *, by_id: int | None, origin: Origin, now: datetime) -> None:
    """Put the person into the post, ending the term before. Who may, was asked before."""
    if post.leads is not None:
        _end_former(person, post.leads, by_id=by_id, now=now)
        roles.begin(person.id, leading_role(post.leads), origin=origin, by_id=by_id, now=now)
    elif post.capacity is not None:
        begin_capacity(person.id, post.capacity, origin=origin, by_id=by_id, now=now)


def _end_former(person: Person, leads: Leads, *, by_id: int | None, now: datetime) -> None:
    """End the term of whoever holds the role; a Deputy who becomes Director stops being Deputy, and the reverse."""
    for assignment in terms(leads, now):
        roles.finish(assignment, by_id=by_id, reason=None, now=now)
    other = Leads.DEPUTY if leads is Leads.DIRECTOR else Leads.DIRECTOR
    for assignment in terms(other, now):
        if assignment.person_id == person.id:
            roles.finish(assignment, by_id=by_id, reason=None, now=now)


def leaders(now: datetime) -> str:
    """Who is Director and who is Deputy at this moment, by id, for a form to carry."""
    return " ".join(f"{leads}:{','.join(str(term.person_id) for term in terms(leads, now))}" for leads in Leads)


def terms(leads: Leads, now: datetime) -> Sequence[RoleAssignment]:
    """The assignments of a leading role that hold at this moment; one, or none."""
    role = organisation().leading_role(leads)
    return db.session.scalars(
        select(RoleAssignment).where(
            RoleAssignment.role_key == (role.key if role else ""),
            queries.in_force(RoleAssignment.from_at, RoleAssignment.to_at, now),
        )
    ).all()


def leading_role(leads: Leads) -> Role:
    """The catalogue's Director or Deputy. Raises Invalid where the organisation has none."""
    role = organisation().leading_role(leads)
    if role is None or role.retired:
        raise Invalid(Message("This organisation's catalogue has no such role."))
    return role


def begin_capacity(
    person_id: int,
    capacity: Capacity,
    *,
    origin: Origin,
    by_id: int | None,
    now: datetime,
    since: datetime | None = None,
) -> CapacityAssignment:
    """Write a capacity that begins. Who may, was asked before."""
    assignment = CapacityAssignment(
        person_id=person_id,
        capacity=capacity,
        from_at=since or now,
        origin=origin,
        appointed_by_id=by_id if origin is Origin.APPOINTMENT else None,
    )
    db.session.add(assignment)
    db.session.flush()
    audit.record(
        "capacity.assigned",
        actor_id=by_id,
        actor_kind=None if by_id else ActorKind.COMMAND,
        at=now,
        person_id=person_id,
        subject_id=assignment.id,
        audience=Audience.PUBLIC,
        capacity=capacity.value,
        origin=origin.value,
        since=audit.stamp(assignment.from_at),
    )
    return assignment


def end_capacity_by_hand(actor: Person, person_id: int, capacity: Capacity, *, now: datetime) -> CapacityAssignment:
    """The Board ends what somebody else holds; an operator may resign. Raises NotPermitted, NotVisible, WrongState."""
    person = roles.living_person(person_id)
    policy.require(policy.why_not_end_capacity(queries.facts(actor.id, now), capacity, person.id))
    held = held_capacities(person.id, capacity, now)
    if not held:
        raise WrongState(Message("%(name)s does not hold this any more.", name=person.name))
    for assignment in held:
        assignment.to_at, assignment.ended_by_id = now, actor.id
        audit.record(
            "capacity.ended",
            actor_id=actor.id,
            at=now,
            person_id=person.id,
            subject_id=assignment.id,
            audience=Audience.PUBLIC,
            capacity=capacity.value,
        )
    return held[0]


def held_capacity(person_id: int, capacity: Capacity, now: datetime) -> CapacityAssignment | None:
    """The assignment by which the person holds the capacity at this moment."""
    return next(iter(held_capacities(person_id, capacity, now)), None)


def held_capacities(person_id: int, capacity: Capacity, now: datetime) -> Sequence[CapacityAssignment]:
    """Every such assignment: two people who became one may have two of the same capacity."""
    return db.session.scalars(
        select(CapacityAssignment).where(
            CapacityAssignment.person_id == person_id,
            CapacityAssignment.capacity == capacity,
            queries.in_force(CapacityAssignment.from_at, CapacityAssignment.to_at, now),
        )
    ).all()


def holds(person_id: int, post: Post, now: datetime) -> bool:
    """Whether the person is in this post at this moment."""
    if post.capacity is not None:
        return held_capacity(person_id, post.capacity, now) is not None
    return post.leads is not None and any(term.person_id == person_id for term in terms(post.leads, now))
