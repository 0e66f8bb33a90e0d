"""Decided requests for tests, row by row: the record reads what the services of requests write."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from portal.access.models import ItemType
from portal.audit import services as audit
from portal.audit.models import Audience
from portal.extensions import db
from portal.people.models import Person
from portal.requests.models import Decision, DecisionItem, ItemAction, RequestedItem, Revision, TeamRequest
from portal.requests.workflow import State
from portal.web.unit_of_work import unit_of_work

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
CHECKS = [
    {"rule": "positions", "met": True, "weight": "required", "says": "%(found)s of %(needed)s spoke.",
     "values": {"found": 2, "needed": 1}},
    {"rule": "assessment", "met": False, "weight": "advised", "says": "No assessment is linked.", "values": {}},
]  # fmt: skip
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing asked for, and what the decision made of it."""

    key: str = "mediawiki-admins"
    type: ItemType = ItemType.ACCESS_GROUP
    action: ItemAction = ItemAction.ADD
    until: date | None = None
    given: bool = True
    given_until: date | None = None


def decided(
    candidate: Person,
    decider: Person,
    *items: Asked,
    approved: bool = True,
    kind: str = "access_expansion",
    at: datetime = NOON,
    reason: str = "The team discussed it.",
    anyway: str | None = None,
    requester: Person | None = None,
    checks: Sequence[dict[str, Any]] = CHECKS,
    **columns: Any,
) -> Decision:
    """A request with one revision and its decision, with the event of the decision."""
    asked = items or (Asked(),)
    with unit_of_work(at) as now:
        request = _request(candidate, requester or candidate, kind, State.APPROVED if approved else State.DECLINED, now)
        revision = Revision(
            request_id=request.id,
            number=1,
            candidate_id=candidate.id,
            created_by_id=request.requester_id,
            created_at=now,
            rules={},
            items=[
                RequestedItem(action=item.action, item_type=item.type, item_key=item.key, until=item.until)
                for item in asked
            ],
        )
        db.session.add(revision)
        db.session.flush()
        given = [(row, item) for row, item in zip(revision.items, asked, strict=True) if item.given and approved]
        decision = Decision(
            **{"capacity": "director", **columns},
            request_id=request.id,
            revision_id=revision.id,
            approved=approved,
            decided_by_id=decider.id,
            decided_at=now,
            reason_id=audit.write_text(decider.id, reason, at=now).id,
            anyway_id=audit.write_text(decider.id, anyway, at=now).id if anyway else None,
            checks=list(checks),
            items=[DecisionItem(requested_item_id=row.id, until=item.given_until) for row, item in given],
        )
        db.session.add(decision)
        db.session.flush()
        audit.record(
            "request.approved" if approved else "request.declined",
            actor_id=decider.id,
            at=now,
            request_id=request.id,
            person_id=candidate.id,
            subject_id=decision.id,
            audience=Audience.PUBLIC if approved else Audience.SHARED,
        )
    return decision


def withdrawn(candidate: Person, *, kind: str = "access_expansion", at: datetime = NOON, draft: bool = False) -> None:
    """A request that was taken back, or a draft that was thrown away."""
    with unit_of_work(at) as now:
        request = _request(candidate, candidate, kind, State.WITHDRAWN, now)
        request.submitted_at = None if draft else now


def _request(candidate: Person, requester: Person, kind: str, state: State, now: datetime) -> TeamRequest:
    request = TeamRequest(
        kind=kind,
        state=state,
        state_since=now,
        requester_id=requester.id,
        candidate_id=candidate.id,
        created_at=now,
        updated_at=now,
        submitted_at=now,
        closed_at=now,
        revision_number=1,
        submission_id=f"submission-{next(_numbers)}",
        draft={},
    )
    db.session.add(request)
    db.session.flush()
    return request
