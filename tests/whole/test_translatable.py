"""Every page in a locale that brackets what is translated: what stands outside is data, or forgotten."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

import pytest
from flask import Flask
from sqlalchemy import select

from devtools import translatable
from portal import create_app
from portal.extensions import db
from portal.org import organisation
from portal.people.models import Person
from tests import databases, pages
from tests.clients import use_apart_client
from tests.whole.actors import ACTORS, client_of
from tests.whole.actors import pages as addresses


@pytest.fixture
def pseudo(app: Flask) -> Iterator[Flask]:
    """The app in the pseudo-locale, on the same fresh database."""
    url = app.extensions["settings"].database_url
    bracketed = create_app(databases.settings(url, ENV="testing", PSEUDO_LOCALE="1"))
    use_apart_client(bracketed)
    with bracketed.app_context():
        yield bracketed
        db.session.remove()
        db.engine.dispose()


def strings_of(value: object) -> Iterator[str]:
    """Every text inside the organisation's data, and each paragraph of it."""
    if isinstance(value, str):
        yield from (" ".join(part.split()) for part in {value, *value.splitlines()})
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from strings_of(getattr(value, field.name))
    elif isinstance(value, Mapping):
        yield from (text for part in value.values() for text in strings_of(part))
    elif isinstance(value, (list, tuple, set, frozenset)):
        yield from (text for part in value for text in strings_of(part))


def data() -> set[str]:
    """What needs no translation: names of people, and the organisation's own words."""
    names = set(db.session.scalars(select(Person.name)))
    return {text for text in {*strings_of(organisation()), *names} if len(text) > 1}


@pytest.mark.parametrize("actor", ACTORS)
def test_every_word_of_every_page_is_translatable(pseudo: Flask, actor: str) -> None:
    client = client_of(pseudo, actor)
    known = data()
    forgotten: list[str] = []

    for address in addresses(pseudo):
        answer = client.get(address)
        if answer.mimetype == "text/html" and not answer.location:  # a browser shows nothing of a redirect
            forgotten += [f"{address}: {words}" for words in pages.untranslated(answer.text, known)]

    assert forgotten == []


def test_a_word_outside_the_brackets_is_found() -> None:
    html = "<!doctype html><title>⟦Roles⟧</title><p>⟦Held by ⟦3⟧ people⟧ Ann and <b title='late'>forgotten</b> T123"

    assert pages.untranslated(html, {"Ann"}) == ["Ann and", "late", "forgotten"]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("<p>Hello</p>", ["Hello"]),
        ('<p>{{ _("Hello") }}, {{ name }} <b>{% if x %}late{% endif %}</b></p>', ["late"]),
        ('<img alt="A cat"><input placeholder="{{ x }}">', ["A cat"]),
        ("{% trans %}Hello{% endtrans %} <code>ssh</code> <span translate='no'>Grafana</span> UTC", []),
        ("{# a remark #}{% block page_class %}wide{% endblock %}", []),
    ],
)
def test_plain_text_in_a_template_is_found(source: str, words: list[str]) -> None:
    assert [found for _line, found in translatable.bare_texts(source)] == words


@pytest.mark.parametrize(
    "source",
    ['Message(f"Hi {name}")', 'flash("Saved.")', 'LineField("Your name")', 'InputRequired(message="Say why.")'],
)
def test_a_plain_string_where_a_message_belongs_is_found(source: str) -> None:
    assert len(translatable.bare_strings(source)) == 1


def test_translators_get_every_message_of_python_and_templates() -> None:
    ids = {message.id for message in translatable.catalogue()}

    assert "Skip to content" in ids
    assert "This page is for members of the team." in ids
    assert "" in ids  # the header, and nothing else may be empty
