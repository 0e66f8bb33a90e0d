"""A time limit for talking to another server, however slowly it drips its answer."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
_slots = threading.BoundedSemaphore(24)  # conversations at once in this process; more would pile up behind a slow wiki


class Deadline:
    """So many seconds from now, for several steps together. A step that takes longer raises TimeoutError."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds left, never zero or less: a socket's time-out must be positive."""
        return max(self._end - time.monotonic(), 0.001)

    def run(self, work: Callable[[float], T], *, at_most: float) -> T:
        """What ``work(seconds)`` returns or raises, if it comes in time.

        A socket's own time-out starts again with every byte, so the work runs in a thread that is left behind when the
        time is up. The threads are counted: when too many still wait, this raises TimeoutError at once.
        """
        seconds = min(self.left, at_most)
        if not _slots.acquire(blocking=False):
            raise TimeoutError
        answers: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()

        def step() -> None:
            try:
                answers.put((work(seconds), None))
            except BaseException as error:
                answers.put((None, error))
            finally:
                _slots.release()

        threading.Thread(target=step, name="wiki", daemon=True).start()
        try:
            value, error = answers.get(timeout=seconds)
        except queue.Empty:
            raise TimeoutError from None
        if error is not None:
            raise error
        return value  # type: ignore[return-value]  # no error: this is what work returned
