"""Table of the operator."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Base


class ClockRun(Base):
    """The one row that says when `flask clock tick` last did what was due, or an operator confirmed the clock."""

    __tablename__ = "clock_run"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
