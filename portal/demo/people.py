"""The demo accounts of the development wiki login, as people with roles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from config import is_loopback
from portal.extensions import db
from portal.org import organisation
from portal.people import appointments, bindings, roles
from portal.people.models import Capacity, Origin, Person, WikiIdentity

SINCE = timedelta(days=400)  # before the demo data is loaded: everybody has held their role for a while


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """A demo account. ``sub`` is its number on the development wiki; ``role`` a key of the catalogue."""

    name: str
    sub: str
    role: str = ""
    capacity: Capacity | None = None


DEMO_PEOPLE = (
    DemoPerson("Demo Director", "9001", "director"),
    DemoPerson("Demo Deputy", "9002", "deputy_director"),
    DemoPerson("Demo Infrastructure Specialist", "9003", "infrastructure_specialist"),
    DemoPerson("Demo MediaWiki Specialist", "9004", "mediawiki_specialist"),
    DemoPerson("Demo Security Specialist", "9005", "security_specialist"),
    DemoPerson("Demo Software Engineer", "9006", "software_engineer"),
    DemoPerson("Demo Community Liaison", "9007", "community_liaison"),
    DemoPerson("Demo Project Manager", "9008", "project_manager"),
    DemoPerson("Demo Board", "9009", capacity=Capacity.BOARD),
    DemoPerson("Demo Treasurer", "9010", capacity=Capacity.TREASURER),
    DemoPerson("Demo Operator", "9011", capacity=Capacity.OPERATOR),
    DemoPerson("Demo Volunteer", "9012"),
)


def load(issuer: str, *, now: datetime) -> dict[str, Person]:
    """Everybody of `DEMO_PEOPLE`, by name; who is there already stays as they are."""
    return {demo.name: _known(demo, issuer, now=now) or _added(demo, issuer, now=now) for demo in DEMO_PEOPLE}


def find(name: str) -> Person:
    """A demo person who was loaded. Raises LookupError."""
    subs = {demo.name: demo.sub for demo in DEMO_PEOPLE}
    for identity in _identities(subs[name]):
        return identity.person
    raise LookupError(name)


def _identities(sub: str) -> list[WikiIdentity]:
    """The accounts of this number on a wiki login of this machine: another port is another issuer."""
    found = db.session.scalars(select(WikiIdentity).where(WikiIdentity.sub == sub).order_by(WikiIdentity.id))
    return [identity for identity in found if is_loopback(identity.issuer)]


def _known(demo: DemoPerson, issuer: str, *, now: datetime) -> Person | None:
    identities = _identities(demo.sub)
    if not identities:
        return None
    person = identities[0].person
    if all(identity.issuer != issuer for identity in identities):
        _bind(person, demo, issuer, now=now)
    return person


def _added(demo: DemoPerson, issuer: str, *, now: datetime) -> Person:
    person = bindings.new_person(demo.name, now=now)
    _bind(person, demo, issuer, now=now)
    since = now - SINCE
    role = organisation().roles.get(demo.role)  # another organisation may not have it
    if role is not None:
        roles.begin(person.id, role, origin=Origin.BEFORE_PORTAL, by_id=None, now=now, since=since)
    if demo.capacity is not None:
        appointments.begin_capacity(
            person.id, demo.capacity, origin=Origin.BEFORE_PORTAL, by_id=None, now=now, since=since
        )
    return person


def _bind(person: Person, demo: DemoPerson, issuer: str, *, now: datetime) -> None:
    db.session.add(
        WikiIdentity(person_id=person.id, issuer=issuer, sub=demo.sub, username=demo.name, linked_at=now, seen_at=now)
    )
    db.session.flush()
