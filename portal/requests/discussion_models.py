"""Tables of the discussion about a team request."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.assessments.models import Assessment
from portal.audit.models import Text
from portal.database import Base, choice_type
from portal.people.models import Person


class CommentAudience(StrEnum):
    TEAM = "team"
    SHARED = "shared"


class CommentType(StrEnum):
    COMMENT = "comment"
    QUESTION = "question"
    ANSWER = "answer"


class Stance(StrEnum):
    SUPPORT = "support"
    NEUTRAL = "neutral"
    OPPOSE = "oppose"


class Relation(StrEnum):
    """What a member says of their tie to the candidate."""

    MENTOR = "mentor"
    WORKS_WITH = "works_with"
    KNOWS = "knows"


class ConcernOutcome(StrEnum):
    RESOLVED = "resolved"
    OVERRIDDEN = "overridden"


class EvidenceType(StrEnum):
    ASSESSMENT = "assessment"
    LINK = "link"


class Comment(Base):
    """A comment, a question to the candidate, or the answer to one."""

    __tablename__ = "comment"
    __table_args__ = (Index("ix_comment_request_id_id", "request_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("team_request.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    type: Mapped[CommentType] = mapped_column(choice_type(CommentType, "comment_type"))
    audience: Mapped[CommentAudience] = mapped_column(choice_type(CommentAudience, "comment_audience"))
    text_id: Mapped[int] = mapped_column(ForeignKey("text.id"), comment="the newest version")
    created_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    answers_id: Mapped[int | None] = mapped_column(ForeignKey("comment.id"), index=True)
    reminded_at: Mapped[datetime | None]

    author: Mapped[Person] = relationship()
    text: Mapped[Text] = relationship()


class Position(Base):
    """A member's word on a revision; append-only, the newest one counts."""

    __tablename__ = "position"
    __table_args__ = (Index("ix_position_request_id_id", "request_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("team_request.id"))
    revision_id: Mapped[int] = mapped_column(ForeignKey("revision.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    stance: Mapped[Stance] = mapped_column(choice_type(Stance, "stance"))
    relation: Mapped[Relation | None] = mapped_column(choice_type(Relation, "relation"))
    text_id: Mapped[int | None] = mapped_column(ForeignKey("text.id"))
    created_at: Mapped[datetime]

    person: Mapped[Person] = relationship()
    text: Mapped[Text | None] = relationship()


class Concern(Base):
    """A named objection; open until its author resolves it or the decider overrides it, with a reason."""

    __tablename__ = "concern"

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("team_request.id"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    name_id: Mapped[int] = mapped_column(ForeignKey("text.id"), comment="a few words: key reuse")
    text_id: Mapped[int] = mapped_column(ForeignKey("text.id"))
    created_at: Mapped[datetime]
    outcome: Mapped[ConcernOutcome | None] = mapped_column(choice_type(ConcernOutcome, "concern_outcome"))
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    closing_id: Mapped[int | None] = mapped_column(ForeignKey("text.id"), comment="why it was resolved or overridden")

    author: Mapped[Person] = relationship(foreign_keys=[author_id])
    closed_by: Mapped[Person | None] = relationship(foreign_keys=[closed_by_id])
    name: Mapped[Text] = relationship(foreign_keys=[name_id])
    text: Mapped[Text] = relationship(foreign_keys=[text_id])
    closing: Mapped[Text | None] = relationship(foreign_keys=[closing_id])


class Sponsorship(Base):
    """A member vouches for the candidate."""

    __tablename__ = "sponsorship"

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("team_request.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    text_id: Mapped[int | None] = mapped_column(ForeignKey("text.id"))
    created_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship()
    text: Mapped[Text | None] = relationship()


class Recusal(Base):
    """I take no part in this one. It cannot be taken back."""

    __tablename__ = "recusal"
    __table_args__ = (UniqueConstraint("request_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("team_request.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    reason_id: Mapped[int | None] = mapped_column(ForeignKey("text.id"))
    created_at: Mapped[datetime]

    person: Mapped[Person] = relationship()
    reason: Mapped[Text | None] = relationship()


class Evidence(Base):
    """A locked assessment, pinned as it is, or a link. It never blocks submitting."""

    __tablename__ = "evidence"

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("team_request.id"), index=True)
    type: Mapped[EvidenceType] = mapped_column(choice_type(EvidenceType, "evidence_type"))
    assessment_id: Mapped[int | None] = mapped_column(ForeignKey("assessment.id"), index=True)
    url: Mapped[str | None] = mapped_column(String(2000))
    title_id: Mapped[int | None] = mapped_column(ForeignKey("text.id"))
    added_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    added_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]

    assessment: Mapped[Assessment | None] = relationship()
    title: Mapped[Text | None] = relationship()
    added_by: Mapped[Person] = relationship()


class DecisionNote(Base):
    """A private note of those who decide."""

    __tablename__ = "decision_note"

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("team_request.id"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    text_id: Mapped[int] = mapped_column(ForeignKey("text.id"))
    created_at: Mapped[datetime]

    author: Mapped[Person] = relationship()
    text: Mapped[Text] = relationship()
