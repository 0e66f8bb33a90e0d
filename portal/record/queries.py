"""Reading the public record: approvals as they were made; of everything else only how often it happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, case, func, select
from sqlalchemy.orm import InstrumentedAttribute, joinedload, selectinload

from portal.access.models import ItemType
from portal.audit.models import Event, Text
from portal.errors import NotVisible
from portal.extensions import db
from portal.org import organisation
from portal.people.models import RoleAssignment
from portal.record.models import Checkpoint
from portal.requests.models import Decision, DecisionItem, RequestedItem, Revision, TeamRequest
from portal.requests.workflow import State
from portal.web.paging import Page, page_of

FIRST_YEAR = 2020  # no year before it is asked for or listed
MOST = 200  # approvals of one week


@dataclass(frozen=True, slots=True)
class Filters:
    """What the URL asks for. Anything unknown is left out, so no URL is an error. ``item`` is "system:grafana"."""

    kind: str = ""
    item: str = ""
    year: int | None = None

    @classmethod
    def read(cls, args: Mapping[str, str], *, this_year: int) -> Filters:
        kind, year = args.get("kind", ""), args.get("year", "")
        item_type, _, item_key = args.get("item", "").partition(":")
        known = item_type in list(ItemType) and organisation().item(item_type, item_key) is not None
        is_year = year.isascii() and year.isdecimal() and len(year) == 4 and FIRST_YEAR <= int(year) <= this_year
        return cls(
            kind=kind if kind in organisation().kinds else "",
            item=f"{item_type}:{item_key}" if known else "",
            year=int(year) if is_year else None,
        )

    def as_args(self) -> dict[str, str]:
        """The filters as arguments of the URL."""
        args = {"kind": self.kind, "item": self.item, "year": str(self.year or "")}
        return {name: value for name, value in args.items() if value}

    def without(self, name: str) -> dict[str, str]:
        """The arguments of the URL without this filter."""
        return {key: value for key, value in self.as_args().items() if key != name}


@dataclass(frozen=True, slots=True)
class Count:
    """How often something happened to one kind of request in one year."""

    year: int
    kind: str
    approved: int
    not_yet: int
    withdrawn: int


def approvals(filters: Filters, *, before: int | None) -> Page[Decision]:
    """One page of approvals, the newest first, with everything a row shows. Two statements."""
    query = select(Decision).where(Decision.approved.is_(True)).options(*_of_a_row())
    if filters.kind:
        query = query.join(Decision.team_request).where(TeamRequest.kind == filters.kind)
    if filters.year:
        query = query.where(_in_year(Decision.decided_at, filters.year))
    if filters.item:
        query = query.outerjoin(Decision.statement).where(Decision.id.in_(_approving(filters.item)))
        query = query.where(
            Text.redacted_at.is_(None)
        )  # what was approved in a removed one is not told this way either
    return page_of(query, Decision.id, before=before)


def newest() -> Sequence[Decision]:
    """The newest approvals, with everything a row shows. Two statements."""
    return approvals(Filters(), before=None).rows


def between(start: datetime, end: datetime) -> Sequence[Decision]:
    """The approvals from one moment to another, the oldest first; no more than `MOST`. Two statements."""
    query = select(Decision).where(Decision.approved.is_(True), Decision.decided_at >= start, Decision.decided_at < end)
    return db.session.scalars(query.options(*_of_a_row()).order_by(Decision.id).limit(MOST)).all()


def checkpoints(*, before: int | None) -> Page[Checkpoint]:
    """One page of checkpoints, the newest first."""
    return page_of(select(Checkpoint), Checkpoint.size, before=before)


def keys() -> Sequence[Row[str, datetime, datetime]]:
    """Every public key that ever signed, with when it signed first and last; the newest first."""
    last = func.max(Checkpoint.at)
    query = select(Checkpoint.key, func.min(Checkpoint.at), last).group_by(Checkpoint.key).order_by(last.desc())
    return db.session.execute(query).all()


def _of_a_row() -> tuple[Any, ...]:
    return (
        joinedload(Decision.team_request).joinedload(TeamRequest.candidate),
        joinedload(Decision.decided_by),
        joinedload(Decision.reason),
        joinedload(Decision.statement),
        selectinload(Decision.items).joinedload(DecisionItem.requested_item),
    )


def _approving(item: str) -> Select[int]:
    """Ids of the decisions that approved this item."""
    item_type, _, item_key = item.partition(":")
    return (
        select(DecisionItem.decision_id)
        .join(DecisionItem.requested_item)
        .where(RequestedItem.item_type == ItemType(item_type), RequestedItem.item_key == item_key)
    )


def approval(decision_id: int) -> Decision:
    """One approval with all its page shows. Raises NotVisible, also for a decision that was "not yet"."""
    query = select(Decision).where(Decision.id == decision_id, Decision.approved.is_(True))
    query = query.options(
        *_of_a_row(),
        joinedload(Decision.anyway),
        joinedload(Decision.revision).selectinload(Revision.items),
    )
    found = db.session.scalars(query).unique().one_or_none()
    if found is None:
        raise NotVisible
    return found


def event_of(decision: Decision) -> Event | None:
    """The event of this approval, with its place in the chain."""
    return db.session.scalars(
        select(Event).where(
            Event.request_id == decision.request_id,
            Event.code == "request.approved",
            Event.subject_id == decision.id,
        )
    ).first()


def ended_roles(decision_id: int, now: datetime) -> list[RoleAssignment]:
    """The roles this decision gave that are no longer held."""
    return list(
        db.session.scalars(
            select(RoleAssignment)
            .where(RoleAssignment.decision_id == decision_id, RoleAssignment.to_at <= now)
            .order_by(RoleAssignment.id)
        )
    )


def years(now: datetime) -> list[int]:
    """The years that can be asked for: from the first decision or withdrawal to this one, the newest first."""
    first = db.session.scalar(select(func.min(TeamRequest.created_at)))
    start = max(FIRST_YEAR, first.year) if first else now.year
    return list(range(now.year, start - 1, -1))


def counts(filters: Filters, of_years: list[int]) -> list[Count]:
    """How often requests were approved, answered "not yet" or withdrawn, per year and kind. Two statements.

    Drafts that were thrown away are no requests. A request that was answered twice counts twice.
    """
    decided: dict[tuple[int, str, bool], int] = _counted(
        select(TeamRequest.kind, Decision.approved).join(Decision.team_request), Decision.decided_at, of_years
    )
    submitted = (TeamRequest.state == State.WITHDRAWN, TeamRequest.submitted_at.is_not(None))
    withdrawn: dict[tuple[int, str, bool], int] = _counted(
        select(TeamRequest.kind, TeamRequest.submitted_at.is_not(None)).where(*submitted),
        TeamRequest.state_since,
        of_years,
    )
    found = sorted({key[:2] for key in (*decided, *withdrawn)}, reverse=True)
    return [
        Count(
            year,
            kind,
            approved=decided.get((year, kind, True), 0),
            not_yet=decided.get((year, kind, False), 0),
            withdrawn=withdrawn.get((year, kind, True), 0),
        )
        for year, kind in found
        if filters.kind in ("", kind) and filters.year in (None, year)
    ]


def _counted(
    query: Select[str, bool], moment: InstrumentedAttribute[datetime], of_years: list[int]
) -> dict[tuple[int, str, bool], int]:
    """Rows of the query (kind, yes or no) counted per year. The year is found by bounds, so in UTC everywhere."""
    year = case(*((moment >= _start(number), number) for number in of_years), else_=min(of_years))
    kind, flag = query.selected_columns
    rows = query.with_only_columns(kind.label("kind"), flag.label("flag"), year.label("year")).subquery()
    grouped = select(rows.c.year, rows.c.kind, rows.c.flag, func.count()).group_by(
        rows.c.year, rows.c.kind, rows.c.flag
    )
    return {(found[0], found[1], bool(found[2])): found[3] for found in db.session.execute(grouped)}


def _start(year: int) -> datetime:
    return datetime(year, 1, 1, tzinfo=UTC)


def _in_year(moment: InstrumentedAttribute[datetime], year: int) -> ColumnElement[bool]:
    return (moment >= _start(year)) & (moment < _start(year + 1))
