"""Tables of standards and assessments."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.audit.models import Text
from portal.database import Base, choice_type
from portal.people.models import Person


class StandardState(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"


class Section(StrEnum):
    KNOWLEDGE = "knowledge"
    SKILL = "skill"
    BEHAVIOUR = "behaviour"


class AssessmentType(StrEnum):
    """The three types of the participant form (seed 002)."""

    SELF = "self"
    MENTOR = "mentor"
    FINAL = "final"


class MentoringType(StrEnum):
    """In which part the assessed person takes it (the participant form's header)."""

    MENTEE = "mentee"
    MENTOR = "mentor"
    PEER = "peer_support"


class AssessmentState(StrEnum):
    """``DECLINED``: a named marker said that they cannot do it; nothing is on it."""

    DRAFT = "draft"
    LOCKED = "locked"
    DECLINED = "declined"


class Seat(StrEnum):
    """As what a document belongs to a round of double marking. Both markings have the form's type "mentor"."""

    OWN = "own"
    MENTOR = "mentor"
    SECOND = "second"
    FINAL = "final"


class Score(StrEnum):
    """0 to 3, or not relevant to the current role."""

    NONE = "0"
    BASIC = "1"
    INDEPENDENT = "2"
    TEACHES = "3"
    NOT_APPLICABLE = "na"


class Standard(Base):
    """One version of the standard; immutable once published."""

    __tablename__ = "standard"

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(unique=True)
    title: Mapped[str] = mapped_column(String(255))
    state: Mapped[StandardState] = mapped_column(choice_type(StandardState, "standard_state"))
    source: Mapped[str]
    published_at: Mapped[datetime | None]

    items: Mapped[list[StandardItem]] = relationship(order_by="StandardItem.position", back_populates="standard")


class StandardItem(Base):
    __tablename__ = "standard_item"
    __table_args__ = (UniqueConstraint("standard_id", "key"), UniqueConstraint("standard_id", "position"))

    id: Mapped[int] = mapped_column(primary_key=True)
    standard_id: Mapped[int] = mapped_column(ForeignKey("standard.id"))
    key: Mapped[str] = mapped_column(String(64), comment="the same item keeps its key across versions")
    position: Mapped[int]
    section: Mapped[Section] = mapped_column(choice_type(Section, "section"))
    title: Mapped[str] = mapped_column(String(255))
    description: Mapped[str]
    stack_area: Mapped[str] = mapped_column(String(64))
    role_focus: Mapped[str] = mapped_column(String(64))

    standard: Mapped[Standard] = relationship(back_populates="items")


class Marking(Base):
    """One round of double marking: one person, one version of the standard. How far it is follows from its documents.

    ``closed_at``: when both markers had agreed the final check.
    """

    __tablename__ = "marking"
    __table_args__ = (
        Index(
            "uq_marking_person_id_standard_id_open",
            "person_id",
            "standard_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True, comment="who is assessed")
    standard_id: Mapped[int] = mapped_column(ForeignKey("standard.id"))
    opened_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    standard: Mapped[Standard] = relationship()


ONE_IN_A_SEAT = "state <> 'declined' AND supersedes_id IS NULL"  # a correction follows the document it corrects


class Assessment(Base):
    """A person's scores against one version. Locked: nothing in it changes any more; a correction supersedes it.

    ``co_marker_id``: on a final check, the other of the two who agree it.
    """

    __tablename__ = "assessment"
    __table_args__ = (
        Index("ix_assessment_person_id_state", "person_id", "state"),
        Index(
            "uq_assessment_marking_id_seat_live",
            "marking_id",
            "seat",
            unique=True,
            sqlite_where=text(ONE_IN_A_SEAT),
            postgresql_where=text(ONE_IN_A_SEAT),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    standard_id: Mapped[int] = mapped_column(ForeignKey("standard.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), comment="who is assessed")
    marker_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True, comment="who gives the scores")
    type: Mapped[AssessmentType] = mapped_column(choice_type(AssessmentType, "assessment_type"))
    state: Mapped[AssessmentState] = mapped_column(choice_type(AssessmentState, "assessment_state"))
    username: Mapped[str] = mapped_column(String(255), comment="as on the form's header, on that day")
    role_focus: Mapped[str] = mapped_column(String(64))
    mentoring_type: Mapped[str] = mapped_column(String(64))
    assessed_on: Mapped[date]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    locked_at: Mapped[datetime | None]
    submission_id: Mapped[str | None] = mapped_column(String(64), unique=True)
    version: Mapped[int] = mapped_column(default=1)
    marking_id: Mapped[int | None] = mapped_column(ForeignKey("marking.id"), comment="the round it belongs to, if any")
    seat: Mapped[Seat | None] = mapped_column(choice_type(Seat, "assessment_seat"), comment="as what it belongs to it")
    co_marker_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    supersedes_id: Mapped[int | None] = mapped_column(
        ForeignKey("assessment.id"), unique=True, comment="the locked document that this one corrects"
    )
    others_in_view: Mapped[bool] = mapped_column(
        default=False, comment="locked when the other markings of the round could be read"
    )
    declined_id: Mapped[int | None] = mapped_column(ForeignKey("text.id"), comment="why its marker declined")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  # SQLAlchemy's own way to declare it

    standard: Mapped[Standard] = relationship()
    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    marker: Mapped[Person] = relationship(foreign_keys=[marker_id])
    co_marker: Mapped[Person | None] = relationship(foreign_keys=[co_marker_id])
    declined: Mapped[Text | None] = relationship()
    scores: Mapped[list[AssessmentScore]] = relationship(back_populates="assessment")


class AssessmentScore(Base):
    """One item of one assessment: the score, a remark and a link, each optional while it is a draft."""

    __tablename__ = "assessment_score"
    __table_args__ = (UniqueConstraint("assessment_id", "item_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    assessment_id: Mapped[int] = mapped_column(ForeignKey("assessment.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("standard_item.id"))
    score: Mapped[Score | None] = mapped_column(choice_type(Score, "score"))
    remark_id: Mapped[int | None] = mapped_column(ForeignKey("text.id"))
    link: Mapped[str | None] = mapped_column(String(2000))

    assessment: Mapped[Assessment] = relationship(back_populates="scores")
    item: Mapped[StandardItem] = relationship()
    remark: Mapped[Text | None] = relationship()


class Agreement(Base):
    """That one marker agreed to a final check as it stood; ``token`` names that content.

    A later change clears it: by whom and when is kept for the words on the page.
    """

    __tablename__ = "agreement"
    __table_args__ = (UniqueConstraint("assessment_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    assessment_id: Mapped[int] = mapped_column(ForeignKey("assessment.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    token: Mapped[str] = mapped_column(String(64))
    agreed_at: Mapped[datetime]
    cleared_at: Mapped[datetime | None]
    cleared_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    cleared_by: Mapped[Person | None] = relationship(foreign_keys=[cleared_by_id])
