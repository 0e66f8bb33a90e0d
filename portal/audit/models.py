"""Tables of the timeline and of the texts people write."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Base, choice_type


class Audience(StrEnum):
    """Who may read an event: everybody, the team and the candidate, the team, those who decide."""

    PUBLIC = "public"
    SHARED = "shared"
    TEAM = "team"
    DECIDERS = "deciders"


class ActorKind(StrEnum):
    PERSON = "person"
    CLOCK = "clock"
    COMMAND = "command"


class Event(Base):
    """What happened. The database refuses to change or delete a row (triggers in the first migration).

    ``data`` holds codes, ids, small numbers and salted hashes of texts; never names, free text, keys or addresses.
    """

    __tablename__ = "event"
    __table_args__ = (
        Index("ix_event_request_id_id", "request_id", "id"),
        Index("ix_event_person_id_id", "person_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="place in the chain, from 1")
    at: Mapped[datetime]
    code: Mapped[str] = mapped_column(String(64), comment="what happened: request.filed")
    actor_kind: Mapped[ActorKind] = mapped_column(choice_type(ActorKind, "actor_kind"))
    actor_id: Mapped[int | None] = mapped_column(index=True, comment="person id; kept when the person is erased")
    request_id: Mapped[int | None]
    person_id: Mapped[int | None] = mapped_column(comment="the person it is about, where there is one")
    subject_id: Mapped[int | None] = mapped_column(comment="id of the row the code speaks of")
    audience: Mapped[Audience] = mapped_column(choice_type(Audience, "audience"))
    data: Mapped[dict[str, Any]]
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64), unique=True)


class ChainHead(Base):
    """The one row that says where the chain stands. Locked last, just before commit."""

    __tablename__ = "chain_head"

    id: Mapped[int] = mapped_column(primary_key=True)
    sequence: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))
    newest_at: Mapped[datetime | None] = mapped_column(
        comment="of all events written under a clock that could be believed"
    )


class Text(Base):
    """One version of something a person wrote. Redaction empties body and salt of every version."""

    __tablename__ = "text"

    id: Mapped[int] = mapped_column(primary_key=True)
    first_id: Mapped[int | None] = mapped_column(
        ForeignKey("text.id"), index=True, comment="the first version; empty in the first version itself"
    )
    body: Mapped[str | None]
    salt: Mapped[str | None] = mapped_column(String(32))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    created_at: Mapped[datetime]
    redacted_at: Mapped[datetime | None]
    redacted_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    @property
    def is_redacted(self) -> bool:
        return self.redacted_at is not None
