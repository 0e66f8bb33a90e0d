"""A worker of its own process that delivers into a file, and dies where it is told to: for tests that kill it.

    python -m tests.notifications.worker DATABASE_URL FILE [POINT]
    python -m tests.notifications.worker DATABASE_URL smtp://127.0.0.1:PORT        # by mail instead, to a real server

Each line of the file is one message as its recipient gets it: key, recipient, request, event. The recipient's program
shows a key once, however often it comes.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from portal import create_app
from portal.audit.models import Event
from portal.extensions import db
from portal.notifications import sending, spreading, turns
from portal.notifications.channels import Outgoing, Planned, add_channel
from portal.notifications.told import Group
from portal.people.facts import PersonFacts
from tests import databases

POINTS = ("writing", "written", "taken", "sending", "sent")
"""Inside the unit of work that writes deliveries; after it; after a lease; before and after handing over."""
PAUSE = 0.02  # seconds between two rounds


def die() -> None:
    """As kill -9 does it: nothing is cleaned up."""
    os.kill(os.getpid(), signal.SIGKILL)


class FileChannel:
    """Writes one line for each message, and makes sure that it is on the disk before it says so."""

    name = "file"

    def __init__(self, path: str, point: str) -> None:
        self.path, self.point = path, point

    def plan(self, event: Event, told: Mapping[int, Group], now: datetime) -> Iterator[Planned]:
        yield from (Planned(person_id=id) for id in told)

    def send(self, outgoing: Outgoing) -> None:
        if self.point == "sending":
            die()
        line = f"{outgoing.key} {outgoing.person_id} {outgoing.request_id} {outgoing.event_id}\n"
        file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(file, line.encode())
        os.fsync(file)
        os.close(file)
        if self.point == "sent":
            die()

    def reads_as(self, room: str) -> PersonFacts | None:
        return None


def dying(module: Any, name: str, *, before: bool, only_if_truthy: bool = False) -> None:
    """Let a function of the portal be the last one this process runs, or the first one it does not."""
    real: Callable[..., Any] = getattr(module, name)

    def last(*args: Any, **kwargs: Any) -> Any:
        if before:
            die()
        result = real(*args, **kwargs)
        if result or not only_if_truthy:
            die()
        return result

    setattr(module, name, last)


def main(url: str, path: str, point: str = "") -> None:
    """Deliver until killed."""
    sending.LEASE = sending.FIRST_WAIT = timedelta(seconds=1)  # who takes over need not wait long
    by_mail = path.startswith("smtp://")
    app = create_app(databases.settings(url, ENV="testing", **({"SMTP_URL": path} if by_mail else {})))
    if not by_mail:
        add_channel(app, FileChannel(path, point))
    if point == "writing":
        dying(turns, "write", before=True)
    elif point == "written":
        dying(spreading, "_write", before=False, only_if_truthy=True)
    elif point == "taken":
        dying(sending, "_take", before=False, only_if_truthy=True)
    with app.app_context():
        while True:
            spreading.spread()
            sending.send_due()
            db.session.remove()
            time.sleep(PAUSE)


if __name__ == "__main__":
    main(*sys.argv[1:])
