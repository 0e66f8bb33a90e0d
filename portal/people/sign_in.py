"""Who comes in with a wiki account: the person known by it, the person who waits under its name, or somebody new."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from portal.audit import services as audit
from portal.audit.models import Audience
from portal.extensions import db
from portal.people import queries, sessions
from portal.people.models import NameBinding, Person, WikiIdentity
from portal.people.wiki_account import SignInFailed, WikiAccount, normal_name


def enter(account: WikiAccount, *, now: datetime) -> WikiIdentity:
    """The identity of an account that may sign in, brought up to date; a person is made where there is none.

    Raises SignInFailed when another account of the same person is shut out.
    """
    identity = find(account.issuer, account.sub)
    if identity is None:
        identity = _welcome(account, now=now)
    else:
        follow(identity, account, now=now)
    identity.seen_at = now
    db.session.flush()
    _refuse_locked(identity.person_id)
    return identity


def find(issuer: str, sub: str) -> WikiIdentity | None:
    """The identity of this number on this wiki, if it is known."""
    return db.session.scalars(
        select(WikiIdentity).where(WikiIdentity.issuer == issuer, WikiIdentity.sub == sub)
    ).one_or_none()


def shut_out(issuer: str, sub: str, *, now: datetime) -> None:
    """The wiki keeps this account out: a person known by it loses their sessions. A stranger leaves no trace."""
    identity = find(issuer, sub)
    if identity is None:
        return
    sessions.end_all(identity.person_id, now=now)
    if identity.locked_at is None:
        identity.locked_at = now
        _record("identity.locked", identity, at=now, audience=Audience.DECIDERS)


def add_identity(person_id: int, account: WikiAccount, *, now: datetime) -> WikiIdentity:
    """Let this account belong to the person from now on."""
    identity = WikiIdentity(
        person_id=person_id,
        issuer=account.issuer,
        sub=account.sub,
        username=account.username,
        linked_at=now,
        seen_at=now,
    )
    db.session.add(identity)
    db.session.flush()
    return identity


def waiting_person(account: WikiAccount, *, now: datetime) -> Person | None:
    """The person who waits for this account by its name.

    Only an account that was registered before the binding was made can take it: a name that was freed by a rename and
    registered again gains nothing. That somebody tried is recorded.
    """
    bindings = db.session.scalars(
        select(NameBinding)
        .where(NameBinding.used_at.is_(None), NameBinding.expires_at > now)
        .order_by(NameBinding.id.desc())
    )
    for binding in bindings:
        person = queries.get(binding.person_id)
        if person is None or person.identities or normal_name(binding.username) != account.username:
            continue
        if account.registered_at is not None and account.registered_at < binding.created_at:
            return person
        audit.record(
            "binding.refused",
            actor_id=None,
            at=now,
            person_id=person.id,
            subject_id=binding.id,
            audience=Audience.DECIDERS,
        )
    return None


def take_binding(person: Person, account: WikiAccount, *, now: datetime) -> WikiIdentity:
    """The person who waited has come."""
    identity = add_identity(person.id, account, now=now)
    db.session.execute(
        update(NameBinding).where(NameBinding.person_id == person.id, NameBinding.used_at.is_(None)).values(used_at=now)
    )
    person.name = account.username
    _record("identity.bound", identity, at=now)
    return identity


def _welcome(account: WikiAccount, *, now: datetime) -> WikiIdentity:
    waiting = waiting_person(account, now=now)
    if waiting is not None:
        return take_binding(waiting, account, now=now)
    person = Person(name=account.username, created_at=now)
    db.session.add(person)
    db.session.flush()
    identity = add_identity(person.id, account, now=now)
    _record("person.arrived", identity, at=now)
    return identity


def follow(identity: WikiIdentity, account: WikiAccount, *, now: datetime) -> None:
    """Bring a known identity up to date with the account that just signed in."""
    _follow_rename(identity, account.username, now=now)
    _unlock(identity, now=now)


def _follow_rename(identity: WikiIdentity, username: str, *, now: datetime) -> None:
    """A rename on the wiki changes the shown name and nothing else."""
    if identity.username == username:
        return
    if identity.person.name == identity.username:
        identity.person.name = username
    identity.username = username
    _record("person.renamed", identity, at=now)


def _unlock(identity: WikiIdentity, *, now: datetime) -> None:
    if identity.locked_at is not None:
        identity.locked_at = None
        _record("identity.unlocked", identity, at=now, audience=Audience.DECIDERS)


def _refuse_locked(person_id: int) -> None:
    locked = select(WikiIdentity.id).where(WikiIdentity.person_id == person_id, WikiIdentity.locked_at.is_not(None))
    if db.session.scalars(locked.limit(1)).first() is not None:
        raise SignInFailed(
            "Another wiki account that is linked to you is blocked or locked. You can sign in again once it is not: "
            "sign in with that account then, so that the portal sees it."
        )


def _record(code: str, identity: WikiIdentity, *, at: datetime, audience: Audience = Audience.TEAM) -> None:
    audit.record(
        code,
        actor_id=identity.person_id,
        at=at,
        person_id=identity.person_id,
        subject_id=identity.id,
        audience=audience,
    )
