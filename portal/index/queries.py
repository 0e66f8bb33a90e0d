"""Asking the index: one function for both databases.

Newest first on both. SQLite's FTS5 walks its matches from the newest on, so a page is there before the old ones are
read. PostgreSQL's GIN gives all matches in no order; so there the newest things are looked through first, and the
index is asked where they do not fill a page: then the words are rare enough for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Select, cast, false, func, literal, literal_column, select
from sqlalchemy.dialects.postgresql import TSQUERY

from portal.extensions import db
from portal.index.asking import Question
from portal.index.models import FTS, Indexed

NEWEST_LOOKED_AT = 4_000  # rows PostgreSQL looks through before it asks the index
IN_A_BUCKET = 256  # requests


def request_word(request_id: int) -> str:
    """A word that no text can have: everything that was said on this request has it."""
    return f"\ue000{request_id}"


def bucket_word(request_id: int) -> str:
    """A word for this request and its neighbours."""
    return f"\ue001{request_id // IN_A_BUCKET}"


def bucket_words(near: range) -> list[str] | None:
    """The words by which FTS5 skips what was said elsewhere; PostgreSQL reads the rows of these requests instead."""
    if db.engine.dialect.name != "sqlite":
        return None
    return [f"\ue001{bucket}" for bucket in range(near.start // IN_A_BUCKET, near.stop // IN_A_BUCKET + 1)]


def matching(question: Question, *, within: Iterable[str] | None = None, before: int | None = None) -> Select[Any]:
    """SQL: the rows that have all terms, newest first, with ids below ``before``; to be filtered further and limited.

    ``within``: only rows that have one of these words (`request_word`, `bucket_word`) too.
    """
    query = select(Indexed.id).order_by(Indexed.id.desc())
    places = None if within is None else sorted(within)
    if not question.terms or places == []:
        return query.where(false())
    if db.engine.dialect.name == "sqlite":
        match = literal_column("indexed_fts").op("MATCH")(_fts5(question, places))
        query = query.join_from(FTS, Indexed, Indexed.id == FTS.c.rowid).where(match)
        query = query.order_by(None).order_by(FTS.c.rowid.desc())
        return query if before is None else query.where(FTS.c.rowid < before)
    query = query.where(Indexed.words.op("@@")(cast(_tsquery(question, places), TSQUERY)))
    return query if before is None else query.where(Indexed.id < before)


def page(query: Select[Any], *, before: int | None, size: int) -> list[Any]:
    """The newest rows of a `matching` query, one more than a page has if there are more."""
    if db.engine.dialect.name == "postgresql":
        newest = literal(before) if before is not None else select(func.max(Indexed.id)).scalar_subquery()
        found = db.session.execute(query.where(Indexed.id > newest - NEWEST_LOOKED_AT).limit(size + 1)).all()
        if len(found) > size:
            return list(found)
    return list(db.session.execute(query.limit(size + 1)))


def _fts5(question: Question, places: Sequence[str] | None) -> str:
    """FTS5's own language. Folded words have no quotation mark and none of its signs."""

    def said(words: str, *, is_open: bool = False) -> str:
        return f'"{words}" *' if is_open else f'"{words}"'

    parts = [said(" ".join(term.words), is_open=term.open) for term in question.terms]
    if places:
        parts.append("(" + " OR ".join(map(said, places)) + ")")
    return " AND ".join(parts)


def _tsquery(question: Question, places: Sequence[str] | None) -> str:
    """PostgreSQL's own language, word by word, past its parsers."""

    def said(words: Iterable[str], sign: str, end: str = "") -> str:
        return "(" + sign.join(f"'{word}'" for word in words) + end + ")"

    parts = [said(term.words, " <-> ", ":*" if term.open else "") for term in question.terms]
    return " & ".join([*parts, *([said(places, " | ")] if places else [])])
