"""What time brings to requests: a turn that begins without anybody's act, and the word that one waits too long.

Both are events, so that everybody is told in the way of all events. Idempotent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import func, literal_column, select, union_all

from portal.audit import services as audit
from portal.audit.models import Audience, Event
from portal.errors import Message
from portal.extensions import db
from portal.notifications import turns
from portal.notifications.duties import Duty
from portal.notifications.models import Spread, Turn
from portal.requests import fact_queries, readiness, words
from portal.requests.discussion_models import Concern
from portal.requests.facts import RequestFacts
from portal.requests.models import TeamRequest
from portal.requests.workflow import OPEN_STATES, UNDER_DISCUSSION, State

AT_ONCE = 200  # requests
TURN, CONCERN = "turn", "concern"  # kinds of duties
CALLED = {TURN: Message("Turn at a request"), CONCERN: Message("Open concern at a request")}


def tick(now: datetime) -> int:
    """Look at every open request. Returns how many events were written."""
    count = 0
    for rows in _open_requests():
        known = fact_queries.known_of_many(rows, now)
        facts = [known[row.id].facts for row in rows]
        count += _turns(facts, now) + _overdue(facts, now)
    return count


def _open_requests() -> Iterator[Sequence[TeamRequest]]:
    after = 0
    while True:
        query = select(TeamRequest).where(TeamRequest.state.in_(OPEN_STATES), TeamRequest.id > after)
        rows = db.session.scalars(query.order_by(TeamRequest.id).limit(AT_ONCE)).all()
        if not rows:
            return
        yield rows
        after = rows[-1].id


def _turns(requests: Sequence[RequestFacts], now: datetime) -> int:
    """Record the turns that began by time, absence or appointment; those that came with an event are told with it."""
    weights, before = fact_queries.weights(), turns.known(facts.id for facts in requests)
    unread = _with_news({facts.id for facts in requests})
    count = 0
    for facts in requests:
        if facts.id in unread:
            continue  # who reads the timeline finds the turn there
        was, is_now = before.get(facts.id, frozenset()), words.turn(facts, readiness.checks(facts, weights)).people
        turns.end({(facts.id, person_id) for person_id in was - is_now}, now=now)
        if is_now - was:
            audit.record(turns.BEGAN, actor_id=None, at=now, request_id=facts.id, audience=Audience.SHARED)
            count += 1
    return count


def _with_news(ids: set[int]) -> set[int]:
    """Those of these requests to which something happened that was not turned into deliveries yet."""
    read = db.session.scalar(select(Spread.event_id)) or 0
    news = select(Event.request_id).where(Event.id > read, Event.request_id.in_(ids))
    return {id for id in db.session.scalars(news) if id is not None}


def _overdue(requests: Sequence[RequestFacts], now: datetime) -> int:
    """Say once per discussion, publicly and without names, that a request still waits."""
    late = {facts.id: facts for facts in requests if readiness.is_overdue(facts)}
    said = select(Event.request_id, func.max(Event.at)).where(Event.code == "request.overdue")
    rows = db.session.execute(said.where(Event.request_id.in_(late)).group_by(Event.request_id))
    newest = {row[0]: row[1] for row in rows}
    count = 0
    for id, facts in late.items():
        if id not in newest or (facts.discussion_at is not None and newest[id] < facts.discussion_at):
            audit.record("request.overdue", actor_id=None, at=now, request_id=id, audience=Audience.PUBLIC)
            count += 1
    return count


def duties(now: datetime) -> Iterator[Duty]:
    """Who decides, was asked to agree, or raised a concern that is still open. A question has reminders of its own."""
    # The words are written out: what a union selects first says of what type its rows are.
    turn, concern = (cast(Any, literal_column(f"'{kind}'")) for kind in (TURN, CONCERN))
    waits = select(turn, Turn.request_id, Turn.request_id, Turn.person_id, Turn.since)
    waits = waits.join(TeamRequest, TeamRequest.id == Turn.request_id)
    owned = select(concern, Concern.id, Concern.request_id, Concern.author_id, Concern.created_at)
    owned = owned.join(TeamRequest, TeamRequest.id == Concern.request_id).where(Concern.closed_at.is_(None))
    query = union_all(
        waits.where(TeamRequest.state.in_(OPEN_STATES - {State.NEEDS_INFORMATION})),
        owned.where(TeamRequest.state.in_(UNDER_DISCUSSION)),
    )
    for kind, subject_id, request_id, person_id, since in db.session.execute(query):
        audience = Audience.TEAM if kind == CONCERN else Audience.SHARED
        yield Duty(kind, subject_id, person_id, since, "duty", audience, request_id)
