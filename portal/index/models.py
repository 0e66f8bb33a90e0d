"""The table of the index. It can be thrown away and made anew: everything in it stands elsewhere."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import Dialect, String, TypeDecorator, UniqueConstraint, column, table
from sqlalchemy import Text as LongText
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeEngine

from portal.database import Base, choice_type

FTS = table("indexed_fts", column("rowid"), column("words"))  # SQLite's index over `Indexed.words`, kept by triggers


class What(StrEnum):
    """What the words are. A person and a title are names; the rest is what somebody wrote on a request."""

    PERSON = "person"
    TITLE = "title"  # of a request: its kind, who it is about, who filed it, what is asked for
    ANSWER = "answer"
    COMMENT = "comment"
    POSITION = "position"
    CONCERN_NAME = "concern name"
    CONCERN = "concern"
    CONCERN_CLOSED = "concern closed"
    SPONSORSHIP = "sponsorship"
    EVIDENCE = "evidence"
    REFERRAL = "referral"
    REASON = "reason"
    WOULD_HELP = "would help"
    ANYWAY = "anyway"
    NOTE = "note"


class ReadBy(StrEnum):
    """Who of those who may see the thing reads these words."""

    ALL = "all"
    TEAM = "team"
    DECIDERS = "deciders"


class Words(TypeDecorator[str]):
    """Folded words in their order, parted by spaces: text for SQLite's FTS5, a tsvector with places in PostgreSQL."""

    impl = LongText
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(TSVECTOR() if dialect.name == "postgresql" else LongText())

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None or dialect.name != "postgresql":
            return value
        places: dict[str, list[int]] = {}
        for place, word in enumerate(value.split(), start=1):
            places.setdefault(word, []).append(place)
        return " ".join(f"'{word}':{','.join(map(str, found))}" for word, found in places.items())


class Indexed(Base):
    """The words of one thing; a higher id came later. ``text_id`` is no pointer: an emptied text leaves at once.

    The index over ``words`` is made by the migration: FTS5 with triggers in SQLite, GIN in PostgreSQL.
    """

    __tablename__ = "indexed"
    __table_args__ = (UniqueConstraint("what", "subject_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    what: Mapped[What] = mapped_column(choice_type(What, "what"))
    subject_id: Mapped[int] = mapped_column(comment="id of the person, request, comment, ...")
    request_id: Mapped[int | None] = mapped_column(index=True, comment="the request it was said on")
    read_by: Mapped[ReadBy] = mapped_column(choice_type(ReadBy, "read_by"))
    text_id: Mapped[int | None] = mapped_column(comment="the text the words are from; empty for names")
    mark: Mapped[str | None] = mapped_column(String(64), comment="hash of the names the words are from")
    words: Mapped[str] = mapped_column(Words())
