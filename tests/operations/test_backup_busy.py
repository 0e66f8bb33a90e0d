"""Backups while sixteen people write through the real server: each is of one moment, and restores."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, create_engine, func, select

from portal.audit.comparing import disagreements
from portal.audit.models import Event
from portal.audit.verification import verify_chain
from portal.database import prepare_engine
from portal.extensions import db, engine_options
from portal.operations.restore import restore
from portal.people.models import Person
from portal.requests.discussion_models import Comment
from portal.requests.models import TeamRequest
from portal.web import clock
from tests import databases, factories
from tests.operations.test_commands import run
from tests.requests.factories import team_request
from tests.requests.pages import url
from tests.served import HttpBrowser, Served, serving

WRITERS = 16


class Writers:
    """Sixteen people who comment without a pause. ``acknowledged`` counts what the portal said it has kept."""

    def __init__(self, served: Served) -> None:
        people = [factories.member() for _ in range(WRITERS)]
        self.requests = [team_request(people[0], system) for system in SYSTEMS]
        self.browsers = [served.browser(person) for person in people]
        self.acknowledged: Counter[int] = Counter()
        self.refused: list[int] = []
        self._stop = threading.Event()
        self._lock = threading.Lock()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        with ThreadPoolExecutor(WRITERS) as pool:
            for browser in self.browsers:
                browser.token()
            jobs = [pool.submit(self._write, browser, number) for number, browser in enumerate(self.browsers)]
            try:
                yield
            finally:
                self._stop.set()
        for job in jobs:
            job.result()

    def _write(self, browser: HttpBrowser, number: int) -> None:
        request_id = self.requests[number % len(self.requests)]
        while not self._stop.is_set():
            answer = browser.post(url(request_id, "/comments"), {"body": "Busy.", "audience": "shared"})
            with self._lock:
                if answer.status_code == 303:
                    self.acknowledged[request_id] += 1
                else:
                    self.refused.append(answer.status_code)

    def so_far(self) -> int:
        with self._lock:
            return self.acknowledged.total()


SYSTEMS = ("system:grafana", "system:github", "system:matomo", "system:icinga")


def back_up_while_they_write(app: Flask, folder: Path, number: int) -> None:
    """Make so many backups under sixteen writers, then restore each and look at it."""
    with serving(app, folder, preload=True) as served:
        writers = Writers(served)
        usual = set(disagreements())  # people of the tests come without events
        at_least = []
        with writers.at_work():
            for turn in range(number):
                before = writers.so_far()
                while writers.so_far() == before:  # so that each backup has writers around it
                    time.sleep(0.01)
                at_least.append(writers.so_far())
                answer = run(app, "backup", str(folder / f"b{turn}"))
                assert answer.exit_code == 0, answer.output
        assert writers.refused == []
        in_the_end = writers.so_far()
    for turn, kept in enumerate(at_least):
        with fresh(folder, turn, db.engine.dialect.name) as engine:
            contents, _aside = restore(engine, folder / f"b{turn}", now=clock.now())
            chain = verify_chain(engine)
            assert (chain.first_bad, chain.count) == (None, contents.sequence)
            assert set(disagreements(engine)) == usual
            assert kept <= comments(engine) <= in_the_end


@contextmanager
def fresh(folder: Path, turn: int, kind: str) -> Iterator[Engine]:
    """A database of this kind that holds nothing, not even tables."""
    server = databases.database("postgresql") if kind == "postgresql" else None
    name = f"fresh_{turn}"
    address = f"sqlite:///{folder}/{name}.db"
    if isinstance(server, databases.PostgresqlDatabase):
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name}")
        address = server.url_of(name)
    engine = create_engine(address, **engine_options(address))
    prepare_engine(engine)
    yield engine
    engine.dispose()
    if isinstance(server, databases.PostgresqlDatabase):
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def comments(engine: Engine) -> int:
    """How many comments there are: as rows, as events and as counters alike."""
    with engine.connect() as connection:
        rows = connection.scalar(select(func.count(Comment.id))) or 0
        events = connection.scalar(select(func.count(Event.id)).where(Event.code == "comment.added"))
        counters = connection.scalar(select(func.sum(TeamRequest.comment_count)))
        assert (rows, rows) == (events, counters)
        assert connection.scalar(select(func.count(Person.id))) == WRITERS
    return rows


def test_two_backups_under_sixteen_writers_restore(app: Flask, tmp_path: Path) -> None:
    back_up_while_they_write(app, tmp_path, 2)


@pytest.mark.slow
@pytest.mark.both_databases
def test_twenty_backups_under_sixteen_writers_all_restore(app: Flask, tmp_path: Path) -> None:
    back_up_while_they_write(app, tmp_path, 20)
