"""Tables of the portfolio: pieces of evidence and what markers say of them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.audit.models import Text
from portal.database import Base, JSONValue, choice_type
from portal.people.models import Person


class Verdict(StrEnum):
    ACCEPTED = "accepted"
    QUESTIONED = "questioned"


class Piece(Base):
    """One piece of evidence: a link, or for behaviours a sentence alone, and the items that it shows.

    It never changes. Who wants to say it otherwise writes another in its place (``replaces_id``); the first is then
    withdrawn, and stays for those who gave a score with it in view.
    """

    __tablename__ = "portfolio_piece"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True, comment="whose work it shows")
    items: Mapped[list[str]] = mapped_column(JSONValue, comment="keys of items, which are the same in every version")
    link: Mapped[str | None] = mapped_column(String(2000))
    sentence_id: Mapped[int] = mapped_column(ForeignKey("text.id"))
    added_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("portfolio_piece.id"), unique=True)

    sentence: Mapped[Text] = relationship()
    answers: Mapped[list[PieceAnswer]] = relationship(order_by="PieceAnswer.id", back_populates="piece")


class PieceAnswer(Base):
    """That a marker accepted a piece or questions it. Another answer of the same marker takes its place; both stay."""

    __tablename__ = "portfolio_answer"

    id: Mapped[int] = mapped_column(primary_key=True)
    piece_id: Mapped[int] = mapped_column(ForeignKey("portfolio_piece.id"), index=True)
    marker_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    verdict: Mapped[Verdict] = mapped_column(choice_type(Verdict, "verdict"))
    sentence_id: Mapped[int | None] = mapped_column(ForeignKey("text.id"))
    answered_at: Mapped[datetime]

    piece: Mapped[Piece] = relationship(back_populates="answers")
    marker: Mapped[Person] = relationship()
    sentence: Mapped[Text | None] = relationship()
