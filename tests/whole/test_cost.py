"""What pages ask of the database: at most twelve statements each, and no more when there is more to show."""

from __future__ import annotations

from collections import Counter

import pytest
from flask import Flask
from sqlalchemy import select

from benchmarks import fill
from portal.extensions import db
from portal.people.models import Person
from portal.requests.discussion_models import Comment
from tests import factories
from tests.privacy.browsing import reader
from tests.privacy.conftest import scene  # noqa: F401  # fixture
from tests.privacy.crawling import addresses
from tests.privacy.scene import Scene
from tests.queries import statements

BUDGET = 12  # statements of a page
FEW, MANY = 10, 1_000  # requests, with ten comments each
STILL_OPEN = 4
ONE_FOR_EACH_TABLE = {"personal_data.file"}  # a file that people seldom make: more tables, more statements


OTHERS = [pytest.param(actor, marks=pytest.mark.slow) for actor in ("deputy", "board", "newcomer")]


@pytest.mark.parametrize("actor", ["director", "member", "candidate", *OTHERS])
def test_no_page_asks_more_than_its_budget(app: Flask, scene: Scene, actor: str) -> None:  # noqa: F811  # the fixture
    browser = reader(app, scene, actor)
    dear: Counter[str] = Counter()

    for endpoint, address in addresses(app):
        with statements() as sent:
            browser.get(address)
        if len(sent) > BUDGET and endpoint not in ONE_FOR_EACH_TABLE:
            dear[f"{endpoint} {address}"] = len(sent)

    assert dear == {}


def counts(app: Flask, person: Person) -> dict[str, int]:
    """How many statements each page without an id, and the newest request, sends for this person."""
    client = app.test_client()
    factories.sign_in(client, person)
    found = {}
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and not rule.arguments]
    for page, address in ({rule.rule: rule.rule for rule in rules} | the_newest_request()).items():
        with statements() as sent:
            client.get(address)
        found[page] = len(sent)
    return found


def the_newest_request() -> dict[str, str]:
    """Its page, and the page of what was said before its newest comment."""
    newest = db.session.scalars(select(Comment).order_by(Comment.request_id.desc(), Comment.id.desc())).first()
    assert newest is not None
    home = f"/requests/{newest.request_id}"
    return {"the newest request": home, "what was said on it before": f"{home}?before={newest.id}"}


def test_no_page_asks_more_because_there_is_more(app: Flask) -> None:
    who = fill.fill(FEW, still_open=STILL_OPEN)
    before = [counts(app, db.session.get_one(Person, id)) for id in (who[0], who[5], who[12])]
    fill.fill(MANY, who=who, still_open=STILL_OPEN)
    after = [counts(app, db.session.get_one(Person, id)) for id in (who[0], who[5], who[12])]

    for few, many in zip(before, after, strict=True):
        assert {page: (few[page], many[page]) for page in few if many[page] > few[page]} == {}
