"""Requests for tests, made by the services the portal itself uses."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from portal.access.models import ItemType
from portal.people.models import Person
from portal.requests import discussion_services, filing_services
from portal.requests.discussion_models import Stance
from portal.requests.filing_checks import AskedItem, Details, KeyOffer
from portal.requests.kinds import registry
from portal.requests.models import ItemAction, TeamRequest
from portal.web import clock
from portal.web.unit_of_work import unit_of_work

Item = tuple[str, str]


def asked(*items: str) -> tuple[AskedItem, ...]:
    """Items written as "role:security_specialist", or "-access_group:bastion" for what is given up."""
    found = []
    for item in items:
        action = ItemAction.REMOVE if item.startswith("-") else ItemAction.ADD
        type_, _, key = item.lstrip("-").partition(":")
        found.append(AskedItem(action, ItemType(type_), key))
    return tuple(found)


def draft(requester: Person, kind: str = "access_expansion", *, at: datetime | None = None) -> int:
    """The id of a new draft."""
    requester_id = requester.id
    with unit_of_work(at) as now:
        return filing_services.start_draft(requester_id, kind, uuid.uuid4().hex, now=now).id


def details(kind: str, candidate: Person, *items: str, key: KeyOffer | None = None) -> Details:
    """A fully answered form."""
    answers = {question.field: f"Because of {question.field}." for question in registry.kind(kind).questions}
    return Details(candidate.id, asked(*items), answers, None, key)


def team_request(
    requester: Person,
    *items: str,
    candidate: Person | None = None,
    kind: str = "access_expansion",
    days_ago: float = 0,
) -> int:
    """The id of a request submitted some days ago."""
    at = clock.now() - timedelta(days=days_ago)
    wanted = items or ("system:grafana",)
    requester_id = requester.id
    filled = details(kind, candidate or requester, *wanted)
    request_id = draft(requester, kind, at=at)
    with unit_of_work(at) as now:
        return filing_services.submit(requester_id, request_id, filled, now=now).id


def position(person: Person, request_id: int, stance: Stance = Stance.SUPPORT, *, revision: int = 1) -> None:
    person_id = person.id
    with unit_of_work() as now:
        discussion_services.take_position(
            person_id, request_id, stance, sentence=None, relation=None, revision_number=revision, now=now
        )


def get(request_id: int) -> TeamRequest:
    from portal.extensions import db

    return db.session.get_one(TeamRequest, request_id)
