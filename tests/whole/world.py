"""A portal with something of everything in it, built once per test process and put back before each test.

For tests of the whole app that need real ids: each person is signed in, and every address can be filled.
"""

from __future__ import annotations

import shutil
import uuid
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from portal.assessments import queries, round_services, services
from portal.assessments.entries import EMPTY, Entry, Typed
from portal.assessments.models import Score, Seat
from portal.audit import services as audit
from portal.calendar import services as calendar
from portal.extensions import db, sqlite_module
from portal.notifications import addresses, mail_tokens
from portal.people import absences
from portal.people.models import Absence, Capacity, MergeProposal, Nda, Person, RoleAssignment
from portal.record import checkpoints
from portal.web.unit_of_work import unit_of_work
from tests import databases
from tests import factories as people
from tests.access import factories as access
from tests.assessments import factories as assessments
from tests.mentoring import factories as mentoring
from tests.requests.pages import HTMX
from tests.whole import scenes
from tests.whole.scenes import STAGES, Cast, Plot, Scene, whisper

PEOPLE_WITHOUT_ROLE = ("volunteer", "treasurer", "operator")
TOKEN = "the secret of every form in these tests"
BOARD_STAGES = {  # and what the Director asks for in each: nobody asks for the same twice
    "draft": "grafana",
    "agreement": "graylog",
    "discussion": "phorge",
    "approved": "icinga",
    "declined_by_board": "github",
}


class Visitor:
    """A browser of one person, or of nobody, that sends the secret of its session with every form.

    It never learns: each time it sends the cookie it began with, so that nothing is left of what it did before.
    """

    def __init__(self, app: Flask, person: Person | None) -> None:
        client = app.test_client()
        if person is not None:
            people.sign_in(client, person)
        with client.session_transaction() as session:
            session["csrf_token"] = TOKEN
        cookie = client.get_cookie(str(app.config["SESSION_COOKIE_NAME"]))
        assert cookie is not None
        self.cookie = f"{cookie.key}={cookie.value}"
        self.secret = URLSafeTimedSerializer(str(app.secret_key), salt="wtf-csrf-token").dumps(TOKEN)
        self.client: FlaskClient = app.test_client(use_cookies=False)

    def send(self, method: str, url: str, data: dict[str, Any] | None = None, *, htmx: bool = False) -> TestResponse:
        sent = None if method in ("GET", "HEAD", "OPTIONS") else {"csrf_token": self.secret, **(data or {})}
        headers = {"Cookie": self.cookie, **(HTMX if htmx else {})}
        return self.client.open(url, method=method, data=sent, headers=headers)


@dataclass(slots=True)
class World:
    """Who there is, by label, and every scene; ``values`` and ``owners`` by action, for what is no request."""

    app: Flask
    folder: Path
    ids: dict[str, int] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    scenes: list[Scene] = field(default_factory=list)
    visitors: dict[int, Visitor] = field(default_factory=dict)
    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    owners: dict[str, frozenset[str]] = field(default_factory=dict)

    def visitor(self, person_id: int) -> Visitor:
        return self.visitors[person_id]

    def put_back(self, name: str) -> None:
        """The database as it was when it was kept under this name."""
        db.session.remove()
        db.engine.dispose()
        path = Path(str(db.engine.url.database))
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        shutil.copyfile(self.folder / f"{name}.db", path)

    def keep(self, name: str) -> None:
        """Keep the database as it is now under this name."""
        db.session.remove()
        db.engine.dispose()
        shutil.copyfile(str(db.engine.url.database), self.folder / f"{name}.db")

    def scene(self, family: str, stage: str) -> Scene:
        return next(found for found in self.scenes if (found.family, found.stage) == (family, stage))


class Watch:
    """Tells whether anybody has changed the database: SQLite counts the commits of other connections."""

    def __init__(self) -> None:
        self._connection = sqlite_module().connect(str(db.engine.url.database))
        self._seen = self._count()

    def _count(self) -> int:
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def changed(self) -> bool:
        """Whether it was changed since this was last asked."""
        before, self._seen = self._seen, self._count()
        return before != self._seen

    def close(self) -> None:
        self._connection.close()


def everything() -> dict[str, list[object]]:
    """Every row of every table."""
    with db.engine.connect() as connection:
        tables = db.metadata.sorted_tables
        return {table.name: [tuple(row) for row in connection.execute(select(table))] for table in tables}


_worlds: dict[int, World] = {}


def the_world(app: Flask) -> World:
    """The world of this process, with the Director present. Needs SQLite."""
    if id(app) not in _worlds:
        database = databases.database("sqlite")
        assert isinstance(database, databases.SqliteDatabase)
        _worlds[id(app)] = _build(World(app, database.folder))
    found = _worlds[id(app)]
    found.put_back("present")
    return found


def _build(world: World) -> World:
    assessments.seed()
    cast = _people(world)
    _scenes(world, cast)
    _assessments(world, cast)
    _mentoring(world)
    _other_things(world)
    for person in db.session.scalars(select(Person)):
        world.visitors[person.id] = Visitor(world.app, person)
    world.visitors[0] = Visitor(world.app, None)
    world.keep("present")
    with unit_of_work() as now:
        director = db.session.get_one(Person, world.ids["director"])
        absences.declare_absence(director, now, to_at=None, reason=whisper("absence"), now=now)
    world.keep("acting")
    return world


def _people(world: World) -> Cast:
    made = {
        "volunteer": people.volunteer("Vic Volunteer"),
        "member": people.member("Mia Member"),
        "author": people.member("Ben Author"),
        "deputy": people.deputy(),
        "director": people.director(),
        "board": people.board_member("Bo Board"),
        "treasurer": people.person("Tre Treasurer", capacity=Capacity.TREASURER),
        "operator": people.person("Ope Operator", capacity=Capacity.OPERATOR),
        "locked": people.person("Loc Locked", "software_engineer", locked=True),
        "recused": people.member("Rec Recused"),
        "marker": people.member("Max Marker"),
    }
    world.ids |= {label: person.id for label, person in made.items()} | {"anonymous": 0}
    world.names |= {label: person.name for label, person in made.items()}
    return Cast(made["director"], made["deputy"], made["board"], made["author"], made["recused"], made["marker"])


def _scenes(world: World, cast: Cast) -> None:
    """Four families: filed by somebody who has left since, by a member, by a volunteer for themselves, by the Deputy
    for the Director, which the Board decides."""
    left, filer = people.member("Rita Requester"), people.member("Fred Filer")
    for stage in STAGES:
        main = filer if stage == "draft" else left
        ann, sue, vera = people.member(f"Ann {stage}"), people.member(f"Sue {stage}"), people.volunteer(f"Vera {stage}")
        decider = cast.deputy if stage == "approved" else cast.director
        plots = [
            Plot("main", cast, main, ann, decider),
            Plot("filed", cast, filer, sue, cast.director),
            Plot("own", cast, vera, vera, cast.director, "new_member", ("role:software_engineer", scenes.FIRST)),
        ]
        if stage in BOARD_STAGES:
            item = f"system:{BOARD_STAGES[stage]}"
            plots.append(Plot("leaders", cast, cast.deputy, cast.director, cast.board, items=(item,)))
        if stage == "agreement":
            plots = [plot for plot in plots if plot.requester.id != plot.candidate.id]
        world.scenes += [plot.play(stage) for plot in plots]
    with unit_of_work() as now:
        db.session.execute(update(RoleAssignment).where(RoleAssignment.person_id == left.id).values(to_at=now))


def _assessments(world: World, cast: Cast) -> None:
    """One finished, one draft, one that nobody has begun."""
    volunteer = db.session.get_one(Person, world.ids["volunteer"])
    member = db.session.get_one(Person, world.ids["member"])
    finished = assessments.review(volunteer, cast.author)
    key = assessments.keys(finished)[0]
    assessments.fill(cast.author, finished, {key: Entry(Score.INDEPENDENT, whisper("remark"))})
    _lock(cast.author, finished)
    draft = assessments.self_assessment(member)
    assessments.fill(
        member, draft, {key: Entry(Score.INDEPENDENT, whisper("scribble")) for key in assessments.keys(draft)}
    )
    asked = assessments.review(volunteer, member)
    draft_standard = {"version": assessments.draft_standard()}
    _rounds(world, cast, member)
    world.values |= {
        "publish_standard": draft_standard,
        "discard_standard": draft_standard,
        "read_assessment": {"assessment_id": finished, "layout": "csv"},
        "carry_assessment": {"assessment_id": assessments.locked_self(volunteer)},
        "redact_remark": {"assessment_id": finished, "key": key},
        "read_assessment:all": {"person_id": volunteer.id},
        "read_assessment:draft": {"assessment_id": draft, "layout": "json"},
        "write_assessment": {"assessment_id": draft, "key": key},
        "discard_assessment": {"assessment_id": asked},
        "correct_assessment": {"assessment_id": finished},
    }
    world.owners |= {
        "read_assessment": frozenset({"volunteer", "author"}),
        "redact_remark": frozenset({"author"}),
        "carry_assessment": frozenset({"volunteer"}),
        "read_assessment:all": frozenset({"volunteer"}),
        "read_assessment:draft": frozenset({"member"}),
        "write_assessment": frozenset({"member"}),
        "discard_assessment": frozenset({"volunteer", "member"}),
        "correct_assessment": frozenset({"author"}),
    }


def _rounds(world: World, cast: Cast, member: Person) -> None:
    """A double marking whose final check can be agreed, and one in which a seat is free."""
    treasurer = db.session.get_one(Person, world.ids["treasurer"])
    revealed = assessments.revealed(treasurer, cast.author, member)
    assessments.final(cast.author, revealed)
    free = assessments.marking(member, cast.recused, cast.author)
    declined, draft = assessments.seated(free, Seat.MENTOR), assessments.seated(free, Seat.SECOND)
    with unit_of_work() as now:
        round_services.decline(cast.recused, declined, whisper("declined"), now=now)
    piece = assessments.piece(member, sentence=whisper("shows"))
    world.values |= {
        key: {"person_id": member.id, "piece_id": piece}
        for key in ("read_portfolio", "write_portfolio", "answer_portfolio")
    }
    both = frozenset({"author", "member"})
    world.owners |= {
        "read_portfolio": both,
        "write_portfolio": frozenset({"member"}),
        "answer_portfolio": frozenset({"author"}),
    }
    world.values |= {key: {"marking_id": revealed} for key in ("read_marking", "begin_final", "agree_final")}
    world.values |= {key: {"marking_id": free} for key in ("read_marking:open", "name_seat")}
    world.values |= {"decline_marking": {"assessment_id": draft}}
    world.owners |= {
        "read_marking": both | {"treasurer"},
        "begin_final": both,
        "agree_final": both,
        "read_marking:open": both,
        "name_seat": frozenset({"member"}),
        "decline_marking": frozenset({"author"}),
    }


def _mentoring(world: World) -> None:
    """One that goes on, with a goal; one that was asked."""
    volunteer, operator, author = (
        db.session.get_one(Person, world.ids[label]) for label in ("volunteer", "operator", "author")
    )
    asked = mentoring.asked(operator, author, note=whisper("mentor"))
    going_on = mentoring.active(volunteer, author)
    goal = mentoring.goal(going_on, volunteer, "web-security")
    one = {"mentorship_id": going_on}
    world.values |= {
        "ask_mentor": {"?kind": "peer_support"},
        "read_mentoring": one,
        "read_mentoring:asked": {"mentorship_id": asked},
        "answer_mentoring": {"mentorship_id": asked},
        "end_mentoring": one,
        "hand_over_mentoring": one,
        "set_goals": {**one, "goal_id": goal},
    }
    two, both = frozenset({"volunteer", "author"}), frozenset({"operator", "author"})
    world.owners |= {"read_mentoring": two, "read_mentoring:asked": both, "answer_mentoring": frozenset({"author"})}
    world.owners |= {"end_mentoring": two, "hand_over_mentoring": frozenset({"author"}), "set_goals": two}


def _lock(marker: Person, assessment_id: int) -> None:
    """Finish what has been begun, with a score for every item that has none."""
    rows = queries.score_rows(assessment_id)
    items = queries.items_of(queries.find(assessment_id).standard_id)
    empty = {item.key: Entry(Score.INDEPENDENT) for item in items if item.id not in rows}
    with unit_of_work() as now:
        services.lock(marker, assessment_id, Typed(empty, dict.fromkeys(empty, EMPTY.token)), now=now)


def _other_things(world: World) -> None:
    """Access, people, merges, rules, the record."""
    ids = world.ids
    member, board = db.session.get_one(Person, ids["member"]), db.session.get_one(Person, ids["board"])
    grant = access.from_before(member).id
    one, other = people.volunteer("One Twin").id, people.volunteer("Other Twin").id
    with unit_of_work() as now:
        proposal = MergeProposal(person_id=one, other_id=other, proposed_at=now)
        db.session.add(proposal)
        db.session.add(Nda(person_id=ids["author"], signed_on=date(2026, 1, 5), noted_by_id=board.id, noted_at=now))
        db.session.flush()
        proposal_id = proposal.id
        reason = audit.write_text(ids["author"], whisper("absence"), at=now)
        later = now + people.days(30)
        db.session.add(Absence(person_id=ids["author"], from_at=later, declared_at=now, reason_id=reason.id))
        reason_id = reason.id
        asked = addresses.ask(member.id, "somebody@example.org", now=now)
        confirm_token = mail_tokens.confirm_token(member.id, asked.nonce)
    world.values |= {
        "public": {
            "grant_id": grant, "person_id": ids["member"], "name": world.names["member"], "version": "1", "since": "2",
            "filename": "portal.css", "decision_id": world.scene("main", "approved").values["decision_id"],
            "size": _signed(), "address": _calendar(ids["member"]),
        },
        "remove_record": {"decision_id": world.scene("main", "approved").values["decision_id"]},
        "end_access": {"grant_id": grant},
        "read_person": {"person_id": ids["volunteer"], "name": world.names["volunteer"]},
        "note_nda": {"person_id": ids["author"]},
        "end_role": {"person_id": ids["author"], "role_key": "software_engineer"},
        "end_role:director": {"person_id": ids["director"], "role_key": "director"},
        "end_role:deputy": {"person_id": ids["deputy"], "role_key": "deputy_director"},
        "end_capacity": {"person_id": ids["treasurer"], "capacity": "treasurer"},
        "end_capacity:operator": {"person_id": ids["operator"], "capacity": "operator"},
        "change_rule": {"rule_key": "discussion_days", "?kind": "access_expansion"},
        "settle_merge": {"proposal_id": proposal_id},
        "remove_reason": {"text_id": reason_id},
        "confirm_address": {"?t": confirm_token},
        "stop_mail": {"?t": mail_tokens.stop_token(mail_tokens.Stop(member.id, 1))},
    }  # fmt: skip
    world.owners |= {
        "list_requests": frozenset(PEOPLE_WITHOUT_ROLE),
        "end_access": frozenset({"member"}),
        "read_person": frozenset({"volunteer"}),
        "end_role": frozenset({"author"}),
        "remove_reason": frozenset({"author"}),
        "end_role:director": frozenset({"director"}),
        "end_role:deputy": frozenset({"deputy"}),
        "end_capacity:operator": frozenset({"operator"}),
    }


def _signed() -> int:
    """How much of the timeline the checkpoint covers that is signed now."""
    with unit_of_work() as now:
        checkpoints.tick(now)
    newest = checkpoints.newest()
    assert newest is not None
    return newest.size


def _calendar(person_id: int) -> str:
    """The secret part of the address of this person's calendar."""
    with unit_of_work() as now:
        calendar.make(person_id, now=now)
    made = calendar.of(person_id)
    assert made is not None
    return calendar.secret(made)


def submission() -> str:
    """A fresh id of one filling of a form."""
    return uuid.uuid4().hex
