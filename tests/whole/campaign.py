"""Staged scenes on a real database, a browser for each actor in them, and the forms they find there."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.demo import people as demo_people
from portal.extensions import db
from tests import databases, factories
from tests.requests.pages import HTMX, hidden
from tests.whole import rows
from tests.whole.bad_bodies import URLENCODED
from tests.whole.found_forms import Field, Form, crawl
from tests.whole.staged_scenes import SCENES, in_mails

COOKIE = "portal"
LOOK = {  # how many pages of each sort these people open in the first scene; nobody else has a form of their own
    "Demo Director": 12,
    "Demo Deputy": 3,
    "Demo Board": 4,
    "Demo Software Engineer": 4,
    "Demo MediaWiki Specialist": 3,
    "Demo Security Specialist": 10,
    "Demo Community Liaison": 3,
    "Demo Project Manager": 2,
    "Demo Volunteer": 3,
}
LOOK_AGAIN = {"Demo Director": 1, "Demo Project Manager": 1, "Demo Board": 1}  # in the scenes after the first
ALIKE = 3  # forms of one sort that are kept

_found: list[Form] = []  # the same on both databases: read once by each test process


@dataclass(slots=True)
class Visitor:
    """A signed-in browser as it stands before each of its requests."""

    client: FlaskClient
    cookie: str
    token: str


@dataclass(slots=True)
class Campaign:
    """The scenes of one database."""

    app: Flask
    database: databases.SqliteDatabase | databases.PostgresqlDatabase
    visitors: dict[str, Visitor] = field(default_factory=dict)
    standing: dict[str, rows.Rows] = field(default_factory=dict)
    scene: str = ""

    def stage(self) -> None:
        """Play every scene once and keep what stands then."""
        for scene, play in SCENES.items():
            play()
            for actor in LOOK if not self.visitors else ():
                self.visitors[actor] = self._enter(actor)
            self.standing[scene] = rows.everything()
            self._close()
            self.database.keep(scene)
            self.scene = scene

    def _enter(self, actor: str) -> Visitor:
        client = self.app.test_client()
        factories.sign_in(client, demo_people.find(actor))
        token = hidden(client.get("/requests/").text, "csrf_token")
        cookie = client.get_cookie(COOKIE)
        assert cookie is not None
        return Visitor(client, cookie.value, token)

    def _close(self) -> None:
        db.session.remove()
        db.engine.dispose()

    def play(self, scene: str) -> None:
        """Stand in this scene as if nothing had been done in it."""
        self._close()
        self.database.reset(scene)
        self.scene = scene

    def forms(self) -> list[Form]:
        """Every form that somebody finds in some scene; one for each button that can be pressed."""
        for scene in SCENES if not _found else ():
            self.play(scene)
            for actor, pages in (LOOK if scene == "demo" else LOOK_AGAIN).items():
                for form in crawl(self.app, self.visitors[actor].client, "/", *in_mails().values(), pages=pages):
                    form.actor, form.scene = actor, scene
                    _found.extend(one for one in pressed(form) if sum(map(one.is_like, _found)) < ALIKE)
        return _found

    def send(
        self, form: Form, data: bytes, content_type: str = URLENCODED, *, htmx: bool = False
    ) -> tuple[TestResponse, dict[str, list[rows.Row]]]:
        """Send this to the form in its scene. Returns the answer and what it changed; the scene is whole again then."""
        if self.scene != form.scene:
            self.play(form.scene)
        visitor = self.visitors[form.actor]
        visitor.client.set_cookie(COOKIE, visitor.cookie)
        headers = {"X-CSRFToken": visitor.token, **(HTMX if htmx else {})}
        answer = visitor.client.post(form.url, data=data, content_type=content_type, headers=headers)
        changed = rows.changes(self.standing[form.scene], rows.everything())
        if changed:
            self.play(form.scene)
        return answer, changed


def pressed(form: Form) -> list[Form]:
    """The form sent without a button of its own name, and with each of them."""
    plain = {name: found for name, found in form.fields.items() if found.kind != "button" and name != "csrf_token"}
    buttons = [found for found in form.fields.values() if found.kind == "button"]
    sent: list[dict[str, Field]] = [plain]
    for button in buttons:
        for value in button.offered:
            sent.append({**plain, button.name: Field(button.name, "button", [value], button.offered)})
    return [Form(form.url, fields, form.endpoint, form.actor, form.scene) for fields in sent]


def by_endpoint(forms: list[Form]) -> dict[str, list[Form]]:
    found: defaultdict[str, list[Form]] = defaultdict(list)
    for form in forms:
        found[form.endpoint].append(form)
    return dict(sorted(found.items()))
