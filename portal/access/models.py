"""Tables of access."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.audit.models import Text
from portal.database import Base, choice_type
from portal.people.models import Origin, Person


class ItemType(StrEnum):
    """What can be asked for."""

    ROLE = "role"
    ACCESS_GROUP = "access_group"
    SYSTEM = "system"


class Step(StrEnum):
    """What became of an access. Approved is not granted."""

    APPROVED = "approved"
    GRANTED = "granted"
    RENEWED = "renewed"
    REVOKED = "revoked"


class Grant(Base):
    """Access of one person to one group or system. Immutable; what happens to it are its steps.

    ``standing`` and ``until`` repeat its newest step, so that what is held now is found without the history.
    """

    __tablename__ = "grant"
    __table_args__ = (
        Index("ix_grant_item_type_item_key", "item_type", "item_key"),
        Index("ix_grant_standing_until", "standing", "until"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    item_type: Mapped[ItemType] = mapped_column(choice_type(ItemType, "grant_item_type"))
    item_key: Mapped[str] = mapped_column(String(64))
    origin: Mapped[Origin] = mapped_column(choice_type(Origin, "grant_origin"))
    decision_id: Mapped[int | None] = mapped_column(index=True, comment="decision.id; requests lie above access")
    request_id: Mapped[int | None] = mapped_column(index=True)
    created_at: Mapped[datetime]
    standing: Mapped[Step] = mapped_column(choice_type(Step, "grant_standing"), comment="the newest step")
    until: Mapped[datetime | None] = mapped_column(comment="the end that the newest step carries")

    person: Mapped[Person] = relationship()
    steps: Mapped[list[GrantStep]] = relationship(back_populates="grant", order_by="GrantStep.id")


class GrantStep(Base):
    """Append-only: by whom, when, why, until when. Every step but "revoked" carries the end then in force."""

    __tablename__ = "grant_step"
    __table_args__ = (
        Index("ix_grant_step_grant_id_step_at", "grant_id", "step", "at"),
        Index("ix_grant_step_step_at", "step", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    grant_id: Mapped[int] = mapped_column(ForeignKey("grant.id"))
    step: Mapped[Step] = mapped_column(choice_type(Step, "step"))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]
    until: Mapped[datetime | None] = mapped_column(comment="access ends then; empty: no end")
    reason_id: Mapped[int | None] = mapped_column(ForeignKey("text.id"))
    decision_id: Mapped[int | None] = mapped_column(comment="decision.id behind this step, where there is one")

    grant: Mapped[Grant] = relationship(back_populates="steps")
    by: Mapped[Person | None] = relationship()
    reason: Mapped[Text | None] = relationship()
