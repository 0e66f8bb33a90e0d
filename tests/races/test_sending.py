"""A form that arrives twice or eight times at once, or again after the answer was lost: one request, one comment."""

from __future__ import annotations

import socket
import time
from functools import partial
from urllib.parse import urlencode, urlsplit

import pytest
from sqlalchemy import func, select

from portal.audit.models import Event
from portal.audit.services import verify_chain
from portal.extensions import db
from portal.requests.discussion_models import Comment, Concern, Position
from portal.requests.models import TeamRequest
from portal.requests.workflow import State
from tests import factories as people
from tests.requests import factories
from tests.served import HttpBrowser, Served, at_once

TIMES = (2, 8)


def count(model: type, *where: object) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model).where(*where)) or 0  # type: ignore[arg-type]


@pytest.mark.both_databases
def test_a_form_that_arrives_several_times_is_carried_out_once(served: Served) -> None:
    request_id = factories.team_request(people.member("Ann"))
    ben = served.browser(people.member("Ben"))
    _what_is_said(request_id, ben)
    _a_request_that_is_filed(served.browser(people.member("Cleo")))
    _when_the_answer_is_lost(request_id, ben)
    assert verify_chain().first_bad is None


def _what_is_said(request_id: int, ben: HttpBrowser) -> None:
    page = f"/requests/{request_id}"
    typed = {
        "comments": (Comment, {"body": "Only once.", "audience": "team"}),
        "positions": (Position, {"stance": "support", "sentence": "Only once."}),
        "concerns": (Concern, {"name": "Only once", "body": "Only once."}),
    }
    for path, (model, fields) in typed.items():
        for times in TIMES:
            sent = ben.form(page, f"{page}/{path}") | fields | {"page_id": f"{path}-{times}"}
            before = count(model)
            answers = at_once([partial(ben.post, f"{page}/{path}", sent)] * times)
            assert {(answer.status_code, answer.headers["Location"]) for answer in answers} == {
                (303, answers[0].headers["Location"])
            }
            again = ben.post(f"{page}/{path}", sent)  # "back", and sent once more
            assert (again.status_code, again.headers["Location"]) == (303, answers[0].headers["Location"])
            assert count(model) - before == (0 if model is Position and times == TIMES[1] else 1)


def _a_request_that_is_filed(cleo: HttpBrowser) -> None:
    """Begun 8 times at once, saved, and submitted 8 times at once."""
    form = cleo.form("/requests/new", "/requests/new")
    begun = at_once([partial(cleo.post, "/requests/new", form)] * TIMES[1])
    assert {answer.status_code for answer in begun} == {303}
    (draft,) = {answer.headers["Location"] for answer in begun}

    typed = {"items": ["system:grafana"], "why": "To see the graphs.", "benefit": "Everybody.", "go_on": "1"}
    saved = at_once([partial(cleo.post, draft, cleo.form(draft, draft) | typed)] * TIMES[1])
    assert {(answer.status_code, answer.headers["Location"]) for answer in saved} == {
        (303, draft.replace("/draft", "/check-answers"))
    }
    submit = draft.replace("/draft", "/submit")
    sent = cleo.form(saved[0].headers["Location"], submit)
    filed = at_once([partial(cleo.post, submit, sent)] * TIMES[1])
    assert {(answer.status_code, answer.headers["Location"]) for answer in filed} == {
        (303, draft.replace("/draft", "/filed"))
    }
    assert count(TeamRequest, TeamRequest.state == State.DISCUSSION) == 2  # this one and Ann's
    assert count(Event, Event.code == "request.filed") == 2
    assert count(TeamRequest) == 2


def _when_the_answer_is_lost(request_id: int, ben: HttpBrowser) -> None:
    """The browser hangs up before the answer comes, as after a time-out, and the person presses the button again."""
    path = f"/requests/{request_id}/comments"
    sent = ben.form(f"/requests/{request_id}", path) | {"body": "Said into a bad line.", "audience": "team"}
    before = count(Comment)
    _send_and_hang_up(ben, path, {"csrf_token": ben.token(), **sent})
    until = time.monotonic() + 30
    while count(Comment) == before and time.monotonic() < until:
        time.sleep(0.02)

    again = ben.post(path, sent)

    assert (again.status_code, count(Comment) - before) == (303, 1)
    assert ben.text(f"/requests/{request_id}").count("Said into a bad line.") == 1


def _send_and_hang_up(browser: HttpBrowser, path: str, fields: dict[str, str]) -> None:
    body = urlencode(fields)
    address = urlsplit(browser.url)
    cookie = "; ".join(f"{found.name}={found.value}" for found in browser.cookies)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {address.netloc}\r\nCookie: {cookie}\r\nConnection: close\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.sendall((head + body).encode())
