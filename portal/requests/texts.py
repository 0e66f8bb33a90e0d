"""Where the texts of a request stand, what each is, and what one must be allowed to do to read it: one table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import CompoundSelect, String, bindparam, case, exists, literal, select, union_all
from sqlalchemy.orm import aliased

from portal.audit.models import Text
from portal.index.models import What
from portal.requests.discussion_models import (
    Comment,
    CommentAudience,
    Concern,
    DecisionNote,
    Evidence,
    Position,
    Recusal,
    Sponsorship,
)
from portal.requests.models import Answer, Decision, Referral, SshKey
from portal.requests.workflow import Action

_later = aliased(Answer)
NEWEST_ANSWER = ~exists().where(
    _later.request_id == Answer.request_id, _later.field == Answer.field, _later.id > Answer.id
)
READ_COMMENT = case(
    (Comment.audience == CommentAudience.TEAM, literal(str(Action.READ_TEAM), String)),
    else_=literal(str(Action.READ), String),
)


@dataclass(frozen=True, slots=True)
class Place:
    """A column that points to texts. ``what``: as which a search finds it, None: none does; ``shown``: SQL, while
    the page of the request shows it; ``at``: when it was said.
    """

    column: Any
    needs: Any  # an Action, or SQL that names one
    what: What | None = None
    at: Any = None
    shown: tuple[Any, ...] = ()

    @property
    def model(self) -> Any:
        return self.column.class_

    @property
    def action(self) -> Any:
        return literal(str(self.needs), String) if isinstance(self.needs, Action) else self.needs


PLACES = (
    Place(Answer.text_id, Action.READ, What.ANSWER, Answer.created_at, (NEWEST_ANSWER,)),
    Place(Comment.text_id, READ_COMMENT, What.COMMENT, Comment.created_at),
    Place(
        Sponsorship.text_id,
        Action.READ,
        What.SPONSORSHIP,
        Sponsorship.created_at,
        (Sponsorship.withdrawn_at.is_(None),),
    ),
    Place(Evidence.title_id, Action.READ, What.EVIDENCE, Evidence.added_at, (Evidence.removed_at.is_(None),)),
    Place(Decision.reason_id, Action.READ, What.REASON, Decision.decided_at),
    Place(Decision.would_help_id, Action.READ, What.WOULD_HELP, Decision.decided_at),
    Place(Decision.anyway_id, Action.READ, What.ANYWAY, Decision.decided_at),
    Place(Referral.reason_id, Action.READ, What.REFERRAL, Referral.at),
    Place(Position.text_id, Action.READ_TEAM, What.POSITION, Position.created_at),
    Place(Concern.name_id, Action.READ_TEAM, What.CONCERN_NAME, Concern.created_at),
    Place(Concern.text_id, Action.READ_TEAM, What.CONCERN, Concern.created_at),
    Place(Concern.closing_id, Action.READ_TEAM, What.CONCERN_CLOSED, Concern.closed_at),
    Place(DecisionNote.text_id, Action.NOTE, What.NOTE, DecisionNote.created_at),
    Place(Recusal.reason_id, Action.READ_REASONS),
    Place(SshKey.key_id, Action.READ_KEY),
)


@cache
def of_request() -> CompoundSelect[Any]:
    """SQL: every text of the request ``id``, and the action one must be allowed to read it: (text id, action)."""
    parts = [select(place.column, place.action).where(place.model.request_id == bindparam("id")) for place in PLACES]
    return union_all(*parts)


@cache
def shown(*, of_one: bool) -> CompoundSelect[Any]:
    """SQL: what can be found, of the request ``id`` or of all, without what was emptied.

    (moment, what, id of the row, request id, text id, action)
    """
    parts = []
    for place in PLACES:
        if place.what is not None:
            what, model = literal(str(place.what), String), place.model
            columns = (place.at.label("at"), what, model.id, model.request_id, place.column, place.action)
            query = select(*columns).join(Text, Text.id == place.column).where(Text.body.is_not(None), *place.shown)
            parts.append(query.where(model.request_id == bindparam("id")) if of_one else query)
    return union_all(*parts)
