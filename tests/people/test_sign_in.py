"""Signing in with the wiki over real HTTP."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from devwiki.wiki import GENERATIONS, DevWiki
from portal.audit.models import Event
from portal.extensions import db
from portal.people.models import Person, WikiIdentity
from tests.devwiki_fixture import sign_in

pytestmark = pytest.mark.both_databases


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_wiki_account_signs_in_and_becomes_a_person(visitor: FlaskClient, wiki: DevWiki, generation: str) -> None:
    wiki.generation = generation

    answer = sign_in(visitor, "Demo Volunteer", "/sign-in?next=/account")

    assert (answer.status_code, answer.headers["Location"]) == (302, "/account")
    page = visitor.get("/account").text
    assert "Demo Volunteer" in page
    assert "Sign out" in page
    identity = db.session.scalars(select(WikiIdentity)).one()
    assert (identity.sub, identity.person.name) == ("9012", "Demo Volunteer")
    assert db.session.scalars(select(Event.code)).all() == ["person.arrived"]
