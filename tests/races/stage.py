"""Many requests that are ready to be decided, made in one go; forms to send; and what became of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import requests
from sqlalchemy import select

from portal.access.models import Grant, GrantStep
from portal.audit.models import Event
from portal.audit.services import chain_head
from portal.extensions import db
from portal.people.models import Person
from portal.requests import discussion_services, filing_services, queries
from portal.requests.discussion_models import Concern, Stance
from portal.requests.models import Decision, TeamRequest
from portal.web import clock
from portal.web.unit_of_work import unit_of_work
from tests import factories as people
from tests.requests import factories

SAID = re.compile(
    r"Already decided by \w+|has moved on|Something changed since|What is asked for was changed|New concerns: \d"
    r"|cannot decide|decides only|is for "
)


def ready(count: int) -> list[int]:
    """The ids of so many requests of as many candidates, each filed 8 days ago and supported by a member."""
    supporter_id = people.member("Sam Supporter").id
    candidates = [people.member() for _ in range(count)]
    filed = clock.now() - timedelta(days=8)
    with unit_of_work(filed) as then:
        found = []
        for candidate in candidates:
            draft = filing_services.start_draft(candidate.id, "access_expansion", f"ready-{candidate.id}", now=then)
            details = factories.details("access_expansion", candidate, "system:grafana", "system:matomo")
            found.append(filing_services.submit(candidate.id, draft.id, details, now=then).id)
    with unit_of_work() as now:
        for request_id in found:
            discussion_services.take_position(
                supporter_id, request_id, Stance.SUPPORT, sentence=None, relation=None, revision_number=1, now=now
            )
    return found


def candidate_of(request_id: int) -> Person:
    return factories.get(request_id).candidate


def approval(request_id: int, **changes: Any) -> dict[str, Any]:
    """The approval form as the decider's page would send it now: everything that is asked for."""
    items = [str(item.id) for item in queries.current_revision(factories.get(request_id)).items]
    filled = {"grounds": factories.grounds(request_id), "items": items, "reason": "The work needs it."}
    return {**filled, **changes}


def refusal(request_id: int) -> dict[str, Any]:
    """The form of "not yet"."""
    return {"decline-grounds": factories.grounds(request_id), "decline-reason": "Show one more deployment first."}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one request after two people did something: the same for the same serial order, whoever it is."""

    answers: tuple[str, ...]
    state: str
    revision: int
    decisions: tuple[str, ...]
    grants: tuple[str, ...]
    concerns: int
    events: tuple[str, ...]


def said(answer: requests.Response) -> str:
    """The status of an answer and, of a refusal, the sentences that matter: also what changed since it was seen."""
    found = SAID.findall(answer.text) if answer.status_code >= 400 else []
    return " / ".join([str(answer.status_code), *dict.fromkeys(found)])


def outcome(request_id: int, answers: Sequence[requests.Response], *, after: int) -> Outcome:
    """What stands in the database now. ``after``: the newest event before it began."""
    db.session.rollback()
    row = db.session.get_one(TeamRequest, request_id)
    decisions = db.session.scalars(select(Decision).where(Decision.request_id == request_id)).all()
    grants = db.session.execute(
        select(Grant.item_key, GrantStep.step)
        .join(GrantStep, GrantStep.grant_id == Grant.id)
        .where(Grant.person_id == row.candidate_id)
        .order_by(Grant.item_key, GrantStep.id)
    )
    concerns = db.session.scalars(
        select(Concern.id).where(Concern.request_id == request_id, Concern.closed_at.is_(None))
    )
    happened = db.session.scalars(select(Event).where(Event.id > after).order_by(Event.id))
    return Outcome(
        answers=tuple(said(answer) for answer in answers),
        state=str(row.state),
        revision=row.revision_number,
        decisions=tuple(f"{found.approved} by {found.decided_by.name} as {found.capacity}" for found in decisions),
        grants=tuple(f"{key} {type}" for key, type in grants),
        concerns=len(list(concerns)),
        events=tuple(event.code for event in happened),
    )


def newest_event() -> int:
    """The sequence number of the last event."""
    db.session.rollback()
    return chain_head()[0]
