"""The secret address of somebody's calendar."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Base


class CalendarAddress(Base):
    """That a person has one. The address itself follows from it and the portal's secret: no row gives it away."""

    __tablename__ = "calendar_address"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    nonce: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime]
