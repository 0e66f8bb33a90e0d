"""Whatever form is sent twice - a double click, "back" and send, a retry after no answer - is carried out once.

Covers forms that are not written yet: each needs a row in `tests/whole/sendings.py`.
"""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.database import Base
from portal.extensions import db
from portal.people import sent_forms
from portal.people.models import SentForm
from portal.web.unit_of_work import unit_of_work
from tests import factories as people
from tests.requests import factories
from tests.requests.pages import Browser
from tests.served import fields_of
from tests.whole import marking_sendings, mentoring_sendings  # noqa: F401  # fill SENDINGS
from tests.whole.sendings import EXEMPT, SENDINGS, Sending

Rows = dict[str, list[Any]]


def rows() -> Rows:
    """Everything that stands in the database."""
    db.session.rollback()
    return {table.name: list(db.session.execute(select(table)).all()) for table in Base.metadata.sorted_tables}


def opened(app: Flask, sending: Sending) -> tuple[Browser, dict[str, Any]]:
    """The person's browser, and the form of the page as they filled it."""
    browser = Browser(app, sending.person)
    fields = fields_of(browser.text(sending.page), sending.action, sending.page) | sending.typed
    return browser, {name: value for name, value in fields.items() if name != "csrf_token"}  # the browser adds its own


def test_every_form_is_either_here_or_says_why_not(app: Flask) -> None:
    taking = {rule.endpoint for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())}

    assert taking - set(EXEMPT) == set(SENDINGS)
    assert set(EXEMPT) <= taking


@pytest.mark.parametrize("endpoint", sorted(SENDINGS))
def test_a_form_sent_twice_is_carried_out_once(app: Flask, endpoint: str) -> None:
    sending = SENDINGS[endpoint]()
    browser, fields = opened(app, sending)
    address = sending.to or sending.action
    nothing = rows()

    first = browser.post(address, fields)
    after_one = rows()
    again = browser.post(address, fields)

    assert first.status_code == 303, first.text
    assert after_one != nothing
    assert (again.status_code, again.location) == (303, first.location)
    assert rows() == after_one


def test_another_text_from_the_same_page_is_not_taken_for_the_first(app: Flask) -> None:
    browser, fields = opened(app, sending := SENDINGS["requests.comment"]())

    for body in ("First thought.", "Second thought.", "First thought."):
        assert browser.post(sending.action, {**fields, "body": body}).status_code == 303

    page = browser.text(sending.page)
    assert (page.count("First thought."), page.count("Second thought.")) == (1, 1)


def test_the_same_text_from_the_page_shown_anew_is_said_again(app: Flask) -> None:
    sending = SENDINGS["requests.comment"]()
    for _ in range(2):
        browser, fields = opened(app, sending)
        browser.post(sending.action, fields)

    assert browser.text(sending.page).count(str(sending.typed["body"])) == 2


def test_what_one_person_sent_holds_nobody_else_back(app: Flask) -> None:
    browser, fields = opened(app, sending := SENDINGS["requests.comment"]())
    browser.post(sending.action, fields)
    other = Browser(app, people.member())

    assert other.post(sending.action, fields).status_code == 303
    assert browser.text(sending.page).count(str(sending.typed["body"])) == 2


def test_htmx_is_led_to_the_page_anew(app: Flask) -> None:
    browser, fields = opened(app, sending := SENDINGS["requests.comment"]())
    assert browser.post(sending.action, fields, htmx=True).status_code == 200

    again = browser.post(sending.action, fields, htmx=True)

    assert (again.status_code, again.headers["HX-Redirect"]) == (204, sending.page)


def test_what_was_refused_can_be_sent_once_it_is_right(app: Flask) -> None:
    browser, fields = opened(app, sending := SENDINGS["requests.link_page"]())
    wrong = {**fields, "url": "ftp://example.org"}

    assert [browser.post(sending.action, wrong).status_code for _ in range(2)] == [422, 422]
    assert browser.post(sending.action, fields).status_code == 303


@pytest.mark.parametrize("page_id", ["", "x" * 65])
def test_a_form_that_names_no_page_is_carried_out_each_time(app: Flask, page_id: str) -> None:
    browser, fields = opened(app, sending := SENDINGS["requests.comment"]())

    for _ in range(2):
        assert browser.post(sending.action, {**fields, "page_id": page_id}).status_code == 303

    assert browser.text(sending.page).count(str(sending.typed["body"])) == 2


def test_what_was_sent_is_forgotten_after_a_day(app: Flask) -> None:
    browser, fields = opened(app, sending := SENDINGS["requests.comment"]())
    browser.post(sending.action, fields)
    with unit_of_work() as now:
        assert sent_forms.purge(now) == 0
        assert sent_forms.purge(now + people.days(1.01)) == 1

    db.session.rollback()
    assert db.session.scalars(select(SentForm)).all() == []
    assert factories.chain_is_whole()
