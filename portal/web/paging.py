"""Keyset paging, newest first by id: as quick at the last page as at the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from flask import request
from sqlalchemy import Select
from sqlalchemy.orm import InstrumentedAttribute

from portal.errors import NotVisible
from portal.extensions import db
from portal.web import ids

T = TypeVar("T")
PAGE_SIZE = 25


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of rows. ``older`` is the id to go on from, or None at the end.

    ``stopped``: there may be more, but no more was looked through for one page, so that it is short or empty.
    """

    rows: Sequence[T]
    older: int | None
    is_first: bool
    stopped: bool = False


def before_id() -> int | None:
    """The ``before`` of the URL: show rows with smaller ids. Raises NotVisible for what no link of ours says."""
    raw = request.args.get("before", "")
    found = ids.parse(raw)
    if raw and found is None:
        raise NotVisible("There is no such page of this list.")
    return found


def page_of(
    query: Select[Any], key: InstrumentedAttribute[int], *, before: int | None, size: int = PAGE_SIZE
) -> Page[Any]:
    """Run the query for one page, newest first by ``key``."""
    if before is not None:
        query = query.where(key < before)
    rows = db.session.scalars(query.order_by(key.desc()).limit(size + 1)).unique().all()
    shown = rows[:size]
    older = getattr(shown[-1], key.key) if len(rows) > size else None
    return Page(shown, older, before is None)
