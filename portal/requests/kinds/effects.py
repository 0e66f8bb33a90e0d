"""What an approval does, in the unit of work of the decision: roles at once, access as "approved"."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from portal.access import services as access
from portal.access.models import ItemType
from portal.people import services as people
from portal.requests.models import Decision, DecisionItem, ItemAction, TeamRequest


def end_of(day: date | None) -> datetime | None:
    """The moment something ends that is given until and including this day."""
    return datetime.combine(day + timedelta(days=1), time(), UTC) if day else None


def apply(team_request: TeamRequest, decision: Decision, *, now: datetime) -> None:
    """Carry out every approved item for the candidate."""
    for item in decision.items:
        _apply_item(team_request, decision, item, now=now)


def _apply_item(team_request: TeamRequest, decision: Decision, item: DecisionItem, *, now: datetime) -> None:
    asked = item.requested_item
    person_id, by_id = team_request.candidate_id, decision.decided_by_id
    adds = asked.action is ItemAction.ADD
    if asked.item_type is ItemType.ROLE and adds:
        people.assign_role(
            person_id,
            asked.item_key,
            by_id=by_id,
            decision_id=decision.id,
            request_id=team_request.id,
            now=now,
            until=end_of(item.until),
        )
    elif asked.item_type is ItemType.ROLE:
        people.end_role(
            person_id,
            asked.item_key,
            by_id=by_id,
            reason=None,
            now=now,
            decision_id=decision.id,
            request_id=team_request.id,
        )
    elif adds:
        access.approve(
            person_id,
            asked.item_type,
            asked.item_key,
            decision_id=decision.id,
            request_id=team_request.id,
            until=end_of(item.until),
            by_id=by_id,
            now=now,
        )
    else:
        access.revoke_for(
            person_id,
            asked.item_type,
            asked.item_key,
            by_id=by_id,
            reason=None,
            now=now,
            request_id=team_request.id,
            decision_id=decision.id,
        )
