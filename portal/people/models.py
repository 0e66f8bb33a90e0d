"""Tables of people."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, query_expression, relationship

from portal.audit.models import Text
from portal.database import Base, choice_type


class Capacity(StrEnum):
    """Held from .. to, apart from roles; makes nobody a member."""

    BOARD = "board"
    TREASURER = "treasurer"
    OPERATOR = "operator"


class Origin(StrEnum):
    """How a role, capacity or access came to be on record."""

    DECISION = "decision"
    APPOINTMENT = "appointment"
    BEFORE_PORTAL = "before_portal"


class Person(Base):
    """Somebody known to the portal. May exist without a wiki account yet (imported); has no password here."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(255), index=True, comment="shown name: the newest wiki user name")
    created_at: Mapped[datetime]
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)

    identities: Mapped[list[WikiIdentity]] = relationship(back_populates="person", order_by="WikiIdentity.id")
    role_assignments: Mapped[list[RoleAssignment]] = relationship(
        back_populates="person", order_by="RoleAssignment.from_at", foreign_keys="RoleAssignment.person_id"
    )
    capacity_assignments: Mapped[list[CapacityAssignment]] = relationship(
        back_populates="person", order_by="CapacityAssignment.from_at", foreign_keys="CapacityAssignment.person_id"
    )


class WikiIdentity(Base):
    """A wiki account, keyed on (issuer, sub): user names change and can be taken over."""

    __tablename__ = "wiki_identity"
    __table_args__ = (UniqueConstraint("issuer", "sub"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    issuer: Mapped[str] = mapped_column(String(255))
    sub: Mapped[str] = mapped_column(String(64))
    username: Mapped[str] = mapped_column(String(255))
    linked_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    locked_at: Mapped[datetime | None] = mapped_column(comment="the wiki said blocked or locked at the last sign-in")

    person: Mapped[Person] = relationship(back_populates="identities")


class NameBinding(Base):
    """An imported or appointed person waits under a wiki name for the first sign-in, 7 days at most.

    Only an account registered before ``created_at`` can take it, so a freed and re-registered name gains nothing.
    """

    __tablename__ = "name_binding"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    username: Mapped[str] = mapped_column(String(255), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship()


class MergeProposal(Base):
    """Two people said to be one: waits for a decider, because both have acted."""

    __tablename__ = "merge_proposal"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True, comment="the person that stays")
    other_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True, comment="becomes part of person")
    proposed_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    settled_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    accepted: Mapped[bool | None]

    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    other: Mapped[Person] = relationship(foreign_keys=[other_id])


class RoleAssignment(Base):
    """A person holds a role of the catalogue from .. to, by which decision."""

    __tablename__ = "role_assignment"
    __table_args__ = (Index("ix_role_assignment_role_key_to_at", "role_key", "to_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    role_key: Mapped[str] = mapped_column(String(64))
    from_at: Mapped[datetime]
    to_at: Mapped[datetime | None]
    origin: Mapped[Origin] = mapped_column(choice_type(Origin, "origin"))
    decision_id: Mapped[int | None] = mapped_column(index=True, comment="decision.id; requests lie above people")
    request_id: Mapped[int | None]
    appointed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    end_reason_id: Mapped[int | None] = mapped_column(ForeignKey("text.id"))

    person: Mapped[Person] = relationship(back_populates="role_assignments", foreign_keys=[person_id])
    end_reason: Mapped[Text | None] = relationship()


class CapacityAssignment(Base):
    """Board, treasurer or operator, from .. to."""

    __tablename__ = "capacity_assignment"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    capacity: Mapped[Capacity] = mapped_column(choice_type(Capacity, "capacity"))
    from_at: Mapped[datetime]
    to_at: Mapped[datetime | None]
    origin: Mapped[Origin] = mapped_column(choice_type(Origin, "origin"))
    appointed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    person: Mapped[Person] = relationship(back_populates="capacity_assignments", foreign_keys=[person_id])


class Nda(Base):
    """That a person has signed the non-disclosure agreement: yes and when. The paperwork is never kept here."""

    __tablename__ = "nda"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    signed_on: Mapped[date]
    noted_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    confirmed_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("person.id"), comment="the Board member who confirmed it, when the Director notes it"
    )
    noted_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class Absence(Base):
    """Declared leave. ``to_at`` is the planned end; ``ended_at`` says "I am back"."""

    __tablename__ = "absence"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    from_at: Mapped[datetime]
    to_at: Mapped[datetime | None]
    declared_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    reason_id: Mapped[int | None] = mapped_column(ForeignKey("text.id"))

    person: Mapped[Person] = relationship()
    reason: Mapped[Text | None] = relationship()

    @property
    def last_day(self) -> date | None:
        """The last day away, in UTC; the end is the midnight after it."""
        return (self.to_at - timedelta(microseconds=1)).date() if self.to_at else None


class ActingReason(StrEnum):
    ABSENCE = "absence"
    BOARD = "board"
    UNREACHABLE = "unreachable"


class ActingPeriod(Base):
    """The Deputy acts for the Director from .. to. Whether it is open is computed from now, never stored."""

    __tablename__ = "acting_period"

    id: Mapped[int] = mapped_column(primary_key=True)
    director_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    reason: Mapped[ActingReason] = mapped_column(choice_type(ActingReason, "acting_reason"))
    from_at: Mapped[datetime]
    to_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    absence_id: Mapped[int | None] = mapped_column(ForeignKey("absence.id"))
    started_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    note_id: Mapped[int | None] = mapped_column(ForeignKey("text.id"), comment="the Board's record, where it began it")

    note: Mapped[Text | None] = relationship()


class UnreachableReport(Base):
    """A member reports that the Director cannot be reached; two others confirm."""

    __tablename__ = "unreachable_report"

    id: Mapped[int] = mapped_column(primary_key=True)
    director_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    reported_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    reported_at: Mapped[datetime]
    closed_at: Mapped[datetime | None] = mapped_column(comment="led to acting, or the Director acted")

    reported_by: Mapped[Person] = relationship(foreign_keys=[reported_by_id])
    confirmations: Mapped[list[UnreachableConfirmation]] = relationship(order_by="UnreachableConfirmation.id")


class UnreachableConfirmation(Base):
    __tablename__ = "unreachable_confirmation"
    __table_args__ = (UniqueConstraint("report_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("unreachable_report.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]

    person: Mapped[Person] = relationship()


class SignIn(Base):
    """One session. The cookie carries a random token; only its hash is here."""

    __tablename__ = "sign_in"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    identity_id: Mapped[int] = mapped_column(ForeignKey("wiki_identity.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
    waiting: Mapped[int | None] = query_expression()  # what a feature counts for the person (`sessions.count_beside`)

    person: Mapped[Person] = relationship()


class SentForm(Base):
    """A filled form that was carried out: sending it again does nothing more. Kept for a day; names nobody."""

    __tablename__ = "sent_form"

    key: Mapped[str] = mapped_column(String(64), primary_key=True, comment="hash of person, address, page and content")
    led_to: Mapped[str] = mapped_column(String(200), comment="the address to which the first sending led")
    sent_at: Mapped[datetime] = mapped_column(index=True)


class HeldForm(Base):
    """What somebody typed when their sign-in had ended: comes back after they sign in again, for a day."""

    __tablename__ = "held_form"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    endpoint: Mapped[str] = mapped_column(String(128))
    fields: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(index=True)
