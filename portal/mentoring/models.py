"""Tables of mentoring."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.assessments.models import StandardItem
from portal.audit.models import Text
from portal.database import Base, choice_type
from portal.people.models import Person


class MentorshipKind(StrEnum):
    """How the two work together: the "Mentoring Type" of the participant form, seen from both sides."""

    MENTORING = "mentoring"
    PEER = "peer_support"


class MentorshipState(StrEnum):
    ASKED = "asked"
    ACTIVE = "active"
    DECLINED = "declined"
    ENDED = "ended"


class Mentorship(Base):
    """That somebody asked a member for mentoring or peer support, and what became of it.

    ``from_at`` is empty until it was accepted. Asking to hand one over makes another, which takes its place when the
    new mentor accepts.
    """

    __tablename__ = "mentorship"
    __table_args__ = (
        Index("ix_mentorship_mentee_id_state", "mentee_id", "state"),
        Index("ix_mentorship_mentor_id_state", "mentor_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    mentee_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    mentor_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[MentorshipKind] = mapped_column(choice_type(MentorshipKind, "mentorship_kind"))
    state: Mapped[MentorshipState] = mapped_column(choice_type(MentorshipState, "mentorship_state"))
    asked_at: Mapped[datetime]
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"), comment="the mentee, or who hands it over")
    until: Mapped[date | None] = mapped_column(comment="the planned last day")
    from_at: Mapped[datetime | None] = mapped_column(comment="accepted")
    ended_at: Mapped[datetime | None] = mapped_column(comment="declined, or ended")
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    follows_id: Mapped[int | None] = mapped_column(
        ForeignKey("mentorship.id"), index=True, comment="the one that is handed over"
    )
    note_id: Mapped[int | None] = mapped_column(ForeignKey("text.id"), comment="said with asking")
    answer_id: Mapped[int | None] = mapped_column(ForeignKey("text.id"), comment="said with declining")
    reason_id: Mapped[int | None] = mapped_column(ForeignKey("text.id"), comment="why it ended")

    mentee: Mapped[Person] = relationship(foreign_keys=[mentee_id])
    mentor: Mapped[Person] = relationship(foreign_keys=[mentor_id])
    asked_by: Mapped[Person] = relationship(foreign_keys=[asked_by_id])
    ended_by: Mapped[Person | None] = relationship(foreign_keys=[ended_by_id])
    follows: Mapped[Mentorship | None] = relationship(remote_side=[id], foreign_keys=[follows_id])
    note: Mapped[Text | None] = relationship(foreign_keys=[note_id])
    answer: Mapped[Text | None] = relationship(foreign_keys=[answer_id])
    reason: Mapped[Text | None] = relationship(foreign_keys=[reason_id])

    def is_mentoring_of(self, person_id: int) -> bool:
        """Whether it goes on, is mentoring, and this person is its mentee."""
        going_on = self.state is MentorshipState.ACTIVE and self.kind is MentorshipKind.MENTORING
        return going_on and self.mentee_id == person_id


class MentoringGoal(Base):
    """An item of the standard and the score the mentee is working towards, 1 to 3."""

    __tablename__ = "mentoring_goal"
    __table_args__ = (UniqueConstraint("mentorship_id", "item_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    mentorship_id: Mapped[int] = mapped_column(ForeignKey("mentorship.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("standard_item.id"))
    target: Mapped[int]
    set_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    set_at: Mapped[datetime]
    reached_at: Mapped[datetime | None]

    item: Mapped[StandardItem] = relationship()


class MentoringOffer(Base):
    """How many people a member can mentor at a time. None at all: they are full, or take nobody."""

    __tablename__ = "mentoring_offer"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    places: Mapped[int]
    said_at: Mapped[datetime]


class ScoreSharing(Base):
    """That a member lets the team count their agreed scores when it looks for what too few master."""

    __tablename__ = "score_sharing"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    said_at: Mapped[datetime]
