"""Reading the whole timeline from a database and walking along it."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, closing
from typing import TypeVar

from sqlalchemy import Engine, ScalarResult, Select, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from portal.audit.chain import Head, Unreadable, Verification, verify
from portal.audit.models import ChainHead, Event
from portal.extensions import db

UNREADABLE = (SQLAlchemyError, ValueError, LookupError, TypeError)  # what a column type raises for a value not its own

T = TypeVar("T")
NO_HEAD = Head(sequence=-1)


def verify_chain(engine: Engine | None = None, *, known: tuple[int, str] | None = None) -> Verification:
    """Walk the whole timeline in the order of its sequence numbers, as it stood at one moment.

    Reads what is committed, on a connection of its own. ``known`` is a head exported earlier.
    """
    with one_moment(engine or db.engine) as session:
        head = _head(session)
        try:
            with closing(_events(session)) as events:
                return verify(events, head, known=known)
        except UNREADABLE:  # a whole batch could not be read: row by row says which
            return verify(_one_by_one(session), head, known=known)


def _head(session: Session) -> Head:
    """What the one row says; a head that fits no chain where it cannot be read or is not one."""
    try:
        rows = session.execute(select(ChainHead.sequence, ChainHead.hash, ChainHead.newest_at)).all()
    except (ValueError, LookupError, TypeError):
        return NO_HEAD
    if len(rows) > 1:
        return NO_HEAD
    return Head(*rows[0]) if rows else Head()


def one_moment(engine: Engine) -> Session:
    """A session that sees the database as it stands now, whatever is written meanwhile (so reads `portal.database`)."""
    return Session(engine)


def in_bulk(session: Session, query: Select[T]) -> AbstractContextManager[ScalarResult[T]]:
    """The rows of a long query, a thousand at a time; closed when the block ends, however it ends."""
    return closing(session.scalars(query.execution_options(yield_per=1000)))


def _events(session: Session) -> Generator[Event, None, None]:
    with in_bulk(session, select(Event).order_by(Event.id)) as rows:
        for event in rows:
            session.expunge(event)  # a million events need not be in memory at once
            yield event


def _one_by_one(session: Session) -> Iterator[Event]:
    for id in session.scalars(select(Event.id).order_by(Event.id)).all():
        try:
            yield session.scalars(select(Event).where(Event.id == id)).one()
        except UNREADABLE as error:
            raise Unreadable from error
