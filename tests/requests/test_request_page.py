"""The page of a request: who reads what of it, and how its forms answer with and without htmx."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from portal.audit.models import Audience
from portal.extensions import db
from portal.people import queries as people_queries
from portal.people.models import Person
from portal.requests import (
    decision_services,
    discussion_services,
    filing_services,
    objection_services,
    queries,
    readiness,
)
from portal.requests.discussion_models import Comment, CommentAudience, Stance
from portal.requests.page import RequestPage, load
from portal.requests.workflow import State
from portal.web import clock
from tests import factories as people
from tests import pages as sound
from tests.requests import factories
from tests.requests.factories import decide, details, do, draft, key_offer, state, team_request
from tests.requests.pages import Browser, Open, hidden, parse, swapped, targets, typed, url
from tests.requests.scenes import CANARIES, TEAM_ONLY, scene

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


@pytest.mark.parametrize("path", PATHS)
def test_a_stranger_finds_nothing_under_a_request(app: Flask, open_as: Open, path: str) -> None:
    request_id, _ = scene()
    stranger = open_as(people.volunteer())

    for htmx in (False, True):
        answer = stranger.get(url(request_id, path), htmx=htmx)
        assert answer.status_code == 404, path
        assert "canary" not in answer.text
        nothing = stranger.get(url(request_id + 5000, path), htmx=htmx)
        assert said(answer) == said(nothing)


def said(answer: TestResponse) -> str:
    """What an answer says, without the reference that is new each time."""
    return re.sub(r"Reference: \w+", "", sound.text_of(parse(answer.text)))


@pytest.mark.parametrize("path", POSTS)
def test_a_stranger_can_send_nothing_to_a_request(app: Flask, open_as: Open, path: str) -> None:
    request_id, _ = scene()
    before = factories.events()

    answer = open_as(people.volunteer()).post(url(request_id, path), {"body": "x", "reason": "x", "audience": "shared"})

    assert answer.status_code == 404, path
    assert factories.events() == before


@pytest.mark.parametrize("path", [*PATHS, *POSTS])
def test_nobody_comes_in_without_signing_in(app: Flask, path: str) -> None:
    request_id, _ = scene()

    answer = app.test_client().get(url(request_id, path))

    assert answer.status_code in (401, 405), path
    assert "canary" not in answer.text


@pytest.mark.parametrize("number", ["9223372036854775808", "99999999999999999999999999"])
def test_a_number_that_no_database_takes_is_nothing(app: Flask, open_as: Open, number: str) -> None:
    ann = open_as(people.member())

    assert ann.get(f"/requests/{number}").status_code == 404
    assert ann.get(f"/requests/{team_request(people.member())}/comments/{number}/edit").status_code == 404
    assert ann.get(f"/requests/{team_request(people.member())}/texts/{number}/remove").status_code == 404


def candidates_view(ann: Browser, request_id: int) -> list[str]:
    """Everything the candidate can make the portal say of their request."""
    pages = [ann.get(url(request_id, path), htmx=htmx).text for path in PATHS for htmx in (False, True)]
    for sent in (
        ann.post(url(request_id, "/comments"), {"body": "hello", "audience": "shared"}),
        ann.post(url(request_id, "/comments"), {"body": "", "audience": "shared"}),
        ann.post(url(request_id, "/comments"), {"body": "x", "audience": "team"}),
        ann.post(url(request_id, "/comments"), {"body": "hi", "audience": "shared"}, htmx=True),
        ann.post(url(request_id, "/evidence/links"), {"url": "https://example.org", "title": "x"}, htmx=True),
        ann.post(url(request_id, "/positions"), {"stance": "support", "revision": "1"}, htmx=True),
        ann.post(url(request_id, "/approve"), {"reason": "me"}),
        ann.post(url(request_id, "/approve"), {"reason": "me"}, htmx=True),
        ann.post(url(request_id, "/notes"), {"body": "me"}, htmx=True),
        ann.post(url(request_id, "/recusal"), {"reason": ""}),
        ann.post(url(request_id, "/concerns/1/resolve"), {"reason": "me"}),
    ):
        pages.append(sent.text)
    pieces = ["canary", "comment-can", "position-can", "note", "zzz"]  # a whole one would be echoed
    pages += [ann.get(f"/requests/?q={sought}", htmx=htmx).text for sought in pieces for htmx in (False, True)]
    pages += [
        ann.get(path).text for path in ("/", "/requests/", "/record", "/people", f"/requests/{request_id}?before=99")
    ]
    return pages


@pytest.mark.parametrize("office", ["volunteer", "member", "director"])
def test_a_candidate_never_meets_what_the_team_says_among_itself(app: Flask, open_as: Open, office: str) -> None:
    if office == "director":
        request_id, ann = _about_the_director()
    elif office == "volunteer":
        request_id, ann = _about_a_newcomer()
    else:
        request_id, ann = scene()

    for page in candidates_view(open_as(ann), request_id):
        assert [word for word in CANARIES if word in page] == []


def _about_the_director() -> tuple[int, Person]:
    director, ben, deputy = people.director("Dora"), people.member("Ben"), people.deputy()
    request_id = team_request(director, days_ago=4)
    do(discussion_services.comment, ben, request_id, "team-comment-canary", audience=CommentAudience.TEAM)
    do(
        discussion_services.take_position, ben, request_id, Stance.OPPOSE,
        sentence="position-canary", relation=None, revision_number=1,
    )  # fmt: skip
    do(objection_services.raise_concern, ben, request_id, "concern-name-canary", "concern-canary")
    do(objection_services.write_note, deputy, request_id, "note-canary")
    return request_id, director


def _about_a_newcomer() -> tuple[int, Person]:
    vera, ben = people.volunteer("Vera"), people.member("Ben")
    request_id = team_request(vera, "role:software_engineer", kind="new_member", days_ago=4)
    do(discussion_services.comment, ben, request_id, "team-comment-canary", audience=CommentAudience.TEAM)
    do(objection_services.raise_concern, ben, request_id, "concern-name-canary", "concern-canary")
    return request_id, vera


def loaded(person: Person, request_id: int) -> RequestPage:
    """What is loaded for this reader, whatever the templates make of it."""
    facts, now = people_queries.facts(person.id, clock.now()), clock.now()
    return load(facts, queries.get_visible(facts, request_id, now), before=None, now=now)


def test_what_somebody_may_not_read_is_not_even_loaded(app: Flask) -> None:
    request_id, ann = scene()
    ben, board = people.member(), people.board_member()

    for person in (ann, board):
        found = loaded(person, request_id)
        assert [found.said.positions, found.said.concerns, found.said.recusals, found.said.notes] == [[], [], [], []]
        assert found.key is None
        assert {comment.more for comment in found.comments} == {CommentAudience.SHARED}
        assert {line.audience for line in found.timeline} <= {Audience.PUBLIC, Audience.SHARED}
    members = loaded(ben, request_id).said
    assert (len(members.positions), len(members.concerns), members.notes) == (1, 1, [])
    assert [found.text for found in members.recusals] == [None]


def test_the_candidate_reads_checks_and_shared_words_but_not_who_said_what(app: Flask, open_as: Open) -> None:
    request_id, ann = scene()

    page = open_as(ann).text(url(request_id))

    assert sound.faults(page) == []
    assert "shared-comment-word" in page
    assert "Checks</h2>" in page
    assert "Positions</h2>" not in page
    assert "Concerns</h2>" not in page
    assert "took a position" not in page


@pytest.mark.parametrize(
    ("who", "reads", "not_"),
    [
        ("member", TEAM_ONLY, ["recusal-canary", "note-canary"]),
        ("director", [*TEAM_ONLY, "note-canary"], []),
        ("board", ["shared-comment-word"], CANARIES),
    ],
)
def test_everybody_else_reads_what_is_theirs(
    app: Flask, open_as: Open, who: str, reads: list[str], not_: list[str]
) -> None:
    request_id, _ = scene()
    make = {"member": people.member, "board": people.board_member}.get(who)
    person = make() if make else _the_director()

    page = open_as(person).text(url(request_id))

    assert sound.faults(page) == []
    assert [word for word in reads if word not in page] == []
    assert [word for word in not_ if word in page] == []


def _the_director() -> Person:
    lead = people_queries.leadership(clock.now()).director
    assert lead is not None
    return db.session.get_one(Person, lead.id)


def test_the_board_reads_everything_once_it_has_the_word(app: Flask, open_as: Open) -> None:
    request_id, _ = scene()
    board = people.board_member()
    do(decision_services.refer, _the_director(), request_id, "Please decide")

    page = open_as(board).text(url(request_id))

    assert [word for word in [*TEAM_ONLY, "note-canary"] if word not in page] == []
    assert "Record the Board" in page


def test_the_key_is_shown_to_those_who_need_it(app: Flask, open_as: Open) -> None:
    ann, ben, director = people.member(), people.member(), people.director()
    offer = key_offer()
    filled = details("access_expansion", ann, "access_group:bastion", key=offer)
    request_id = do(filing_services.submit, ann, draft(ann), filled).id
    secret = offer.key.text.split()[1]

    assert secret in open_as(ann).text(url(request_id))
    assert secret in open_as(director).text(url(request_id))
    assert secret not in open_as(ben).text(url(request_id))
    assert secret not in open_as(people.board_member()).text(url(request_id))
    decide(director, request_id)
    assert secret in open_as(ben).text(url(request_id))


FORMS: list[tuple[str, dict[str, Any], str, str]] = [
    ("/comments", {"audience": "team", "body": ""}, "body", "discussion"),
    ("/questions", {"body": ""}, "body", "ask"),
    ("/concerns", {"name": "A name I typed", "body": ""}, "name", "concerns"),
    ("/evidence/links", {"url": "nowhere", "title": "A title I typed"}, "title", "evidence"),
    ("/positions", {"stance": "maybe", "sentence": "A sentence I typed", "revision": "1"}, "sentence", "positions"),
]


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize(("path", "data", "field", "panel"), FORMS, ids=[form[0] for form in FORMS])
def test_a_form_that_does_not_hold_comes_back_with_what_was_typed(
    app: Flask, open_as: Open, path: str, data: dict[str, Any], field: str, panel: str, htmx: bool
) -> None:
    request_id = team_request(people.member())
    before = factories.events()

    answer = open_as(people.member()).post(url(request_id, path), data, htmx=htmx)

    assert answer.status_code == 422
    assert "There is a problem" in answer.text
    assert typed(answer.text, field) == data[field]
    assert factories.events() == before
    if htmx:
        assert swapped(answer.text)[0] == panel
    else:
        assert sound.faults(answer.text) == []


LONG = "I wrote this for an hour. " * 400


@pytest.mark.parametrize("path", ["/comments", "/questions"])
def test_a_text_that_is_too_long_is_not_lost(app: Flask, open_as: Open, path: str) -> None:
    request_id = team_request(people.member())

    answer = open_as(people.member()).post(url(request_id, path), {"audience": "team", "body": LONG + "x" * 2000})

    assert answer.status_code == 422
    assert LONG.strip()[:500] in answer.text


ACTS: list[tuple[str, dict[str, Any], str]] = [
    ("/comments", {"audience": "team", "body": "said by htmx"}, "said by htmx"),
    ("/questions", {"body": "asked by htmx"}, "asked by htmx"),
    ("/positions", {"stance": "support", "sentence": "meant by htmx", "revision": "1"}, "meant by htmx"),
    ("/concerns", {"name": "worried", "body": "worried by htmx"}, "worried by htmx"),
    ("/evidence/links", {"url": "https://example.org/1", "title": "linked by htmx"}, "linked by htmx"),
    ("/sponsorship", {"reason": "vouched by htmx"}, "vouched by htmx"),
    ("/recusal", {"reason": ""}, "takes no part"),
]


@pytest.mark.parametrize(("path", "data", "words"), ACTS, ids=[act[0] for act in ACTS])
def test_htmx_gets_the_panel_it_asked_for_and_what_changed_with_it(
    app: Flask, open_as: Open, path: str, data: dict[str, Any], words: str
) -> None:
    request_id = team_request(people.member())
    ben = open_as(people.member("Ben"))
    asked_for = targets(ben.text(url(request_id)))[url(request_id, path)]

    answer = ben.post(url(request_id, path), data, htmx=True)

    panel, out_of_band = swapped(answer.text)
    assert (answer.status_code, panel) == (200, asked_for)
    assert "timeline" in out_of_band
    assert panel not in out_of_band
    assert path == "/evidence/links" or {"header", "checks"} <= out_of_band
    assert words in answer.text
    assert "HX-Request" in answer.headers["Vary"]


@pytest.mark.parametrize(("path", "data", "words"), ACTS, ids=[act[0] for act in ACTS])
def test_without_htmx_it_goes_back_to_the_page(
    app: Flask, open_as: Open, path: str, data: dict[str, Any], words: str
) -> None:
    request_id = team_request(people.member())
    ben = open_as(people.member("Ben"))

    answer = ben.post(url(request_id, path), data)

    assert answer.status_code == 303
    assert answer.headers["Location"].split("#")[0].endswith(url(request_id))
    assert words in ben.text(url(request_id))


def test_every_form_of_the_page_names_a_panel_that_is_there(app: Flask, open_as: Open) -> None:
    request_id, _ = scene()
    do(discussion_services.ask, people.member(), request_id, "Which?")

    for person in (people.member(), _the_director()):
        page = open_as(person).text(url(request_id))
        ids = {element.get("id") for element in parse(page).iter()}
        assert set(targets(page).values()) <= ids


def test_a_check_sends_its_reader_only_to_a_part_that_is_there(app: Flask, open_as: Open) -> None:
    request_id, _ = scene()

    for person in (people.member(), _the_director()):
        ids = {element.get("id") for element in parse(open_as(person).text(url(request_id))).iter()}
        assert {anchor for _predicate, anchor in readiness.PREDICATES.values() if anchor} <= ids


def test_a_candidate_is_not_sent_to_a_part_that_is_empty_for_them(app: Flask, open_as: Open) -> None:
    ann = people.member()
    request_id = team_request(ann)  # nobody has taken a position yet

    for person, goes in ((ann, False), (people.member(), True)):
        page = open_as(person).text(url(request_id))
        assert "needed members who are not involved have spoken" in page
        assert ('href="#positions"' in page) == goes


def test_an_answer_moves_the_request_back_in_place(app: Flask, open_as: Open) -> None:
    ann = people.member()
    request_id = team_request(ann)
    question = do(discussion_services.ask, people.member(), request_id, "Which servers?").id

    answer = open_as(ann).post(url(request_id, f"/questions/{question}/answers"), {"body": "These two"}, htmx=True)

    panel, out_of_band = swapped(answer.text)
    assert (panel, "header" in out_of_band) == ("questions", True)
    assert "In discussion" in answer.text
    assert state(request_id) is State.DISCUSSION


def test_two_windows_that_edit_one_comment_see_both_texts(app: Flask, open_as: Open) -> None:
    ben = people.member()
    request_id = team_request(people.member())
    comment = do(discussion_services.comment, ben, request_id, "first", audience=CommentAudience.TEAM).id
    browser, path = open_as(ben), url(request_id, f"/comments/{comment}/edit")
    base = hidden(browser.text(path), "base_text_id")
    assert browser.post(path, {"body": "from window one", "base_text_id": base}).status_code == 303

    answer = browser.post(path, {"body": "from window two", "base_text_id": base})

    assert answer.status_code == 409
    assert sound.faults(answer.text) == []
    assert "from window one" in answer.text
    assert typed(answer.text, "body") == "from window two"
    again = browser.post(path, {"body": "both", "base_text_id": hidden(answer.text, "base_text_id")})
    assert again.status_code == 303
    assert db.session.get_one(Comment, comment).text.body == "both"


def test_a_position_on_an_older_version_is_refused_and_its_words_are_shown(app: Flask, open_as: Open) -> None:
    ann = people.member()
    request_id = team_request(ann)
    base = queries.edit_base(request_id, 1)
    do(filing_services.revise, ann, request_id, details("access_expansion", ann, "system:github"), base=base)

    answer = open_as(people.member()).post(
        url(request_id, "/positions"), {"stance": "support", "revision": "1", "sentence": "My careful words"}
    )

    assert answer.status_code == 409
    assert "My careful words" in answer.text


def test_a_missing_button_says_why(app: Flask, open_as: Open) -> None:
    people.director("Dora")
    ben = people.member()
    request_id = team_request(people.member())
    do(discussion_services.sponsor, ben, request_id, None)

    page = open_as(ben).text(url(request_id))

    assert "The Director decides." in page
    assert "Approve</button>" not in page


def test_the_directors_own_request_says_that_it_is_about_them(app: Flask, open_as: Open) -> None:
    director = people.director()
    page = open_as(director).text(url(team_request(director)))

    assert "This request is about you." in page
    assert "Approve</button>" not in page
