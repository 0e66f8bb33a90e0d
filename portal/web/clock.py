"""The one source of now, and a watch on whether the server's clock was moved while the portal runs.

Everything below the routes takes the moment as an argument. Whether it can be believed is asked where a unit of work
ends (`portal.audit.believing`, docs/adr/0009).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from flask import Flask, current_app

from portal.errors import Message

FAR = timedelta(minutes=10)  # wall and steady clock apart by more than this: one of the two was moved
SETTLED = timedelta(days=1)  # after this long without a jump, what small steps added up to is no longer counted


def now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


def steady() -> float:
    """Seconds on a clock that nobody can set. On Linux it also counts while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class Watch:
    """How far the wall clock has moved against the steady one since this process began.

    Small corrections are forgotten after a day, so that a year of them is no jump. A jump is not: it is over when the
    wall clock is back, or when the portal is started anew.
    """

    def __init__(self, steady: Callable[[], float] = steady) -> None:
        self._steady = steady
        self._began = steady()
        self._apart = self._offset()

    def moved(self) -> timedelta:
        """By how much the wall clock is ahead of (or behind, then negative) where it should be."""
        offset = self._offset()
        moved = timedelta(seconds=offset - self._apart)
        if abs(moved) <= FAR and self._steady() - self._began >= SETTLED.total_seconds():
            self._began, self._apart = self._steady(), offset
        return moved

    def is_far_off(self) -> bool:
        """Whether the wall clock was moved by more than a correction."""
        return abs(self.moved()) > FAR

    def _offset(self) -> float:
        return now().timestamp() - self._steady()


def watch() -> Watch:
    """The watch of this process."""
    found: Watch = current_app.extensions["clock_watch"]
    return found


def possible() -> tuple[datetime, ...]:
    """The present moment; while the wall clock is far off also what it would say had nobody moved it."""
    moment = now()
    return (moment, moment - watch().moved()) if watch().is_far_off() else (moment,)


def looks_wrong(moment: datetime) -> Message:
    """What everybody reads about a clock that cannot be believed: what waits, what goes on, and who can help."""
    return Message(
        "Server clock looks wrong: it says %(now)s UTC. Until an operator has put it right, nothing is filed, "
        "decided, given or ended here; reading and commenting go on.",
        now=f"{moment:%Y-%m-%d %H:%M}",
    )


def _warning() -> Message | None:
    return looks_wrong(now()) if watch().is_far_off() else None


def init_app(app: Flask) -> None:
    """Begin to watch; every page warns while the clock is far off."""
    app.extensions["clock_watch"] = Watch()
    app.jinja_env.globals["clock_warning"] = _warning
