"""The main job through the pages, without JavaScript: file, discuss, decide, record."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.people.models import Person
from portal.web import clock
from tests import factories

SignIn = Callable[[Person], FlaskClient]


def token(response: TestResponse) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', response.text)
    assert found, response.text
    return found[1]


def hidden(response: TestResponse, name: str) -> str:
    import html

    found = re.search(rf'<input[^>]*name="{name}"[^>]*value="([^"]*)"', response.text)
    assert found, (name, response.text)
    return html.unescape(found[1])


def test_a_member_files_the_team_discusses_and_the_director_approves(app: Flask, as_person: SignIn) -> None:
    director = factories.director()
    factories.deputy()
    ann, ben = factories.member("Ann"), factories.member("Ben")
    candidate, colleague, decider = as_person(ann), as_person(ben), as_person(director)

    page = candidate.get("/requests/new")
    assert page.status_code == 200, page.text
    started = candidate.post(
        "/requests/new",
        data={"csrf_token": token(page), "kind": "access_expansion", "submission_id": hidden(page, "submission_id")},
    )
    assert started.status_code == 303
    draft_url = started.headers["Location"]
    form = candidate.get(draft_url)
    assert form.status_code == 200, form.text
    filled = {
        "csrf_token": token(form),
        "draft_version": hidden(form, "draft_version"),
        "for_whom": "me",
        "items": ["system:grafana"],
        "why": "To read **dashboards**.",
        "benefit": "Everybody.",
        "go_on": "1",
    }
    checked = candidate.post(draft_url, data=filled)
    assert checked.status_code == 303, checked.text
    review = candidate.get(checked.headers["Location"])
    assert "Check your answers" in review.text
    submitted = candidate.post(draft_url.replace("/draft", "/submit"), data={"csrf_token": token(review)})
    assert submitted.status_code == 303, submitted.text
    assert "What happens now" in candidate.get(submitted.headers["Location"]).text
    url = draft_url.replace("/draft", "")

    shown = colleague.get(url)
    assert shown.status_code == 200, shown.text
    position = colleague.post(
        f"{url}/positions",
        data={"csrf_token": token(shown), "revision": "1", "stance": "support", "sentence": "Good work"},
    )
    assert position.status_code == 303, position.text
    assert "Good work" in colleague.get(url).text
    assert "Good work" not in candidate.get(url).text

    with time_machine.travel(clock.now() + factories.days(4), tick=False):
        panel = decider.get(url)
        assert "Approve</button>" in panel.text
        item_id = re.search(r'name="items"[^>]*value="(\d+)"|value="(\d+)"[^>]*name="items"', panel.text)
        assert item_id
        approved = decider.post(
            f"{url}/approve",
            data={
                "csrf_token": token(panel),
                "grounds": hidden(panel, "grounds"),
                "items": [item_id[1] or item_id[2]],
                "reason": "Needed for the work.",
            },
        )
        assert approved.status_code == 303, approved.text
        after = candidate.get(url)

    assert "Approved" in after.text
    assert "Needed for the work." in after.text


@pytest.mark.parametrize("path", ["/", "/requests/", "/requests/new", "/welcome"])
def test_the_pages_open_for_a_volunteer(app: Flask, as_person: SignIn, path: str) -> None:
    response = as_person(factories.volunteer()).get(path)

    assert response.status_code == 200, response.text
