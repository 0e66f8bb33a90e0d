"""Table of changed rules. The defaults are data of the organisation, not rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.audit.models import Text
from portal.database import Base


class RuleChange(Base):
    """A new value of one rule for one kind; append-only. Counts for revisions submitted from ``effective_at`` on."""

    __tablename__ = "rule_change"
    __table_args__ = (Index("ix_rule_change_rule_key_kind", "rule_key", "kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    rule_key: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str | None] = mapped_column(String(32), comment="empty: every kind the rule is for")
    value: Mapped[dict[str, Any]] = mapped_column(comment='{"value": 3}')
    changed_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    changed_at: Mapped[datetime]
    effective_at: Mapped[datetime]
    reason_id: Mapped[int] = mapped_column(ForeignKey("text.id"))

    reason: Mapped[Text] = relationship()
