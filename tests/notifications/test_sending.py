"""Handing over to a channel: once, in order, again after a failure, given up after ten."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from portal.extensions import db
from portal.notifications import sending
from portal.notifications.channels import PermanentFailure, TemporaryFailure
from portal.notifications.models import Delivery, DeliveryState
from portal.operations import doctor
from portal.people import services as people
from portal.people.models import Person
from portal.requests import discussion_services
from portal.requests.discussion_models import CommentAudience
from portal.web.unit_of_work import unit_of_work
from tests import factories
from tests.notifications.factories import Box, channel, forget
from tests.requests import factories as requests

pytestmark = pytest.mark.both_databases
TEAM = CommentAudience.TEAM


def comments(app: Flask, count: int = 3) -> tuple[int, Person, Person]:
    """A request, its speaker and a listener who spoke once, and so many comments that are not spread yet."""
    ann, ben, cleo = (factories.member(name) for name in ("Ann", "Ben", "Cleo"))
    id = requests.team_request(ann)
    requests.do(discussion_services.comment, cleo, id, "I listen.", audience=TEAM)
    forget()
    for _ in range(count):
        requests.do(discussion_services.comment, ben, id, "Words.", audience=TEAM)
    return id, ben, cleo


def work() -> None:
    from portal.notifications import spreading

    spreading.spread()
    sending.send_due()
    db.session.rollback()


def states() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(Delivery.state).where(Delivery.channel == "box").order_by(Delivery.id)))


def test_each_is_handed_over_once_and_in_order(app: Flask) -> None:
    _, _, cleo = comments(app)
    with channel(app, Box()) as box:
        work()
        work()

    assert box.of(cleo) == ["comment.added"] * 3
    assert [out.event_id for out in box.taken] == sorted(out.event_id for out in box.taken)
    assert {str(out.says) for out in box.taken} == {"Ben commented"}
    assert states() == ["sent"] * 3


def test_what_comes_later_in_a_request_waits_for_what_failed_before(app: Flask) -> None:
    _, _, cleo = comments(app)
    begin = factories.now()
    with channel(app, Box(failures=[TemporaryFailure("busy")])) as box:
        work()
        assert box.of(cleo) == []
        assert states() == ["queued"] * 3

        with time_machine.travel(begin + timedelta(minutes=2)):
            work()

    assert box.of(cleo) == ["comment.added"] * 3
    assert [out.event_id for out in box.taken] == sorted(out.event_id for out in box.taken)
    assert len({out.key for out in box.taken}) == 3


def test_another_request_does_not_wait_for_one_that_fails(app: Flask) -> None:
    comments(app, 1)
    ann = factories.member("Other")
    with channel(app, Box(failures=[TemporaryFailure("busy")])) as box:
        requests.team_request(ann)
        work()

    assert "request.filed" in [out.code for out in box.taken]


def test_it_waits_longer_after_each_failure_and_is_parked_after_ten(app: Flask) -> None:
    comments(app, 1)
    waits = []
    moment = factories.now()
    with channel(app, Box(failures=[ValueError("secret words")] * 20)):
        for _ in range(sending.TRIES):
            with time_machine.travel(moment, tick=False):
                work()
                row = db.session.scalars(select(Delivery).where(Delivery.channel == "box")).one()
                waits.append((row.not_before - moment).total_seconds())
                moment = max(row.not_before, moment)
                db.session.rollback()

    assert states() == ["parked"]
    assert waits[:-1] == [30.0 * 2**n for n in range(8)] + [7200.0]
    assert db.session.scalars(select(Delivery.failure).where(Delivery.channel == "box")).one() == "ValueError"
    shown = app.test_cli_runner().invoke(args=["notifications", "parked"]).output
    assert "failure=ValueError" in shown
    assert "secret" not in shown
    id = db.session.scalars(select(Delivery.id).where(Delivery.channel == "box")).one()
    findings = doctor.examine(db.engine, app.extensions["settings"], now=factories.now())
    assert f"could not be sent: {id} (" in " ".join(finding.says for finding in findings)


def test_of_a_parked_message_an_operator_reads_its_id_and_none_of_its_words(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither what it says, nor whom it is about, nor what the channel said of it: in no line, command or page."""
    word = "zebracrossing"
    ann, ben, cleo = (factories.member(f"{name} {word}") for name in ("Ann", "Ben", "Cleo"))
    id = requests.team_request(ann)
    requests.do(discussion_services.comment, cleo, id, "I listen.", audience=TEAM)
    forget()
    requests.do(discussion_services.comment, ben, id, f"Words of {word}.", audience=TEAM)
    moment = factories.now()
    caplog.clear()
    with channel(app, Box(failures=[ValueError(word)] * 5 + [TemporaryFailure("busy")] * 5)):
        for _ in range(sending.TRIES):
            with time_machine.travel(moment, tick=False):
                work()
            moment += timedelta(hours=3)
    assert states() == ["parked"]
    delivery = db.session.scalars(select(Delivery.id).where(Delivery.channel == "box")).one()

    logged = [record.getMessage() for record in caplog.records if '"delivery"' in record.getMessage()]
    assert len(logged) == sending.TRIES
    run = app.test_cli_runner().invoke
    told = [run(args=["notifications", "parked"]).output, run(args=["doctor"]).output]
    for says in (logged[-1], *told):
        assert str(delivery) in says
    assert not [says for says in (caplog.text, *told) if word in says or "Words" in says or "commented" in says]


def test_what_was_parked_does_not_hold_up_the_next_and_can_be_tried_again(app: Flask) -> None:
    _, _, cleo = comments(app, 2)
    with channel(app, Box(failures=[PermanentFailure("no_such_address")])) as box:
        work()
        assert states() == ["parked", "sent"]

        id = db.session.scalars(select(Delivery.id).where(Delivery.state == DeliveryState.PARKED)).one()
        db.session.rollback()
        app.test_cli_runner().invoke(args=["notifications", "retry", str(id)])
        work()

    assert len(box.of(cleo)) == 2
    assert states() == ["sent", "sent"]


def test_who_may_no_longer_read_it_at_the_moment_of_sending_gets_nothing(app: Flask) -> None:
    _, _, cleo = comments(app, 1)
    dora = factories.director()
    with channel(app, Box(failures=[TemporaryFailure("busy")])) as box:
        work()
        with unit_of_work() as now:
            people.end_role_by_hand(dora, cleo.id, "software_engineer", reason="Left.", now=now)
        with time_machine.travel(factories.now() + timedelta(minutes=5)):
            work()

    assert [out.code for out in box.taken if out.person_id == cleo.id and out.code.startswith("comment")] == []
    assert states()[0] == "dropped"


def test_a_room_of_the_public_gets_what_is_public_and_nothing_else(app: Flask) -> None:
    id, _, _ = comments(app, 1)
    dora = factories.director()
    with channel(app, Box(rooms=("square",))) as box:
        requests.decide(dora, id)
        work()

    heard = [out for out in box.taken if out.room == "square"]
    assert [out.code for out in heard if out.code.startswith("request")] == ["request.approved"]
    assert not [out.code for out in heard if out.code.startswith("comment")]
    assert next(out.path for out in heard if out.code == "request.approved").startswith("/record/")


def test_a_lease_that_is_over_lets_another_worker_take_it(app: Flask) -> None:
    _, _, cleo = comments(app, 1)
    with channel(app, Box()) as box:
        from portal.notifications import spreading

        spreading.spread()
        taken = sending._take(["box"], factories.now())  # a worker that dies here
        assert len(taken) == 1
        work()
        assert box.of(cleo) == []

        with time_machine.travel(factories.now() + sending.LEASE + timedelta(seconds=1)):
            work()

    assert box.of(cleo) == ["comment.added"]
