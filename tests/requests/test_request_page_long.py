"""The page of a request that has seen much: older comments, removed texts, what it costs."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from portal.extensions import db
from portal.requests import discussion_services, objection_services
from portal.requests.discussion_models import Comment, CommentAudience
from portal.requests.workflow import State
from portal.web import clock
from tests import factories as people
from tests.assessments import factories as assessments
from tests.queries import statements
from tests.requests.factories import do, get, position, team_request
from tests.requests.pages import Open, url

PATHS = [
    "", "/draft", "/key", "/check-answers", "/filed", "/withdraw", "/edit", "/comments/1/edit", "/texts/1/remove",
]  # fmt: skip
POSTS = [
    "/draft", "/key", "/fingerprint", "/submit", "/agree", "/withdraw", "/edit", "/comments", "/questions",
    "/questions/1/answers", "/comments/1/edit", "/positions", "/concerns", "/concerns/1/resolve", "/sponsorship",
    "/sponsorship/withdraw", "/recusal", "/evidence/assessments", "/evidence/links", "/evidence/1/unlink",
    "/texts/1/remove", "/approve", "/decline", "/outcome/approve", "/outcome/decline", "/decision/preview", "/refer",
    "/reopen", "/decisions/1/review", "/notes",
]  # fmt: skip


def test_older_comments_are_one_click_away(app: Flask, open_as: Open) -> None:
    ann = people.member()
    request_id = team_request(ann)
    for number in range(35):
        do(discussion_services.comment, ann, request_id, f"word-{number}-end", audience=CommentAudience.SHARED)
    browser = open_as(ann)

    newest = browser.text(url(request_id))
    oldest_shown = min(comment.id for comment in db.session.query(Comment).all() if f"{comment.text.body}" in newest)
    older = browser.text(url(request_id) + f"?before={oldest_shown}")

    assert "word-34-end" in newest
    assert "word-0-end" not in newest
    assert f"before={oldest_shown}" in newest
    assert "word-0-end" in older


def test_a_removed_text_is_gone_from_every_page(app: Flask, open_as: Open) -> None:
    ben = people.member()
    request_id = team_request(people.member())
    comment = do(discussion_services.comment, ben, request_id, "a-secret-word", audience=CommentAudience.SHARED)
    text_id, browser = comment.text_id, open_as(ben)
    path = url(request_id, f"/texts/{text_id}/remove")
    assert "a-secret-word" in browser.text(path)

    assert browser.post(path).status_code == 303

    assert "a-secret-word" not in browser.text(url(request_id))
    assert "a-secret-word" not in browser.text("/requests/?q=another")
    assert "No request matches" in browser.text("/requests/?q=a-secret-word")


def busy(request_id: int, times: int) -> None:
    """Much said about one request, each time by another person."""
    for _ in range(times):
        ben = people.member()
        do(discussion_services.comment, ben, request_id, "word", audience=CommentAudience.TEAM)
        do(objection_services.raise_concern, ben, request_id, "Name", "words")
        do(objection_services.link_page, ben, request_id, "https://example.org", "A page")
        do(discussion_services.sponsor, ben, request_id, "I know them")
        position(people.member(), request_id)
        do(discussion_services.ask, people.member(), request_id, "Which?")
        do(discussion_services.recuse, people.member(), request_id, "Family")


@pytest.mark.parametrize("who", ["director", "candidate", "member"])
def test_the_page_asks_the_database_no_more_when_more_was_said(app: Flask, open_as: Open, who: str) -> None:
    assessments.seed()
    director, ann, ben = people.director(), people.member(), people.member()
    request_id = team_request(ann, "system:grafana", "system:github")
    browser = open_as({"director": director, "candidate": ann, "member": ben}[who])
    counts = []
    for times in (1, 6):
        busy(request_id, times)
        with statements() as found:
            browser.text(url(request_id))
        counts.append(len(found))

    assert counts[0] == counts[1]
    assert counts[0] <= 12


def test_what_stands_there_when_the_clock_has_moved_on(app: Flask, open_as: Open) -> None:
    ann = people.member()
    request_id = team_request(ann)

    with time_machine.travel(clock.now() + timedelta(days=3), tick=False):
        page = open_as(ann).text(url(request_id))

    assert "Discussion open for 3 of 3 days." in page
    assert get(request_id).state is State.DISCUSSION
