"""Tables of a team request: what is asked for, revision by revision, and what was decided."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.access.models import ItemType
from portal.audit.models import Text
from portal.database import Base, choice_type
from portal.people.models import Person
from portal.requests.workflow import State


class ItemAction(StrEnum):
    ADD = "add"
    REMOVE = "remove"


class TeamRequest(Base):
    """Anything put to the team. While it is a draft, what was typed so far stands in ``draft``."""

    __tablename__ = "team_request"
    __table_args__ = (
        Index("ix_team_request_state_id", "state", "id"),
        Index("ix_team_request_kind_id", "kind", "id"),
        Index("ix_team_request_candidate_id_id", "candidate_id", "id"),
        Index("ix_team_request_requester_id_id", "requester_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    state: Mapped[State] = mapped_column(choice_type(State, "state"))
    state_since: Mapped[datetime] = mapped_column(comment="when it came into this state")
    requester_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    candidate_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime] = mapped_column(comment="the last word or change")
    submitted_at: Mapped[datetime | None]
    discussion_at: Mapped[datetime | None] = mapped_column(comment="when discussion of the current revision began")
    agreed_at: Mapped[datetime | None] = mapped_column(comment="the candidate's I agree, where somebody else filed")
    closed_at: Mapped[datetime | None]
    revision_number: Mapped[int] = mapped_column(default=0)
    submission_id: Mapped[str] = mapped_column(String(64), unique=True)
    phorge_task: Mapped[int | None]
    draft: Mapped[dict[str, Any]]
    draft_version: Mapped[int] = mapped_column(default=0)
    comment_count: Mapped[int] = mapped_column(default=0)

    requester: Mapped[Person] = relationship(foreign_keys=[requester_id])
    candidate: Mapped[Person] = relationship(foreign_keys=[candidate_id])
    revisions: Mapped[list[Revision]] = relationship(back_populates="team_request", order_by="Revision.number")


class Revision(Base):
    """What is asked for, as it stood, with the rules it was submitted under."""

    __tablename__ = "revision"
    __table_args__ = (UniqueConstraint("request_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("team_request.id"))
    number: Mapped[int]
    candidate_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    created_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]
    rules: Mapped[dict[str, Any]] = mapped_column(comment="rule key -> value in force when it was submitted")

    team_request: Mapped[TeamRequest] = relationship(back_populates="revisions")
    items: Mapped[list[RequestedItem]] = relationship(order_by="RequestedItem.id")


class RequestedItem(Base):
    """One thing asked for."""

    __tablename__ = "requested_item"
    __table_args__ = (
        UniqueConstraint("revision_id", "action", "item_type", "item_key"),
        Index("ix_requested_item_item_type_item_key", "item_type", "item_key"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    revision_id: Mapped[int] = mapped_column(ForeignKey("revision.id"))
    action: Mapped[ItemAction] = mapped_column(choice_type(ItemAction, "item_action"))
    item_type: Mapped[ItemType] = mapped_column(choice_type(ItemType, "item_type"))
    item_key: Mapped[str] = mapped_column(String(64))
    until: Mapped[date | None] = mapped_column(comment="last day asked for; empty: no end")


class Answer(Base):
    """What the requester wrote under one question of the form. A change adds a row; the newest counts."""

    __tablename__ = "answer"
    __table_args__ = (Index("ix_answer_request_id_field", "request_id", "field"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("team_request.id"))
    field: Mapped[str] = mapped_column(String(32))
    text_id: Mapped[int] = mapped_column(ForeignKey("text.id"))
    created_at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))

    text: Mapped[Text] = relationship()


class SshKey(Base):
    """The public key offered with a request, and the proof that the accounts belong together."""

    __tablename__ = "ssh_key"

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("team_request.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    key_id: Mapped[int] = mapped_column(ForeignKey("text.id"))
    fingerprint: Mapped[str] = mapped_column(String(64), index=True)
    algorithm: Mapped[str] = mapped_column(String(32))
    bits: Mapped[int]
    shell_name: Mapped[str] = mapped_column(String(32))
    github_name: Mapped[str] = mapped_column(String(64))
    wiki_proof: Mapped[str] = mapped_column(String(2000), comment="where the key stands on the person's wiki page")
    github_proof: Mapped[str] = mapped_column(String(2000), comment="where the key stands in their repository")
    created_at: Mapped[datetime]
    replaced_at: Mapped[datetime | None]

    key: Mapped[Text] = relationship()


class Decision(Base):
    """Approve (all, some of the items, or with an end date) or not yet; one per revision."""

    __tablename__ = "decision"

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("team_request.id"), index=True)
    revision_id: Mapped[int] = mapped_column(ForeignKey("revision.id"), unique=True)
    approved: Mapped[bool] = mapped_column(index=True)
    capacity: Mapped[str] = mapped_column(String(16), comment="director, deputy or board")
    decided_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"), comment="for the Board: who recorded it")
    decided_at: Mapped[datetime] = mapped_column(index=True)
    reason_id: Mapped[int] = mapped_column(
        ForeignKey("text.id"), comment="approved: public; not yet: for the candidate and the team"
    )
    would_help_id: Mapped[int | None] = mapped_column(ForeignKey("text.id"))
    ask_again_on: Mapped[date | None]
    anyway_id: Mapped[int | None] = mapped_column(ForeignKey("text.id"), comment="why, although a check was not met")
    checks: Mapped[list[Any]] = mapped_column(comment="the checks as they stood: rule, met, weight")
    acting: Mapped[bool] = mapped_column(default=False, comment="decided by the Deputy for an absent Director")
    reviewed_at: Mapped[datetime | None]
    reviewed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    met_on: Mapped[date | None] = mapped_column(comment="the Board's meeting")
    minutes_url: Mapped[str | None] = mapped_column(String(2000))
    statement_id: Mapped[int | None] = mapped_column(
        ForeignKey("text.id"), comment="approved: what the public record says; emptied when the person asks"
    )

    team_request: Mapped[TeamRequest] = relationship()
    revision: Mapped[Revision] = relationship()
    decided_by: Mapped[Person] = relationship(foreign_keys=[decided_by_id])
    reason: Mapped[Text] = relationship(foreign_keys=[reason_id])
    would_help: Mapped[Text | None] = relationship(foreign_keys=[would_help_id])
    anyway: Mapped[Text | None] = relationship(foreign_keys=[anyway_id])
    statement: Mapped[Text | None] = relationship(foreign_keys=[statement_id])
    items: Mapped[list[DecisionItem]] = relationship()


class DecisionItem(Base):
    """One of the asked items as it was approved; never more than was asked."""

    __tablename__ = "decision_item"

    id: Mapped[int] = mapped_column(primary_key=True)
    decision_id: Mapped[int] = mapped_column(ForeignKey("decision.id"), index=True)
    requested_item_id: Mapped[int] = mapped_column(ForeignKey("requested_item.id"))
    until: Mapped[date | None]

    requested_item: Mapped[RequestedItem] = relationship()


class Referral(Base):
    """The decider handed the request to the Board, with a reason."""

    __tablename__ = "referral"

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("team_request.id"), index=True)
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]
    reason_id: Mapped[int] = mapped_column(ForeignKey("text.id"))

    by: Mapped[Person] = relationship()
    reason: Mapped[Text] = relationship()
