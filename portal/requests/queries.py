"""Reading requests. What a person may read is decided here, where it is loaded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import BindParameter, ColumnElement, Select, bindparam, exists, false, func, or_, select, tuple_
from sqlalchemy.orm import joinedload, selectinload

from portal.access.models import ItemType
from portal.audit.models import Event
from portal.errors import NotVisible
from portal.extensions import db
from portal.people.facts import PersonFacts
from portal.requests import fact_queries, policy
from portal.requests.discussion_models import Comment, Evidence, Sponsorship
from portal.requests.fact_queries import Known
from portal.requests.facts import RequestFacts
from portal.requests.models import (
    Answer,
    Decision,
    DecisionItem,
    Referral,
    RequestedItem,
    Revision,
    SshKey,
    TeamRequest,
)
from portal.requests.workflow import OPEN_STATES, UNDER_DISCUSSION, Action, State


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as somebody may see it: the row, its facts, what they may do."""

    row: TeamRequest
    known: Known
    actions: frozenset[Action]

    @property
    def facts(self) -> RequestFacts:
        return self.known.facts


def get_visible(person: PersonFacts | None, request_id: int, now: datetime) -> Seen:
    """The request, if this person may read it. Raises NotVisible, whether it is absent or not theirs to read."""
    row = db.session.scalars(_by_id(), {"id": request_id}).one_or_none()
    if row is None or person is None:
        raise NotVisible()
    known = fact_queries.known(row, now)
    refused = policy.refusal(person, Action.READ, known.facts)
    if refused:
        raise refused
    return Seen(row, known, policy.allowed(person, known.facts))


@cache
def _by_id() -> Select[TeamRequest]:
    query = select(TeamRequest).where(TeamRequest.id == bindparam("id"))
    return query.options(joinedload(TeamRequest.requester), joinedload(TeamRequest.candidate))


def visible_to(person: PersonFacts | None) -> Select[TeamRequest]:
    """All submitted requests this person may read, and their own drafts; to be filtered further."""
    query = select(TeamRequest).options(joinedload(TeamRequest.requester), joinedload(TeamRequest.candidate))
    return query.where(readable(person))


def readable(person: PersonFacts | None) -> ColumnElement[bool]:
    """SQL: this person may read the request."""
    if person is None:
        return TeamRequest.id < 0
    return readable_by(person.id, inside=person.is_member or person.is_board)


def readable_by(person_id: int | BindParameter[int], *, inside: bool) -> ColumnElement[bool]:
    """SQL: the person of this id may read the request; ``inside``: a member, or of the Board."""
    own = or_(
        TeamRequest.requester_id == person_id,
        (TeamRequest.candidate_id == person_id) & (TeamRequest.state != State.DRAFT),
    )
    return or_(own, TeamRequest.state != State.DRAFT) if inside else own


def current_revision(row: TeamRequest) -> Revision:
    """The newest revision with its items."""
    query = (
        select(Revision)
        .where(Revision.request_id == row.id, Revision.number == row.revision_number)
        .options(selectinload(Revision.items))
    )
    return db.session.scalars(query).one()


def sponsors_of(candidate_id: int) -> list[int]:
    """Who vouches for this person on a request that is open."""
    query = (
        select(Sponsorship.person_id)
        .join(TeamRequest, TeamRequest.id == Sponsorship.request_id)
        .where(TeamRequest.candidate_id == candidate_id, TeamRequest.state.in_(OPEN_STATES))
        .where(Sponsorship.withdrawn_at.is_(None))
    )
    return list(db.session.scalars(query.distinct()))


def answers(request_id: int) -> dict[str, Answer]:
    """The newest answer to each question."""
    query = select(Answer).where(Answer.request_id == request_id).options(joinedload(Answer.text)).order_by(Answer.id)
    return {answer.field: answer for answer in db.session.scalars(query)}


def edit_base(request_id: int, revision_number: int) -> str:
    """Names the version an edit form was filled from."""
    newest = select(func.max(Answer.id)).where(Answer.request_id == request_id).scalar_subquery()
    edited = db.session.execute(select(newest, TeamRequest.phorge_task).where(TeamRequest.id == request_id)).one()
    version = f"{request_id}/{revision_number}/{edited[0] or 0}/{edited[1]}"
    return hashlib.sha256(version.encode()).hexdigest()[:32]


def ssh_key(request_id: int) -> SshKey | None:
    """The key that is offered with the request now."""
    query = (
        select(SshKey)
        .where(SshKey.request_id == request_id, SshKey.replaced_at.is_(None))
        .options(joinedload(SshKey.key))
        .order_by(SshKey.id.desc())
        .limit(1)
    )
    return db.session.scalars(query).first()


def open_duplicate(candidate_id: int, items: Iterable[tuple[str, str, str]], own_id: int) -> int | None:
    """The id of another open request that asks one of these (action, type, key) for the same person."""
    wanted = list(items)
    if not wanted:
        return None
    return db.session.scalars(
        select(TeamRequest.id)
        .join(Revision, (Revision.request_id == TeamRequest.id) & (Revision.number == TeamRequest.revision_number))
        .join(RequestedItem, RequestedItem.revision_id == Revision.id)
        .where(
            TeamRequest.candidate_id == candidate_id,
            TeamRequest.state.in_(OPEN_STATES),
            TeamRequest.id != own_id,
            tuple_(RequestedItem.action, RequestedItem.item_type, RequestedItem.item_key).in_(wanted),
        )
        .order_by(TeamRequest.id)
        .limit(1)
    ).first()


def decisions(request_id: int) -> list[Decision]:
    """The decisions of a request, the newest first."""
    return list(db.session.scalars(_decisions(), {"id": request_id}).unique())


@cache
def _decisions() -> Select[Decision]:
    parts = [joinedload(part) for part in (Decision.decided_by, Decision.reason, Decision.would_help, Decision.anyway)]
    items = joinedload(Decision.items).joinedload(DecisionItem.requested_item)
    query = select(Decision).where(Decision.request_id == bindparam("id"))
    return query.options(*parts, items).order_by(Decision.id.desc())


def decision_on(revision_id: int) -> Decision | None:
    """The decision on this revision, if there is one."""
    query = select(Decision).where(Decision.revision_id == revision_id).options(joinedload(Decision.decided_by))
    return db.session.scalars(query).one_or_none()


def newest_referral(request_id: int) -> Referral | None:
    """The referral to the Board, if there was one."""
    query = (
        select(Referral)
        .where(Referral.request_id == request_id)
        .options(joinedload(Referral.by), joinedload(Referral.reason))
        .order_by(Referral.id.desc())
        .limit(1)
    )
    return db.session.scalars(query).first()


def asks_for(item_type: str, item_key: str) -> ColumnElement[bool]:
    """SQL: the request's current revision asks for this item."""
    if item_type not in list(ItemType):
        return false()
    return exists(
        select(RequestedItem.id)
        .join(Revision, RequestedItem.revision_id == Revision.id)
        .where(
            Revision.request_id == TeamRequest.id,
            Revision.number == TeamRequest.revision_number,
            RequestedItem.item_type == item_type,
            RequestedItem.item_key == item_key,
        )
    )


def overdue() -> list[tuple[str, int]]:
    """How many requests of each kind still wait a week after their discussion could have ended; names nobody."""
    said = exists().where(
        Event.request_id == TeamRequest.id,
        Event.code == "request.overdue",
        Event.at >= TeamRequest.discussion_at,
    )
    waits = select(TeamRequest.kind, func.count()).where(TeamRequest.state.in_(UNDER_DISCUSSION), said)
    rows = db.session.execute(waits.group_by(TeamRequest.kind).order_by(TeamRequest.kind))
    return [(kind, count) for kind, count in rows]


def drafts_of(person_id: int) -> list[TeamRequest]:
    """What the person began and has not submitted."""
    query = select(TeamRequest).where(TeamRequest.requester_id == person_id, TeamRequest.state == State.DRAFT)
    return list(db.session.scalars(query.order_by(TeamRequest.id.desc()).limit(5)))


def evidence_ids(request_id: int) -> list[int]:
    """The evidence that is linked now."""
    query = select(Evidence.id).where(Evidence.request_id == request_id, Evidence.removed_at.is_(None))
    return list(db.session.scalars(query.order_by(Evidence.id)))


def awaiting_review(director_id: int) -> list[Decision]:
    """What the acting Deputy decided and the Director has not reviewed, except on the Director's own requests."""
    query = (
        select(Decision)
        .join(TeamRequest, Decision.request_id == TeamRequest.id)
        .where(Decision.acting.is_(True), Decision.reviewed_at.is_(None), TeamRequest.candidate_id != director_id)
        .order_by(Decision.id)
    )
    return list(db.session.scalars(query))


def comment_of(request_id: int, comment_id: int) -> Comment | None:
    """A comment with its text, if it belongs to this request."""
    query = select(Comment).where(Comment.id == comment_id, Comment.request_id == request_id)
    return db.session.scalars(query.options(joinedload(Comment.text))).one_or_none()
