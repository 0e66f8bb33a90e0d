"""Rows for tests, made the way the portal makes them. Each call is its own unit of work."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

from flask.testing import FlaskClient

from portal.extensions import db
from portal.people import services as people
from portal.people import sessions
from portal.people.models import Capacity, CapacityAssignment, Origin, Person, RoleAssignment, WikiIdentity
from portal.web import clock
from portal.web.unit_of_work import unit_of_work

ISSUER = "http://127.0.0.1:9/w/rest.php"
LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC)
_numbers = itertools.count(1)


def person(name: str | None = None, *roles: str, capacity: Capacity | None = None, locked: bool = False) -> Person:
    """A person with a wiki account and these roles (keys of the catalogue), held since 2024."""
    number = next(_numbers)
    with unit_of_work() as now:
        found = Person(name=name or f"Person {number}", created_at=now)
        db.session.add(found)
        db.session.flush()
        db.session.add(
            WikiIdentity(
                person_id=found.id,
                issuer=ISSUER,
                sub=str(1000 + number),
                username=found.name,
                linked_at=now,
                seen_at=now,
                locked_at=now if locked else None,
            )
        )
        for role in roles:
            db.session.add(
                RoleAssignment(person_id=found.id, role_key=role, from_at=LONG_AGO, origin=Origin.BEFORE_PORTAL)
            )
        if capacity:
            db.session.add(
                CapacityAssignment(person_id=found.id, capacity=capacity, from_at=LONG_AGO, origin=Origin.BEFORE_PORTAL)
            )
    return found


def director(name: str = "Dora Director") -> Person:
    return person(name, "director")


def deputy(name: str = "Dep Deputy") -> Person:
    return person(name, "deputy_director")


def member(name: str | None = None, role: str = "software_engineer") -> Person:
    return person(name, role)


def volunteer(name: str | None = None) -> Person:
    """Signed in, no role."""
    return person(name)


def board_member(name: str | None = None) -> Person:
    return person(name, capacity=Capacity.BOARD)


def sign_in(client: FlaskClient, found: Person) -> None:
    """Give the client a living session of this person, as the sign-in callback does."""
    kept = session_of(found)
    with client.session_transaction() as session:
        session.update(kept)


def session_of(found: Person) -> dict[str, object]:
    """What the cookie of a fresh session of this person holds."""
    with unit_of_work() as now:
        token = sessions.start(found.id, found.identities[0].id, now=now)
    return {"_user_id": token, "_fresh": True}


def days(number: float) -> timedelta:
    return timedelta(days=number)


def now() -> datetime:
    return clock.now()


def absent(found: Person, *, length: timedelta | None = None) -> Person:
    """Let this person be away from now on; for a Director the Deputy acts."""
    with unit_of_work() as moment:
        people.declare_absence(found, moment, to_at=moment + length if length else None, reason=None, now=moment)
    return found
