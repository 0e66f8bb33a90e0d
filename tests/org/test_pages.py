"""The public pages about the organisation, in two organisations that share no name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, render_template

from portal import create_app
from portal.extensions import db
from tests import databases

ROOT = Path(__file__).resolve().parents[2] / "portal" / "org"
MIRAHEZE_ONLY = ("Miraheze", "Technology", "Phorge", "WikiTide")


@pytest.fixture
def example(database_kind: str) -> Iterator[Flask]:
    """The portal of the tiny organisation."""
    database = databases.database(database_kind)
    database.reset()
    app = create_app(databases.settings(database.url, ORGANISATION_DIR=str(ROOT / "example")))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.mark.parametrize("page", ["/roles", "/rules", "/privacy"])
def test_a_page_is_open_to_everybody(app: Flask, page: str) -> None:
    answer = app.test_client().get(page)

    assert answer.status_code == 200
    assert answer.text.count("<h1") == 1


@pytest.mark.parametrize("page", ["/roles", "/rules", "/privacy"])
def test_nothing_of_one_organisation_is_hard_wired(example: Flask, page: str) -> None:
    answer = example.test_client().get(page)

    main = answer.text[answer.text.index("<main") : answer.text.index("</main")]
    assert answer.status_code == 200
    assert [word for word in MIRAHEZE_ONLY if word in main] == []


def test_the_role_catalogue_shows_every_role_with_its_source(app: Flask) -> None:
    text = app.test_client().get("/roles").text

    for role in app.extensions["organisation"].roles.values():
        assert f">{role.name}</h3>" in text
    assert "Never decides about money." in text
    assert "https://meta.miraheze.org/wiki/Tech:Organization/2024" in text


def test_the_role_catalogue_of_another_organisation_is_its_own(example: Flask) -> None:
    text = example.test_client().get("/roles").text

    assert ">Head Keeper</h3>" in text
    assert "Decides who becomes a Keeper." in text


def test_the_front_door_tells_what_a_newcomer_wants_to_know(app: Flask) -> None:
    with app.test_request_context("/"):
        text = render_template("org/_front_door.html")

    for says in ("unpaid volunteer", "at least 7 days", "What will be public", "never asked", "Where to ask first"):
        assert says in text
    assert "Software Engineer" in text
    assert "Director of Technology" not in text


def test_the_front_door_of_another_organisation_is_its_own(example: Flask) -> None:
    with example.test_request_context("/"):
        text = render_template("org/_front_door.html")

    assert "the one server of the Lighthouse Wiki" in text
    assert [word for word in MIRAHEZE_ONLY if word in text] == []


def test_the_pages_are_linked_from_every_page(app: Flask) -> None:
    text = app.test_client().get("/privacy").text

    assert 'href="/roles"' in text
    assert 'href="/rules"' in text
    assert 'href="/privacy"' in text[text.index("<footer") :]
