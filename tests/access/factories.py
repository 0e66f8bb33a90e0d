"""Access for tests, made by the services that make it in the portal."""

from __future__ import annotations

from datetime import UTC, date, datetime

from portal.access import services
from portal.access.models import Grant, ItemType
from portal.extensions import db
from portal.people.models import Nda, Person
from portal.web.unit_of_work import unit_of_work

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
GROUP = "mediawiki-admins"  # needs no non-disclosure agreement
SECRET_GROUP = "mediawiki-roots"  # needs one


def approved(
    holder: Person,
    by: Person,
    key: str = GROUP,
    *,
    item_type: ItemType = ItemType.ACCESS_GROUP,
    until: datetime | None = None,
    decision_id: int = 1,
    request_id: int = 1,
    at: datetime = NOON,
) -> Grant:
    """Access that a decision approved and nobody has set up yet."""
    with unit_of_work(at) as now:
        return services.approve(
            holder.id,
            item_type,
            key,
            decision_id=decision_id,
            request_id=request_id,
            until=until,
            by_id=by.id,
            now=now,
        )


def granted(holder: Person, by: Person, key: str = GROUP, *, at: datetime = NOON, decision_id: int = 1) -> Grant:
    """Access that was approved and set up by the same person."""
    grant = approved(holder, by, key, at=at, decision_id=decision_id)
    with unit_of_work(at) as now:
        services.mark_granted(by, grant.id, now=now)
    return grant


def from_before(holder: Person, key: str = GROUP, *, since: datetime = NOON, at: datetime = NOON) -> Grant:
    """Access held before the portal."""
    with unit_of_work(at) as now:
        return services.hold_from_before(holder.id, ItemType.ACCESS_GROUP, key, since=since, now=now)


def signed_nda(person: Person, noted_by: Person) -> None:
    """A non-disclosure agreement on record."""
    with unit_of_work(NOON) as now:
        db.session.add(Nda(person_id=person.id, signed_on=date(2026, 1, 5), noted_by_id=noted_by.id, noted_at=now))
