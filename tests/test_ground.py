"""The ground: one unit of work, reading transactions that cannot write, an append-only timeline."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import DBAPIError

from portal.audit import services as audit
from portal.audit.models import Event
from portal.audit.verification import one_moment
from portal.extensions import db
from portal.people.models import Person
from portal.web.unit_of_work import unit_of_work
from tests import factories

pytestmark = pytest.mark.both_databases


def test_what_a_unit_of_work_writes_is_there_afterwards(app: Flask) -> None:
    person = factories.person("Ann")

    assert db.session.scalars(select(Person.name)).all() == ["Ann"]
    assert person.id


def test_nothing_stays_of_a_unit_of_work_that_fails(app: Flask) -> None:
    with pytest.raises(ZeroDivisionError), unit_of_work() as now:
        db.session.add(Person(name="Ann", created_at=now))
        db.session.flush()
        audit.record("person.created", actor_id=None, at=now)
        raise ZeroDivisionError

    assert db.session.scalars(select(Person)).all() == []
    assert db.session.scalars(select(Event)).all() == []


def test_a_transaction_outside_a_unit_of_work_cannot_write(app: Flask) -> None:
    factories.person("Ann")

    with pytest.raises(DBAPIError):
        db.session.execute(update(Person).values(name="Eve"))
    db.session.rollback()

    assert db.session.scalars(select(Person.name)).all() == ["Ann"]


def test_events_form_a_chain_that_verifies(app: Flask) -> None:
    for _ in range(3):
        with unit_of_work() as now:
            audit.record("person.created", actor_id=None, at=now, count=1, codes=["a", "b"])

    found = audit.verify_chain()

    assert (found.count, found.first_bad) == (3, None)


def test_a_long_reading_sees_one_moment_whatever_is_written_meanwhile(app: Flask) -> None:
    def tell() -> None:
        with unit_of_work() as now:
            audit.record("person.created", actor_id=None, at=now)

    tell()
    with one_moment(db.engine) as session:
        assert session.scalar(select(func.count(Event.id))) == 1
        tell()
        assert session.scalar(select(func.count(Event.id))) == 1
    with one_moment(db.engine) as session:
        assert session.scalar(select(func.count(Event.id))) == 2


@pytest.mark.parametrize("statement", [update(Event).values(code="x"), delete(Event)])
def test_the_database_refuses_to_change_an_event(app: Flask, statement: object) -> None:
    with unit_of_work() as now:
        audit.record("person.created", actor_id=None, at=now)

    with pytest.raises(DBAPIError, match="append-only"), unit_of_work():
        db.session.execute(statement)  # type: ignore[call-overload]


def test_a_changed_event_is_named_by_its_sequence_number(app: Flask) -> None:
    for _ in range(3):
        with unit_of_work() as now:
            audit.record("person.created", actor_id=None, at=now, count=1)
    with unit_of_work():
        sqlite = db.engine.dialect.name == "sqlite"
        drop = "DROP TRIGGER event_no_update" if sqlite else "DROP TRIGGER event_append_only ON event"
        db.session.execute(text(drop))
        db.session.execute(update(Event).where(Event.id == 2).values(code="person.erased"))

    assert audit.verify_chain().first_bad == 2


@pytest.mark.parametrize("private", ["Ann Example", "a sentence.", "ssh-ed25519 AAAA", "a@example.org"])
def test_an_event_refuses_names_and_free_text(app: Flask, private: str) -> None:
    with pytest.raises(ValueError, match="must be a code"), unit_of_work() as now:
        audit.record("person.created", actor_id=None, at=now, what=private)
