"""The discussion: comments, questions and answers, positions, sponsorship, recusal."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from portal.audit import services as audit
from portal.audit.models import Audience, Text
from portal.errors import Conflict, Message, NotPermitted, NotVisible, WrongState
from portal.extensions import db
from portal.org.catalogue import WHOLE
from portal.people.facts import PersonFacts
from portal.requests import filing_checks, policy, queries, services
from portal.requests.discussion_models import (
    Comment,
    CommentAudience,
    CommentType,
    Position,
    Recusal,
    Relation,
    Sponsorship,
    Stance,
)
from portal.requests.facts import RequestFacts
from portal.requests.models import TeamRequest
from portal.requests.workflow import Action, State
from portal.rules import queries as rules

AUDIENCES = {CommentAudience.TEAM: Audience.TEAM, CommentAudience.SHARED: Audience.SHARED}


class TextConflict(Conflict):
    """The text was changed elsewhere in the meantime; ``current`` is what stands there now."""

    def __init__(self, current: str) -> None:
        super().__init__("This text was changed in another window. Nothing was overwritten.")
        self.current = current


class RevisedSinceRead(Conflict):
    """A position on a revision that is no longer the current one; ``revision`` is."""

    def __init__(self, revision: int) -> None:
        super().__init__("What is asked for was changed while you read it. Read it again, then take your position.")
        self.revision = revision


def comment(
    actor_id: int,
    request_id: int,
    body: str,
    *,
    audience: CommentAudience,
    now: datetime,
) -> Comment:
    """Say something, to the team alone or shared with the candidate."""
    action = Action.COMMENT_TEAM if audience is CommentAudience.TEAM else Action.COMMENT
    row = services.open_for(actor_id, request_id, action, now=now).row
    return _say(row, actor_id, body, type=CommentType.COMMENT, audience=audience, now=now)


def ask(actor_id: int, request_id: int, body: str, *, now: datetime) -> Comment:
    """Ask the candidate: the request needs information until they answer."""
    row = services.open_for(actor_id, request_id, Action.ASK, now=now).row
    services.move(row, Action.ASK, now=now)
    return _say(
        row,
        actor_id,
        body,
        type=CommentType.QUESTION,
        audience=CommentAudience.SHARED,
        now=now,
    )


def answer(actor_id: int, request_id: int, question_id: int, body: str, *, now: datetime) -> Comment:
    """Answer a question. The last answer moves the request back; a late one reopens it. Raises WrongState."""
    opened = services.open_for(actor_id, request_id, Action.ANSWER, now=now)
    row = opened.row
    question = db.session.get(Comment, question_id)
    if question is None or question.request_id != row.id or question.type is not CommentType.QUESTION:
        raise NotVisible()
    late = timedelta(days=int(rules.values_for(WHOLE, now)["question_reopen_days"]))
    if row.state is State.CLOSED and (opened.facts.closed_at is None or now - opened.facts.closed_at > late):
        raise WrongState("This request was closed too long ago. File a new one.")
    said = _say(
        row,
        actor_id,
        body,
        type=CommentType.ANSWER,
        audience=CommentAudience.SHARED,
        now=now,
        answers_id=question_id,
    )
    _after_answer(row, actor_id, now=now)
    return said


def _after_answer(row: TeamRequest, actor_id: int, *, now: datetime) -> None:
    db.session.flush()
    if open_questions(row.id):
        return
    if row.state is State.CLOSED:
        filing_checks.refuse_duplicate(row, queries.current_revision(row))
        services.move(row, Action.LATE_ANSWER, now=now)
        services.note(row, "request.reopened_by_answer", actor_id, now=now)
    elif row.state in (State.NEEDS_INFORMATION, State.WITH_BOARD):
        services.move(row, Action.LAST_ANSWER, now=now)


def open_questions(request_id: int) -> list[Comment]:
    """Questions without an answer, the oldest first."""
    replied = select(Comment.answers_id).where(Comment.request_id == request_id, Comment.answers_id.is_not(None))
    query = select(Comment).where(
        Comment.request_id == request_id, Comment.type == CommentType.QUESTION, Comment.id.not_in(replied)
    )
    return list(db.session.scalars(query.order_by(Comment.id)))


def _say(
    row: TeamRequest,
    actor_id: int,
    body: str,
    *,
    type: CommentType,
    audience: CommentAudience,
    now: datetime,
    answers_id: int | None = None,
) -> Comment:
    text = audit.write_text(actor_id, body, at=now)
    said = Comment(
        request_id=row.id,
        author_id=actor_id,
        type=type,
        audience=audience,
        text_id=text.id,
        created_at=now,
        answers_id=answers_id,
    )
    db.session.add(said)
    db.session.flush()
    row.comment_count += 1
    services.note(
        row,
        f"{type}.added",
        actor_id,
        now=now,
        audience=AUDIENCES[audience],
        subject_id=said.id,
        text=audit.text_hash(text),
    )
    return said


def edit_comment(
    actor_id: int, request_id: int, comment_id: int, body: str, *, base_text_id: int, now: datetime
) -> Comment:
    """Change one's own words; earlier versions are kept. Raises TextConflict, NotPermitted."""
    opened = services.open_only(actor_id, request_id, now=now)
    said = editable_comment(opened.actor, opened.facts, comment_id)
    before = db.session.get_one(Text, said.text_id)
    if before.body == body:
        return said
    if before.id != base_text_id:
        raise TextConflict(before.body or "")
    text = audit.write_text(actor_id, body, at=now, previous=before)
    said.text_id, said.edited_at = text.id, now
    services.note(
        opened.row,
        "comment.edited",
        actor_id,
        now=now,
        audience=AUDIENCES[said.audience],
        subject_id=said.id,
        text=audit.text_hash(text),
    )
    return said


def editable_comment(actor: PersonFacts, facts: RequestFacts, comment_id: int) -> Comment:
    """A comment of this request that this person may change. Raises NotVisible, NotPermitted, WrongState."""
    policy.require(actor, Action.READ, facts)
    said = queries.comment_of(facts.id, comment_id)
    team = said is not None and said.audience is CommentAudience.TEAM
    if said is None or (team and said.author_id != actor.id and not policy.may(actor, Action.READ_TEAM, facts)):
        raise NotVisible()
    if said.author_id != actor.id:
        raise NotPermitted("Only the person who wrote it can change it.")
    policy.require(actor, Action.COMMENT_TEAM if team else Action.COMMENT, facts)
    if said.text.is_redacted:
        raise WrongState("This comment was removed.")
    return said


def take_position(
    actor_id: int,
    request_id: int,
    stance: Stance,
    *,
    sentence: str | None,
    relation: Relation | None,
    revision_number: int,
    now: datetime,
) -> Position:
    """Support, neutral or oppose, on the revision one has read; the newest counts. Raises RevisedSinceRead."""
    row = services.open_for(actor_id, request_id, Action.TAKE_POSITION, now=now).row
    if revision_number != row.revision_number:
        raise RevisedSinceRead(row.revision_number)
    revision = queries.current_revision(row)
    newest = db.session.scalars(
        select(Position)
        .where(Position.revision_id == revision.id, Position.person_id == actor_id)
        .order_by(Position.id.desc())
        .limit(1)
    ).first()
    if newest and (newest.stance, newest.relation, newest.text.body if newest.text else None) == (
        stance,
        relation,
        sentence,
    ):
        return newest
    text = audit.write_text(actor_id, sentence, at=now) if sentence else None
    position = Position(
        request_id=row.id,
        revision_id=revision.id,
        person_id=actor_id,
        stance=stance,
        relation=relation,
        text_id=text.id if text else None,
        created_at=now,
    )
    db.session.add(position)
    db.session.flush()
    services.note(
        row,
        "position.taken",
        actor_id,
        now=now,
        audience=Audience.TEAM,
        subject_id=position.id,
        stance=str(stance),
        revision=row.revision_number,
        text=audit.text_hash(text),
    )
    return position


def sponsor(actor_id: int, request_id: int, sentence: str | None, *, now: datetime) -> Sponsorship:
    """Vouch for the candidate. Whoever once sponsored does not decide. Raises WrongState when done already."""
    opened = services.open_for(actor_id, request_id, Action.SPONSOR, now=now)
    if actor_id in opened.facts.sponsors:
        raise WrongState("You sponsor this request already.")
    text = audit.write_text(actor_id, sentence, at=now) if sentence else None
    sponsorship = Sponsorship(
        request_id=opened.row.id, person_id=actor_id, text_id=text.id if text else None, created_at=now
    )
    db.session.add(sponsorship)
    db.session.flush()
    services.note(opened.row, "sponsorship.given", actor_id, now=now, subject_id=sponsorship.id)
    return sponsorship


def withdraw_sponsorship(actor_id: int, request_id: int, *, now: datetime) -> None:
    """No longer vouch for the candidate."""
    row = services.open_for(actor_id, request_id, Action.WITHDRAW_SPONSORSHIP, now=now).row
    living = select(Sponsorship).where(
        Sponsorship.request_id == row.id, Sponsorship.person_id == actor_id, Sponsorship.withdrawn_at.is_(None)
    )
    for sponsorship in db.session.scalars(living):
        sponsorship.withdrawn_at = now
    services.note(row, "sponsorship.withdrawn", actor_id, now=now)


def recuse(actor_id: int, request_id: int, reason: str | None, *, now: datetime) -> Recusal:
    """Take no part in this one. It cannot be taken back."""
    opened = services.open_for(actor_id, request_id, Action.RECUSE, now=now)
    if actor_id in opened.facts.recused:
        raise WrongState(Message("You recused yourself already."))
    text = audit.write_text(actor_id, reason, at=now) if reason else None
    recusal = Recusal(request_id=opened.row.id, person_id=actor_id, reason_id=text.id if text else None, created_at=now)
    db.session.add(recusal)
    db.session.flush()
    services.note(opened.row, "recusal.declared", actor_id, now=now, audience=Audience.TEAM, subject_id=recusal.id)
    return recusal
