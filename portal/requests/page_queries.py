"""The parts of a request page, each in one statement. Who may read them is asked by `portal.requests.page`."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import joinedload, raiseload

from portal.audit.models import Text
from portal.extensions import db
from portal.people.facts import PersonFacts
from portal.requests import queries
from portal.requests.discussion_models import (
    Comment,
    CommentAudience,
    CommentType,
    Concern,
    DecisionNote,
    Evidence,
    Position,
    Recusal,
    Sponsorship,
)
from portal.requests.models import TeamRequest
from portal.requests.workflow import State

COMMENTS_SHOWN = 30


def comments_page(request_id: int, *, team: bool, before: int | None) -> tuple[list[Comment], int | None]:
    """The newest comments in the order they were said, and the id to go back from."""
    query = (
        select(Comment)
        .where(Comment.request_id == request_id)
        .options(joinedload(Comment.author), joinedload(Comment.text))
    )
    if not team:
        query = query.where(Comment.audience == CommentAudience.SHARED)
    if before:
        query = query.where(Comment.id < before)
    rows = list(db.session.scalars(query.order_by(Comment.id.desc()).limit(COMMENTS_SHOWN + 1)))
    shown = rows[:COMMENTS_SHOWN][::-1]
    return shown, shown[0].id if len(rows) > COMMENTS_SHOWN else None


def questions(request_id: int) -> list[tuple[Comment, list[Comment]]]:
    """Every question with its answers, the oldest first."""
    query = (
        select(Comment)
        .where(Comment.request_id == request_id, Comment.type != CommentType.COMMENT)
        .options(joinedload(Comment.author), joinedload(Comment.text))
        .order_by(Comment.id)
    )
    found: dict[int, tuple[Comment, list[Comment]]] = {}
    for comment in db.session.scalars(query):
        if comment.type is CommentType.QUESTION:
            found[comment.id] = (comment, [])
        elif comment.answers_id in found:
            found[comment.answers_id][1].append(comment)
    return list(found.values())


def positions(request_id: int) -> list[Position]:
    query = select(Position).where(Position.request_id == request_id).order_by(Position.id)
    return list(db.session.scalars(query.options(joinedload(Position.person), joinedload(Position.text))))


def concerns(request_id: int) -> list[Concern]:
    query = (
        select(Concern)
        .where(Concern.request_id == request_id)
        .options(
            joinedload(Concern.author),
            joinedload(Concern.closed_by),
            joinedload(Concern.name),
            joinedload(Concern.text),
            joinedload(Concern.closing),
        )
        .order_by(Concern.id)
    )
    return list(db.session.scalars(query))


def sponsorships(request_id: int) -> list[Sponsorship]:
    query = (
        select(Sponsorship)
        .where(Sponsorship.request_id == request_id, Sponsorship.withdrawn_at.is_(None))
        .options(joinedload(Sponsorship.person), joinedload(Sponsorship.text))
        .order_by(Sponsorship.id)
    )
    return list(db.session.scalars(query))


def recusals(request_id: int) -> list[Recusal]:
    """Who takes no part, without their reasons."""
    query = select(Recusal).where(Recusal.request_id == request_id).order_by(Recusal.id)
    return list(db.session.scalars(query.options(joinedload(Recusal.person), raiseload(Recusal.reason))))


def recusal_reasons(request_id: int, *, by: int | None) -> dict[int, Text]:
    """Why each of them takes no part, by person: of everybody, or of this person alone."""
    query = select(Recusal.person_id, Text).join(Text, Recusal.reason_id == Text.id)
    query = query.where(Recusal.request_id == request_id, Text.body.is_not(None))
    if by is not None:
        query = query.where(Recusal.person_id == by)
    return {row.person_id: row.Text for row in db.session.execute(query)}


def evidence(request_id: int) -> list[Evidence]:
    query = (
        select(Evidence)
        .where(Evidence.request_id == request_id, Evidence.removed_at.is_(None))
        .options(joinedload(Evidence.title), joinedload(Evidence.added_by), joinedload(Evidence.assessment))
        .order_by(Evidence.id)
    )
    return list(db.session.scalars(query))


def notes(request_id: int) -> list[DecisionNote]:
    query = select(DecisionNote).where(DecisionNote.request_id == request_id).order_by(DecisionNote.id)
    return list(db.session.scalars(query.options(joinedload(DecisionNote.author), joinedload(DecisionNote.text))))


def earlier(person: PersonFacts, row: TeamRequest) -> list[TeamRequest]:
    """Other requests about the same candidate that the reader may see, the newest first."""
    query = queries.visible_to(person).where(
        TeamRequest.candidate_id == row.candidate_id, TeamRequest.id != row.id, TeamRequest.state != State.DRAFT
    )
    return list(db.session.scalars(query.order_by(TeamRequest.id.desc()).limit(5)))
