"""Tables of what people are told. None of it is on the timeline: it follows from the timeline."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.audit.models import Event
from portal.database import Base, choice_type
from portal.notifications.told import Group

INBOX = "inbox"  # the channel that everybody has; its deliveries are the inbox


class DeliveryState(StrEnum):
    """QUEUED waits for its channel; SENT; DROPPED: not theirs to read any more; PARKED: given up, for the operator."""

    QUEUED = "queued"
    SENT = "sent"
    DROPPED = "dropped"
    PARKED = "parked"


class Spread(Base):
    """The one row that says up to which event of the timeline deliveries were written."""

    __tablename__ = "spread"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(comment="the newest event that was turned into deliveries")


class Delivery(Base):
    """One event for one recipient by one channel: a person, or a room that a channel knows.

    ``key`` is stable: a channel makes its message id of it, so that what is sent twice is seen once.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("event_id", "channel", "person_id"),
        Index("ix_delivery_state_id", "state", "id"),
        Index("ix_delivery_state_channel_person_id_request_id", "state", "channel", "person_id", "request_id"),
        Index("ix_delivery_person_id_channel_done_at_id", "person_id", "channel", "done_at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True, comment="event.channel.recipient; the same at each try")
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"))
    request_id: Mapped[int | None] = mapped_column(comment="what belongs to one request arrives in order")
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    room: Mapped[str] = mapped_column(String(32), default="", comment="where it goes, if to no person")
    channel: Mapped[str] = mapped_column(String(16))
    reason: Mapped[Group] = mapped_column(choice_type(Group, "told_reason"), comment="why them")
    state: Mapped[DeliveryState] = mapped_column(choice_type(DeliveryState, "delivery_state"))
    created_at: Mapped[datetime]
    not_before: Mapped[datetime] = mapped_column(comment="when to try next")
    leased_until: Mapped[datetime | None] = mapped_column(comment="a worker has it; if it dies, another takes it then")
    tries: Mapped[int] = mapped_column(default=0)
    failure: Mapped[str] = mapped_column(String(64), default="", comment="what kind of failure the last try met")
    settled_at: Mapped[datetime | None] = mapped_column(comment="sent, dropped or parked")
    done_at: Mapped[datetime | None] = mapped_column(comment="inbox: the person is done with it")
    later_until: Mapped[datetime | None] = mapped_column(comment="inbox: hidden until then")

    event: Mapped[Event] = relationship()


class Turn(Base):
    """Whose turn it is at a request, as far as they were told, and since when."""

    __tablename__ = "turn"
    __table_args__ = (UniqueConstraint("request_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(comment="team_request.id; requests lie above notifications")
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    since: Mapped[datetime]


class Watching(StrEnum):
    """WATCH: told of everything they may read. MUTE: told only of their turn and of how it ended."""

    WATCH = "watch"
    MUTE = "mute"


class Watch(Base):
    """What somebody chose for a request; without a row, what their part in it brings."""

    __tablename__ = "watch"
    __table_args__ = (UniqueConstraint("request_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(comment="team_request.id; requests lie above notifications")
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    level: Mapped[Watching] = mapped_column(choice_type(Watching, "watching"))


class Reminder(Base):
    """That somebody was reminded of a duty, and whether the Director was told after that."""

    __tablename__ = "reminder"
    __table_args__ = (UniqueConstraint("duty", "subject_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    duty: Mapped[str] = mapped_column(String(16), comment="which kind of duty: decide, mark, set_up, concern")
    subject_id: Mapped[int] = mapped_column(comment="the row the duty is about")
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    since: Mapped[datetime] = mapped_column(comment="since when it was their duty: another duty is another row")
    reminded_at: Mapped[datetime]
    raised_at: Mapped[datetime | None] = mapped_column(comment="when the Director was told")
