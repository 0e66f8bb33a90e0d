"""kill -9 of the worker anywhere between the event and the message: each recipient sees each message once, in order."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

import config
from portal.extensions import db
from portal.notifications.models import INBOX, Delivery, DeliveryState
from portal.people.models import Person
from portal.requests import discussion_services
from portal.requests.discussion_models import CommentAudience
from tests import factories
from tests.notifications.factories import Box, channel, forget
from tests.notifications.worker import POINTS
from tests.requests import factories as requests

PATIENCE = 60.0  # seconds, on a machine that does other things too
KILLS = 50
TEAM = CommentAudience.TEAM
Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start(app: Flask, tmp_path: Path) -> Iterator[Start]:
    """Starts workers on the test's database; those that are left are killed at the end."""
    began: list[subprocess.Popen[bytes]] = []

    def begin(point: str = "") -> subprocess.Popen[bytes]:
        url = str(app.config["SQLALCHEMY_DATABASE_URI"])
        command = [sys.executable, "-m", "tests.notifications.worker", url, str(tmp_path / "mail"), point]
        began.append(subprocess.Popen(command, cwd=config.ROOT, stderr=subprocess.DEVNULL))
        return began[-1]

    yield begin
    for worker in began:
        worker.kill()
        worker.wait()


def team() -> tuple[Person, list[int]]:
    """Somebody who talks, and two requests in which three others have spoken."""
    ann, ben = factories.member("Ann"), factories.member("Ben")
    listeners = [factories.member(name) for name in ("Cleo", "Dan", "Eva")]
    ids = [requests.team_request(ann), requests.team_request(ann, "system:phorge")]
    for listener in listeners:
        for id in ids:
            requests.do(discussion_services.comment, listener, id, "I listen.", audience=TEAM)
    forget()
    return ben, ids


def talk(ben: Person, ids: list[int], count: int) -> None:
    for number in range(count):
        requests.do(discussion_services.comment, ben, ids[number % len(ids)], "Words.", audience=TEAM)


def wait_until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < until, "the workers do not come to an end"
        time.sleep(0.05)


def written() -> int:
    """How many deliveries there are."""
    db.session.rollback()
    return db.session.scalar(select(func.count(Delivery.id))) or 0


def wait_for_more_than(count: int) -> None:
    wait_until(lambda: written() > count)


def everything_is_sent(expected: int) -> bool:
    db.session.rollback()
    by_file = select(func.count(Delivery.id)).where(Delivery.channel == "file")
    sent = db.session.scalar(by_file.where(Delivery.state == DeliveryState.SENT))
    return db.session.scalar(by_file) == sent == expected


def seen(path: Path) -> list[tuple[str, str, str, int]]:
    """What the recipients see: each key once, in the order in which it first came."""
    lines = [line.split() for line in path.read_text().splitlines()]
    first = {key: (key, person, request, int(event)) for key, person, request, event in reversed(lines)}
    order = {key: place for place, (key, *_rest) in reversed(list(enumerate(lines)))}
    return sorted(first.values(), key=lambda message: order[message[0]])


def check(path: Path, comments: int) -> None:
    """Three listeners, so many comments: each message once, in order within a request; the inbox says the same."""
    messages = seen(path)
    assert len(messages) == 3 * comments
    for group in {(person, request) for _key, person, request, _event in messages}:
        events = [event for _key, person, request, event in messages if (person, request) == group]
        assert events == sorted(set(events))
    by_event = {(int(person), event) for _key, person, _request, event in messages}
    inbox = select(Delivery.person_id, Delivery.event_id).where(Delivery.channel == INBOX)
    told = {tuple(row) for row in db.session.execute(inbox)}
    assert by_event <= told


@pytest.mark.both_databases
def test_a_worker_that_dies_anywhere_loses_nothing_and_doubles_nothing(
    app: Flask, start: Start, tmp_path: Path
) -> None:
    ben, ids = team()

    for point in POINTS:
        talk(ben, ids, 2)
        assert start(point).wait(PATIENCE) == -9, point
    start()
    comments = 2 * len(POINTS)
    wait_until(lambda: everything_is_sent(3 * comments))

    check(tmp_path / "mail", comments)


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_many_workers_at_once_send_each_message_once_and_in_order(
    app: Flask, database_kind: str, start: Start, tmp_path: Path
) -> None:
    ben, ids = team()
    talk(ben, ids, 10)
    for _ in range(3):
        start()
    talk(ben, ids, 10)
    wait_until(lambda: everything_is_sent(3 * 20))

    check(tmp_path / "mail", 20)
    assert len((tmp_path / "mail").read_text().splitlines()) == 3 * 20  # nobody died, so not even a second try


@pytest.mark.slow
@pytest.mark.both_databases
def test_fifty_kills_at_any_moment(app: Flask, start: Start, tmp_path: Path) -> None:
    ben, ids = team()
    chance = random.Random(11)
    for number in range(KILLS):
        before = written()
        worker = start()
        talk(ben, ids, 2)
        if number % 2:  # the worker is at it, not only on its way
            wait_for_more_than(before)
        time.sleep(chance.uniform(0, 0.2))
        worker.kill()
        worker.wait()
    start()
    wait_until(lambda: everything_is_sent(3 * 2 * KILLS))

    check(tmp_path / "mail", 2 * KILLS)


@pytest.mark.slow
@pytest.mark.both_databases
def test_a_thousand_messages_are_out_in_two_minutes(app: Flask) -> None:
    from portal.notifications import sending, spreading

    ben, ids = team()
    talk(ben, ids, 334)
    with channel(app, Box()) as box:
        spreading.spread()
        begun = time.monotonic()
        sending.send_due()
        took = time.monotonic() - begun

    assert len(box.taken) >= 1000
    assert took < 120
