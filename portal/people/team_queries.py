"""Reading the team and one person's past for the pages: a fixed number of statements, however many people there are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.audit.models import Text
from portal.extensions import db
from portal.org import organisation
from portal.org.catalogue import Role
from portal.people import absence_queries, queries
from portal.people.models import (
    Absence,
    Capacity,
    CapacityAssignment,
    Origin,
    Person,
    RoleAssignment,
)


@dataclass(frozen=True, slots=True)
class TeamMember:
    """Somebody on the team page: what they hold now, and whether they are away."""

    person: Person
    roles: list[RoleAssignment] = field(default_factory=list)
    capacities: list[CapacityAssignment] = field(default_factory=list)
    absence: Absence | None = None


@dataclass(frozen=True, slots=True)
class Tier:
    """A tier of the catalogue and who is in it."""

    name: str
    members: list[TeamMember]


@dataclass(frozen=True, slots=True)
class Held:
    """A role or capacity that a person holds or held, and what stands behind it."""

    key: str
    title: str
    from_at: datetime
    to_at: datetime | None
    origin: Origin
    request_id: int | None = None
    appointed_by: Person | None = None
    ended_by: Person | None = None
    end_reason: Text | None = None
    role: Role | None = None
    capacity: Capacity | None = None

    def is_held(self, now: datetime) -> bool:
        return self.from_at <= now and (self.to_at is None or self.to_at > now)


def team(now: datetime) -> tuple[list[Tier], list[TeamMember]]:
    """Everybody with a role, in the tier of their first role (by the catalogue); and everybody with a capacity."""
    roles = _assignments(RoleAssignment, now)
    capacities = _assignments(CapacityAssignment, now)
    away = absence_queries.absences_of({row.person_id for row in [*roles, *capacities]}, now)
    members: dict[int, TeamMember] = {}
    for role in roles:
        _member(members, role.person, away).roles.append(role)
    others: dict[int, TeamMember] = {}
    for capacity in capacities:
        _member(others, capacity.person, away).capacities.append(capacity)
    return _tiers(members.values()), sorted(others.values(), key=lambda member: member.person.name.casefold())


def _assignments(model: type[RoleAssignment] | type[CapacityAssignment], now: datetime) -> Sequence[Any]:
    return db.session.scalars(
        select(model)
        .where(queries.in_force(model.from_at, model.to_at, now))
        .options(joinedload(model.person))
        .order_by(model.from_at, model.id)
    ).all()


def _member(found: dict[int, TeamMember], person: Person, away: dict[int, Absence]) -> TeamMember:
    return found.setdefault(person.id, TeamMember(person, absence=away.get(person.id)))


def _tiers(members: Iterable[TeamMember]) -> list[Tier]:
    catalogue = organisation()
    places = {key: place for place, key in enumerate(catalogue.roles)}
    grouped: dict[str, list[TeamMember]] = {}
    for member in members:
        member.roles.sort(key=lambda row: places.get(row.role_key, len(places)))
        first = catalogue.roles.get(member.roles[0].role_key)
        grouped.setdefault(first.tier if first else "", []).append(member)
    for group in grouped.values():
        group.sort(
            key=lambda member: (places.get(member.roles[0].role_key, len(places)), member.person.name.casefold())
        )
    return [Tier(tier.name, grouped[key]) for key, tier in catalogue.tiers.items() if key in grouped] + (
        [Tier("", grouped[""])] if "" in grouped else []
    )


def history(person_id: int) -> list[Held]:
    """Everything this person holds or held, newest first."""
    roles = db.session.scalars(
        select(RoleAssignment)
        .where(RoleAssignment.person_id == person_id)
        .options(joinedload(RoleAssignment.end_reason))
    ).all()
    capacities = db.session.scalars(select(CapacityAssignment).where(CapacityAssignment.person_id == person_id)).all()
    rows: list[RoleAssignment | CapacityAssignment] = [*roles, *capacities]
    people = _people(id for row in rows for id in (row.appointed_by_id, row.ended_by_id))
    found = [_held_role(row, people) for row in roles] + [_held_capacity(row, people) for row in capacities]
    return sorted(found, key=lambda held: held.from_at, reverse=True)


def _people(ids: Iterable[int | None]) -> dict[int | None, Person]:
    wanted = {id for id in ids if id is not None}
    if not wanted:
        return {}
    return {person.id: person for person in db.session.scalars(select(Person).where(Person.id.in_(wanted)))}


def _held_role(row: RoleAssignment, people: dict[int | None, Person]) -> Held:
    role = organisation().roles.get(row.role_key)
    return Held(
        key=row.role_key,
        title=role.name if role else row.role_key,
        from_at=row.from_at,
        to_at=row.to_at,
        origin=row.origin,
        request_id=row.request_id,
        appointed_by=people.get(row.appointed_by_id),
        ended_by=people.get(row.ended_by_id),
        end_reason=row.end_reason,
        role=role,
    )


def _held_capacity(row: CapacityAssignment, people: dict[int | None, Person]) -> Held:
    return Held(
        key=row.capacity.value,
        title=row.capacity.value,
        from_at=row.from_at,
        to_at=row.to_at,
        origin=row.origin,
        appointed_by=people.get(row.appointed_by_id),
        ended_by=people.get(row.ended_by_id),
        capacity=row.capacity,
    )


def holders(capacity: Capacity, now: datetime) -> Sequence[Person]:
    """Who holds this capacity, by name."""
    return db.session.scalars(
        select(Person)
        .join(CapacityAssignment, CapacityAssignment.person_id == Person.id)
        .where(
            CapacityAssignment.capacity == capacity,
            queries.in_force(CapacityAssignment.from_at, CapacityAssignment.to_at, now),
        )
        .order_by(Person.name)
        .distinct()
    ).all()


def ever_held_something(person_id: int) -> bool:
    """Whether the person holds or held a role or capacity: that is public."""
    roles = select(RoleAssignment.id).where(RoleAssignment.person_id == person_id)
    capacities = select(CapacityAssignment.id).where(CapacityAssignment.person_id == person_id)
    return db.session.scalar(roles.union_all(capacities).limit(1)) is not None


def member_since(person_ids: Iterable[int], now: datetime) -> dict[int, datetime]:
    """Since when each of these people has been a member without a break; who is none now is left out."""
    spans: dict[int, list[tuple[datetime, datetime | None]]] = {}
    held = (RoleAssignment.person_id.in_(set(person_ids)), RoleAssignment.from_at <= now)
    query = select(RoleAssignment.person_id, RoleAssignment.from_at, RoleAssignment.to_at).where(*held)
    for person_id, from_at, to_at in db.session.execute(query.order_by(RoleAssignment.from_at, RoleAssignment.id)):
        spans.setdefault(person_id, []).append((from_at, to_at))
    began = {person_id: _unbroken_since(own, now) for person_id, own in spans.items()}
    return {person_id: since for person_id, since in began.items() if since is not None}


def _unbroken_since(spans: Iterable[tuple[datetime, datetime | None]], now: datetime) -> datetime | None:
    """The beginning of the stretch that holds now, of spans in the order of their beginning."""
    since: datetime | None = None
    until: datetime | None = None
    for from_at, to_at in spans:
        if since is None or (until is not None and from_at > until):
            since, until = from_at, to_at
        elif until is not None:
            until = None if to_at is None else max(until, to_at)
    return since if since is not None and (until is None or until > now) else None
