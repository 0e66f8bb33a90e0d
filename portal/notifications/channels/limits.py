"""What keeps a slow or dead server from holding up the others: an end to every talk, and a pause after a failure."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from portal.notifications.channels import TemporaryFailure
from portal.web import clock

SILENCE = 10.0  # seconds without a byte from the other side
WHOLE = 25.0  # seconds for one message in all; ten of them stay under the lease of a worker
PAUSE = timedelta(seconds=30)


@contextmanager
def within(open_socket: Callable[[], socket.socket | None]) -> Iterator[None]:
    """End the talk after `WHOLE` seconds, also with a server that sends a byte now and then."""

    def end() -> None:
        found = open_socket()
        if found is not None:
            with contextlib.suppress(OSError):
                found.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(WHOLE, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


class Pause:
    """After a server could not be reached, nobody waits for it again for half a minute."""

    def __init__(self) -> None:
        self._until: datetime | None = None

    def check(self) -> None:
        """Raises TemporaryFailure while the pause lasts."""
        now = clock.now()
        if self._until is not None and timedelta() < self._until - now <= PAUSE:
            raise TemporaryFailure("down")

    def begin(self) -> None:
        self._until = clock.now() + PAUSE
