"""A mail server that refuses, hangs, dies, or takes a mail and loses the answer: everybody sees each mail once."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

import config
from portal.extensions import db
from portal.notifications.channels import TemporaryFailure, limits, smtp
from portal.notifications.models import Delivery, DeliveryState
from portal.people.models import Person
from portal.requests import discussion_services
from tests import factories
from tests.notifications.factories import forget
from tests.notifications.post_office import (
    DROP,
    HANG,
    LATE_DROP,
    OK,
    PostOffice,
    address_of,
    connected,
    part,
    post_office,
    reachable,
    running,
    work,
)
from tests.requests import factories as requests
from tests.requests.pages import Browser

FAULTS = ["450 busy", "451 later", "421 bye", "rcpt 452 full", HANG, DROP, LATE_DROP]


def asking(count: int) -> tuple[list[Person], Callable[[], None]]:
    """People with a request each who are reachable, and what asks every one of them something."""
    ben = factories.member("Ben")
    people = [factories.member(f"Person {number}") for number in range(count)]
    ids = [requests.team_request(person) for person in people]
    forget()
    reachable(*people)

    def ask() -> None:
        for id in ids:
            requests.do(discussion_services.ask, ben, id, "Which?")

    return people, ask


def states() -> set[str]:
    db.session.rollback()
    return set(db.session.scalars(select(Delivery.state).where(Delivery.channel == "mail")))


@pytest.mark.both_databases
def test_after_any_faults_each_recipient_sees_each_mail_once_and_in_order(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "SILENCE", 0.5)
    chance = random.Random(4)
    people, ask = asking(3)
    moment = factories.now()
    with post_office(app) as office:
        office.plan = FAULTS + [chance.choice([*FAULTS, OK]) for _ in range(10)]
        for _ in range(3):
            ask()
        for _ in range(40):
            with time_machine.travel(moment):
                work(app)
            moment += timedelta(minutes=20)
            if states() == {DeliveryState.SENT}:
                break

        assert states() == {DeliveryState.SENT}
        assert office.plan == []
        assert len(office.taken) > 9  # some came twice, and are seen once
        for person in people:
            ids = [str(mail["Message-ID"]) for mail in office.to(address_of(person))]
            assert len(ids) == 3
            assert ids == sorted(ids, key=lambda id: int(id.strip("<").split(".")[0]))


def test_an_address_that_is_refused_for_good_is_parked_and_the_others_get_theirs(app: Flask) -> None:
    people, ask = asking(3)
    with post_office(app) as office:
        office.plan = ["rcpt 550 no such user", OK, "554 no"]
        ask()
        work(app)

        assert [address_of(person) for person in people[1:2]] == [mail["To"] for mail in office.taken]
    shown = app.test_cli_runner().invoke(args=["notifications", "parked"]).output
    assert "failure=smtp_550" in shown
    assert "failure=smtp_554" in shown
    assert "@" not in shown


@pytest.mark.both_databases
def test_whose_last_mail_was_refused_for_good_reads_it_beside_their_address(app: Flask) -> None:
    (person,), ask = asking(1)
    browser, says = Browser(app, person), "The last mail could not be delivered"
    with post_office(app) as office:
        for plan, is_said in ([], False), (["rcpt 550 no such user"], True), (["554 no"], True), ([OK], False):
            office.plan = list(plan)
            ask()
            work(app)
            assert (says in browser.text("/account/mail")) is is_said, plan

        office.plan = ["rcpt 550 no such user"]
        ask()
        work(app)
        assert says in browser.text("/account/mail")
        browser.post("/account/mail/address", {"address": "new@example.org"})
        assert says not in browser.text("/account/mail")  # it was said of what was typed before


def test_a_dead_server_is_tried_once_in_a_round_and_everything_comes_when_it_is_back(app: Flask) -> None:
    people, ask = asking(5)
    office = PostOffice()
    with connected(app, office):
        ask()
        work(app)
        assert states() == {DeliveryState.QUEUED}
        with running(office), time_machine.travel(factories.now() + timedelta(minutes=2)):
            work(app)

    assert [mail["To"] for mail in office.seen] == [address_of(person) for person in people]
    assert office.connections == 1  # one for all


def test_a_name_with_line_ends_and_marks_ends_no_header_and_is_no_html(app: Flask) -> None:
    eve = factories.member("Eve\r\nBcc: victim@example.org\r\n\r\n<script>x</script> <b>&")
    ben = factories.member("Ben <img src=x>")
    id = requests.team_request(eve)
    forget()
    with post_office(app) as office:
        from portal.notifications import addresses, mail_tokens
        from portal.web.unit_of_work import unit_of_work

        with unit_of_work() as now:
            nonce = addresses.ask(eve.id, "eve@example.org", now=now).nonce
        work(app)  # the question names her too
        with unit_of_work() as now:
            addresses.confirm(mail_tokens.confirm_token(eve.id, nonce), now=now)
        requests.do(discussion_services.ask, ben, id, "Which?")
        work(app)

    assert len(office.taken) == 2
    for mail in office.taken:
        assert mail["Bcc"] is None
        html = part(mail, "html")
        assert "<script" not in html
        assert "<b>" not in html
        assert "<img" not in html
        assert "src=" not in html.replace("&lt;img src=", "")  # nothing is fetched from anywhere
        assert "url(" not in html
    assert "Eve Bcc: victim@example.org" in str(office.taken[1]["Subject"])
    assert part(office.taken[1], "plain").startswith("Ben <img src=x> asks you something\n\n")


@pytest.mark.parametrize("scheme", ["smtp+starttls", "smtps"])
def test_without_the_encryption_of_the_settings_nothing_is_sent(app: Flask, scheme: str) -> None:
    office = PostOffice()
    mail = EmailMessage()
    mail["From"], mail["To"] = "p@example.org", "a@example.org"
    with running(office), pytest.raises(TemporaryFailure):
        smtp.MailServer(config.Smtp(scheme, "127.0.0.1", office.port, "p@example.org")).send(mail, "a@example.org")

    assert office.taken == []


def test_a_server_that_sends_a_line_now_and_then_is_not_waited_for(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "WHOLE", 0.8)
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with connection, contextlib.suppress(OSError):
                while not over.wait(0.1):
                    connection.send(b"220-wait\r\n")

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        with pytest.raises(TemporaryFailure):
            slow = config.Smtp("smtp", "127.0.0.1", server.getsockname()[1], "p@example.org")
            smtp.MailServer(slow).send(EmailMessage(), "a@example.org")
        over.set()
        thread.join(5)
        assert not thread.is_alive()
