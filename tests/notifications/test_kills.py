"""kill -9 of the worker anywhere between the event and the message: each recipient sees each message once, in order."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from requests import RequestException as HttpError
from sqlalchemy import func, select

import config
from portal.audit.models import Event, Text
from portal.extensions import db
from portal.notifications.mail_models import MailWish
from portal.notifications.models import INBOX, Delivery, DeliveryState
from portal.notifications.wishes import Choice, Kind
from portal.people.models import Person
from portal.requests import discussion_services
from portal.requests.discussion_models import Comment, CommentAudience
from portal.web.unit_of_work import unit_of_work
from tests import factories, invariants
from tests.notifications.factories import Box, channel, forget
from tests.notifications.post_office import PostOffice, address_of, reachable, running
from tests.notifications.worker import POINTS
from tests.requests import factories as requests
from tests.served import HttpBrowser, serving

PATIENCE = 60.0  # seconds, on a machine that does other things too
KILLS = 50
TEAM = CommentAudience.TEAM
Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start(app: Flask, tmp_path: Path) -> Iterator[Start]:
    """Starts workers on the test's database; those that are left are killed at the end."""
    began: list[subprocess.Popen[bytes]] = []

    def begin(point: str = "", to: str = "") -> subprocess.Popen[bytes]:
        url = str(app.config["SQLALCHEMY_DATABASE_URI"])
        command = [sys.executable, "-m", "tests.notifications.worker", url, to or str(tmp_path / "mail"), point]
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


def everything_is_sent(expected: int, *, by: str = "file") -> bool:
    db.session.rollback()
    by_this = select(func.count(Delivery.id)).where(Delivery.channel == by)
    sent = db.session.scalar(by_this.where(Delivery.state == DeliveryState.SENT))
    return db.session.scalar(by_this) == sent == expected


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


@pytest.mark.parametrize("database_kind", ["postgresql", pytest.param("sqlite", marks=pytest.mark.slow)])
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


class Talker:
    """Says something over HTTP, on one request after the other, until the portal is gone; keeps what it was told."""

    def __init__(self, browser: HttpBrowser, ids: list[int]) -> None:
        self.browser, self.ids = browser, ids
        self.acknowledged: list[str] = []
        self.refused: list[str] = []
        browser.token()

    def talk(self, count: int) -> None:
        for number in range(count):
            text = f"Words {uuid.uuid4()}"
            try:
                path = f"/requests/{self.ids[number % len(self.ids)]}/comments"
                status = self.browser.post(path, {"body": text, "audience": "team"}).status_code
            except HttpError:
                return
            (self.acknowledged if status == 303 else self.refused).append(text)


def comments() -> dict[int, tuple[int, str]]:
    """Every comment of the talk by the id of its event: its request, and its text."""
    db.session.rollback()
    query = (
        select(Event.id, Comment.request_id, Text.body)
        .join(Comment, Event.subject_id == Comment.id)
        .join(Text, Text.id == Comment.text_id)
        .where(Event.code == "comment.added", Text.body.startswith("Words "))
    )
    return {id: (request_id, body or "") for id, request_id, body in db.session.execute(query)}


@pytest.mark.slow
@pytest.mark.both_databases
def test_fifty_kills_of_web_and_worker_at_any_moment(app: Flask, start: Start, tmp_path: Path) -> None:
    """Comments come over HTTP, mails go to a real server; portal, worker or both die anywhere, and start again."""
    ben, ids = team()
    listeners = db.session.scalars(select(Person).where(Person.name.in_(("Cleo", "Dan", "Eva")))).all()
    reachable(*listeners)
    with unit_of_work():
        db.session.add_all(MailWish(person_id=who.id, kind=Kind.TALK, choice=Choice.NOW) for who in listeners)
    chance, office, killed = random.Random(12), PostOffice(), Counter[str]()
    mail = f"smtp://127.0.0.1:{office.port}"
    with running(office), serving(app, tmp_path, workers=2, threads=4, preload=True) as served:
        worker, talker = start(to=mail), Talker(served.browser(ben), ids)
        for number in range(KILLS):
            talking = threading.Thread(target=talker.talk, args=(4,))
            before = written()
            talking.start()
            if number % 2:  # the worker is at it, not only on its way
                wait_for_more_than(before)
            time.sleep(chance.uniform(0, 0.4))
            victims = chance.choice([("web",), ("worker",), ("web", "worker")])
            if "worker" in victims:
                worker.kill()
                worker.wait()
            if "web" in victims:
                served.kill()
            talking.join(PATIENCE)
            assert not talking.is_alive()
            killed[" and ".join(victims)] += 1
            if "worker" in victims:
                worker = start(to=mail)
            if "web" in victims:
                served.start()
        said = comments()
        wait_until(lambda: everything_is_sent(3 * len(said), by="mail"))

    assert invariants.broken() == []
    texts = {body for _, body in said.values()}
    print(  # noqa: T201  # read by hand
        f"{dict(killed)}: {len(talker.acknowledged)} comments acknowledged, {len(texts)} there, "
        f"{len(talker.refused)} refused; {len(office.taken)} mails taken, {len(office.seen)} seen"
    )
    assert set(talker.acknowledged) <= texts
    assert len(talker.acknowledged) > KILLS
    assert len(office.seen) == 3 * len(said)
    for person in listeners:
        keys = [str(mail["Message-ID"]).strip("<").split("@")[0].split(".") for mail in office.to(address_of(person))]
        events = [int(key[0]) for key in keys]
        assert sorted(events) == sorted(said), person.name  # each comment that is there once, and nothing else
        for id in ids:
            of_request = [event for event in events if said[event][0] == id]
            assert of_request == sorted(of_request)
        inbox = select(Delivery.event_id).where(Delivery.channel == INBOX, Delivery.person_id == person.id)
        told = list(db.session.scalars(inbox.where(Delivery.event_id.in_(said))))
        assert sorted(told) == sorted(said)


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
