"""Reading people."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
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
    return and_(
        in_force(Absence.from_at, Absence.to_at, now), or_(Absence.ended_at.is_(None), Absence.ended_at > now)
    )


def facts_of(person_ids: Iterable[int], now: datetime) -> dict[int, PersonFacts]:
    """The standing of each of these people, in one statement however many they are."""
    ids = set(person_ids)
    if not ids:
        return {}
    found: dict[int, dict[str, set[str]]] = {
        id: {"role": set(), "capacity": set(), "lock": set(), "away": set()} for id in ids
    }
    for person_id, what, key in db.session.execute(_standing(ids, now)):
        found[person_id][what].add(key)
    return {id: _facts(id, parts) for id, parts in found.items()}


def _standing(ids: set[int], now: datetime) -> Any:
    def rows(what: str, key: Any, model: Any, *where: ColumnElement[bool]) -> Select[Any]:
        return select(model.person_id, literal(what).label("what"), key.cast(String).label("key")).where(
            model.person_id.in_(ids), *where
        )

    return union_all(
        rows(
            "role",
            RoleAssignment.role_key,
            RoleAssignment,
            in_force(RoleAssignment.from_at, RoleAssignment.to_at, now),
        ),
        rows(
            "capacity",
            CapacityAssignment.capacity,
            CapacityAssignment,
            in_force(CapacityAssignment.from_at, CapacityAssignment.to_at, now),
        ),
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
    keys = [role.key for role in organisation().roles.values() if role.leads]
    holders = select(RoleAssignment.person_id).where(
        RoleAssignment.role_key.in_(keys), in_force(RoleAssignment.from_at, RoleAssignment.to_at, now)
    )
    board = select(CapacityAssignment.person_id).where(
        CapacityAssignment.capacity == Capacity.BOARD,
        in_force(CapacityAssignment.from_at, CapacityAssignment.to_at, now),
    )
    people = facts_of(db.session.scalars(holders.union(board)), now).values()
    director = next((person for person in people if person.is_director), None)
    return Leadership(
        director=director,
        deputy=next((person for person in people if person.is_deputy), None),
        board=tuple(sorted((person for person in people if person.is_board), key=lambda person: person.id)),
        acting_open=director is not None and acting_period(director.id, now) is not None,
    )


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
