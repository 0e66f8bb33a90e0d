"""Whether what is due may be done by itself, or an operator has to look first (docs/adr/0009).

After a jump of the clock everything may look due. So when more than a day seems to have passed since the last run, or
the clock cannot be believed, `flask clock tick` only lists, until `flask clock confirm`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from portal.audit import believing
from portal.audit import services as audit
from portal.audit.models import ActorKind, ChainHead
from portal.extensions import db
from portal.operations.models import ClockRun

GAP = timedelta(hours=24)


def last_run() -> datetime | None:
    """When what was due was last done; None before the first time."""
    return db.session.scalar(select(ClockRun.at))


def doubt(now: datetime) -> str:
    """Why the clock cannot be believed at this moment; empty if it can."""
    return believing.doubt(db.session.scalar(select(ChainHead.newest_at)), now)


def why_wait(now: datetime) -> str:
    """Why nothing may be done by itself now, for an operator; empty if it may."""
    found = doubt(now)
    if found:
        return f"the server's clock says {now:%Y-%m-%d %H:%M} UTC, but {found}"
    last = last_run()
    if last is None or -believing.BEHIND <= now - last <= GAP:
        return ""
    how_far = "more than a day ago" if last < now else "which lies ahead"
    return f"the clock says {now:%Y-%m-%d %H:%M} UTC, and the last run was at {last:%Y-%m-%d %H:%M}, {how_far}"


def note_run(now: datetime) -> None:
    """Remember that what was due has been done."""
    db.session.merge(ClockRun(id=1, at=now))


def confirm(now: datetime) -> None:
    """An operator says that the clock is right now: the newest event and the last run no longer raise a doubt."""
    audit.record(believing.CONFIRMED, actor_id=None, actor_kind=ActorKind.COMMAND, at=now)
    note_run(now)
