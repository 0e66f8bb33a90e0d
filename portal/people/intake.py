"""How people come in from the command line: the existing team from a list, the first posts of an empty portal.

Nobody is signed in then, so what permits it is that the operator can run commands on the server. It is on the timeline
as done by command, and names that wait for a first sign-in are shown to the team.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time

from sqlalchemy import select

from portal.errors import Conflict, Invalid, Message
from portal.extensions import db
from portal.people import appointments, bindings, policy, queries, roles
from portal.people.entry_lists import ImportFault
from portal.people.importing import Entry
from portal.people.models import Origin, Person, WikiIdentity
from portal.people.policy import Post


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one line. ``waits_until`` is empty for somebody who signs in already."""

    entry: Entry
    added: bool
    waits_until: datetime | None


def bring_in(entries: Sequence[Entry], *, now: datetime) -> list[Outcome]:
    """Put the existing team on record as "held before the portal". What is there already stays as it is.

    Raises ImportFault naming every line that cannot be taken; the unit of work around it then keeps nothing.
    """
    faults: list[str] = []
    outcomes = [_bring_in(entry, faults, now=now) for entry in entries]
    if faults:
        raise ImportFault(faults)
    return [outcome for outcome in outcomes if outcome is not None]


def _bring_in(entry: Entry, faults: list[str], *, now: datetime) -> Outcome | None:
    try:
        person = person_called(entry.name) or bindings.new_person(entry.name, now=now)
        added = _hold(person, entry, now=now)
    except (Conflict, Invalid) as error:
        faults.append(f"line {entry.line}: {error}")
        return None
    return Outcome(entry, added, _account(person, now=now))


def _hold(person: Person, entry: Entry, *, now: datetime) -> bool:
    """Write what the line says. False if the person holds it already."""
    since = datetime.combine(entry.since, time(), UTC) if entry.since else now
    if entry.capacity is not None:
        if appointments.held_capacity(person.id, entry.capacity, now) is not None:
            return False
        appointments.begin_capacity(
            person.id, entry.capacity, origin=Origin.BEFORE_PORTAL, by_id=None, now=now, since=since
        )
        return True
    if entry.role is None or roles.held_role(person.id, entry.role.key, now) is not None:
        return False
    if entry.role.leads and appointments.terms(entry.role.leads, now):
        raise Conflict(Message("somebody else is %(role)s already", role=entry.role.name))
    roles.begin(person.id, entry.role, origin=Origin.BEFORE_PORTAL, by_id=None, now=now, since=since)
    return True


def _account(person: Person, *, now: datetime) -> datetime | None:
    """Until when the person waits for the first sign-in; a lapsed name is given 7 days more."""
    if bindings.has_account(person.id):
        return None
    binding = bindings.open_binding(person.id, now) or bindings.bind(person, now=now)
    return binding.expires_at


def person_called(name: str) -> Person | None:
    """The one person with this shown name or wiki account. Raises Conflict if there are several."""
    shown = select(Person.id).where(Person.name == name, Person.merged_into_id.is_(None))
    account = select(WikiIdentity.person_id).where(WikiIdentity.username == name)
    living = {person.id: person for id in db.session.scalars(shown.union(account)) if (person := queries.get(id))}
    if len(living) > 1:
        raise Conflict(Message("%(name)s is the name of more than one person here", name=name))
    return next(iter(living.values()), None)


def appoint_first(
    name: str, post: Post, *, issuer: str, sub: str | None, recover: bool, now: datetime
) -> tuple[Person, datetime | None]:
    """Fill a post from the command line, while nobody who could appoint has an account here yet.

    Once somebody has, this is refused: appointments happen in pages. ``recover`` overrides that for a portal whose
    appointers have lost their accounts; it needs ``sub``, so that the account is certain. Running it again renews a
    name that has lapsed. Returns the person, and until when they wait. Raises Invalid, Conflict.
    """
    wanted = bindings.wiki_name(name)
    if wanted is None:
        raise Invalid(Message("%(name)s is not a user name of the wiki.", name=repr(name)))
    if recover and sub is None:
        raise Invalid(Message("--recover needs --sub, so that it is certain which account gets the post."))
    person = _person_for(wanted, issuer, sub, now=now)
    if not appointments.holds(person.id, post, now):
        if not recover:
            _refuse_late(post, now)
        appointments.install(person, post, by_id=None, origin=Origin.APPOINTMENT, now=now)
    return person, _account(person, now=now)


def _person_for(name: str, issuer: str, sub: str | None, *, now: datetime) -> Person:
    """The person of this name, or of exactly this account. Raises Conflict where the two disagree."""
    if sub is None:
        return person_called(name) or bindings.new_person(name, now=now)
    known = db.session.scalars(
        select(WikiIdentity).where(WikiIdentity.issuer == issuer, WikiIdentity.sub == sub)
    ).one_or_none()
    if known is not None:
        if known.username != name:
            raise Conflict(
                Message(
                    "Account %(sub)s is known here as %(found)s, not %(name)s.",
                    sub=sub,
                    found=known.username,
                    name=name,
                )
            )
        return roles.living_person(known.person_id)
    person = person_called(name)
    if person is not None and bindings.has_account(person.id):
        raise Conflict(Message("%(name)s signs in here with another account than %(sub)s.", name=name, sub=sub))
    person = person or bindings.new_person(name, now=now)
    db.session.add(WikiIdentity(person_id=person.id, issuer=issuer, sub=sub, username=name, linked_at=now, seen_at=now))
    db.session.flush()
    return person


def _refuse_late(post: Post, now: datetime) -> None:
    """Raises Conflict if somebody with an account could appoint in pages, or the post is taken."""
    for id, facts in queries.standing(now).people.items():
        if policy.why_not_appoint(facts, post, None) is None and bindings.has_account(id):
            raise Conflict(
                Message("%(name)s can appoint in the portal, under Appointments.", name=roles.living_person(id).name)
            )
    if post.leads is not None and appointments.terms(post.leads, now):
        raise Conflict(Message("Somebody holds this post already. Use --recover with --sub to replace them."))
