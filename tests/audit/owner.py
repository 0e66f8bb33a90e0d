"""The owner of the database, who writes past every guard: random changes of one kind each, in a copy in memory."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Engine,
    Enum,
    Integer,
    Table,
    create_engine,
    event,
    select,
    text,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.pool import StaticPool

from portal.audit.believing import newest_after
from portal.audit.chain import GENESIS, event_hash
from portal.audit.models import Event
from portal.database import Base, UTCDateTime
from portal.extensions import sqlite_module

Events = list[dict[str, Any]]
TABLES: dict[str, Table] = dict(Base.metadata.tables)
EVENT, HEAD, TEXT = TABLES["event"], TABLES["chain_head"], TABLES["text"]
UNTOLD = {  # columns of the compared tables that no event tells: they give nobody anything
    "decision": {"revision_id", "would_help_id", "ask_again_on", "checks", "met_on", "minutes_url"}
    | {"reviewed_at", "reviewed_by_id"},
    "decision_item": {"id"},
    "grant": {"created_at"},
    "grant_step": {"id"},
    "role_assignment": {"request_id", "appointed_by_id", "ended_by_id", "end_reason_id"},
    "capacity_assignment": {"appointed_by_id", "ended_by_id"},
    "acting_period": {"ended_by_id", "absence_id", "started_by_id", "note_id"},
    "rule_change": set(),
}


class Owner:
    """Changes a copy of the database. After each change the copy is as it was."""

    def __init__(self, source: Engine, seed: int) -> None:
        self.chance = random.Random(seed)
        self.source = source
        self.columns = itertools.cycle(COMPARED)
        self.engine = in_memory(source)
        self.begin_anew()

    @contextmanager
    def changing(self, kind: str) -> Iterator[str]:
        """One random change of this kind that the database takes, in a fresh copy. Gives what was done."""
        self.begin_anew()
        done = ""
        while not done:
            try:
                with self.engine.begin() as connection:
                    done = KINDS[kind](self, connection)
            except IntegrityError:  # two of the same key
                continue
        yield done

    def begin_anew(self) -> None:
        """The copy as it was at first, without its guards."""
        _copy(self.source, self.engine)
        with self.engine.begin() as connection:
            connection.exec_driver_sql("DROP TRIGGER event_no_update")
            connection.exec_driver_sql("DROP TRIGGER event_no_delete")

    def rewrite(self, change: Callable[[Events], Events]) -> None:
        """The timeline written anew, with hashes and a head that fit, and rows that nobody touched."""
        previous, newest_at = GENESIS, None
        with self.engine.begin() as connection:
            events = change([dict(row._mapping) for row in connection.execute(select(EVENT).order_by(EVENT.c.id))])
            connection.execute(EVENT.delete())
            for number, values in enumerate(events, start=1):
                made = Event(**{**values, "id": number, "previous_hash": previous})
                previous, newest_at = event_hash(made), newest_after(newest_at, made)
                connection.execute(
                    EVENT.insert().values(
                        {**values, "id": number, "previous_hash": made.previous_hash, "hash": previous}
                    )
                )
            connection.execute(HEAD.update().values(sequence=len(events), hash=previous, newest_at=newest_at))

    def pick(self, connection: Connection, table: Table) -> Any:
        """A random row."""
        return self.chance.choice(connection.execute(select(table)).all())

    def flip(self, connection: Connection, table: Table, columns: list[Column[Any]]) -> str:
        """Another value in one column of one row."""
        row, column = self.pick(connection, table), self.chance.choice(columns)
        new = self._other(connection, table, column, getattr(row, column.name))
        connection.execute(table.update().where(table.c.id == row.id).values({column.name: new}))
        return f"{table.name} {row.id}: {column.name} = {new!r}"

    def delete(self, connection: Connection, table: Table) -> str:
        row = self.pick(connection, table)
        connection.execute(table.delete().where(table.c.id == row.id))
        return f"{table.name} {row.id} deleted"

    def copy(self, connection: Connection, table: Table, **changes: Any) -> str:
        """A row more, made from one that is there."""
        row = self.pick(connection, table)
        values = {**row._mapping, "id": 10_000, **changes}
        connection.execute(table.insert().values(values))
        return f"{table.name} {row.id} copied"

    def swap(self, connection: Connection) -> str:
        """Two events change places."""
        one, two = self.chance.sample([row.id for row in connection.execute(select(EVENT.c.id))], 2)
        for id, new in ((one, -1), (two, one), (-1, two)):
            connection.execute(EVENT.update().where(EVENT.c.id == id).values(id=new))
        return f"events {one} and {two} swapped"

    def retime(self, connection: Connection) -> str:
        row = self.pick(connection, EVENT)
        by = timedelta(microseconds=self.chance.choice([-1, 1]) * self.chance.choice([1, 1000, 10**6, 3600 * 10**6]))
        connection.execute(EVENT.update().where(EVENT.c.id == row.id).values(at=row.at + by))
        return f"event {row.id} moved by {by}"

    def spoil(self, connection: Connection) -> str:
        """Something in a column that cannot be there."""
        table = TABLES[self.chance.choice(["event", "decision", "grant", "role_assignment", "chain_head"])]
        column = self.chance.choice([c for c in table.columns if isinstance(c.type, (UTCDateTime, Enum, JSON))])
        row_id = self.pick(connection, table).id
        connection.execute(text(f'UPDATE "{table.name}" SET "{column.name}" = \'{{;\' WHERE id = {row_id}'))
        return f"{table.name} {row_id}: {column.name} spoilt"

    def _other(self, connection: Connection, table: Table, column: Column[Any], old: Any) -> Any:
        """Another value of the column's type; of a pointer another row."""
        if column.nullable and old is not None and self.chance.random() < 0.3:
            return None
        if isinstance(column.type, UTCDateTime):
            return (old or datetime.fromisoformat("2026-01-01T00:00:00+00:00")) + timedelta(
                days=self.chance.choice([-9, 9])
            )
        if isinstance(column.type, Enum):
            return self.chance.choice([member for member in column.type.enum_class or () if member != old])
        if isinstance(column.type, Boolean):
            return not old
        if isinstance(column.type, JSON):
            return {"value": 77} if table.name == "rule_change" else {**old, "count": 77}
        if isinstance(column.type, Integer):
            return (old or 0) + self.chance.choice([1, 5000])
        if "date" in type(column.type).__name__.lower():
            return (old or datetime.fromisoformat("2026-01-01").date()) + timedelta(days=9)
        return f"{old or ''}x"


def in_memory(source: Engine) -> Engine:
    """A copy of a database that checks no values."""
    options = {"module": sqlite_module(), "connect_args": {"isolation_level": None, "check_same_thread": False}}
    engine = create_engine("sqlite://", poolclass=StaticPool, **options)

    @event.listens_for(engine, "connect")
    def connect(raw: Any, _record: object) -> None:
        raw.execute("PRAGMA ignore_check_constraints = ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    _copy(source, engine)
    return engine


def _copy(source: Engine, target: Engine) -> None:
    with source.connect() as there, target.connect() as here:
        there.connection.dbapi_connection.backup(here.connection.dbapi_connection)  # type: ignore[union-attr]


COMPARED = [
    (TABLES[name], column)
    for name, untold in UNTOLD.items()
    for column in TABLES[name].columns
    if column.name not in untold
]


def _guarded(owner: Owner) -> Table:
    """A compared table that has rows."""
    return TABLES[owner.chance.choice(list(UNTOLD))]


def _flip_guarded(owner: Owner, connection: Connection) -> str:
    table, column = next(owner.columns)  # each in turn
    return owner.flip(connection, table, [column])


def _written(connection: Connection) -> list[int]:
    """The texts that are there, and that an event vouches for."""
    vouched = {
        int(entry.split(":")[0]) for data in connection.scalars(select(EVENT.c.data)) for entry in data.get("texts", ())
    }
    return [id for id in connection.scalars(select(TEXT.c.id).where(TEXT.c.body.is_not(None))) if id in vouched]


def _alter_text(owner: Owner, connection: Connection) -> str:
    id = owner.chance.choice(_written(connection))
    changes: dict[str, Any] = owner.chance.choice(
        [
            {"body": "Something else"},
            {"salt": "0" * 32},
            {"body": None, "salt": None},
            {"body": ""},
            _shift(connection, id),
        ]
    )
    connection.execute(TEXT.update().where(TEXT.c.id == id).values(changes))
    return f"text {id}: {changes}"


def _shift(connection: Connection, id: int) -> dict[str, Any]:
    """The first letter of a text as the last of its salt: both are hashed as one."""
    row = connection.execute(select(TEXT).where(TEXT.c.id == id)).one()
    return {"salt": row.salt + row.body[0], "body": row.body[1:]}


def _drop_text(owner: Owner, connection: Connection) -> str:
    id = owner.chance.choice(_written(connection))
    connection.execute(TEXT.delete().where(TEXT.c.id == id))
    return f"text {id} deleted"


def _bring_back_text(owner: Owner, connection: Connection) -> str:
    id = owner.chance.choice(connection.scalars(select(TEXT.c.id).where(TEXT.c.body.is_(None))).all())
    connection.execute(TEXT.update().where(TEXT.c.id == id).values(body="It was so", salt="0" * 32))
    return f"text {id} is back"


def _alter_tree(owner: Owner, connection: Connection) -> str:
    """Another value in a checkpoint, or in what is kept of the tree."""
    table = TABLES["checkpoint"]
    row, column = owner.pick(connection, table), owner.chance.choice(list(table.columns))
    new = owner._other(connection, table, column, getattr(row, column.name))
    connection.execute(table.update().where(table.c.size == row.size).values({column.name: new}))
    return f"checkpoint {row.size}: {column.name} = {new!r}"


KINDS: dict[str, Callable[[Owner, Connection], str]] = {
    "flip an event": lambda owner, c: owner.flip(c, EVENT, list(EVENT.columns)),
    "delete an event": lambda owner, c: owner.delete(c, EVENT),
    "insert an event": lambda owner, c: owner.copy(c, EVENT, hash=f"{owner.chance.getrandbits(256):064x}"),
    "swap events": Owner.swap,
    "re-time an event": Owner.retime,
    "change the head": lambda owner, c: owner.flip(c, HEAD, [HEAD.c.sequence, HEAD.c.hash, HEAD.c.newest_at]),
    "delete the head": lambda owner, c: owner.delete(c, HEAD),
    "insert a head": lambda owner, c: owner.copy(c, HEAD),
    "alter a text": _alter_text,
    "delete a text": _drop_text,
    "bring back a text": _bring_back_text,
    "alter a checkpoint": _alter_tree,
    "flip a row": _flip_guarded,
    "delete a row": lambda owner, c: owner.delete(c, _guarded(owner)),
    "insert a row": lambda owner, c: owner.copy(c, _guarded(owner)),
    "spoil a value": Owner.spoil,
}
