"""What the addresses of pages name, in the demo data."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select

from portal.access import queries as access_queries
from portal.assessments.models import Assessment
from portal.demo import people as demo_people
from portal.extensions import db
from portal.requests.discussion_models import Comment
from portal.requests.models import Decision, TeamRequest
from portal.requests.workflow import State
from portal.web import clock
from tests.journeys.staged import StagedPortal


def find(portal: StagedPortal) -> dict[str, int]:
    """Ids by the names that the addresses of the tests use."""
    with portal.app.app_context():
        engineer, specialist, liaison, treasurer = (
            demo_people.find(f"Demo {name}").id
            for name in ("Software Engineer", "MediaWiki Specialist", "Community Liaison", "Treasurer")
        )
        comment = _first(select(Comment).where(Comment.author_id == specialist))
        of_liaison = access_queries.held(liaison, clock.now())
        return {
            "draft": _in(State.DRAFT),
            "ready": _in(State.DISCUSSION, candidate_id=engineer),
            "high_trust": _in(State.DISCUSSION, candidate_id=specialist),
            "joining": _in(State.NEEDS_INFORMATION),
            "agreement": _in(State.AGREEMENT),
            "board": _in(State.WITH_BOARD),
            "approved": _in(State.APPROVED),
            "declined": _in(State.DECLINED),
            "withdrawn": _in(State.WITHDRAWN),
            "decision": _first(select(Decision).where(Decision.approved)).id,
            "engineer": engineer,
            "treasurer": treasurer,
            "comment": comment.id,
            "commented": comment.request_id,
            "text": comment.text_id,
            "assessment": _first(select(Assessment).where(Assessment.person_id == engineer)).id,
            "held": access_queries.held(specialist, clock.now())[0].grant_id,
            "waiting": next(access.grant_id for access in of_liaison if access.status == "approved"),
        }


def _first(query: Select[Any]) -> Any:
    return db.session.scalars(query.limit(1)).one()


def _in(state: State, **fields: int) -> int:
    """The first request of this stage."""
    query = select(TeamRequest).where(TeamRequest.state == state).filter_by(**fields)
    return int(_first(query.order_by(TeamRequest.id)).id)
