"""Reading people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, literal, or_, select, union_all
from sqlalchemy.orm import InstrumentedAttribute

from portal.extensions import db
from portal.org import organisation
from portal.org.catalogue import Leads
from portal.people.facts import Leadership, PersonFacts
from portal.people.models import (
    Absence,
    ActingPeriod,
    Capacity,
    CapacityAssignment,
    Nda,
    Person,
    RoleAssignment,
    WikiIdentity,
)


def in_force(
    from_at: InstrumentedAttribute[datetime], to_at: InstrumentedAttribute[datetime | None], now: datetime
) -> ColumnElement[bool]:
    """SQL: the row with these two columns holds at this moment."""
    return and_(from_at <= now, or_(to_at.is_(None), to_at > now))


def absent(now: datetime) -> ColumnElement[bool]:
    """SQL: the absence holds at this moment."""
    return and_(in_force(Absence.from_at, Absence.to_at, now), or_(Absence.ended_at.is_(None), Absence.ended_at > now))


def facts_of(person_ids: Iterable[int], now: datetime) -> dict[int, PersonFacts]:
    """The standing of each of these people, in one statement however many they are."""
    ids = set(person_ids)
    return _collect(_standing(now, ids), ids) if ids else {}


def everyone(now: datetime, *, also: Iterable[int] = ()) -> dict[int, PersonFacts]:
    """The standing of everybody with an active role or capacity, and of these others, in one statement."""
    return _collect(_standing(now, None), set(also))


def _collect(statement: Any, ids: set[int]) -> dict[int, PersonFacts]:
    found: dict[int, dict[str, set[str]]] = {id: _nothing() for id in ids}
    for person_id, what, key in db.session.execute(statement):
        found.setdefault(person_id, _nothing())[what].add(key)
    return {id: _facts(id, parts) for id, parts in found.items()}


def _nothing() -> dict[str, set[str]]:
    return {"role": set(), "capacity": set(), "lock": set(), "away": set()}


def _standing(now: datetime, ids: set[int] | None) -> Any:
    """SQL: one row per fact (person, what, key); of everybody when ``ids`` is None."""

    def rows(what: str, key: Any, model: Any, *where: ColumnElement[bool]) -> Select[Any]:
        query = select(model.person_id, literal(what).label("what"), key.cast(String).label("key")).where(*where)
        return query if ids is None else query.where(model.person_id.in_(ids))

    role, capacity = RoleAssignment, CapacityAssignment
    return union_all(
        rows("role", role.role_key, role, in_force(role.from_at, role.to_at, now)),
        rows("capacity", capacity.capacity, capacity, in_force(capacity.from_at, capacity.to_at, now)),
        rows("lock", WikiIdentity.id, WikiIdentity, WikiIdentity.locked_at.is_not(None)),
        rows("away", Absence.id, Absence, absent(now)),
    )


def _facts(person_id: int, parts: dict[str, set[str]]) -> PersonFacts:
    roles = frozenset(parts["role"])
    leading = {lead: organisation().leading_role(lead) for lead in Leads}
    director, deputy = leading[Leads.DIRECTOR], leading[Leads.DEPUTY]
    return PersonFacts(
        id=person_id,
        roles=roles,
        capacities=frozenset(Capacity(key) for key in parts["capacity"]),
        is_director=director is not None and director.key in roles,
        is_deputy=deputy is not None and deputy.key in roles,
        locked=bool(parts["lock"]),
        away=bool(parts["away"]),
    )


def facts(person_id: int, now: datetime) -> PersonFacts:
    """The standing of one person."""
    return facts_of([person_id], now)[person_id]


def leadership(now: datetime) -> Leadership:
    """Who leads at this moment: Director, Deputy, Board, and whether the Deputy acts."""
    return leadership_among(everyone(now), now)


def acting_period(director_id: int, now: datetime) -> ActingPeriod | None:
    """The period in which the Deputy acts for this Director at this moment, if one is open."""
    return db.session.scalars(
        select(ActingPeriod)
        .where(
            ActingPeriod.director_id == director_id,
            in_force(ActingPeriod.from_at, ActingPeriod.to_at, now),
            or_(ActingPeriod.ended_at.is_(None), ActingPeriod.ended_at > now),
        )
        .order_by(ActingPeriod.id)
        .limit(1)
    ).first()


def member_ids(now: datetime) -> set[int]:
    """Everybody with an active role."""
    return set(
        db.session.scalars(
            select(RoleAssignment.person_id)
            .where(in_force(RoleAssignment.from_at, RoleAssignment.to_at, now))
            .distinct()
        )
    )


def get(person_id: int) -> Person | None:
    """The person, or the one they were merged into."""
    person = db.session.get(Person, person_id)
    while person is not None and person.merged_into_id is not None:
        person = db.session.get(Person, person.merged_into_id)
    return person


def find_by_name(name: str) -> Person | None:
    """The living person shown under this name (underscores count as spaces), if there is exactly one."""
    wanted = name.replace("_", " ").strip()
    rows = db.session.scalars(
        select(Person).where(Person.name == wanted, Person.merged_into_id.is_(None)).limit(2)
    ).all()
    return rows[0] if len(rows) == 1 else None


def leadership_among(people: dict[int, PersonFacts], now: datetime) -> Leadership:
    """Who leads, among these people (from `everyone`)."""
    director = next((person for person in people.values() if person.is_director), None)
    return Leadership(
        director=director,
        deputy=next((person for person in people.values() if person.is_deputy), None),
        board=tuple(sorted((person for person in people.values() if person.is_board), key=lambda person: person.id)),
        acting_open=director is not None and acting_period(director.id, now) is not None,
    )


def nda_on(person_id: int, now: datetime) -> date | None:
    """The day on which this person signed the non-disclosure agreement that holds, if there is one."""
    return max((nda.signed_on for nda in ndas_of(person_id) if nda.signed_on <= now.date()), default=None)


def ndas_of(person_id: int) -> Sequence[Nda]:
    """The notes of a signed agreement that were not withdrawn."""
    return db.session.scalars(select(Nda).where(Nda.person_id == person_id, Nda.withdrawn_at.is_(None))).all()


def roles_with_end(person_id: int, now: datetime) -> set[str]:
    """The roles this person holds until a date."""
    query = select(RoleAssignment.role_key).where(
        RoleAssignment.person_id == person_id,
        in_force(RoleAssignment.from_at, RoleAssignment.to_at, now),
        RoleAssignment.to_at.is_not(None),
    )
    return set(db.session.scalars(query))
