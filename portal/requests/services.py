"""What every service of a request begins and ends with: the locked row, its facts, the permission, the event."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.audit import services as audit
from portal.audit.models import Audience
from portal.errors import NotVisible
from portal.extensions import db
from portal.people import queries as people_queries
from portal.people.facts import PersonFacts
from portal.requests import fact_queries, policy, workflow
from portal.requests.facts import RequestFacts
from portal.requests.models import TeamRequest
from portal.requests.workflow import Action


@dataclass(frozen=True, slots=True)
class Opened:
    """A request that is locked for a change, with the facts as they are under the lock."""

    row: TeamRequest
    facts: RequestFacts
    actor: PersonFacts


def lock(request_id: int) -> TeamRequest:
    """The request's row, locked and as it is now. Raises NotVisible."""
    found = db.session.get(TeamRequest, request_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotVisible()
    return found


def open_for(actor_id: int, request_id: int, action: Action, *, now: datetime) -> Opened:
    """Lock the request and check that this person may do this now. Raises NotVisible, NotPermitted, WrongState."""
    opened = open_only(actor_id, request_id, now=now)
    policy.require(opened.actor, action, opened.facts)
    return opened


def open_only(actor_id: int, request_id: int, *, now: datetime) -> Opened:
    """Lock the request without asking for an action yet; the caller must."""
    row = lock(request_id)
    return Opened(row, fact_queries.facts_of(row, now), people_queries.facts(actor_id, now))


def move(row: TeamRequest, action: Action, *, now: datetime) -> None:
    """Take the request to the state this action leads to. Raises WrongState."""
    set_state(row, workflow.next_state(row.state, action), now=now)


def set_state(row: TeamRequest, state: workflow.State, *, now: datetime) -> None:
    """Put a state that `workflow` named on the row."""
    if state is not row.state:
        row.state, row.state_since = state, now
    row.closed_at = now if state in workflow.ENDED else None
    row.updated_at = now


def note(
    row: TeamRequest,
    code: str,
    actor_id: int | None,
    *,
    now: datetime,
    audience: Audience = Audience.SHARED,
    subject_id: int | None = None,
    person_id: int | None = None,
    **data: Any,
) -> None:
    """Record what happened to this request on the timeline."""
    row.updated_at = now
    audit.record(
        code,
        actor_id=actor_id,
        at=now,
        request_id=row.id,
        person_id=person_id,
        subject_id=subject_id,
        audience=audience,
        **data,
    )
