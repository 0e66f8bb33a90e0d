"""Asking the index, newest first, in the same way of both databases.

A small place (somebody's own requests, all people, what came last) is looked through row by row. Everything is asked
of the index: SQLite's FTS5 walks its matches from the newest on, so a page is there before the old ones are read.
PostgreSQL's GIN gives all matches at once and in no order; so it is asked where the newest rows do not fill a page, for
the terms that are not everywhere, and no further back than it finds `MOST_CANDIDATES`: the page says where to go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, cast, func, literal, literal_column, select, tablesample, true
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import aliased
from sqlalchemy.sql import FromClause

from portal.extensions import db
from portal.index.asking import Question, Term
from portal.index.models import FTS, Indexed

NEWEST_LOOKED_AT = 32_000  # rows PostgreSQL looks through one by one for a page
MOST_CANDIDATES = 6_000  # rows that GIN may give for one page; reading them is what takes long
FEW_CANDIDATES = 2_000  # about so many, where it would give more: then from the newest part of all rows
SAMPLE = 2_000  # rows that tell how frequent a word is, about
MOST_ASKED = 8  # words that GIN is asked for; the others are looked for in what it gives
# How long things take in PostgreSQL, about: one place of a word in GIN is 1 (a tenth of a microsecond).
NEXT_ROW, ANY_ROW = 12, 50  # the next row along the table; a row that GIN gives

Row = type[Indexed]
Narrow = Callable[[Select[Any], Row], Select[Any]]  # adds joins and conditions: what may be found


@dataclass(frozen=True, slots=True)
class Found:
    """The newest that was found: ids of index rows, or of requests. ``older``: where to go on, None at the end.

    ``stopped``: no more was looked through, so that the page is short or empty.
    """

    ids: Sequence[int]
    older: int | None = None
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Frequency:
    """What a sample tells PostgreSQL of a question.

    ``asked``: the words to ask GIN for. About: ``candidates``, the share of all rows that it will give; ``hits``, the
    share that has all terms; ``cost``, of asking GIN; ``rows``, how many there are. ``lowest`` and ``highest`` of the
    ids that are looked for.
    """

    asked: Sequence[Term]
    hits: float
    candidates: float
    cost: float
    rows: int
    lowest: int
    highest: int

    def back(self, rows: float) -> int:
        """How far apart the ids of the first and the last of so many rows are, about."""
        return int((self.highest - self.lowest + 1) * min(1, rows / self.rows)) + 1


def among(
    place: ColumnElement[bool], question: Question, narrow: Narrow, *, before: int | None, size: int, key: str = "id"
) -> Found:
    """Look through the rows of a small place. ``key``: the column that is found and by which pages go on."""
    if not question.terms:
        return Found([])
    rows = aliased(Indexed, _apart(_rows().where(place, _has(question.terms))))
    return _page(_select(rows, narrow, key, before), key, size)


def everywhere(question: Question, narrow: Narrow, *, before: int | None, size: int, key: str = "id") -> Found:
    """Ask the index. A page can have fewer than ``size``, or none, and yet say where to go on."""
    if not question.terms:
        return Found([])
    if db.engine.dialect.name == "sqlite":
        return _walked(question, narrow, before, size, key)
    known = _frequency(question.terms, key)
    end = before or known.highest + 1
    is_small, along = known.rows <= NEWEST_LOOKED_AT, (size + 1) / max(known.hits, 1e-9)
    if is_small or 1.5 * along < min(NEWEST_LOOKED_AT, known.cost / NEXT_ROW):
        first = end - known.back(NEWEST_LOOKED_AT)
        near = _select(Indexed, narrow, key, end).where(_has(question.terms), getattr(Indexed, key) >= first)
        found = _page(near, key, size)
        if found.older or is_small:
            return found
    return _gathered(question, known, narrow, end, size, key)


def _walked(question: Question, narrow: Narrow, before: int | None, size: int, key: str) -> Found:
    """SQLite: along the matches, from the newest on."""
    match = literal_column("indexed_fts").op("MATCH")(_fts5(question))
    if key == "id":
        query = narrow(select(FTS.c.rowid).join_from(FTS, Indexed, Indexed.id == FTS.c.rowid).where(match), Indexed)
        query = query if before is None else query.where(FTS.c.rowid < before)
        return _page(query.order_by(FTS.c.rowid.desc()), key, size)
    matches = _apart(_rows().join_from(FTS, Indexed, Indexed.id == FTS.c.rowid).where(match))
    return _page(_select(aliased(Indexed, matches), narrow, key, before), key, size)


def _gathered(question: Question, known: Frequency, narrow: Narrow, end: int, size: int, key: str) -> Found:
    """PostgreSQL: all matches that GIN gives, back to where they become too many."""
    column, back = getattr(Indexed, key), end - known.lowest
    if known.candidates * known.rows > MOST_CANDIDATES:
        back = min(back, known.back(max(FEW_CANDIDATES / known.candidates, NEWEST_LOOKED_AT / 2)))
    matches = _rows().where(Indexed.words.op("@@")(_tsquery(known.asked)), _has(question.terms), column < end)
    is_last = end - back <= known.lowest
    matches = matches if is_last else matches.where(column >= end - back)
    found = _page(_select(aliased(Indexed, _apart(matches)), narrow, key, end), key, size)
    return found if found.older or is_last else Found(found.ids, end - back, stopped=True)


def _frequency(terms: Sequence[Term], key: str) -> Frequency:
    """Look at a few blocks of the table."""
    column = getattr(Indexed, key)
    count = func.coalesce(func.max(Indexed.id) - func.min(Indexed.id) + 1, 1)
    ends = (func.coalesce(func.min(column), 0), func.coalesce(func.max(column), 0))
    table = select(count.label("count"), ends[0].label("lowest"), ends[1].label("highest")).subquery()
    part = func.least(100, 100.0 * SAMPLE / select(count).scalar_subquery())
    sample = tablesample(Indexed.__table__, func.system(part), seed=literal(0))
    words = list(dict.fromkeys(word for term in terms for word in term.apart))[:MOST_ASKED]
    parts = [terms, *([word] for word in words)]
    columns = [*table.c, *(_has(part, sample.c.words).label(f"has_{at}") for at, part in enumerate(parts))]
    query = select(*columns, func.count(sample.c.id)).select_from(table.outerjoin(sample, true())).group_by(*columns)
    rows = db.session.execute(query).all()
    return _told(words, rows[0][:3], [(row[3:-1], row[-1]) for row in rows])


def _told(words: list[Term], table: Sequence[int], rows: list[tuple[Sequence[bool], int]]) -> Frequency:
    total = sum(times for _has, times in rows) or 1

    def share(*places: int) -> float:
        return sum(times for has, times in rows if all(has[place] for place in places)) / total

    rarest, *others = sorted(range(1, len(words) + 1), key=share)
    asked = [rarest]
    for place in others:
        if ANY_ROW * (share(*asked) - share(*asked, place)) > share(place):
            asked.append(place)
    count, lowest, highest = table
    cost = count * (sum(map(share, asked)) + ANY_ROW * share(*asked))
    return Frequency([words[at - 1] for at in asked], share(0), share(*asked), cost, count, lowest, highest)


def _rows() -> Select[Any]:
    columns: tuple[Any, ...] = (Indexed.id, Indexed.what, Indexed.subject_id, Indexed.request_id, Indexed.read_by)
    return select(*columns)


def _apart(query: Select[Any]) -> FromClause:
    """Found first and by itself, whatever the planner thinks of the order and the limit around it."""
    return query.offset(0).subquery()


def _select(rows: Row, narrow: Narrow, key: str, before: int | None) -> Select[Any]:
    column = getattr(rows, key)
    query = narrow(select(column), rows).order_by(column.desc())
    return query if before is None else query.where(column < before)


def _page(query: Select[Any], key: str, size: int) -> Found:
    query = query if key == "id" else query.distinct()
    found = db.session.scalars(query.limit(size + 1)).all()
    return Found(found[:size], found[size - 1] if len(found) > size else None)


def _has(terms: Sequence[Term], words: Any = Indexed.words) -> ColumnElement[bool]:
    """SQL: these words have all the terms; read one by one, past every index."""
    if db.engine.dialect.name == "postgresql":
        return func.ts_match_vq(words, _tsquery(terms))
    padded = literal(" ").op("||")(words).op("||")(" ")
    return and_(*(func.instr(padded, f" {' '.join(term.words)}{'' if term.open else ' '}") > 0 for term in terms))


def _fts5(question: Question) -> str:
    """FTS5's own language. Folded words have no quotation mark and none of its signs."""
    return " AND ".join(f'"{" ".join(term.words)}"{" *" if term.open else ""}' for term in question.terms)


def _tsquery(terms: Iterable[Term]) -> ColumnElement[Any]:
    """PostgreSQL's own language, word by word, past its parsers."""

    def said(term: Term) -> str:
        return "(" + " <-> ".join(f"'{word}'" for word in term.words) + (":*" if term.open else "") + ")"

    return cast(" & ".join(map(said, terms)), TSQUERY)
