"""What else than a filled form can be sent to the portal: refused in words, or not looked at."""

from __future__ import annotations

import io

import pytest
from flask import Flask
from sqlalchemy import select

from portal.extensions import db
from portal.requests.discussion_models import DecisionNote
from portal.requests.models import TeamRequest
from tests import factories as people
from tests import pages
from tests.requests.factories import team_request
from tests.requests.pages import Browser


@pytest.fixture
def director(app: Flask) -> Browser:
    """A browser of the Director, who may write a note on request 1."""
    team_request(people.member())
    return Browser(app, people.director())


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"body": "said in JSON"}', "application/json"),
        (b'{"body": 5}', "application/json"),
        (b"[1]", "application/vnd.api+json"),
        (b"{", "application/json; charset=utf-8"),
        (b"body=plain", "text/plain"),
        (b"<body>x</body>", "text/xml"),
        (b"body=x", "nonsense"),
    ],
)
def test_what_is_no_form_is_refused_in_words(director: Browser, body: bytes, content_type: str) -> None:
    headers = {"X-CSRFToken": director.token()}

    answer = director.client.post("/requests/1/notes", data=body, content_type=content_type, headers=headers)

    assert answer.status_code == 415
    assert "That kind of content is not taken here." in answer.text
    assert pages.faults(answer.text) == []
    assert db.session.scalars(select(DecisionNote)).all() == []


def test_an_uploaded_file_fills_no_field(director: Browser) -> None:
    upload = {"csrf_token": director.token(), "body": (io.BytesIO(b"from a file"), "a.txt")}

    answer = director.client.post("/requests/1/notes", data=upload, content_type="multipart/form-data")

    assert answer.status_code == 422
    assert db.session.scalars(select(DecisionNote)).all() == []


def test_a_form_with_a_file_beside_its_fields_is_read_without_the_file(director: Browser) -> None:
    sent = {"csrf_token": director.token(), "body": "typed", "extra": (io.BytesIO(b"from a file"), "a.txt")}

    answer = director.client.post("/requests/1/notes", data=sent, content_type="multipart/form-data")

    assert answer.status_code == 303
    assert [note.text.body for note in db.session.scalars(select(DecisionNote))] == ["typed"]


def test_an_address_that_takes_no_such_method_says_which_it_takes(app: Flask) -> None:
    answer = app.test_client().delete("/roles")

    assert answer.status_code == 405
    assert set(answer.allow) == {"GET", "HEAD", "OPTIONS"}
    assert pages.faults(answer.text) == []


def test_a_draft_keeps_no_field_that_its_form_does_not_have(app: Flask) -> None:
    ann = Browser(app, people.member())
    draft = ann.post("/requests/new", {"kind": "access_expansion", "submission_id": "0" * 32}).headers["Location"]

    ann.post(draft, {"draft_version": "0", "why": "For the graphs.", "state": "approved", "candidate_id": "7"})

    page = ann.text(draft)
    assert "For the graphs." in page
    assert db.session.scalars(select(TeamRequest.draft)).one() == {"details": {"why": ["For the graphs."]}}
