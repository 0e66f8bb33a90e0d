"""Keeping the index: in the unit of work that changes what it is made from, and anew as a whole.

Each feature that has something to find says what belongs into the index: for what a unit of work touched
(`agree`, called by a hook of that feature just before the commit), and for everything (`add_source`).
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Connection, delete, insert, select, text, update

from portal.audit.models import Text
from portal.extensions import app_value
from portal.index import folding
from portal.index.models import Indexed, ReadBy, What

AT_ONCE = 500  # rows
TRIGGERS = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'indexed'"
GIN = """
SELECT indexname, indexdef FROM pg_indexes
WHERE schemaname = current_schema() AND tablename = 'indexed' AND indexname = 'ix_indexed_words'
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something to find: a name (``body``), or a text by its id (``body`` may come later)."""

    what: What
    subject_id: int
    body: str | None = None
    text_id: int | None = None
    request_id: int | None = None
    read_by: ReadBy = ReadBy.ALL

    @property
    def mark(self) -> str | None:
        """Tells a changed name."""
        return None if self.text_id or self.body is None else hashlib.sha256(self.body.encode()).hexdigest()

    @property
    def words(self) -> str:
        """The words as they are kept."""
        return " ".join(folding.words(self.body or ""))

    def values(self) -> dict[str, Any]:
        names = ("what", "subject_id", "request_id", "read_by", "text_id", "mark", "words")
        return {name: getattr(self, name) for name in names}


class App(Protocol):
    """An application: what it holds for features, by name."""

    extensions: dict[str, Any]


Source = Callable[[Connection], Iterator[tuple[datetime, Entry]]]


def add_source(app: App, source: Source) -> None:
    """Register what gives everything of a feature, in the order of time."""
    app.extensions.setdefault("index", []).append(source)


def agree(connection: Connection, scope: ColumnElement[bool], wanted: Iterable[Entry]) -> int:
    """Let the rows of this scope be what is wanted. Returns how many were changed; needs a unit of work."""
    columns = (Indexed.id, Indexed.what, Indexed.subject_id, Indexed.text_id, Indexed.mark, Indexed.read_by)
    there = {(row.what, row.subject_id): row for row in connection.execute(select(*columns).where(scope))}
    entries = {(entry.what, entry.subject_id): entry for entry in wanted}
    gone = [row.id for key, row in there.items() if key not in entries]
    changed = [
        entry
        for key, entry in entries.items()
        if key not in there or _made_from(there[key]) != _made_from(entry)
    ]  # fmt: skip
    if gone:
        connection.execute(delete(Indexed).where(Indexed.id.in_(gone)))
    for entry in _with_bodies(connection, changed):
        row = there.get((entry.what, entry.subject_id))
        if row is None:
            connection.execute(insert(Indexed).values(entry.values()))
        else:
            connection.execute(update(Indexed).where(Indexed.id == row.id).values(entry.values()))
    return len(gone) + len(changed)


def _made_from(found: Any) -> tuple[Any, ...]:
    return found.text_id, found.mark, found.read_by


def _with_bodies(connection: Connection, entries: list[Entry]) -> Iterator[Entry]:
    """The entries with their texts. One that was emptied meanwhile has no words."""
    ids = [entry.text_id for entry in entries if entry.text_id]
    query = select(Text.id, Text.body).where(Text.id.in_(ids))
    bodies = {found.id: found.body for found in connection.execute(query)} if ids else {}
    for entry in entries:
        body = bodies.get(entry.text_id) if entry.text_id else entry.body
        yield Entry(entry.what, entry.subject_id, body, entry.text_id, entry.request_id, entry.read_by)


def rebuild(connection: Connection) -> int:
    """Make the whole index anew in this transaction. Returns how many things can be found."""
    sources: list[Source] = app_value("index")
    count = 0
    with _filled_at_once(connection):
        connection.execute(delete(Indexed))
        everything = heapq.merge(*(source(connection) for source in sources), key=lambda found: found[0])
        while found := list(islice(everything, AT_ONCE)):
            connection.execute(insert(Indexed), [entry.values() for _at, entry in found])
            count += len(found)
    return count


@contextmanager
def _filled_at_once(connection: Connection) -> Iterator[None]:
    """Let the database make its own index over the words once, when all rows are there; row by row takes far longer."""
    is_sqlite = connection.dialect.name == "sqlite"
    kind, found = ("TRIGGER", TRIGGERS) if is_sqlite else ("INDEX", GIN)
    made = connection.execute(text(found)).all()
    for name, _sql in made:
        connection.execute(text(f"DROP {kind} {name}"))
    yield
    if is_sqlite:
        connection.execute(text("INSERT INTO indexed_fts(indexed_fts) VALUES ('rebuild')"))  # without what was there
    for _name, sql in made:
        connection.exec_driver_sql(sql)
    if not is_sqlite:
        connection.execute(text("ANALYZE indexed"))  # or the planner goes by what was there before
