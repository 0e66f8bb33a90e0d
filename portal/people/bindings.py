"""Names of the wiki, and people who wait under one for their first sign-in: 7 days at most, and announced."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.audit import services as audit
from portal.audit.models import ActorKind
from portal.extensions import db
from portal.people.models import NameBinding, Person, WikiIdentity

WAITS = timedelta(days=7)
LAPSES_SOON = timedelta(days=2)
NOT_IN_A_NAME = set("#<>[]|{}/@:\n\t")  # what MediaWiki refuses in a user name
LONGEST = 255  # bytes


def wiki_name(text: str) -> str | None:
    """The text as the wiki writes a user name: spaces for underscores, a capital first. None if it cannot be one."""
    name = " ".join(text.replace("_", " ").split())
    if not name or NOT_IN_A_NAME & set(name) or len(name.encode()) > LONGEST:
        return None
    return name[0].upper() + name[1:]


def new_person(name: str, *, now: datetime) -> Person:
    """A person whom an operator names before their first sign-in."""
    person = Person(name=name, created_at=now)
    db.session.add(person)
    db.session.flush()
    audit.record("person.added", actor_id=None, actor_kind=ActorKind.COMMAND, at=now, person_id=person.id)
    return person


def bind(person: Person, *, now: datetime) -> NameBinding:
    """Let the account of this name become this person at its first sign-in, for 7 days from now."""
    binding = NameBinding(person_id=person.id, username=person.name, created_at=now, expires_at=now + WAITS)
    db.session.add(binding)
    db.session.flush()
    audit.record(
        "binding.opened",
        actor_id=None,
        actor_kind=ActorKind.COMMAND,
        at=now,
        person_id=person.id,
        subject_id=binding.id,
        days=WAITS.days,
    )
    return binding


def has_account(person_id: int) -> bool:
    """Whether a wiki account belongs to this person already."""
    return db.session.scalar(select(WikiIdentity.id).where(WikiIdentity.person_id == person_id).limit(1)) is not None


def open_binding(person_id: int, now: datetime) -> NameBinding | None:
    """The binding under which this person waits at this moment."""
    return db.session.scalars(
        select(NameBinding)
        .where(NameBinding.person_id == person_id, NameBinding.used_at.is_(None), NameBinding.expires_at > now)
        .order_by(NameBinding.id.desc())
        .limit(1)
    ).first()


def unused_bindings() -> Sequence[NameBinding]:
    """The newest binding of everybody who has no wiki account yet, lapsed ones too; soonest end first."""
    rows = db.session.scalars(
        select(NameBinding)
        .join(Person, Person.id == NameBinding.person_id)
        .where(
            NameBinding.used_at.is_(None),
            Person.merged_into_id.is_(None),
            ~select(WikiIdentity.id).where(WikiIdentity.person_id == NameBinding.person_id).exists(),
        )
        .options(joinedload(NameBinding.person))
        .order_by(NameBinding.id)
    ).all()
    newest = {binding.person_id: binding for binding in rows}
    return sorted(newest.values(), key=lambda binding: (binding.expires_at, binding.id))
