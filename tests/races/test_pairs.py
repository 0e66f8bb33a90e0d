"""An approval against something else at the same moment: what comes of it is what one of the two orders gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from portal.audit.services import verify_chain
from portal.people import appointments, queries
from portal.people.models import Origin, Person
from portal.people.policy import Post
from portal.requests import queries as request_queries
from portal.web.unit_of_work import unit_of_work
from tests import factories as people
from tests.races import stage
from tests.races.stage import Outcome
from tests.races.test_deciders import let_deputy_act
from tests.served import HttpBrowser, Served, at_once

FEW, MANY = 1, 100  # rounds of each pair
LATER = 0.01  # seconds more from round to round, as an approval looks longer before it locks than its rivals


@dataclass(frozen=True, slots=True)
class Cast:
    """The persons of the scene, each with a browser."""

    served: Served
    persons: dict[str, Person]
    browsers: dict[str, HttpBrowser]

    def candidate(self, request_id: int) -> HttpBrowser:
        return self.served.browser(stage.candidate_of(request_id))


@dataclass(frozen=True, slots=True)
class Sending:
    """One filled form in one browser."""

    browser: HttpBrowser
    path: str
    fields: dict[str, Any]

    def send(self) -> requests.Response:
        return self.browser.post(self.path, self.fields)


@dataclass(frozen=True, slots=True)
class Rival:
    """What is done at the moment of the approval, and who approves meanwhile."""

    make: Callable[[Cast, int], Sending]
    decider: str = "director"


def _edit(cast: Cast, request_id: int) -> Sending:
    answers = {field: found.text.body for field, found in request_queries.answers(request_id).items()}
    base = request_queries.edit_base(request_id, 1)
    fields = {**answers, "for_whom": "me", "items": ["system:graylog"], "base": base}
    return Sending(cast.candidate(request_id), f"/requests/{request_id}/edit", fields)


def _put_into_office(cast: Cast, decider: str) -> None:
    """Whom the Board removed in the round before is appointed again, and the Deputy acts again."""
    director = cast.persons["director"]
    with unit_of_work() as now:
        if not queries.facts(director.id, now).is_director:
            appointments.install(director, Post.DIRECTOR, by_id=None, origin=Origin.APPOINTMENT, now=now)
    if decider == "deputy":
        let_deputy_act(director, cast.persons["board"])


RIVALS = {
    "not yet": Rival(
        lambda cast, id: Sending(cast.browsers["second device"], f"/requests/{id}/decline", stage.refusal(id))
    ),
    "withdraw": Rival(lambda cast, id: Sending(cast.candidate(id), f"/requests/{id}/withdraw", {})),
    "edit": Rival(_edit),
    "concern": Rival(
        lambda cast, id: Sending(
            cast.browsers["member"], f"/requests/{id}/concerns", {"name": "Key reuse", "body": "Seen elsewhere."}
        )
    ),
    "demotion": Rival(
        lambda cast, _id: Sending(
            cast.browsers["board"],
            f"/people/{cast.persons['director'].id}/roles/director/end",
            {"reason": "The term is over."},
        )
    ),
    "end of acting": Rival(
        lambda cast, _id: Sending(cast.browsers["board"], "/people/acting/end", {}), decider="deputy"
    ),
}


@pytest.mark.both_databases
def test_an_approval_against_something_else_is_one_after_the_other(served: Served) -> None:
    _races(served, FEW)


@pytest.mark.slow
@pytest.mark.both_databases
def test_an_approval_against_something_else_is_one_after_the_other_100_times(served: Served) -> None:
    came = _races(served, MANY)

    assert {name: orders for name, orders in came.items() if not all(orders.values())} == {}, "each order came"


def _cast(served: Served) -> Cast:
    persons = {
        "director": people.person("Dora", "director", "software_engineer"),
        "deputy": people.deputy("Dep"),
        "member": people.member("Mia"),
        "board": people.board_member("Bo"),
    }
    browsers = {name: served.browser(person) for name, person in persons.items()}
    browsers["second device"] = served.browser(persons["director"])
    for browser in browsers.values():
        browser.token()
    return Cast(served, persons, browsers)


def _races(served: Served, rounds: int) -> dict[str, dict[str, int]]:
    """How often each order came, by pair."""
    cast, found = _cast(served), {}
    for name, rival in RIVALS.items():
        first, second, *others = stage.ready(2 + rounds)
        orders = {"approved first": _both(cast, rival, first, "<"), "approved last": _both(cast, rival, second, ">")}
        assert len(set(orders.values())) == 2, (name, orders)
        came = [_both(cast, rival, request_id, "=", late=LATER * (turn % 8)) for turn, request_id in enumerate(others)]
        for outcome in came:
            assert outcome in orders.values(), f"{name}: {outcome}\nis neither of {orders}"
        found[name] = {order: came.count(outcome) for order, outcome in orders.items()}
        print(name, found[name])  # noqa: T201  # shown by -s
    assert verify_chain().first_bad is None
    return found


def _both(cast: Cast, rival: Rival, request_id: int, order: str, *, late: float = 0) -> Outcome:
    """Approval and rival: "<" the approval before, ">" after, "=" at once, the rival so many seconds later."""
    _put_into_office(cast, rival.decider)
    approve = Sending(cast.browsers[rival.decider], f"/requests/{request_id}/approve", stage.approval(request_id))
    other = rival.make(cast, request_id)
    other.browser.token()
    before = stage.newest_event()
    if order == "=":
        answers = at_once([approve.send, other.send], late=late)
    elif order == "<":
        answers = [approve.send(), other.send()]
    else:
        answers = [other.send(), approve.send()][::-1]
    return stage.outcome(request_id, answers, after=before)
