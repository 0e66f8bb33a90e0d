"""Sixteen people at once read, file, comment, take positions, withdraw and decide: what they counted stands there."""

from __future__ import annotations

import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from flask import Flask
from sqlalchemy import func, select

from portal.audit import comparing
from portal.audit.models import Event
from portal.audit.services import verify_chain
from portal.extensions import db
from portal.requests.discussion_models import Comment, Position
from portal.requests.models import Decision, TeamRequest
from portal.requests.workflow import State
from tests import factories as people
from tests.races import stage
from tests.served import HttpBrowser, Served, fields_of, serving

SHORT, LONG = 2, 180  # seconds
PAGES = ("/", "/requests/", "/requests/?stage=open", "/record", "/rules", "/people", "/access", "/requests/new")
SYSTEMS = ("phorge", "github", "discord", "icinga", "graylog", "openwebui", "status_page", "tsportal")


class Client:
    """One person who goes on clicking until the time is over, and counts what the portal said it did."""

    def __init__(self, number: int, browser: HttpBrowser, request_ids: list[int], *, decides: bool) -> None:
        self.number = number
        self.browser = browser
        self.request_ids = request_ids
        self.counted: Counter[str] = Counter()
        self.answers: Counter[int] = Counter()
        self.failed: list[str] = []
        self._chance = random.Random(number)
        self._acts = [self.read, self.read_one, self.comment, self.decide if decides else self.take_position]
        self._acts += [] if decides else [self.file, self.withdraw]
        self._own: list[str] = []

    def go_on(self, until: float) -> Client:
        while time.monotonic() < until:
            self._chance.choice(self._acts)()
        return self

    def _note(self, answer: requests.Response, what: str = "") -> requests.Response:
        self.answers[answer.status_code] += 1
        if answer.status_code >= 500:
            self.failed.append(f"{answer.request.method} {answer.request.path_url}: {answer.status_code}")
        if what and answer.status_code == 303:
            self.counted[what] += 1
        return answer

    def _open_form(self, page: str, action: str) -> dict[str, object] | None:
        """The form, or None where the page has moved on and lacks it."""
        answer = self._note(self.browser.get(page))
        is_there = answer.status_code == 200 and f'action="{action}"' in answer.text
        return fields_of(answer.text, action) if is_there else None

    def _one(self) -> str:
        return f"/requests/{self._chance.choice(self.request_ids)}"

    def read(self) -> None:
        self._note(self.browser.get(self._chance.choice(PAGES)))

    def read_one(self) -> None:
        self._note(self.browser.get(self._one()))

    def _say(self, path: str, what: str, **typed: object) -> None:
        page = self._one()
        form = self._open_form(page, f"{page}/{path}")
        if form is not None:
            self._note(self.browser.post(f"{page}/{path}", form | typed), what)

    def comment(self) -> None:
        self._say("comments", "comment", audience="shared", body=f"Word {self._chance.random()}")

    def take_position(self) -> None:
        stance = self._chance.choice(["support", "neutral", "oppose"])
        self._say("positions", "position", stance=stance, sentence=f"As I see it, {self._chance.random()}")

    def decide(self) -> None:
        if self._chance.random() < 0.5:
            self._say("approve", "decision", reason="The work needs it.", anyway="It cannot wait.")
        else:
            self._say("decline", "decision", **{"decline-reason": "Show one more deployment first."})

    def file(self) -> None:
        form = self._open_form("/requests/new", "/requests/new")
        if form is None:
            return
        draft = self._note(self.browser.post("/requests/new", form)).headers.get("Location", "")
        filled = self._open_form(draft, draft) if draft else None
        if filled is None:
            return
        wanted = {"items": [f"system:{self._chance.choice(SYSTEMS)}"], "why": "To help.", "benefit": "Everybody."}
        self._note(self.browser.post(draft, filled | wanted | {"go_on": "1"}))
        filed = self._note(self.browser.post(draft.replace("/draft", "/submit")), "filed")
        page = draft.removesuffix("/draft")
        if filed.status_code == 303:
            self.request_ids.append(int(page.rsplit("/", 1)[1]))
            self._own.append(page)
        else:  # it asks for what another one asks for already
            self._note(self.browser.post(f"{page}/withdraw"))

    def withdraw(self) -> None:
        if self._own:
            self._note(self.browser.post(f"{self._own.pop()}/withdraw"), "withdrawn")


@pytest.mark.both_databases
def test_sixteen_people_at_once(app: Flask, tmp_path: Path) -> None:
    with serving(app, tmp_path, workers=2, threads=4, preload=True) as served:
        _sixteen(served, SHORT)


@pytest.mark.slow
@pytest.mark.both_databases
def test_sixteen_people_for_three_minutes(app: Flask, tmp_path: Path) -> None:
    with serving(app, tmp_path, workers=4, threads=4) as served:
        _sixteen(served, LONG)


def _sixteen(served: Served, seconds: float) -> None:
    everybody = [people.director(), *(people.member(f"Member {number}") for number in range(15))]
    browsers = [served.browser(person) for person in everybody]
    for browser in browsers:
        browser.token()
    request_ids = stage.ready(8)
    there_before = _rows()
    made_by_the_test = set(comparing.disagreements())  # its people hold roles of which no event tells
    clients = [Client(number, browser, request_ids, decides=number == 0) for number, browser in enumerate(browsers)]
    until = time.monotonic() + seconds
    with ThreadPoolExecutor(len(clients)) as pool:
        done = list(pool.map(lambda client: client.go_on(until), clients))

    counted = sum((client.counted for client in done), Counter[str]())
    answers = sum((client.answers for client in done), Counter[int]())
    print(dict(counted), dict(answers))  # noqa: T201  # shown by -s
    assert _rows() - there_before == counted
    _agrees_with_itself()
    assert set(comparing.disagreements()) == made_by_the_test
    assert [failed for client in done for failed in client.failed] == [], answers
    assert "database is locked" not in served.said()
    assert "Traceback" not in served.said()


def _rows() -> Counter[str]:
    """What the clients count, as the tables have it."""
    db.session.rollback()
    found = {
        "comment": select(Comment.id),
        "position": select(Position.id),
        "decision": select(Decision.id),
        "filed": select(TeamRequest.id).where(TeamRequest.submitted_at.is_not(None)),
        "withdrawn": select(TeamRequest.id).where(TeamRequest.state == State.WITHDRAWN),
    }
    return Counter({what: len(db.session.scalars(query).all()) for what, query in found.items()})


def _agrees_with_itself() -> None:
    """Counters equal rows, no event is missing, and the chain holds."""
    for row in db.session.scalars(select(TeamRequest)):
        said = select(func.count()).select_from(Comment).where(Comment.request_id == row.id)
        assert db.session.scalar(said) == row.comment_count
    ids = list(db.session.scalars(select(Event.id).order_by(Event.id)))
    assert ids == list(range(1, len(ids) + 1))
    decided = [
        code for code in db.session.scalars(select(Event.code)) if code in ("request.approved", "request.declined")
    ]
    assert len(decided) == db.session.scalar(select(func.count()).select_from(Decision))
    assert verify_chain().first_bad is None
