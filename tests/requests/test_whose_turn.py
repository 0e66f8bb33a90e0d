"""A waiting request says for whom it waits, by name, and since when: on its page and in the list."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from portal.requests import discussion_services, turn_jobs
from portal.web import filters
from portal.web.unit_of_work import unit_of_work
from tests import factories as people
from tests.notifications.factories import forget
from tests.requests.factories import do, position, team_request
from tests.requests.pages import Open, parse

pytestmark = pytest.mark.both_databases


def waits(page: str, id: str) -> list[str]:
    """Every "Waiting for ..." in the part with this id, as it is read; at a day also the exact moment, as on hover."""
    root = next(part for part in parse(page).iter() if part.get("id") == id)
    for moment in root.iter("time"):
        moment.text = f"{moment.text} = {moment.get('title')}"
    said = (" ".join("".join(span.itertext()).split()) for span in root.iter("span"))
    return [words for words in said if words.startswith("Waiting for")]


def test_the_decider_is_named_with_the_day_since_when_it_waits(app: Flask, open_as: Open) -> None:
    people.director("Dora")
    ann, ben = people.member("Ann"), people.member("Ben")
    request_id = team_request(ann)
    position(ben, request_id)
    forget()
    ended = people.now() + timedelta(days=3, minutes=1)
    with time_machine.travel(ended, tick=False):
        with unit_of_work() as now:
            turn_jobs.tick(now)
        forget()

    with time_machine.travel(ended + timedelta(days=2), tick=False):
        says = [f"Waiting for the Director to decide: Dora (since {filters.day(ended)} = {filters.utc(ended)})"]
        for reader in (ann, ben):
            browser = open_as(reader)
            assert waits(browser.text(f"/requests/{request_id}"), "header") == says
            assert waits(browser.text("/requests/"), "request-list") == says


def test_a_question_waits_for_the_candidate_until_it_is_answered(app: Flask, open_as: Open) -> None:
    ann, ben = people.member("Ann"), people.member("Ben")
    request_id = team_request(ann)
    forget()
    asked = people.now() + timedelta(hours=1)
    question = do(discussion_services.ask, ben, request_id, "Which?", at=asked)
    forget()
    browser = open_as(ben)

    with time_machine.travel(asked + timedelta(hours=5), tick=False):
        says = [f"Waiting for an answer from the candidate: Ann (since {filters.day(asked)} = {filters.utc(asked)})"]
        assert waits(browser.text(f"/requests/{request_id}"), "header") == says
        assert waits(browser.text("/requests/"), "request-list") == says

        do(discussion_services.answer, ann, request_id, question.id, "That one.")
        assert waits(browser.text(f"/requests/{request_id}"), "header") == []
        assert waits(browser.text("/requests/"), "request-list") == []
