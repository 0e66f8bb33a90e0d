"""Reading access: what people hold, what waits to be set up, what has ended. Each in one statement."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import aliased, joinedload

from portal.access.models import Grant, GrantStep, ItemType, Step
from portal.access.standing import HeldAccess, Status, status_of
from portal.errors import NotVisible
from portal.extensions import db
from portal.org import organisation
from portal.org.catalogue import WHOLE
from portal.people.models import Nda, Origin, Person
from portal.rules import queries as rules

RECENTLY = timedelta(days=30)

_Last = aliased(GrantStep, name="last_step")


def _moment(step: Step) -> Any:
    """SQL: when this step was taken."""
    return func.max(case((GrantStep.step == step, GrantStep.at)))


_summary = (
    select(
        GrantStep.grant_id,
        func.max(GrantStep.id).label("last_id"),
        _moment(Step.APPROVED).label("approved_at"),
        _moment(Step.GRANTED).label("granted_at"),
        func.max(case((GrantStep.step.in_((Step.APPROVED, Step.RENEWED)), GrantStep.decision_id))).label("decision_id"),
    )
    .group_by(GrantStep.grant_id)
    .subquery("summary")
)


def _standings() -> Select[Any]:
    columns = (_summary.c.approved_at, _summary.c.granted_at, _summary.c.decision_id)
    return (
        select(Grant, Person.name, *columns, _Last.step, _Last.until, _Last.at)
        .join(_summary, _summary.c.grant_id == Grant.id)
        .join(_Last, _Last.id == _summary.c.last_id)
        .join(Person, Person.id == Grant.person_id)
    )


def _live(now: datetime) -> ColumnElement[bool]:
    """SQL: neither revoked nor past its end."""
    return and_(_Last.step != Step.REVOKED, or_(_Last.until.is_(None), _Last.until > now))


def _read(query: Select[Any], now: datetime) -> list[HeldAccess]:
    return [_held(*row, now=now) for row in db.session.execute(query.order_by(Grant.id))]


def _held(
    grant: Grant,
    name: str,
    approved_at: datetime | None,
    granted_at: datetime | None,
    decision_id: int | None,
    last: Step,
    until: datetime | None,
    last_at: datetime,
    *,
    now: datetime,
) -> HeldAccess:
    status = status_of(last, granted_at=granted_at, until=until, now=now)
    since = granted_at or approved_at or grant.created_at
    ended = {Status.REVOKED: last_at, Status.ENDED: until}
    return HeldAccess(
        grant_id=grant.id,
        person_id=grant.person_id,
        person_name=name,
        item_type=grant.item_type,
        item_key=grant.item_key,
        status=status,
        since=since,
        since_known=grant.origin is not Origin.BEFORE_PORTAL or since != grant.created_at,
        until=until,
        ended_at=ended.get(status),
        origin=grant.origin,
        decision_id=decision_id or grant.decision_id,
        request_id=grant.request_id,
    )


def held(person_id: int, now: datetime) -> list[HeldAccess]:
    """What the person holds at this moment, approved or granted, the oldest first."""
    return _read(_standings().where(Grant.person_id == person_id, _live(now)), now)


def history(person_id: int, now: datetime) -> list[HeldAccess]:
    """All the person holds or ever held, the oldest first."""
    return _read(_standings().where(Grant.person_id == person_id), now)


def held_item(person_id: int, item_type: ItemType, item_key: str, now: datetime) -> HeldAccess | None:
    """The person's live access to this group or system."""
    same = (Grant.person_id == person_id, Grant.item_type == item_type, Grant.item_key == item_key)
    return next(iter(_read(_standings().where(*same, _live(now)), now)), None)


def groups_held(person_ids: Iterable[int], now: datetime) -> dict[int, frozenset[str]]:
    """The access groups each of these people holds at this moment, approved or granted."""
    found: dict[int, set[str]] = {id: set() for id in person_ids}
    if not found:
        return {}
    query = _standings().where(Grant.person_id.in_(found), Grant.item_type == ItemType.ACCESS_GROUP, _live(now))
    for access in _read(query, now):
        found[access.person_id].add(access.item_key)
    return {id: frozenset(keys) for id, keys in found.items()}


def holders(now: datetime, *, item_type: ItemType | None = None, item_key: str | None = None) -> list[HeldAccess]:
    """Everybody who holds access at this moment, by name; of one type or to one item if asked."""
    query = _standings().where(_live(now))
    if item_type is not None:
        query = query.where(Grant.item_type == item_type)
    if item_key is not None:
        query = query.where(Grant.item_key == item_key)
    return sorted(_read(query, now), key=lambda access: (access.person_name.casefold(), access.grant_id))


def waiting_to_be_granted(now: datetime) -> list[HeldAccess]:
    """Approved, not past its end, and not granted yet: the longest waiting first."""
    return _read(_standings().where(_live(now), _summary.c.granted_at.is_(None)), now)


def ended_recently(now: datetime) -> list[HeldAccess]:
    """Granted access that ended, by date or by hand, in the last 30 days: to be taken off the servers; newest first."""
    since = now - RECENTLY
    revoked = and_(_Last.step == Step.REVOKED, _Last.at > since)
    lapsed = and_(_Last.step != Step.REVOKED, _Last.until <= now, _Last.until > since)
    found = _read(_standings().where(_summary.c.granted_at.is_not(None), or_(revoked, lapsed)), now)
    return sorted(found, key=lambda access: access.ended_at or now, reverse=True)


def of_decision(decision_id: int, now: datetime) -> list[HeldAccess]:
    """What this decision gave or prolonged, as it stands at this moment."""
    prolonged = select(GrantStep.grant_id).where(
        GrantStep.decision_id == decision_id, GrantStep.step.in_((Step.APPROVED, Step.RENEWED))
    )
    return _read(_standings().where(or_(Grant.decision_id == decision_id, Grant.id.in_(prolonged))), now)


def get(grant_id: int, now: datetime) -> HeldAccess:
    """One access as it stands at this moment. Raises NotVisible."""
    found = _read(_standings().where(Grant.id == grant_id), now)
    if not found:
        raise NotVisible
    return found[0]


def steps(grant_id: int) -> list[GrantStep]:
    """What happened to one access, in order, with by whom and why."""
    query = (
        select(GrantStep)
        .where(GrantStep.grant_id == grant_id)
        .options(joinedload(GrantStep.by), joinedload(GrantStep.reason))
        .order_by(GrantStep.id)
    )
    return list(db.session.scalars(query))


def nda_dates(person_ids: Iterable[int], now: datetime) -> dict[int, date]:
    """Who of these has a non-disclosure agreement on record at this moment, and since when."""
    query = (
        select(Nda.person_id, func.max(Nda.signed_on).label("signed_on"))
        .where(
            Nda.person_id.in_(set(person_ids)),
            Nda.noted_at <= now,
            or_(Nda.withdrawn_at.is_(None), Nda.withdrawn_at > now),
        )
        .group_by(Nda.person_id)
    )
    return {row.person_id: row.signed_on for row in db.session.execute(query)}


def needs_nda(item_type: str, item_key: str) -> bool:
    """Whether the catalogue asks for a non-disclosure agreement; for what the catalogue lacks, it does."""
    entry = organisation().item(item_type, item_key)
    return entry is None or entry.needs_nda


def names_are_public(now: datetime) -> bool:
    """The rule of what "Who has access to what" shows; an organisation without it shows names to the team only."""
    return bool(rules.values_for(WHOLE, now).get("register_names", False))
