"""Deciding through the pages: the filled form survives every refusal."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from portal.people import absences, sessions
from portal.people.models import Person
from portal.requests import objection_services
from portal.requests.workflow import State
from portal.web import clock
from portal.web.unit_of_work import unit_of_work
from tests import factories as people
from tests import pages as sound
from tests.requests import factories
from tests.requests.factories import decide, do, position, state, team_request
from tests.requests.pages import Open, hidden, parse, swapped, typed, url


def ready(candidate: Person | None = None) -> int:
    """A request for which every required check is met."""
    request_id = team_request(candidate or people.member(), days_ago=4)
    position(people.member(), request_id)
    return request_id


def approval(page: str, **changes: Any) -> dict[str, Any]:
    """The approval form of a page, with a reason."""
    item = next(e for e in parse(page).iter("input") if e.get("name") == "items")
    parts = {"grounds": hidden(page, "grounds"), "items": [item.get("value")], "reason": "A reason I typed."}
    return {**parts, **changes}


def refusal(page: str, **changes: Any) -> dict[str, Any]:
    parts = {"grounds": hidden(page, "decline-grounds"), "reason": "Not yet, I typed.", "would_help": "A review"}
    return {f"decline-{name}": value for name, value in {**parts, **changes}.items()}


@pytest.mark.parametrize("htmx", [False, True])
def test_approving_shows_the_decision_in_place(app: Flask, open_as: Open, htmx: bool) -> None:
    dora, request_id = open_as(people.director("Dora")), ready()
    page = dora.text(url(request_id))
    assert sound.faults(page) == []

    answer = dora.post(url(request_id, "/approve"), approval(page), htmx=htmx)

    assert answer.status_code == (200 if htmx else 303)
    shown = answer.text if htmx else dora.text(url(request_id))
    if htmx:
        panel, out_of_band = swapped(shown)
        assert panel == "decision"
        assert {"header", "checks", "timeline", "people"} <= out_of_band
    assert "A reason I typed." in shown
    assert state(request_id) is State.APPROVED


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize(
    ("changes", "field"),
    [({"reason": ""}, "grounds"), ({"items": []}, "reason"), ({"items": ["99999"]}, "reason")],
    ids=["no reason", "nothing given", "something else given"],
)
def test_an_approval_that_does_not_hold_comes_back(
    app: Flask, open_as: Open, changes: dict[str, Any], field: str, htmx: bool
) -> None:
    dora, request_id = open_as(people.director()), ready()
    sent = approval(dora.text(url(request_id)), **changes)

    answer = dora.post(url(request_id, "/approve"), sent, htmx=htmx)

    assert answer.status_code == 422
    assert "There is a problem" in answer.text
    assert typed(answer.text, field) == sent[field]
    assert htmx or sound.faults(answer.text) == []
    assert state(request_id) is State.DISCUSSION


def test_a_missing_check_asks_why_it_is_decided_anyway(app: Flask, open_as: Open) -> None:
    dora, request_id = open_as(people.director()), team_request(people.member())
    page = dora.text(url(request_id))
    assert "Decide anyway</button>" in page

    answer = dora.post(url(request_id, "/approve"), approval(page))
    assert answer.status_code == 422
    assert typed(answer.text, "reason") == "A reason I typed."
    answer = dora.post(url(request_id, "/approve"), approval(page, anyway="It cannot wait"))

    assert answer.status_code == 303
    assert "It cannot wait" in dora.text(url(request_id))


def test_an_open_concern_has_a_field_of_its_own(app: Flask, open_as: Open) -> None:
    dora, request_id = open_as(people.director()), ready()
    concern = do(objection_services.raise_concern, people.member(), request_id, "Key reuse", "Old key").id
    page = dora.text(url(request_id))

    answer = dora.post(url(request_id, "/approve"), approval(page))
    assert answer.status_code == 422
    assert f"override_{concern}" in answer.text
    sent = approval(page, **{f"override_{concern}": "The key is new"})
    assert dora.post(url(request_id, "/approve"), sent).status_code == 303

    assert "The key is new" in dora.text(url(request_id))


@pytest.mark.parametrize("htmx", [False, True])
def test_other_grounds_are_told_and_the_form_stays_filled(app: Flask, open_as: Open, htmx: bool) -> None:
    dora, request_id = open_as(people.director()), ready()
    sent = approval(dora.text(url(request_id)))
    do(objection_services.link_page, people.member(), request_id, "https://example.org", "A patch")

    answer = dora.post(url(request_id, "/approve"), sent, htmx=htmx)

    assert answer.status_code == 409
    assert "The linked evidence changed." in answer.text
    assert typed(answer.text, "reason") == "A reason I typed."
    assert state(request_id) is State.DISCUSSION
    again = {**sent, "grounds": hidden(answer.text, "grounds")}
    assert dora.post(url(request_id, "/approve"), again).status_code == 303


def test_the_slower_decider_is_told_who_was_first_and_keeps_the_words(app: Flask, open_as: Open) -> None:
    director, deputy = people.director("Dora"), people.deputy()
    request_id = ready()
    with unit_of_work() as now:
        absences.declare_absence(director, now, to_at=None, reason=None, now=now)
    slower = open_as(deputy)
    sent = approval(slower.text(url(request_id)))
    decide(director, request_id)

    for htmx in (False, True):
        answer = slower.post(url(request_id, "/approve"), sent, htmx=htmx)
        assert answer.status_code == 409
        assert "Already decided by Dora" in answer.text
        assert "A reason I typed." in answer.text


def test_not_yet_is_read_by_the_candidate(app: Flask, open_as: Open) -> None:
    ann, dora = people.member(), open_as(people.director())
    request_id = ready(ann)
    page = dora.text(url(request_id))

    empty = dora.post(url(request_id, "/decline"), refusal(page, reason=""))
    assert empty.status_code == 422
    assert typed(empty.text, "decline-would_help") == "A review"
    assert dora.post(url(request_id, "/decline"), refusal(page)).status_code == 303

    read = open_as(ann).text(url(request_id))
    assert "Not yet, I typed." in read
    assert "A review" in read


def test_who_may_not_decide_is_told_so_and_nothing_happens(app: Flask, open_as: Open) -> None:
    director = people.director()
    request_id, own = ready(), ready(director)
    before = factories.events()

    for person, id in ((people.member(), request_id), (people.deputy(), request_id), (director, own)):
        for path in ("/approve", "/decline", "/refer", "/outcome/approve", "/outcome/decline"):
            answer = open_as(person).post(url(id, path), {"reason": "x", "items": ["1"], "grounds": "{}"})
            assert answer.status_code in (403, 422), path
    assert factories.events() == before


def test_the_board_records_its_outcome(app: Flask, open_as: Open) -> None:
    director, board = people.director(), open_as(people.board_member())
    request_id = ready()
    assert open_as(director).post(url(request_id, "/refer"), {"reason": ""}).status_code == 422
    assert open_as(director).post(url(request_id, "/refer"), {"reason": "Please"}).status_code == 303
    page = board.text(url(request_id))
    assert sound.faults(page) == []

    lacking = board.post(url(request_id, "/outcome/approve"), approval(page))
    assert lacking.status_code == 422
    assert typed(lacking.text, "reason") == "A reason I typed."
    day = clock.now().date().isoformat()
    sent = approval(page, met_on=day, minutes_url="https://example.org/minutes")
    assert board.post(url(request_id, "/outcome/approve"), sent).status_code == 303

    assert "https://example.org/minutes" in board.text(url(request_id))
    assert state(request_id) is State.APPROVED


def test_who_does_not_decide_for_the_board_is_asked_for_no_minutes(app: Flask, open_as: Open) -> None:
    dora, request_id = open_as(people.director("Dora")), ready()
    page = dora.text(url(request_id))
    strange = {"minutes_url": "not an address", "met_on": "the third of May"}
    assert not any(name in page for name in strange)

    answer = dora.post(url(request_id, "/approve"), {**approval(page), **strange})

    assert answer.status_code == 303  # what the form does not ask for refuses nothing


def test_the_director_reviews_on_return(app: Flask, open_as: Open) -> None:
    director, deputy = people.director(), people.deputy()
    request_id = ready()
    with unit_of_work() as now:
        absences.declare_absence(director, now, to_at=None, reason=None, now=now)
    decision = decide(deputy, request_id)
    dora = open_as(director)
    assert "Review on return" in dora.text("/")
    assert "Review on return" in dora.text(url(request_id))

    assert dora.post(url(request_id, f"/decisions/{decision.id}/review")).status_code == 303

    assert "Review on return: #" not in dora.text("/")


def test_reopening_leads_back_to_the_discussion(app: Flask, open_as: Open) -> None:
    director = people.director()
    request_id = ready()
    decide(director, request_id, approve=False)
    dora = open_as(director)
    assert "Reopen</button>" in dora.text(url(request_id))

    assert dora.post(url(request_id, "/reopen")).status_code == 303

    assert "In discussion" in dora.text(url(request_id))


def test_the_preview_shows_what_the_public_will_read_and_writes_nothing(app: Flask, open_as: Open) -> None:
    dora, request_id = open_as(people.director()), ready()
    before = factories.events()

    answer = dora.post(url(request_id, "/decision/preview"), {"reason": "Good **work** <script>"}, htmx=True)

    assert "<strong>work</strong>" in answer.text
    assert "<script>" not in answer.text
    assert factories.events() == before


def test_private_notes_are_written_in_place(app: Flask, open_as: Open) -> None:
    dora, request_id = open_as(people.director()), ready()

    assert dora.post(url(request_id, "/notes"), {"body": ""}, htmx=True).status_code == 422
    answer = dora.post(url(request_id, "/notes"), {"body": "between us"}, htmx=True)

    assert swapped(answer.text)[0] == "notes"
    assert "between us" in answer.text


@pytest.mark.parametrize("path", ["/approve", "/decline", "/refer"])
def test_after_twelve_idle_hours_a_decision_asks_the_wiki_and_keeps_the_form(
    app: Flask, open_as: Open, path: str
) -> None:
    director = people.director()
    dora, request_id = open_as(director), ready()
    page = dora.text(url(request_id))
    sent = {"/approve": approval(page), "/decline": refusal(page), "/refer": {"reason": "Kept words"}}[path]
    field = {"/approve": "reason", "/decline": "decline-reason", "/refer": "reason"}[path]

    with time_machine.travel(clock.now() + timedelta(hours=12, minutes=1), tick=False):
        answer = dora.post(url(request_id, path), sent)
        assert answer.status_code == 401
        assert state(request_id) is State.DISCUSSION
        kept = re.search(r"kept(?:=|%3D)([A-Za-z0-9_-]+)", answer.text)
        assert kept
        people.sign_in(dora.client, director)
        with dora.client.session_transaction() as session:
            session.pop("paused", None)
        back = dora.text(url(request_id) + f"?kept={kept[1]}")

    (form,) = _forms(back, path, request_id)
    assert typed(form, field) == sent[field]


def _forms(page: str, path: str, request_id: int) -> list[str]:
    """The form of the page that goes to this address, as text."""
    return re.findall(rf'<form[^>]*action="{re.escape(url(request_id, path))}".*?</form>', page, re.S)


def test_reading_after_twelve_idle_hours_asks_for_nothing(app: Flask, open_as: Open) -> None:
    dora, request_id = open_as(people.director()), ready()
    dora.text(url(request_id))

    with time_machine.travel(clock.now() + timedelta(hours=13), tick=False):
        assert dora.get(url(request_id)).status_code == 200


def test_an_ended_sign_in_loses_no_comment(app: Flask, open_as: Open) -> None:
    ben = people.member()
    request_id = ready()
    browser = open_as(ben)
    browser.token()
    with unit_of_work() as now:
        sessions.end_all(ben.id, now=now)

    answer = browser.post(url(request_id, "/comments"), {"audience": "team", "body": "words of an hour"})
    assert answer.status_code == 401
    kept = re.search(r"kept(?:=|%3D)([A-Za-z0-9_-]+)", answer.text)
    assert kept
    people.sign_in(browser.client, ben)
    page = browser.text(url(request_id) + f"?kept={kept[1]}")

    (form,) = _forms(page, "/comments", request_id)
    assert typed(form, "body") == "words of an hour"
