"""What the tests of decisions share."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from sqlalchemy import func, select

from portal.access import queries as access_queries
from portal.access.models import Grant
from portal.access.standing import Status
from portal.extensions import db
from portal.people import absences
from portal.people import queries as people_queries
from portal.people.models import Person
from portal.requests import filing_services
from portal.requests.models import Decision, DecisionItem
from portal.requests.workflow import State
from portal.web import clock
from portal.web.unit_of_work import unit_of_work
from tests import factories as people
from tests.requests.factories import (
    asked,
    details,
    do,
    draft,
    get,
    position,
    state,
    team_request,
)


def ready(candidate: Person, *items: str, kind: str = "access_expansion") -> int:
    """A request for which every required check is met."""
    request_id = team_request(candidate, *items, kind=kind, days_ago=8)
    position(people.member(), request_id)
    return request_id


def item_ids(request_id: int) -> list[int]:
    from portal.requests import queries

    return [item.id for item in queries.current_revision(get(request_id)).items]


def held(person: Person) -> set[tuple[str, Status]]:
    return {(found.item_key, found.status) for found in access_queries.held(person.id, clock.now())}


def roles(person: Person) -> frozenset[str]:
    return people_queries.facts(person.id, clock.now()).roles


def nothing_was_decided(request_id: int) -> bool:
    counts = [db.session.scalar(select(func.count()).select_from(table)) for table in (Decision, DecisionItem, Grant)]
    return counts == [0, 0, 0] and state(request_id) is State.DISCUSSION


def away(director: Person) -> None:
    with unit_of_work() as now:
        absences.declare_absence(director, now, to_at=None, reason=None, now=now)


def with_end(ann: Person, days: int) -> int:
    """A request until some days from now."""
    until = (clock.now() + timedelta(days=days)).date()
    filled = replace(details("access_expansion", ann), items=(replace(asked("system:grafana")[0], until=until),))
    return do(filing_services.submit, ann, draft(ann), filled).id


def day(days: int) -> date:
    return (clock.now() + timedelta(days=days)).date()
