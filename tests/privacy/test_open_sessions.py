"""A page is open, and meanwhile its reader loses what it was shown for: the very next click is refused in words.

Nothing is changed by the click, and what was typed comes back with the refusal.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from portal.assessments.models import Assessment
from portal.extensions import db
from portal.people import services as people
from portal.people.models import CapacityAssignment, WikiIdentity
from portal.people.policy import Post
from portal.requests import discussion_services
from portal.web.unit_of_work import unit_of_work
from tests import factories
from tests import pages as checks
from tests.assessments import factories as sheets
from tests.privacy import crawling
from tests.privacy.browsing import Reader, reader
from tests.privacy.kept import everything_kept
from tests.privacy.scene import Scene

TYPED = "A sentence that took somebody a while."
HELD = "held_form"  # what is sent in a session that has ended: it comes back after signing in


def discussed(scene: Scene) -> str:
    return f"/requests/{scene.requests['discussed'].id}"


def referred(scene: Scene) -> str:
    return f"/requests/{scene.requests['referred'].id}"


def changing_a_rule(_scene: Scene) -> str:
    return "/rules/discussion_days/change?kind=access_expansion"


def review_to_fill_in(scene: Scene) -> str:
    """A mentor review that the marker was asked for: the newest assessment."""
    return f"/assessments/{db.session.scalar(select(func.max(Assessment.id)))}"


def ends_the_role(scene: Scene, actor: str, role: str) -> None:
    by = "board" if role == "director" else "director"
    scene.act(people.end_role_by_hand, by, scene.ids[actor], role, reason="It is over.")


def locks_the_account(scene: Scene, actor: str, now: datetime) -> None:
    """As the wiki says at a sign-in elsewhere."""
    db.session.execute(update(WikiIdentity).where(WikiIdentity.person_id == scene.ids[actor]).values(locked_at=now))


def lock(scene: Scene, actor: str) -> None:
    with unit_of_work() as now:
        locks_the_account(scene, actor, now)


def start_acting(scene: Scene) -> None:
    scene.act(people.start_acting_by_board, "board", "The Director is ill.")


def end_acting(scene: Scene) -> None:
    scene.act(people.end_acting_by_hand, "board")


def leave_the_board(scene: Scene) -> None:
    mine = CapacityAssignment.person_id == scene.ids["board"]
    with unit_of_work() as now:
        db.session.execute(update(CapacityAssignment).where(mine).values(to_at=now))


def ask_for_review(scene: Scene) -> None:
    sheets.review(scene.person("holder"), scene.person("marker"))


def nothing(_scene: Scene) -> None:
    """All is as it was told."""


def recuse(scene: Scene, actor: str) -> None:
    scene.do(discussion_services.recuse, actor, scene.requests["discussed"].id, None)


def end_sessions(app: Flask, scene: Scene, actor: str) -> None:
    """Sign out everywhere, in another browser."""
    assert reader(app, scene, actor).post("/sign-out/everywhere", {}).status_code in (302, 303)


def end_this_session(app: Flask, scene: Scene, actor: str) -> None:
    """End the session of the open page, in another browser."""
    other = reader(app, scene, actor)
    form = next(form for form in crawling.forms(other.get("/account").text, "/account") if form.action == "/account")
    assert other.post("/account", form.data()).status_code == 303


@dataclass(frozen=True, slots=True)
class Case:
    """Who has the page open, what they click, what happens meanwhile, and how the click is answered."""

    name: str
    actor: str
    path: str
    happens: Callable[[Flask, Scene], None]
    status: int
    says: str
    before: Callable[[Scene], None] = nothing
    page: Callable[[Scene], str] = discussed
    shut: bool = False  # whether the page itself is closed to them afterwards

    def __str__(self) -> str:
        return self.name


BLOCKED = "Your wiki account is blocked or locked"
NOT_FOUND = "There is nothing here that you can read."
ENDED = "Your sign-in has ended."
CASES = (
    Case("a member loses the role", "author", "/comments",
         lambda _app, scene: ends_the_role(scene, "author", "software_engineer"), 404, NOT_FOUND, shut=True),
    Case("a member loses the role while taking a position", "author", "/positions",
         lambda _app, scene: ends_the_role(scene, "author", "software_engineer"), 404, NOT_FOUND, shut=True),
    Case("the Director loses the role while deciding", "director", "/approve",
         lambda _app, scene: ends_the_role(scene, "director", "director"), 404, NOT_FOUND, shut=True),
    Case("somebody else becomes Director", "director", "/decline",
         lambda _app, scene: scene.act(people.appoint, "board", scene.ids["holder"], Post.DIRECTOR), 404, NOT_FOUND,
         shut=True),
    Case("the Deputy no longer acts", "deputy", "/approve",
         lambda _app, scene: end_acting(scene), 403, "The Deputy decides only", before=start_acting),
    Case("the Deputy begins to act", "deputy", "/positions",
         lambda _app, scene: start_acting(scene), 403, "Positions and concerns are for members"),
    Case("the Deputy loses the role while acting", "deputy", "/approve",
         lambda _app, scene: ends_the_role(scene, "deputy", "deputy_director"), 404, NOT_FOUND, before=start_acting,
         shut=True),
    Case("the Director recuses themselves in another tab", "director", "/approve",
         lambda _app, scene: recuse(scene, "director"), 403, "recused"),
    Case("a member recuses themselves in another tab", "author", "/concerns",
         lambda _app, scene: recuse(scene, "author"), 403, "You recused yourself from this request."),
    Case("the wiki locks the account", "author", "/comments",
         lambda _app, scene: lock(scene, "author"), 403, BLOCKED, shut=True),
    Case("the wiki locks the Director's account", "director", "/approve",
         lambda _app, scene: lock(scene, "director"), 403, BLOCKED, shut=True),
    Case("a member leaves the Board while recording its outcome", "board", "/outcome/decline",
         lambda _app, scene: leave_the_board(scene), 404, NOT_FOUND, page=referred, shut=True),
    Case("the Director loses the role while changing a rule", "director", "",
         lambda _app, scene: ends_the_role(scene, "director", "director"), 403, "This is for the Director.",
         page=changing_a_rule, shut=True),
    Case("a marker leaves the team while filling in a review", "marker", "",
         lambda _app, scene: ends_the_role(scene, "marker", "software_engineer"), 404, NOT_FOUND,
         before=ask_for_review, page=review_to_fill_in, shut=True),
    Case("they sign out everywhere", "author", "/comments",
         lambda app, scene: end_sessions(app, scene, "author"), 401, ENDED, shut=True),
    Case("the session is ended from another device", "director", "/approve",
         lambda app, scene: end_this_session(app, scene, "director"), 401, ENDED, shut=True),
)  # fmt: skip


def filled(browser: Reader, page: str, path: str) -> dict[str, list[str]]:
    """The form of this address as it stands on the open page, with something typed."""
    forms = crawling.forms(browser.get(page).text, page)
    return next(form for form in forms if form.action == page + path).data(TYPED)


@pytest.mark.parametrize("database_kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_next_click_is_refused_in_words_and_the_typed_text_comes_back(app: Flask, scene: Scene, case: Case) -> None:
    check_next_click(app, scene, case, htmx=False)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_next_click_by_htmx_is_refused_as_well(app: Flask, scene: Scene, case: Case) -> None:
    check_next_click(app, scene, case, htmx=True)


def check_next_click(app: Flask, scene: Scene, case: Case, *, htmx: bool) -> None:
    case.before(scene)
    browser, page = reader(app, scene, case.actor), case.page(scene)
    sent = filled(browser, page, case.path)
    case.happens(app, scene)
    before = everything_kept(without=HELD)

    answer = browser.post(page + case.path, sent, htmx=htmx)
    kept, again = everything_kept(without=HELD), browser.get(page, htmx=htmx)

    assert answer.status_code == case.status
    assert kept == before
    if case.shut:
        assert (again.status_code, browser.known.findall(answer.text + again.text)) == (case.status, [])
    assert case.says in checks.text_of(checks.parse(answer.text)[0])
    assert TYPED in (after_signing_in_again(scene, case, browser, answer) if case.status == 401 else answer.text)
    assert browser.leaks == []


def after_signing_in_again(scene: Scene, case: Case, browser: Reader, answer: TestResponse) -> str:
    """The open page as the refusal leads back to it. On the refusal itself stands nothing: who knows who sits there."""
    assert TYPED not in answer.text
    kept = re.search(r"kept(?:=|%3D)([\w-]+)", answer.text)
    assert kept
    factories.sign_in(browser.client, scene.person(case.actor))
    return browser.get(f"{case.page(scene)}?kept={kept[1]}").text
