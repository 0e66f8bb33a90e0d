"""What happens to requests by itself: a reminder of unanswered questions, then closing. Idempotent."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from portal.extensions import db
from portal.org.catalogue import WHOLE
from portal.requests import services
from portal.requests.discussion_models import Comment, CommentType
from portal.requests.discussion_services import open_questions
from portal.requests.models import TeamRequest
from portal.requests.workflow import Action, State
from portal.rules import queries as rules


def tick(now: datetime) -> int:
    """Remind of and close what waits for an answer. Returns how many requests were touched."""
    values = rules.values_for(WHOLE, now)
    remind = timedelta(days=int(values["question_reminder_days"]))
    close = timedelta(days=int(values["question_close_days"]))
    return _remind(now, remind) + _close(now, remind, close)


def _waiting(now: datetime, longer_than: timedelta) -> list[TeamRequest]:
    oldest = (
        select(Comment.request_id)
        .where(Comment.type == CommentType.QUESTION, Comment.created_at <= now - longer_than)
        .distinct()
    )
    query = select(TeamRequest).where(TeamRequest.state == State.NEEDS_INFORMATION, TeamRequest.id.in_(oldest))
    return list(db.session.scalars(query.order_by(TeamRequest.id)))


def _remind(now: datetime, after: timedelta) -> int:
    touched = 0
    for row in _waiting(now, after):
        due = [q for q in open_questions(row.id) if q.reminded_at is None and now - q.created_at >= after]
        for question in due:
            question.reminded_at = now
            services.note(row, "question.reminded", None, now=now, subject_id=question.id)
        touched += bool(due)
    return touched


def _close(now: datetime, remind: timedelta, close: timedelta) -> int:
    """Close what stayed unanswered, but never without a reminder in time, whatever the clock missed."""
    touched = 0
    for row in _waiting(now, close):
        due = [
            question
            for question in open_questions(row.id)
            if now - max(question.created_at, row.state_since) >= close
            and question.reminded_at is not None
            and now - question.reminded_at >= close - remind
        ]
        if due:
            services.move(row, Action.EXPIRE, now=now)
            services.note(row, "request.closed_without_reply", None, now=now)
            touched += 1
    return touched
