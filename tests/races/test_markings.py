"""Two markers at the same moment: nobody reads early, both are revealed once, and what is agreed is what was seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
import requests
from sqlalchemy import select

from portal.assessments import queries
from portal.assessments.models import AssessmentState, Score, Seat
from portal.audit.models import Event
from portal.audit.services import verify_chain
from portal.extensions import db
from portal.people.models import Person
from tests import factories as people
from tests.assessments import factories as made
from tests.races.stage import newest_event
from tests.served import HttpBrowser, Served, at_once

FEW, MANY = 2, 40
SIDES = ((Seat.MENTOR, "ben"), (Seat.SECOND, "carl"))
BOTH_IN = "Both markings are in"
Send = Callable[[], requests.Response]


class Cast:
    """Everybody, each with a browser."""

    def __init__(self, served: Served) -> None:
        made.seed()
        self.persons: dict[str, Person] = {
            "ben": people.member("Ben"),
            "carl": people.member("Carl"),
            "dora": people.director("Dora"),
        }
        self.served = served
        self.browsers = {name: served.browser(person) for name, person in self.persons.items()}
        for browser in self.browsers.values():
            browser.token()

    def mentee(self, number: int) -> HttpBrowser:
        """A new person with a round of their own."""
        ann = people.member(f"Ann {number}")
        self.marking = made.marking(ann, self.persons["ben"], self.persons["carl"])
        self.papers = {seat: made.seated(self.marking, seat) for seat, _ in SIDES}
        browser = self.served.browser(ann)
        browser.token()
        return browser

    def lock(self, seat: Seat) -> Send:
        """The filled form of this seat, to be sent."""
        browser, path = self.browsers[dict(SIDES)[seat]], f"/assessments/{self.papers[seat]}"
        fields: dict[str, Any] = browser.form(path, path)
        fields |= {f"score-{key}": "2" for key in made.keys(self.papers[seat])}
        return lambda: browser.post(f"{path}/lock", fields)

    def decline(self, seat: Seat) -> Send:
        browser, path = self.browsers[dict(SIDES)[seat]], f"/assessments/{self.papers[seat]}"
        return lambda: browser.post(f"{path}/decline", {"reason": ""})


def happened(after: int) -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(Event.code).where(Event.id > after).order_by(Event.id)))


def early(ann: HttpBrowser, cast: Cast) -> Iterator[str]:
    """What the others see of both markings now that should not be seen yet."""
    for name, browser in (("ann", ann), *cast.browsers.items()):
        for seat, marker in SIDES:
            if name != marker and browser.get(f"/assessments/{cast.papers[seat]}").status_code != 404:
                yield f"{name} opens the marking of {marker}"
        if "side-title" in browser.get(f"/markings/{cast.marking}").text:
            yield f"{name} sees them side by side"


@pytest.mark.both_databases
def test_two_locks_at_once_reveal_both_once_and_never_one(served: Served) -> None:
    _locks(served, FEW)


@pytest.mark.slow
@pytest.mark.both_databases
def test_two_locks_at_once_reveal_both_once_and_never_one_many_times(served: Served) -> None:
    _locks(served, MANY)


def _locks(served: Served, rounds: int) -> None:
    cast = Cast(served)
    for number in range(rounds):
        ann, after = cast.mentee(number), newest_event()
        assert list(early(ann, cast)) == []
        sends = [cast.lock(seat) for seat, _ in SIDES]
        looks: list[Send] = [
            partial(browser.get, f"/markings/{cast.marking}") for browser in (ann, *cast.browsers.values())
        ]
        first, second, *seen = at_once([*sends, *looks])
        assert (first.status_code, second.status_code) == (303, 303)
        for page in seen:
            assert ("side-title" in page.text) is (BOTH_IN in page.text) is (page.text.count("Finished ") >= 2)
        assert happened(after).count("marking.revealed") == 1
        assert sorted(happened(after)) == ["assessment.locked", "assessment.locked", "marking.revealed"]
        assert ann.get(f"/assessments/{cast.papers[Seat.SECOND]}").status_code == 200
    assert verify_chain().first_bad is None


@pytest.mark.both_databases
def test_one_lock_while_the_other_declines_reveals_nothing(served: Served) -> None:
    cast = Cast(served)
    for number in range(FEW):
        ann, after = cast.mentee(number), newest_event()
        answers = at_once([cast.lock(Seat.MENTOR), cast.decline(Seat.SECOND)])
        assert [answer.status_code for answer in answers] == [303, 303]
        assert sorted(happened(after)) == ["assessment.locked", "marking.declined"]
        assert list(early(ann, cast)) == []


@pytest.mark.both_databases
def test_what_both_agree_to_at_once_is_settled_once(served: Served) -> None:
    cast = Cast(served)
    cast.mentee(0)
    for seat, name in SIDES:
        made.mark(cast.persons[name], cast.marking, seat)
    made.final(cast.persons["ben"], cast.marking)
    token, path, after = made.content(cast.marking).token, f"/markings/{cast.marking}/agree", newest_event()

    answers = at_once([partial(cast.browsers[name].post, path, {"token": token}) for _, name in SIDES])

    assert [answer.status_code for answer in answers] == [303, 303]
    assert happened(after) == ["marking.agreed", "assessment.settled"]


@pytest.mark.both_databases
def test_nobody_agrees_to_what_the_other_changes_at_that_moment(served: Served) -> None:
    cast = Cast(served)
    for number in range(FEW):
        cast.mentee(number)
        for seat, name in SIDES:
            made.mark(cast.persons[name], cast.marking, seat)
        final = made.final(cast.persons["ben"], cast.marking)
        made.agree(cast.persons["ben"], cast.marking)
        token, key, path = made.content(cast.marking).token, made.keys(final)[0], f"/assessments/{final}"
        ben, carl = cast.browsers["ben"], cast.browsers["carl"]
        fields = ben.form(path, path) | {f"score-{key}": "0"}

        agrees = partial(carl.post, f"/markings/{cast.marking}/agree", {"token": token})
        agreed, changed = at_once([agrees, partial(ben.post, path, fields)])

        db.session.rollback()
        locked = queries.find(final).state is AssessmentState.LOCKED
        items = queries.items_of(queries.find(final).standard_id)
        score = queries.entries_of_many([final], items)[final][key].score
        assert (agreed.status_code, changed.status_code) in ((303, 409), (409, 303))
        assert locked is (agreed.status_code == 303)
        assert score is (Score.INDEPENDENT if locked else Score.NONE)
