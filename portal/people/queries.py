"""Reading people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Select,
    String,
    and_,
    literal_column,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute

from portal.database import NOW, remembered
from portal.extensions import db
from portal.org import organisation
from portal.org.catalogue import Leads
from portal.people.facts import Leadership, PersonFacts, Standing
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

Moment = datetime | BindParameter[datetime]


def in_force(
    from_at: InstrumentedAttribute[datetime], to_at: InstrumentedAttribute[datetime | None], now: Moment
) -> ColumnElement[bool]:
    """SQL: the row with these two columns holds at this moment."""
    return and_(from_at <= now, or_(to_at.is_(None), to_at > now))


def absent(now: Moment) -> ColumnElement[bool]:
    """SQL: the absence holds at this moment."""
    return and_(in_force(Absence.from_at, Absence.to_at, now), or_(Absence.ended_at.is_(None), Absence.ended_at > now))


def _acting(now: Moment) -> ColumnElement[bool]:
    """SQL: the acting period is open at this moment."""
    ended = ActingPeriod.ended_at
    return and_(in_force(ActingPeriod.from_at, ActingPeriod.to_at, now), or_(ended.is_(None), ended > now))


def standing(now: datetime) -> Standing:
    """The standing of everybody who has a role or capacity, is away or locked: one statement.

    A page asks for it in many places, so it is read once in a reading transaction; a unit of work always reads anew.
    """
    kept: dict[str, Standing] = remembered(db.session(), "standing", now)
    found = kept.get("everybody")
    if found is None:
        found = kept["everybody"] = _collect(db.session.execute(_standing(), {"now": now}))
    return found


def facts_of(person_ids: Iterable[int], now: datetime) -> dict[int, PersonFacts]:
    """The standing of each of these people."""
    found = standing(now)
    return {id: found.of(id) for id in set(person_ids)}


def _collect(rows: Iterable[Any]) -> Standing:
    parts: defaultdict[int, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    names = {}
    for person_id, what, key, name in rows:
        parts[person_id][what].add(key)
        if name is not None:
            names[person_id] = name
    people = {id: _facts(id, found) for id, found in parts.items()}
    return Standing(people, frozenset(id for id, found in parts.items() if found["acting"]), names)


@cache
def _standing() -> CompoundSelect[Any]:
    """SQL: one row per fact (person, what, key, name); the name comes with roles and capacities."""

    def rows(what: str, key: Any, person_id: Any, where: ColumnElement[bool], *, name: Any = None) -> Select[Any]:
        named = null().cast(String) if name is None else name
        return select(person_id, literal_column(f"'{what}'").label("what"), key.cast(String), named).where(where)

    def holding(model: type[RoleAssignment | CapacityAssignment], what: str, key: Any) -> Select[Any]:
        found = rows(what, key, model.person_id, in_force(model.from_at, model.to_at, NOW), name=Person.name)
        return found.join(Person, Person.id == model.person_id)

    locked = WikiIdentity.locked_at.is_not(None)
    return union_all(
        holding(RoleAssignment, "role", RoleAssignment.role_key),
        holding(CapacityAssignment, "capacity", CapacityAssignment.capacity),
        rows("lock", WikiIdentity.id, WikiIdentity.person_id, locked),
        rows("away", Absence.id, Absence.person_id, absent(NOW)),
        rows("acting", ActingPeriod.id, ActingPeriod.director_id, _acting(NOW)),
    )


def _facts(person_id: int, parts: Mapping[str, set[str]]) -> PersonFacts:
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
    return standing(now).of(person_id)


def leadership(now: datetime) -> Leadership:
    """Who leads at this moment: Director, Deputy, Board, and whether the Deputy acts."""
    return standing(now).leadership


def acting_period(director_id: int, now: datetime) -> ActingPeriod | None:
    """The period in which the Deputy acts for this Director at this moment, if one is open."""
    return db.session.scalars(
        select(ActingPeriod)
        .where(
            ActingPeriod.director_id == director_id,
            _acting(now),
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


def merged_into(person_ids: Iterable[int]) -> dict[int, int]:
    """Of these people, who became part of another, and of whom."""
    found: dict[int, int] = {}
    ids = set(person_ids)
    while ids:
        query = select(Person.id, Person.merged_into_id).where(Person.id.in_(ids), Person.merged_into_id.is_not(None))
        step = {id: into for id, into in db.session.execute(query) if into is not None}
        found |= step
        ids = set(step.values()) - found.keys()
    return {id: _end_of(found, id) for id in found}


def living_names(person_ids: Iterable[int]) -> dict[int, tuple[int, str]]:
    """For each of these people who they are now, and how that person is called."""
    wanted = set(person_ids)
    query = select(Person.id, Person.name, Person.merged_into_id).where(Person.id.in_(wanted))
    rows = {row.id: row for row in db.session.execute(query)} if wanted else {}
    found = {id: (id, row.name) for id, row in rows.items() if row.merged_into_id is None}
    merged = merged_into(id for id, row in rows.items() if row.merged_into_id is not None)
    if merged:
        names = living_names(merged.values())
        found |= {id: names[into] for id, into in merged.items()}
    return found


def _end_of(merged: Mapping[int, int], person_id: int) -> int:
    while person_id in merged:
        person_id = merged[person_id]
    return person_id


def find_by_name(name: str) -> Person | None:
    """The living person shown under this name (underscores count as spaces), if there is exactly one."""
    wanted = name.replace("_", " ").strip()
    rows = db.session.scalars(
        select(Person).where(Person.name == wanted, Person.merged_into_id.is_(None)).limit(2)
    ).all()
    return rows[0] if len(rows) == 1 else None


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
