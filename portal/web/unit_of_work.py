"""One change, one unit of work.

It is opened before anything is read, so that what is checked is what is changed, and committed before anything is
rendered. There is one writer at a time on both databases (docs/adr/0003): SQLite by BEGIN IMMEDIATE, PostgreSQL by an
advisory lock. So two deciders cannot both find a request undecided.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import IntEnum, auto

from sqlalchemy import func, select
from sqlalchemy.exc import TimeoutError
from sqlalchemy.orm import Session

from portal.database import BUSY_TIMEOUT_MS, WAITS_MS, WRITES
from portal.extensions import db
from portal.web import clock

IDLE_LIMIT_MS = 30_000  # a writer that hangs, or whose machine is gone, holds up the others no longer than this
POSTGRESQL_LIMITS = (
    func.set_config("lock_timeout", str(BUSY_TIMEOUT_MS), True),
    func.set_config("idle_in_transaction_session_timeout", str(IDLE_LIMIT_MS), True),
    func.set_config("client_connection_check_interval", "1000", True),  # ms: who is gone waits for nothing
)
STAGE = "portal_stage"
WRITER_LOCK = 71_170_001  # any number, the same for every process of one portal
# The writers of one process queue here: SQLite asks for its lock at intervals, so that of many some would never get it.
_turn = threading.RLock()
NAMED = "named"  # ids of people who came, or whose name changed
GIVEN = "moment_given"  # the unit of work was told its moment: the server's clock plays no part in it


class Stage(IntEnum):
    """How far this request came with writing; it only goes on, also when a second unit of work is opened."""

    NONE = auto()
    WRITING = auto()
    COMMITTING = auto()
    SAVED = auto()


def stage() -> Stage:
    """How far the units of work of this session came."""
    found: Stage = db.session().info.get(STAGE, Stage.NONE)
    return found


def _reach(session: Session, reached: Stage) -> None:
    session.info[STAGE] = max(stage(), reached)


_before_commit: list[Callable[[Session], None]] = []


def before_commit(hook: Callable[[Session], None]) -> Callable[[Session], None]:
    """Register what has to happen last in every unit of work (the audit trail is sealed here)."""
    if hook not in _before_commit:
        _before_commit.append(hook)
    return hook


@contextmanager
def unit_of_work(at: datetime | None = None) -> Iterator[datetime]:
    """Open the writing transaction and give the moment it began.

    Commits when the block ends, rolls back whole on any error. ``at`` sets another moment (demo data, tests).
    """
    session: Session = db.session()
    if session.info.get(WRITES):
        raise RuntimeError("a unit of work is already open")
    session.rollback()  # what was read so far is read anew under the lock
    session.info[WRITES], session.info[GIVEN] = True, at is not None
    _reach(session, Stage.WRITING)
    begun, queues = time.monotonic(), session.get_bind().dialect.name == "sqlite"
    has_turn = queues and _turn.acquire(timeout=BUSY_TIMEOUT_MS / 1000)
    try:
        if queues and not has_turn:
            raise TimeoutError("the writers before this one take too long")
        left = max(1, BUSY_TIMEOUT_MS - round((time.monotonic() - begun) * 1000))
        connection = session.connection(execution_options={WRITES: True, WAITS_MS: left})
        if connection.dialect.name == "postgresql":
            session.execute(select(*POSTGRESQL_LIMITS, func.pg_advisory_xact_lock(WRITER_LOCK)))
        yield at or clock.now()
        session.flush()
        for hook in _before_commit:
            hook(session)
        _reach(session, Stage.COMMITTING)
        session.commit()
        _reach(session, Stage.SAVED)
    except BaseException:
        session.rollback()
        raise
    finally:
        if has_turn:
            _turn.release()
        for key in (WRITES, GIVEN, NAMED, "events", "texts", "emptied"):
            session.info.pop(key, None)
