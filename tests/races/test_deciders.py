"""Four deciders at once, over HTTP against four worker processes: one decision, the others are told who was quicker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import requests
from sqlalchemy import select

from portal.access.models import Grant, GrantStep
from portal.audit.models import Event
from portal.audit.services import verify_chain
from portal.extensions import db
from portal.people import acting, queries
from portal.people.models import Person
from portal.requests import decision_services
from portal.requests.models import Decision
from portal.web import clock
from portal.web.unit_of_work import unit_of_work
from tests import factories as people
from tests.races import stage
from tests.served import HttpBrowser, Served, at_once

FEW, MANY = 1, 150  # rounds of each sort: together 300 in the campaign
Device = tuple[str, HttpBrowser]


@pytest.mark.both_databases
def test_one_of_four_decides(served: Served) -> None:
    _director_and_deputy(served, FEW)
    _board(served, FEW)


@pytest.mark.slow
@pytest.mark.both_databases
def test_one_of_four_decides_300_times(served: Served) -> None:
    _director_and_deputy(served, MANY)
    _board(served, MANY)


def _director_and_deputy(served: Served, rounds: int) -> None:
    """While the Deputy acts, the Director may decide as well; doing so ends the acting, so it begins anew each time."""
    dora, dep, board = people.director("Dora"), people.deputy("Dep"), people.board_member("Bo")
    devices = [(person.name, served.browser(person)) for person in (dora, dep, dora, dep)]
    for request_id in stage.ready(rounds):
        let_deputy_act(dora, board)
        _race(request_id, devices, "approve", stage.approval(request_id))
    assert verify_chain().first_bad is None


def _board(served: Served, rounds: int) -> None:
    """Four members of the Board record the outcome of what was referred to it."""
    dora = queries.leadership(clock.now()).director
    assert dora
    devices = [
        (person.name, served.browser(person)) for person in map(people.board_member, ("Bo", "Bea", "Ben", "Bix"))
    ]
    request_ids = stage.ready(rounds)
    with unit_of_work() as now:
        for request_id in request_ids:
            decision_services.refer(dora.id, request_id, "The Board should say.", now=now)
    for request_id in request_ids:
        minutes = {"met_on": clock.now().date().isoformat(), "minutes_url": "https://wiki.example.org/wiki/Minutes"}
        _race(request_id, devices, "outcome/approve", stage.approval(request_id, **minutes))
    assert verify_chain().first_bad is None


def let_deputy_act(director: Person, board: Person) -> None:
    """Open an acting period, unless one is open."""
    with unit_of_work() as now:
        if queries.acting_period(director.id, now) is None:
            acting.start_acting_by_board(board, "The Director travels.", now=now)


def _race(request_id: int, devices: Sequence[Device], path: str, fields: dict[str, Any]) -> None:
    """All send the filled form at once, each with a reason of their own."""
    answers = at_once([_send(request_id, device, path, fields) for device in devices])

    winners = [index for index, answer in enumerate(answers) if answer.status_code == 303]
    assert len(winners) == 1, [stage.said(answer) for answer in answers]
    winner = devices[winners[0]][0]
    for index, answer in enumerate(answers):
        if index != winners[0]:
            assert answer.status_code == 409, answer.text
            assert f"Already decided by {winner} at" in answer.text
            assert f"Reason typed on device {id(devices[index])}" in answer.text
    assert _on_record(request_id) == (1, winner, 1, ["grafana approved", "matomo approved"])


def _send(request_id: int, device: Device, path: str, fields: dict[str, Any]) -> Callable[[], requests.Response]:
    browser = device[1]
    browser.token()
    sent = {**fields, "reason": f"Reason typed on device {id(device)}"}
    return lambda: browser.post(f"/requests/{request_id}/{path}", sent)


def _on_record(request_id: int) -> tuple[int, str, int, list[str]]:
    """How many decisions, by whom, how many events say so, and what was given."""
    db.session.rollback()
    decisions = db.session.scalars(select(Decision).where(Decision.request_id == request_id)).all()
    events = db.session.scalars(
        select(Event.id).where(Event.request_id == request_id, Event.code == "request.approved")
    )
    steps = db.session.execute(
        select(Grant.item_key, GrantStep.step)
        .join(GrantStep, GrantStep.grant_id == Grant.id)
        .where(Grant.request_id == request_id)
        .order_by(Grant.item_key)
    )
    return (
        len(decisions),
        ", ".join(found.decided_by.name for found in decisions),
        len(list(events)),
        [f"{key} {step}" for key, step in steps],
    )
