"""Reading access: what people hold, what waits to be set up, what has ended. Each in one statement."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, ScalarSelect, Select, and_, exists, func, or_, select
from sqlalchemy.orm import joinedload

from portal.access.models import Grant, GrantStep, ItemType, Step
from portal.access.standing import HeldAccess, Status, status_of
from portal.database import IDS, NOW, remembered
from portal.errors import NotVisible
from portal.extensions import db
from portal.org import organisation
from portal.org.catalogue import WHOLE
from portal.people.models import Nda, Origin, Person
from portal.rules import queries as rules

RECENTLY = timedelta(days=30)

LIVE_STEPS = (Step.APPROVED, Step.GRANTED, Step.RENEWED)
PROLONGING = (Step.APPROVED, Step.RENEWED)


def _moment(step: Step) -> ScalarSelect[Any]:
    """SQL: when this step was taken last."""
    taken = (GrantStep.grant_id == Grant.id, GrantStep.step == step)
    return select(func.max(GrantStep.at)).where(*taken).correlate(Grant).scalar_subquery()


def _newest_decision() -> ScalarSelect[Any]:
    """SQL: the newest decision that gave or prolonged the access."""
    taken = (GrantStep.grant_id == Grant.id, GrantStep.step.in_(PROLONGING))
    return select(func.max(GrantStep.decision_id)).where(*taken).correlate(Grant).scalar_subquery()


def _standings() -> Any:
    """SQL: each access with how it stands, in the order of `_held`."""
    columns = (Grant.id, Grant.person_id, Person.name, Grant.item_type, Grant.item_key, Grant.origin)
    own = (Grant.decision_id, Grant.request_id, Grant.created_at, Grant.standing, Grant.until)
    moments = (_moment(Step.APPROVED), _moment(Step.GRANTED), _moment(Step.REVOKED))
    query = select(*columns, *own, _newest_decision(), *moments).join(Person, Person.id == Grant.person_id)
    return query.order_by(Grant.id)


def _live() -> ColumnElement[bool]:
    """SQL: neither revoked nor past its end at ``NOW``."""
    return and_(Grant.standing.in_(LIVE_STEPS), or_(Grant.until.is_(None), Grant.until > NOW))


def _read(query: Select[Any], now: datetime, **values: Any) -> list[HeldAccess]:
    return [_held(*row, now=now) for row in db.session.execute(query, {"now": now, **values})]


def _held(
    id: int,
    person_id: int,
    name: str,
    item_type: ItemType,
    item_key: str,
    origin: Origin,
    own_decision: int | None,
    request_id: int | None,
    created_at: datetime,
    last: Step,
    until: datetime | None,
    decision: int | None,
    approved_at: datetime | None,
    granted_at: datetime | None,
    revoked_at: datetime | None,
    *,
    now: datetime,
) -> HeldAccess:
    status = status_of(last, granted_at=granted_at, until=until, now=now)
    since = granted_at or approved_at or created_at
    ended = {Status.REVOKED: revoked_at, Status.ENDED: until}
    return HeldAccess(
        grant_id=id,
        person_id=person_id,
        person_name=name,
        item_type=item_type,
        item_key=item_key,
        status=status,
        since=since,
        since_known=origin is not Origin.BEFORE_PORTAL or since != created_at,
        until=until,
        ended_at=ended.get(status),
        origin=origin,
        decision_id=decision or own_decision,
        request_id=request_id,
    )


@cache
def _live_of_people() -> Any:
    return _standings().where(Grant.person_id.in_(IDS), _live())


def held(person_id: int, now: datetime) -> list[HeldAccess]:
    """What the person holds at this moment, approved or granted, the oldest first."""
    return _read(_live_of_people(), now, ids=[person_id])


def history(person_id: int, now: datetime) -> list[HeldAccess]:
    """All the person holds or ever held, the oldest first."""
    return _read(_standings().where(Grant.person_id == person_id), now)


def held_item(person_id: int, item_type: ItemType, item_key: str, now: datetime) -> HeldAccess | None:
    """The person's live access to this group or system."""
    same = (Grant.person_id == person_id, Grant.item_type == item_type, Grant.item_key == item_key)
    return next(iter(_read(_standings().where(*same, _live()), now)), None)


@cache
def _items_held() -> Any:
    return select(Grant.person_id, Grant.item_type, Grant.item_key).where(Grant.person_id.in_(IDS), _live())


def items_held(person_ids: Iterable[int], now: datetime) -> dict[int, frozenset[tuple[str, str]]]:
    """What each of these people holds at this moment, approved or granted, as (type, key)."""
    found: dict[int, set[tuple[str, str]]] = {id: set() for id in person_ids}
    for person_id, type_, key in db.session.execute(_items_held(), {"ids": list(found), "now": now}):
        found[person_id].add((type_, key))
    return {id: frozenset(items) for id, items in found.items()}


def holders(now: datetime, *, item_type: ItemType | None = None, item_key: str | None = None) -> list[HeldAccess]:
    """Everybody who holds access at this moment, by name; of one type or to one item if asked."""
    query = _standings().where(_live())
    if item_type is not None:
        query = query.where(Grant.item_type == item_type)
    if item_key is not None:
        query = query.where(Grant.item_key == item_key)
    return sorted(_read(query, now), key=lambda access: (access.person_name.casefold(), access.grant_id))


@dataclass(frozen=True, slots=True)
class Desk:
    """What one person holds, and all that waits to be set up, each with whether the agreement is on record."""

    held: list[HeldAccess]
    waiting: list[tuple[HeldAccess, bool]]


@cache
def _desk() -> Any:
    signed = exists().where(Nda.person_id == Grant.person_id, _nda_holds(NOW)).correlate(Grant)
    return (
        _standings()
        .add_columns(signed, _moment(Step.GRANTED).is_(None))
        .where(_live(), or_(Grant.person_id.in_(IDS), _moment(Step.GRANTED).is_(None)))
    )


def desk(person_id: int, now: datetime) -> Desk:
    """What the person holds, the oldest first, and what waits to be granted, the longest waiting first.

    One statement, read once for a page.
    """
    kept: dict[int, Desk] = remembered(db.session(), "access_desk", now)
    if person_id not in kept:
        held, waiting = [], []
        for *row, signed, waits in db.session.execute(_desk(), {"ids": [person_id], "now": now}):
            access = _held(*row, now=now)
            if access.person_id == person_id:
                held.append(access)
            if waits:
                waiting.append((access, signed))
        kept[person_id] = Desk(held, waiting)
    return kept[person_id]


def _nda_holds(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """SQL: the agreement is noted, and not withdrawn, at this moment."""
    return and_(Nda.noted_at <= now, or_(Nda.withdrawn_at.is_(None), Nda.withdrawn_at > now))


def ended_recently(now: datetime) -> list[HeldAccess]:
    """Granted access that ended, by date or by hand, in the last 30 days: to be taken off the servers; newest first."""
    since = now - RECENTLY
    by_hand = select(GrantStep.grant_id).where(GrantStep.step == Step.REVOKED, GrantStep.at > since)
    revoked = and_(Grant.standing == Step.REVOKED, Grant.id.in_(by_hand))
    lapsed = and_(Grant.standing.in_(LIVE_STEPS), Grant.until <= now, Grant.until > since)
    found = _read(_standings().where(_moment(Step.GRANTED).is_not(None), or_(revoked, lapsed)), now)
    return sorted(found, key=lambda access: access.ended_at or now, reverse=True)


def of_decision(decision_id: int, now: datetime) -> list[HeldAccess]:
    """What this decision gave or prolonged, as it stands at this moment."""
    prolonged = select(GrantStep.grant_id).where(GrantStep.decision_id == decision_id, GrantStep.step.in_(PROLONGING))
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
        .where(Nda.person_id.in_(set(person_ids)), _nda_holds(now))
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
