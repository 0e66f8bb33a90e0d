"""Tables of mail: where it goes, what each person wants by it, and digests on their way. Nothing is on the timeline."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Base, choice_type
from portal.notifications.wishes import Choice, Kind


class MailAddress(Base):
    """Where a person's mail goes: what they typed and confirmed by the button in a mail. Nobody else reads it.

    ``wanted`` was typed and waits for its button; until then the old one is used. Links name ``nonce``, which is new
    with each question, so that an older link works no longer.
    """

    __tablename__ = "mail_address"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    address: Mapped[str] = mapped_column(String(254), default="", comment="confirmed; empty: none")
    wanted: Mapped[str] = mapped_column(String(254), default="", comment="waits for the button in the mail")
    nonce: Mapped[str] = mapped_column(String(43), default="")
    asked_at: Mapped[datetime]
    asked_times: Mapped[int] = mapped_column(default=0, comment="within a day: the portal is no way to flood strangers")
    quiet_away: Mapped[bool] = mapped_column(default=True, comment="while away, all waits for the digest on return")
    send_at: Mapped[datetime | None] = mapped_column(index=True, comment="when to try next to send the question")
    tries: Mapped[int] = mapped_column(default=0)


class MailWish(Base):
    """What somebody chose for one kind of message; without a row, the usual."""

    __tablename__ = "mail_wish"
    __table_args__ = (UniqueConstraint("person_id", "kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[Kind] = mapped_column(choice_type(Kind, "mail_kind"))
    choice: Mapped[Choice] = mapped_column(choice_type(Choice, "mail_choice"))


class MailStop(Base):
    """That somebody wants no mail about one request. Their inbox goes on."""

    __tablename__ = "mail_stop"
    __table_args__ = (UniqueConstraint("person_id", "request_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    request_id: Mapped[int] = mapped_column(comment="team_request.id; requests lie above notifications")
    stopped_at: Mapped[datetime]


class DigestState(StrEnum):
    """QUEUED waits to be sent; SENT; PARKED: given up."""

    QUEUED = "queued"
    SENT = "sent"
    PARKED = "parked"


class Digest(Base):
    """One mail that gathers what waited. What is in it is fixed before the first try, so each try sends the same."""

    __tablename__ = "digest"
    __table_args__ = (UniqueConstraint("person_id", "day"), Index("ix_digest_state_not_before", "state", "not_before"))

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    day: Mapped[date]
    upto: Mapped[int] = mapped_column(comment="the newest delivery in it")
    state: Mapped[DigestState] = mapped_column(choice_type(DigestState, "digest_state"))
    not_before: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    failure: Mapped[str] = mapped_column(String(64), default="")
