"""The page of somebody's evidence, and what of it stands beside the items of an assessment."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select

from portal.assessments import queries
from portal.assessments.models import Score
from portal.assessments.portfolio.models import Piece, PieceAnswer, Verdict
from portal.extensions import db
from portal.people.models import Person
from portal.web.unit_of_work import unit_of_work
from tests import factories
from tests.assessments import factories as made
from tests.requests.pages import Browser

SKILL = "web-security"


@pytest.fixture(autouse=True)
def standards(app: Flask) -> None:
    made.seed()


def page_of(person: Person) -> str:
    return f"/people/{person.id}/evidence"


def test_a_piece_is_added_and_stands_on_the_page_with_its_items(app: Flask) -> None:
    ann = factories.volunteer()
    browser = Browser(app, ann)

    answer = browser.post(page_of(ann), {"link": "T123", "sentence": "I found the leak.", "items": SKILL})

    assert answer.status_code == 303
    shown = browser.client.get(page_of(ann)).text
    assert "I found the leak." in shown
    assert ">T123<" in shown
    assert "Web Security" in shown


def test_what_was_typed_stands_there_when_it_is_refused(app: Flask) -> None:
    ann = factories.volunteer()

    answer = Browser(app, ann).post(
        page_of(ann), {"link": "http://localhost/x", "sentence": "My words.", "items": SKILL}
    )

    assert answer.status_code == 422
    assert "My words." in answer.text
    assert "only inside somebody" in answer.text
    assert re.search(rf'value="{SKILL}"[^>]*checked|checked[^>]*value="{SKILL}"', answer.text)
    assert db.session.scalars(select(Piece.id)).all() == []


def test_a_marker_accepts_with_one_button_and_asks_in_a_form(app: Flask) -> None:
    ann, ben = factories.volunteer(), factories.member()
    made.review(ann, ben)
    piece = made.piece(ann)
    browser = Browser(app, ben)

    assert browser.post(f"{page_of(ann)}/{piece}/answer", {"verdict": "accepted"}).status_code == 303
    asking = browser.client.get(f"{page_of(ann)}?piece={piece}").text
    assert 'name="sentence"' in asking
    refused = browser.post(f"{page_of(ann)}/{piece}/answer", {"verdict": "questioned"})
    assert refused.status_code == 422
    assert "Say in a sentence what is unclear" in refused.text
    browser.post(f"{page_of(ann)}/{piece}/answer", {"verdict": "questioned", "sentence": "Which part?"})

    assert "Which part?" in Browser(app, ann).client.get(page_of(ann)).text
    assert [said.verdict for said in db.session.scalars(select(PieceAnswer))] == [Verdict.ACCEPTED, Verdict.QUESTIONED]


def test_said_otherwise_begins_with_what_stood_there(app: Flask) -> None:
    ann = factories.volunteer()
    piece = made.piece(ann, sentence="First words.", link="https://issue-tracker.miraheze.org/T5")
    browser = Browser(app, ann)

    form = browser.client.get(f"{page_of(ann)}?replaces={piece}").text
    assert form.count("First words.") == 2
    assert f'name="replaces" type="hidden" value="{piece}"' in form

    typed = {"link": "T6", "sentence": "Second words.", "items": SKILL, "replaces": str(piece)}
    assert browser.post(page_of(ann), typed).status_code == 303
    again = browser.post(page_of(ann), {**typed, "sentence": "Third words."})
    assert again.status_code == 409
    assert "Third words." in again.text


def test_nobody_else_finds_the_page(app: Flask) -> None:
    ann = factories.volunteer()
    made.piece(ann)

    for stranger in (factories.member(), factories.volunteer(), factories.board_member()):
        browser = Browser(app, stranger)
        assert browser.client.get(page_of(ann)).status_code == 404
        assert browser.post(page_of(ann), {"sentence": "x"}).status_code == 404


def test_evidence_stands_beside_its_items_while_somebody_marks(app: Flask) -> None:
    ann, ben = factories.volunteer(), factories.member()
    review = made.review(ann, ben)
    made.piece(ann, sentence="I closed the hole.", link="https://issue-tracker.miraheze.org/T5")

    item = (
        Browser(app, ben).client.get(f"/assessments/{review}").text.split(f'id="item-{SKILL}"')[1].split("<section")[0]
    )

    assert "I closed the hole." in item
    assert ">T5<" in item


def test_only_advised_items_with_a_high_score_and_nothing_to_show_are_marked(app: Flask) -> None:
    ann, ben = factories.volunteer(), factories.member()
    review = made.review(ann, ben)
    with unit_of_work():
        queries.find(review).role_focus = "MediaWiki Specialist"
    advised = app.extensions["organisation"].profile_of("role", "mediawiki_specialist").advised
    made.lock(ben, review, [Score.TEACHES] * 28)
    before = Browser(app, ben).client.get(f"/assessments/{review}").text.count("Nothing shows this score")
    assert 0 < before <= len(advised) < 28

    keys = [key for key in advised if key in made.keys(review)]
    made.piece(ann, items=keys[:1])

    assert Browser(app, ann).client.get(f"/assessments/{review}").text.count("Nothing shows this score") == before - 1


def test_side_by_side_marks_what_nothing_shows_for_the_profile_that_was_chosen(app: Flask) -> None:
    ann, ben, carl = factories.volunteer(), factories.member(), factories.member()
    found = made.revealed(ann, ben, carl)
    profile = next(iter(app.extensions["organisation"].profiles.values()))
    browser = Browser(app, ann)

    assert "Nothing shows this score" not in browser.client.get(f"/markings/{found}").text
    assert "Nothing shows this score" in browser.client.get(f"/markings/{found}?profile={profile.key}").text
