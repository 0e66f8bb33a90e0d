"""Every page without an id in its address, for every sort of person: it answers, it is sound, it writes nothing."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from portal.extensions import db
from portal.operations import rows
from portal.web.access import Rule, rule_of
from tests import pages as checks
from tests.whole.actors import ACTORS, client_of, pages


def everything() -> dict[str, list[object]]:
    with db.engine.connect() as connection:
        tables = db.metadata.sorted_tables
        return {table.name: [tuple(row) for row in connection.execute(select(table))] for table in tables}


@pytest.mark.parametrize("actor", ACTORS)
def test_every_page_answers_soundly_and_writes_nothing(app: Flask, actor: str) -> None:
    client = client_of(app, actor)
    before = everything()
    assert rows.tables()
    faults: list[str] = []

    for address in pages(app):
        answer = client.get(address)
        if answer.status_code >= 500:
            faults.append(f"{address}: {answer.status_code}")
        elif answer.mimetype == "text/html" and answer.status_code not in (301, 302, 303, 308):
            faults += [f"{address}: {fault}" for fault in checks.faults(answer.text)]

    assert faults == []
    assert everything() == before


@pytest.mark.parametrize("actor", ["member", "director"])
def test_every_page_is_a_whole_page_for_a_boosted_request_and_a_fragment_for_htmx(app: Flask, actor: str) -> None:
    client = client_of(app, actor)

    for address in pages(app):
        answer = client.get(address, headers={"HX-Request": "true"})
        assert answer.status_code < 500, address
        if answer.mimetype == "text/html" and "<html" not in answer.text:
            assert "HX-Request" in answer.headers["Vary"], address


def test_every_route_has_a_declared_rule(app: Flask) -> None:
    bare = [name for name, view in app.view_functions.items() if rule_of(view) is None and not name.endswith("static")]

    assert bare == []


def test_every_route_that_changes_something_is_closed_to_strangers_or_says_why(app: Flask) -> None:
    public = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and rule_of(app.view_functions[rule.endpoint]) is Rule.PUBLIC
    }

    by_token = {"mail.confirmed", "mail.stopped"}  # the link of a mail is the proof (docs/permissions.md)
    assert public <= {"sign_in.sign_out"} | by_token  # ending a session that has ended is no fault


@pytest.mark.parametrize("address", ["/nothing", "/people/99999999", "/%ff", "/people/" + "9" * 40, "/static/nothing"])
def test_what_is_not_there_is_a_sound_404(app: Flask, address: str) -> None:
    answer = app.test_client().get(address)

    assert answer.status_code in (401, 404)
    assert checks.faults(answer.text) == []
