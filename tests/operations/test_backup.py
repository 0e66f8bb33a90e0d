"""A backup holds everything, restores on either database, and a damaged one changes nothing."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from portal.audit import services as audit
from portal.audit.models import Text
from portal.extensions import db
from portal.operations import archive, rows
from portal.operations.backup import backup
from portal.operations.restore import Refused, restore
from portal.people.models import Absence, Person, SignIn
from portal.web.unit_of_work import unit_of_work
from tests import databases, factories

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
pytestmark = pytest.mark.both_databases


@pytest.fixture
def filled(app: Flask) -> Person:
    """A few rows of every sort: times, enums, JSON, text, pointers between tables."""
    ann = factories.director("Ann Ångström")
    with unit_of_work() as now:
        reason = audit.write_text(ann.id, "Away: 🏔 and\nback", at=now)
        db.session.add(Absence(person_id=ann.id, from_at=NOW, declared_at=NOW, reason_id=reason.id))
        audit.record("absence.declared", actor_id=ann.id, at=now, person_id=ann.id, list=["a", 1, None, True])
    return ann


def all_rows() -> dict[str, list[list[object]]]:
    with db.engine.connect() as connection:
        return {table.name: list(rows.lines_of(connection, table)) for table in rows.tables()}


def add_person(name: str) -> None:
    factories.person(name)
    db.session.remove()


def test_a_restore_brings_back_every_row_as_it_was(filled: Person, tmp_path: Path) -> None:
    before = all_rows()
    made = backup(db.engine, tmp_path / "b", now=NOW)
    add_person("Later")

    contents, _aside = restore(db.engine, tmp_path / "b", now=NOW)

    assert all_rows() == before
    assert contents == made
    assert audit.verify_chain().first_bad is None


def test_what_was_there_before_a_restore_is_kept_aside(filled: Person, tmp_path: Path) -> None:
    backup(db.engine, tmp_path / "b", now=NOW)
    add_person("Later")

    _contents, aside = restore(db.engine, tmp_path / "b", now=NOW)

    if db.engine.dialect.name == "sqlite":
        statement = "SELECT name FROM former.person"
        with db.engine.connect() as connection:
            connection.exec_driver_sql(f"ATTACH '{aside}' AS former")
            names = connection.exec_driver_sql(statement).scalars().all()
            connection.invalidate()
    else:
        with db.engine.connect() as connection:
            names = (
                connection.exec_driver_sql(f"SELECT name FROM {aside.removeprefix('schema ')}.person").scalars().all()
            )
    assert "Later" in names


def test_the_restored_database_takes_new_rows_and_guards_its_timeline(filled: Person, tmp_path: Path) -> None:
    backup(db.engine, tmp_path / "b", now=NOW)
    restore(db.engine, tmp_path / "b", now=NOW)

    new = factories.person("New")

    assert new.id > filled.id
    with pytest.raises(DBAPIError, match="append-only"), unit_of_work():
        db.session.connection().exec_driver_sql("DELETE FROM event")
    with pytest.raises(DBAPIError), unit_of_work():
        db.session.add(Text(body="x", created_at=NOW, author_id=99_999))


def test_nobody_is_signed_in_by_a_restored_backup(filled: Person, app: Flask, tmp_path: Path) -> None:
    factories.sign_in(app.test_client(), filled)
    backup(db.engine, tmp_path / "b", now=NOW)

    restore(db.engine, tmp_path / "b", now=NOW)

    assert db.session.scalar(select(func.count(SignIn.id))) == 0


def test_a_backup_moves_to_the_other_kind_of_database(filled: Person, tmp_path: Path, database_kind: str) -> None:
    from portal import create_app

    before = all_rows()
    backup(db.engine, tmp_path / "b", now=NOW)
    other = databases.database("postgresql" if database_kind == "sqlite" else "sqlite")
    other.reset()

    with create_app(databases.settings(other.url)).app_context():
        restore(db.engine, tmp_path / "b", now=NOW)

        assert all_rows() == before
        assert audit.verify_chain().first_bad is None
        db.engine.dispose()


def rewritten(file: Path, change: object) -> None:
    """The same backup with some lines changed and a checksum that fits."""
    lines = list(archive.read(file))
    archive.write(file, change(lines))  # type: ignore[operator]


def test_a_backup_whose_timeline_was_edited_is_refused(filled: Person, tmp_path: Path) -> None:
    backup(db.engine, tmp_path / "b", now=NOW)

    def edit(lines: list[object]) -> list[object]:
        return [[*line[:2], "person.erased", *line[3:]] if "absence.declared" in str(line) else line for line in lines]  # type: ignore[index]

    rewritten(tmp_path / "b", edit)

    with pytest.raises(Refused, match="event 1 was changed"):
        restore(db.engine, tmp_path / "b", now=NOW)


def test_a_backup_with_a_pointer_to_nothing_is_refused(filled: Person, tmp_path: Path) -> None:
    before = all_rows()
    backup(db.engine, tmp_path / "b", now=NOW)

    def lose_text(lines: list[object]) -> list[object]:
        kept = [line for line in lines if "🏔" not in str(line)]
        return [*kept[:-1], {"rows": sum(isinstance(line, list) for line in kept)}]

    rewritten(tmp_path / "b", lose_text)

    with pytest.raises(Refused, match="do not fit together"):
        restore(db.engine, tmp_path / "b", now=NOW)
    assert all_rows() == before


def test_a_backup_of_another_schema_says_which_release_it_needs(filled: Person, tmp_path: Path) -> None:
    backup(db.engine, tmp_path / "b", now=NOW)
    rewritten(tmp_path / "b", lambda lines: [{**lines[0], "schema": "older"}, *lines[1:]])

    with pytest.raises(Refused, match="schema older"):
        restore(db.engine, tmp_path / "b", now=NOW)


def test_a_backup_made_while_others_write_is_of_one_moment(app: Flask, filled: Person, tmp_path: Path) -> None:
    stop = threading.Event()

    def write_on() -> None:
        with app.app_context():
            while not stop.is_set():
                with unit_of_work() as now:
                    person = Person(name="Busy", created_at=now)
                    db.session.add(person)
                    db.session.flush()
                    audit.record("person.added", actor_id=None, at=now, person_id=person.id)
            db.session.remove()

    writers = [threading.Thread(target=write_on) for _ in range(4)]
    for writer in writers:
        writer.start()
    try:
        made = [backup(db.engine, tmp_path / f"b{number}", now=NOW) for number in range(5)]
    finally:
        stop.set()
        for writer in writers:
            writer.join()

    for number, contents in enumerate(made):
        restore(db.engine, tmp_path / f"b{number}", now=NOW.replace(second=number))
        people = db.session.scalar(select(func.count(Person.id)).where(Person.name == "Busy"))
        db.session.remove()
        assert people == contents.sequence - 1
    assert made[0].sequence < made[-1].sequence


def test_an_older_backup_stays_when_a_new_one_cannot_be_made(
    filled: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "b"
    backup(db.engine, file, now=NOW)
    whole = file.read_bytes()

    def cut_off(path: Path, lines: object) -> None:
        path.write_bytes(whole[:200])

    monkeypatch.setattr(archive, "write", cut_off)
    with pytest.raises(archive.Damaged):
        backup(db.engine, file, now=NOW)

    assert file.read_bytes() == whole
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_a_backup_is_readable_by_its_owner_only(filled: Person, tmp_path: Path) -> None:
    backup(db.engine, tmp_path / "b", now=NOW)

    assert (tmp_path / "b").stat().st_mode & 0o777 == 0o600
