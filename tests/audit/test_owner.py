"""`flask audit verify` against the owner of the database: whatever is changed past the portal is found, in words."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, select

from portal.audit.comparing import disagreements
from portal.audit.verification import verify_chain
from portal.extensions import db
from portal.requests.models import Decision
from portal.web.unit_of_work import unit_of_work
from tests.audit.owner import KINDS, TABLES, UNTOLD, Events, Owner, in_memory
from tests.audit.scene import much_has_happened
from tests.operations.test_commands import run

FEW, MANY = 100, 1000  # edits in every run, and in the campaign
_scene: list[Engine] = []


@pytest.fixture
def owner(app: Flask) -> Iterator[Owner]:
    """The owner of a copy of one and the same scene, which holds before they begin."""
    if not _scene:
        much_has_happened()
        _scene.append(in_memory(db.engine))
    made = Owner(_scene[0], seed=2)
    assert not found(made.engine)
    yield made
    made.engine.dispose()


def found(engine: Engine, known: tuple[int, str] | None = None) -> bool:
    """Whether `flask audit verify` sees anything."""
    return verify_chain(engine, known=known).first_bad is not None or any(disagreements(engine))


@pytest.mark.parametrize("count", [FEW, pytest.param(MANY, marks=pytest.mark.slow)])
def test_every_change_by_an_owner_is_found(owner: Owner, count: int) -> None:
    unseen = []
    for kind in itertools.islice(itertools.cycle(KINDS), count):
        with owner.changing(kind) as done:
            if not found(owner.engine):
                unseen.append(f"{kind}: {done}")

    assert unseen == []


def test_the_scene_has_a_row_of_every_table_that_is_compared(owner: Owner) -> None:
    with owner.engine.connect() as connection:
        assert [table for table in UNTOLD if not connection.execute(select(TABLES[table])).first()] == []


@pytest.mark.parametrize("cut", [1, 2, 40])
def test_a_tail_cut_off_with_a_new_head_is_found_by_an_exported_head(owner: Owner, cut: int) -> None:
    exported = head_of(owner)

    owner.rewrite(lambda events: events[:-cut])

    assert verify_chain(owner.engine).first_bad is None
    assert verify_chain(owner.engine, known=exported).first_bad == exported[0] - cut + 1


@pytest.mark.parametrize("place", [1, 30, 98])
def test_a_timeline_written_anew_is_found_by_an_exported_head(owner: Owner, place: int) -> None:
    exported = head_of(owner)

    def change(events: Events) -> Events:
        events[place - 1]["at"] += timedelta(seconds=1)
        return events

    owner.rewrite(change)

    assert verify_chain(owner.engine).first_bad is None
    assert verify_chain(owner.engine, known=exported).first_bad == exported[0]


def test_an_exported_head_bears_out_a_timeline_that_went_on(owner: Owner) -> None:
    exported = head_of(owner)

    owner.rewrite(lambda events: [*events, dict(events[-1])])

    assert not verify_chain(owner.engine, known=exported).first_bad


@pytest.mark.parametrize("place", [1, 30])
def test_an_event_that_cannot_be_read_is_named_among_those_that_can(owner: Owner, place: int) -> None:
    with owner.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE event SET at = '{{;' WHERE id = {place}")

    told = verify_chain(owner.engine)

    assert (told.count, told.first_bad, told.reason) == (place - 1, place, f"event {place} cannot be read")


def head_of(owner: Owner) -> tuple[int, str]:
    found = verify_chain(owner.engine)
    return found.count, found.head


def test_what_was_changed_is_told_in_words_without_private_text(app: Flask) -> None:
    much_has_happened()
    with unit_of_work():
        decision = db.session.scalars(select(Decision).where(Decision.approved).limit(1)).one()
        decision.approved, id = False, decision.id
        decision.reason.body = "Zebra crossing"

    answer = run(app, "audit", "verify")

    assert answer.exit_code == 1
    assert f"Otherwise than the timeline says: decision {id} was changed: approved." in answer.output
    assert "is not what was written" in answer.output
    assert "Zebra" not in answer.output
    assert "RED   Rows are otherwise than the timeline says, 3 in all" in run(app, "doctor").output


CHANGES = {
    "event": ["SET code = 'role.assigned' WHERE id = 7", "SET at = '2026-01-01 00:00:00.000001' WHERE id = 9"],
    "chain_head": ["SET newest_at = NULL", "SET sequence = sequence - 1"],
    "text": ["SET body = 'Something else' WHERE id = 3", "SET body = NULL, salt = NULL WHERE id = 3"],
    "decision": ["SET approved = NOT approved WHERE id = 1"],
    "grant_step": ["SET until = '2030-01-01 00:00:00' WHERE id = 1"],
    "role_assignment": ["SET to_at = NULL WHERE to_at IS NOT NULL", "SET role_key = 'director' WHERE id = 5"],
}


@pytest.mark.both_databases
def test_either_database_is_read_alike(app: Flask) -> None:
    much_has_happened()
    assert not found(db.engine)
    unseen = []
    for table, changes in CHANGES.items():
        for change in changes:
            as_owner(f"CREATE TABLE kept AS SELECT * FROM {table}", f"UPDATE {table} {change}")
            if not found(db.engine):
                unseen.append(f"{table} {change}")
            as_owner(f"DELETE FROM {table}", f"INSERT INTO {table} SELECT * FROM kept", "DROP TABLE kept")

    assert unseen == []
    assert not found(db.engine)


def as_owner(*statements: str) -> None:
    """Past every trigger and pointer."""
    unguarded = [
        "PRAGMA defer_foreign_keys = ON",
        *(f"DROP TRIGGER IF EXISTS event_no_{verb}" for verb in ("update", "delete")),
    ]
    if db.engine.name == "postgresql":
        unguarded = ["SET LOCAL session_replication_role = replica"]
    with unit_of_work():
        for statement in (*unguarded, *statements):
            db.session.connection().exec_driver_sql(statement)
