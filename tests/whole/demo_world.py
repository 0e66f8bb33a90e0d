"""The whole portal with the demo data, and everybody who reads it: for checks of every page and every fragment."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import permutations
from pathlib import Path
from typing import Any

from flask import Flask, url_for
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import create_app
from portal.access.models import Grant
from portal.assessments import drafting, standards
from portal.assessments import queries as assessment_queries
from portal.assessments import services as assessments
from portal.assessments.entries import EMPTY, Entry, Typed
from portal.assessments.models import Assessment, Marking, Score, Standard
from portal.audit.models import Text
from portal.calendar import services as calendar
from portal.calendar.models import CalendarAddress
from portal.demo import people as demo_people
from portal.demo import requests as demo_requests
from portal.extensions import db
from portal.mentoring.models import Mentorship
from portal.notifications import spreading
from portal.org import organisation
from portal.people import ndas, sessions
from portal.people import services as people_services
from portal.people.models import Capacity, MergeProposal, Person
from portal.record import checkpoints
from portal.record.models import Checkpoint
from portal.requests import discussion_services, filing_services, objection_services
from portal.requests.discussion_models import Comment
from portal.requests.models import Decision, TeamRequest
from portal.requests.workflow import State
from portal.web.unit_of_work import unit_of_work
from tests import databases, factories
from tests.assessments import factories as made
from tests.requests.factories import details, key_offer
from tests.whole import staged_scenes

NOBODY = "nobody"
LOCKED = "Locked"
ACTORS = (NOBODY, LOCKED, *(demo.name for demo in demo_people.DEMO_PEOPLE))


@dataclass(slots=True)
class World:
    """An app on a database with much in it, which `restore` brings back; and a browser for everybody."""

    app: Flask
    path: Path
    clients: dict[str, FlaskClient] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)

    @property
    def kept(self) -> Path:
        return self.path.with_suffix(".kept")

    @property
    def cookie(self) -> str:
        return str(self.app.config["SESSION_COOKIE_NAME"])

    def restore(self) -> None:
        with self.app.app_context():
            db.engine.dispose()
        for leftover in self.path.parent.glob(f"{self.path.name}*"):
            leftover.unlink()
        shutil.copyfile(self.kept, self.path)
        for actor, value in self.cookies.items():
            self.clients[actor].set_cookie(self.cookie, value)

    def keep(self) -> None:
        with self.app.app_context():
            db.engine.dispose()
        shutil.copyfile(self.path, self.kept)
        kept = {actor: client.get_cookie(self.cookie) for actor, client in self.clients.items()}
        self.cookies = {actor: cookie.value for actor, cookie in kept.items() if cookie}


def make(folder: Path, **more: str) -> World:
    """A world in this folder; ``more`` are settings of its app."""
    database = databases.database("sqlite")
    assert isinstance(database, databases.SqliteDatabase)
    path = folder / "world.db"
    shutil.copyfile(database.template, path)
    app = create_app(databases.settings(f"sqlite:///{path}", ENV="testing", **more))
    world = World(app, path)
    with app.app_context():
        _fill()
        for actor in ACTORS:
            world.clients[actor] = _client(app, actor)
        db.session.remove()
    for client in world.clients.values():
        client.get("/")  # from here on the session has the secret of its forms
    world.keep()
    return world


def _client(app: Flask, actor: str) -> FlaskClient:
    client = app.test_client()
    if actor == NOBODY:
        return client
    found = factories.person(LOCKED, "software_engineer", locked=True) if actor == LOCKED else demo_people.find(actor)
    factories.sign_in(client, found)
    with unit_of_work() as now:
        sessions.start(found.id, found.identities[0].id, now=now)  # in another browser
    return client


def _fill() -> None:
    """The demo data, and what it lacks: something for every form of every page."""
    with unit_of_work() as now:
        standards.seed_standards(now=now)
        who = demo_people.load(factories.ISSUER, now=now)
        demo_requests.load(who, now=now)
        for add in (_person_things, _assessment_things, _request_things):
            add({name.removeprefix("Demo "): person for name, person in who.items()}, now)
    with unit_of_work() as now:
        checkpoints.tick(now)
        calendar.make(demo_people.find("Demo Security Specialist").id, now=now)
    spreading.spread()
    with unit_of_work() as now:
        staged_scenes.stage_mail(now)


def _person_things(who: dict[str, Person], now: datetime) -> None:
    people_services.declare_absence(who["Security Specialist"], now, to_at=None, reason="Far away.", now=now)
    ndas.note_nda(who["Board"], who["Project Manager"].id, signed_on=now.date(), confirmed_by_id=None, now=now)
    db.session.add(
        MergeProposal(person_id=who["Community Liaison"].id, other_id=who["Project Manager"].id, proposed_at=now)
    )


def _assessment_things(who: dict[str, Person], now: datetime) -> None:
    own = assessments.start_self_assessment(who["Security Specialist"], submission_id="v" * 32, now=now)
    items = assessment_queries.items_of(assessment_queries.find(own).standard_id)
    entries = {item.key: Entry(Score.INDEPENDENT, remark="A remark.") for item in items}
    assessments.lock(who["Security Specialist"], own, Typed(entries, dict.fromkeys(entries, EMPTY.token)), now=now)
    assessments.start_self_assessment(who["Security Specialist"], submission_id="w" * 32, now=now)
    drafting.import_draft(None, made.next_standard(), now=now)


def _request_things(who: dict[str, Person], now: datetime) -> None:
    ready = _in_state(State.DISCUSSION, who["Software Engineer"])
    objection_services.link_page(
        who["Software Engineer"].id, ready.id, "https://issue-tracker.miraheze.org/T1", "A patch.", now=now
    )
    discussion_services.sponsor(who["Community Liaison"].id, ready.id, "I vouch.", now=now)
    with_key = filing_services.start_draft(who["Software Engineer"].id, "access_expansion", "w" * 32, now=now)
    asked = details("access_expansion", who["Software Engineer"], "access_group:bastion", key=key_offer())
    filing_services.submit(who["Software Engineer"].id, with_key.id, asked, now=now)


def _in_state(state: State, candidate: Person) -> TeamRequest:
    query = select(TeamRequest).where(TeamRequest.state == state, TeamRequest.candidate_id == candidate.id)
    return db.session.scalars(query.order_by(TeamRequest.id)).first() or _missing(state)


def _missing(state: State) -> TeamRequest:
    raise AssertionError(f"the demo data has no request in {state}")


def _ids(model: Any) -> list[int]:
    return list(db.session.scalars(select(model.id).order_by(model.id)))


ARGUMENTS: dict[frozenset[str], Callable[[], list[dict[str, Any]]]] = {
    frozenset(): lambda: [{}],
    frozenset({"request_id"}): lambda: [{"request_id": id} for id in _ids(TeamRequest)],
    frozenset({"person_id"}): lambda: [{"person_id": id} for id in _ids(Person)],
    frozenset({"grant_id"}): lambda: [{"grant_id": id} for id in _ids(Grant)],
    frozenset({"decision_id"}): lambda: [{"decision_id": id} for id in _ids(Decision)],
    frozenset({"assessment_id"}): lambda: [{"assessment_id": id} for id in _ids(Assessment)],
    frozenset({"assessment_id", "layout"}): lambda: [
        {"assessment_id": id, "layout": layout}
        for id in _ids(Assessment)
        for layout in ("json", "csv", "wikitext", "x")
    ],
    frozenset({"version", "since"}): lambda: [
        {"version": one, "since": other}
        for one, other in permutations(db.session.scalars(select(Standard.version)).all(), 2)
    ],
    frozenset({"marking_id"}): lambda: [{"marking_id": id} for id in _ids(Marking)],
    frozenset({"mentorship_id"}): lambda: [{"mentorship_id": id} for id in _ids(Mentorship)],
    frozenset({"version"}): lambda: [{"version": one} for one in db.session.scalars(select(Standard.version))],
    frozenset({"rule_key"}): lambda: [{"rule_key": key} for key in organisation().rules],
    frozenset({"name"}): lambda: [{"name": "Demo Board"}, {"name": "Nobody at all"}],
    frozenset({"size"}): lambda: [{"size": size} for size in db.session.scalars(select(Checkpoint.size))],
    frozenset({"address"}): lambda: [
        {"address": calendar.secret(row)} for row in db.session.scalars(select(CalendarAddress))
    ],
    frozenset({"filename"}): list,  # a file is no page
    frozenset({"request_id", "comment_id"}): lambda: [
        {"request_id": comment.request_id, "comment_id": comment.id} for comment in db.session.scalars(select(Comment))
    ],
    frozenset({"text_id"}): lambda: [{"text_id": id} for id in _ids(Text)],
    frozenset({"request_id", "text_id"}): lambda: [
        {"request_id": comment.request_id, "text_id": comment.text_id}
        for comment in db.session.scalars(select(Comment))
    ],
    frozenset({"person_id", "role_key"}): lambda: [
        {"person_id": id, "role_key": role} for id in _ids(Person) for role in ("software_engineer", "no_such_role")
    ],
    frozenset({"person_id", "capacity"}): lambda: [
        {"person_id": id, "capacity": one.value} for id in _ids(Person) for one in (Capacity.BOARD, Capacity.TREASURER)
    ],
}


def addresses(world: World) -> dict[str, list[str]]:
    """Every address that can be fetched, with real ids, by the name of its endpoint."""
    found: dict[str, list[str]] = {}
    with world.app.app_context():
        for rule in world.app.url_map.iter_rules():
            if "GET" in (rule.methods or ()):
                values = ARGUMENTS[frozenset(rule.arguments)]()
                with world.app.test_request_context():
                    found[rule.endpoint] = [url_for(rule.endpoint, **each) for each in values]
        for endpoint, address in staged_scenes.in_mails().items():
            found[endpoint].append(address)
    return found


def texts(world: World) -> Iterator[str]:
    """Everything people wrote, which no translator translates: whole and line by line."""
    with world.app.app_context():
        for body in db.session.scalars(select(Text.body)):
            yield from (" ".join(part.split()) for part in (body or "", *(body or "").splitlines()))
