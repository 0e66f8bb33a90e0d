"""A thousand mails that wait go out in under two minutes, and a decision never waits for a mail server or a chat."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from flask import Flask
from sqlalchemy import select

import config
from portal.extensions import db
from portal.notifications import spreading
from portal.notifications.mail_models import MailWish
from portal.notifications.models import Delivery, DeliveryState
from portal.notifications.wishes import Choice, Kind
from portal.requests import discussion_services
from portal.requests.discussion_models import CommentAudience
from portal.web.unit_of_work import unit_of_work
from tests import factories
from tests.notifications import chat_server
from tests.notifications.factories import forget
from tests.notifications.post_office import PostOffice, connected, post_office, reachable, work
from tests.requests import factories as requests
from tests.served import Served, fields_of

PEOPLE, EACH = 50, 20
TEAM = CommentAudience.TEAM


@pytest.mark.slow
@pytest.mark.both_databases
def test_a_thousand_waiting_mails_go_out_in_under_two_minutes(app: Flask) -> None:
    people = [factories.member(f"Person {number}") for number in range(PEOPLE)]
    id = requests.team_request(factories.member("Ann"))
    for person in people:
        requests.do(discussion_services.comment, person, id, "I listen.", audience=TEAM)
    forget()
    reachable(*people)
    ben = factories.member("Ben")
    with unit_of_work():
        db.session.add_all(MailWish(person_id=person.id, kind=Kind.TALK, choice=Choice.NOW) for person in people)
    with post_office(app) as office:
        for _ in range(EACH):
            requests.do(discussion_services.comment, ben, id, "Words.", audience=TEAM)
        spreading.spread()
        began = time.monotonic()
        work(app)
        took = time.monotonic() - began

    print(f"{len(office.taken)} mails in {took:.1f} s, load {os.getloadavg()[0]:.1f}")  # noqa: T201  # read by hand
    assert Counter(str(mail["To"]) for mail in office.seen) == {f"person.{n}@example.org": EACH for n in range(PEOPLE)}
    assert len(office.taken) == PEOPLE * EACH
    assert took < 120 * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))  # of a machine that does little else


@pytest.mark.both_databases
def test_a_decision_does_not_wait_for_a_server_that_hangs(app: Flask, served: Served) -> None:
    """The worker waits for a server that takes the connection and says nothing; meanwhile the Director decides."""
    dora, ann, ben = factories.director(), factories.member("Ann"), factories.member("Ben")
    browser = served.browser(dora)
    forget()
    reachable(ann, dora)
    for kind, item in (("mail", "system:grafana"), ("discord", "system:matomo")):
        id = requests.team_request(ann, item, days_ago=30)
        forget()
        requests.do(discussion_services.ask, ben, id, "Which?")
        with socket.create_server(("127.0.0.1", 0)) as silent, leading_to(app, kind, silent.getsockname()[1]):
            spreading.spread()
            worker = threading.Thread(target=work, args=(app,))
            worker.start()
            silent.settimeout(30)
            asked, _ = silent.accept()  # the worker waits now
            page = browser.text(f"/requests/{id}")
            fields = fields_of(page, f"/requests/{id}/approve", f"/requests/{id}")
            began = time.monotonic()
            answer = browser.post(f"/requests/{id}/approve", {**fields, "reason": "Good.", "anyway": "It cannot wait."})
            took = time.monotonic() - began
            is_waiting = worker.is_alive()
            asked.close()
            worker.join(60)

        assert answer.status_code == 303, answer.text
        assert is_waiting, kind
        assert took < 5, kind
        db.session.rollback()
        assert requests.state(id) == "approved"
        asked_again = select(Delivery.state).where(Delivery.channel == kind, Delivery.tries > 0)
        assert set(db.session.scalars(asked_again)) == {DeliveryState.QUEUED}, kind


@contextmanager
def leading_to(app: Flask, kind: str, port: int) -> Iterator[None]:
    """Mail, or the messages to a chat room, go to whatever listens there."""
    with ExitStack() as stack:
        if kind == "mail":
            stack.enter_context(connected(app, PostOffice(port)))
        else:
            room = config.Room("team", False, kind, f"http://127.0.0.1:{port}/hooks/team")
            stack.enter_context(chat_server.connected(app, [room]))
        yield
