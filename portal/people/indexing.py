"""Puts the names of people into the index of words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, event, select
from sqlalchemy.orm import Session, object_session

from portal.index import services as index
from portal.index.models import Indexed, What
from portal.index.services import Entry
from portal.people.models import Person
from portal.web.unit_of_work import NAMED, before_commit


@event.listens_for(Person, "after_insert")
@event.listens_for(Person, "after_update")
def _note_name(_mapper: Any, _connection: Any, person: Person) -> None:
    session = object_session(person)
    if session is not None:
        session.info.setdefault(NAMED, set()).add(person.id)


@before_commit
def keep(session: Session) -> None:
    """Let the index say what people are called who came or changed their name in this unit of work."""
    connection = session.connection()
    for person_id in sorted(session.info.get(NAMED, ())):
        wanted = [entry for _at, entry in _named(connection, Person.id == person_id)]
        index.agree(connection, (Indexed.what == What.PERSON) & (Indexed.subject_id == person_id), wanted)


def everything(connection: Connection) -> Iterator[tuple[datetime, Entry]]:
    """Everybody's name, in the order in which they came. Who became part of somebody else is found as them."""
    return _named(connection, Person.merged_into_id.is_(None))


def _named(connection: Connection, where: Any) -> Iterator[tuple[datetime, Entry]]:
    query = select(Person.created_at, Person.id, Person.name).where(where).order_by(Person.created_at, Person.id)
    for at, id, name in connection.execute(query):
        yield at, Entry(What.PERSON, id, name)
