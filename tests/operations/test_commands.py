"""What an operator types, and what is answered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text, update

from portal.audit import services as audit
from portal.audit.chain import GENESIS, event_hash
from portal.audit.models import ActorKind, ChainHead, Event
from portal.extensions import db
from portal.people.models import Person
from portal.web import clock, ticks
from portal.web.unit_of_work import unit_of_work
from tests import factories
from tests.clocks import moved

pytestmark = pytest.mark.both_databases


def run(app: Flask, *arguments: str) -> Result:
    db.session.remove()
    return app.test_cli_runner().invoke(args=list(arguments))


def record_events(number: int) -> None:
    for _ in range(number):
        with unit_of_work() as now:
            audit.record("person.added", actor_id=None, at=now, count=1)


def tamper(*statements: str) -> None:
    """Change the database as its owner could, past every guard."""
    sqlite = ["DROP TRIGGER IF EXISTS event_no_update", "DROP TRIGGER IF EXISTS event_no_delete"]
    postgresql = [
        "DROP TRIGGER IF EXISTS event_append_only ON event",
        "ALTER TABLE event DROP CONSTRAINT IF EXISTS ck_event_audience",
    ]
    with unit_of_work():
        for statement in [*(sqlite if db.engine.name == "sqlite" else postgresql), *statements]:
            db.session.execute(text(statement))


def test_healthz_answers_without_a_sign_in(client: FlaskClient) -> None:
    answer = client.get("/healthz")

    assert (answer.status_code, answer.get_json()) == (200, {"status": "ok"})


def test_healthz_says_503_when_the_database_is_away(client: FlaskClient) -> None:
    tamper("ALTER TABLE chain_head RENAME TO gone")

    answer = client.get("/healthz")

    assert (answer.status_code, answer.get_json()) == (503, {"status": "database away"})


def test_the_doctor_finds_a_sound_portal_sound(app: Flask) -> None:
    factories.person()
    record_events(2)

    answer = run(app, "doctor")

    assert answer.exit_code == 0
    assert "RED" not in answer.output
    assert "The timeline holds: 2 events" in answer.output


def test_the_doctor_says_what_to_do_about_a_schema_that_is_behind(app: Flask) -> None:
    tamper("UPDATE alembic_version SET version_num = 'older'")

    answer = run(app, "doctor")

    assert answer.exit_code == 1
    assert "RED   The schema is at older" in answer.output
    assert "-> Run: flask db upgrade." in answer.output


def test_the_doctor_names_the_event_that_was_changed(app: Flask) -> None:
    record_events(3)
    tamper("UPDATE event SET code = 'person.erased' WHERE id = 2")

    answer = run(app, "doctor")

    assert answer.exit_code == 1
    assert "RED   The timeline does not hold from event 2" in answer.output


def test_the_doctor_sees_a_clock_that_is_behind(app: Flask) -> None:
    record_events(1)

    with time_machine.travel(clock.now() - timedelta(hours=2)):
        answer = run(app, "doctor")

    assert answer.exit_code == 1
    assert "RED   The server's clock says" in answer.output


def test_audit_verify_says_count_and_head(app: Flask) -> None:
    record_events(3)

    answer = run(app, "audit", "verify")

    assert answer.exit_code == 0
    assert f"3 events, head {audit.chain_head()[1]}" in answer.output


@pytest.mark.parametrize(
    ("statement", "first_bad"),
    [
        ("UPDATE event SET code = 'x' WHERE id = 2", 2),
        ("UPDATE event SET audience = 'nobody' WHERE id = 2", 2),
        ("DELETE FROM event WHERE id = 3", 3),
        ("DELETE FROM event WHERE id = 4", 4),
        ("UPDATE event SET id = 9 WHERE id = 1", 1),
        ("UPDATE chain_head SET sequence = 3", 5),
        ("DELETE FROM chain_head", 5),
    ],
)
def test_audit_verify_names_the_first_bad_sequence_number(app: Flask, statement: str, first_bad: int) -> None:
    record_events(4)
    unchecked = ["PRAGMA ignore_check_constraints = ON"] if db.engine.name == "sqlite" else []
    tamper(*unchecked, statement)

    answer = run(app, "audit", "verify")

    assert answer.exit_code == 1
    assert f"from sequence number {first_bad}" in answer.output


def test_a_tail_cut_off_with_its_head_is_found_by_an_exported_head(app: Flask) -> None:
    record_events(3)
    exported = run(app, "audit", "head").output.split()
    earlier = db.session.get(Event, 2)
    assert earlier
    tamper("DELETE FROM event WHERE id = 3")
    with unit_of_work():
        head = db.session.scalars(select(ChainHead)).one()
        head.sequence, head.hash, head.newest_at = 2, earlier.hash, earlier.at

    assert run(app, "audit", "verify").exit_code == 0
    answer = run(app, "audit", "verify", "--head", *exported)

    assert answer.exit_code == 1
    assert "from sequence number 3" in answer.output


def test_a_timeline_written_anew_is_found_by_an_exported_head(app: Flask) -> None:
    record_events(3)
    exported = run(app, "audit", "head").output.split()
    record_events(1)
    tamper()
    with unit_of_work():
        write_anew(lambda values: {**values, "data": {"count": 2}})

    assert run(app, "audit", "verify").exit_code == 0
    answer = run(app, "audit", "verify", "--head", *exported)

    assert answer.exit_code == 1
    assert "from sequence number 3: event 3 is not the one whose head was exported" in answer.output


def write_anew(change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Every event changed, with hashes and a head that fit."""
    table, previous = Event.__table__, GENESIS
    for row in db.session.execute(select(table).order_by(table.c.id)).all():
        values = {**change(dict(row._mapping)), "previous_hash": previous}
        previous = event_hash(Event(**values))
        db.session.execute(update(Event).where(Event.id == row.id).values(**{**values, "hash": previous}))
    db.session.execute(update(ChainHead).values(hash=previous))


@pytest.mark.parametrize("command", [("audit", "verify"), ("audit", "head"), ("clock", "tick"), ("clock", "confirm")])
def test_a_database_without_tables_is_told_in_words(app: Flask, command: tuple[str, ...]) -> None:
    tamper("ALTER TABLE chain_head RENAME TO gone", "ALTER TABLE clock_run RENAME TO away")

    answer = run(app, *command)

    assert answer.exit_code == 1
    assert "Run: flask doctor" in answer.output
    assert "chain_head" in answer.output
    assert isinstance(answer.exception, SystemExit)


def test_a_command_that_has_to_wait_for_the_clock_says_so(app: Flask, tmp_path: Path) -> None:
    team = tmp_path / "team.yaml"
    team.write_text("- name: Ann Example\n  role: software_engineer\n")
    with moved(app, timedelta(hours=-2)):
        answer = run(app, "people", "import", str(team))

    assert answer.exit_code == 1
    assert "Server clock looks wrong" in answer.output
    assert db.session.scalars(select(Person.name)).all() == []


def test_backup_and_restore_by_command(app: Flask, tmp_path: Path) -> None:
    factories.person("Ann")
    file = str(tmp_path / "backup")

    made = run(app, "backup", file)
    factories.person("Later")
    restored = run(app, "restore", file)

    assert (made.exit_code, restored.exit_code) == (0, 0), made.output + restored.output
    assert db.session.scalars(select(Person.name)).all() == ["Ann"]
    assert "is kept" in restored.output


def test_restore_refuses_what_is_no_backup_in_a_sentence(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("milk, bread " * 50)

    answer = run(app, "restore", str(file))

    assert answer.exit_code == 1
    assert "cannot be restored: it has no checksum at its end" in answer.output
    assert "Nothing was changed." in answer.output


def test_a_backup_into_a_folder_that_is_not_there_says_so(app: Flask, tmp_path: Path) -> None:
    answer = run(app, "backup", str(tmp_path / "none" / "backup"))

    assert answer.exit_code == 1
    assert "No backup was made" in answer.output
    assert "Traceback" not in answer.output


@pytest.fixture
def jobs(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """No jobs but those the test adds."""
    monkeypatch.setitem(app.extensions, "clock_jobs", {})


@pytest.mark.usefixtures("jobs")
def test_a_tick_does_its_jobs_as_the_clock(app: Flask) -> None:
    def expire(now: datetime) -> int:
        audit.record("access.expired", actor_id=None, at=now)
        return 1

    ticks.add_job(app, "expire access", expire)

    answer = run(app, "clock", "tick")

    assert (answer.exit_code, answer.output) == (0, "expire access: 1\n")
    assert db.session.scalars(select(Event.actor_kind)).all() == [ActorKind.CLOCK]


@pytest.mark.usefixtures("jobs")
def test_a_job_that_fails_keeps_nothing_and_stops_no_other(app: Flask) -> None:
    def fail(now: datetime) -> int:
        db.session.add(Person(name="Half", created_at=now))
        db.session.flush()
        raise ZeroDivisionError

    def work(now: datetime) -> int:
        db.session.add(Person(name="Whole", created_at=now))
        return 1

    ticks.add_job(app, "fail", fail)
    ticks.add_job(app, "work", work)

    answer = run(app, "clock", "tick")

    assert answer.exit_code == 1
    assert "fail: failed (ZeroDivisionError), nothing of it was kept" in answer.output
    assert db.session.scalars(select(Person.name)).all() == ["Whole"]


@pytest.mark.usefixtures("jobs")
def test_a_rehearsed_tick_tells_what_it_would_do_and_does_nothing(app: Flask) -> None:
    def work(now: datetime) -> int:
        db.session.add(Person(name="Whole", created_at=now))
        return 1

    ticks.add_job(app, "work", work)

    answer = run(app, "clock", "tick", "--rehearse")

    assert answer.output == "work: 1 (rehearsed)\n"
    assert db.session.scalars(select(Person.name)).all() == []
