"""The pages of the whole app, and one person of each sort to read them. Covers pages that are not written yet."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from portal.people.models import Capacity, Person
from tests import factories

ACTORS: dict[str, Callable[[], Person] | None] = {
    "anonymous": None,
    "volunteer": factories.volunteer,
    "member": factories.member,
    "deputy": factories.deputy,
    "director": factories.director,
    "board": factories.board_member,
    "treasurer": lambda: factories.person(capacity=Capacity.TREASURER),
    "operator": lambda: factories.person(capacity=Capacity.OPERATOR),
    "locked": lambda: factories.person("Locked", "software_engineer", locked=True),
}


def client_of(app: Flask, actor: str) -> FlaskClient:
    """A browser of this actor."""
    client, make = app.test_client(), ACTORS[actor]
    if make is not None:
        factories.sign_in(client, make())
    return client


def pages(app: Flask) -> list[str]:
    """The address of everything that can be fetched without knowing an id."""
    rules: list[Rule] = list(app.url_map.iter_rules())
    return sorted(rule.rule for rule in rules if "GET" in (rule.methods or ()) and not rule.arguments)
