"""What an event may hold, what it says if nothing else is told, and where the chain then stands."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.audit import services as audit
from portal.audit.chain import GENESIS
from portal.audit.models import ActorKind, Audience, ChainHead, Event
from portal.extensions import db
from portal.web.unit_of_work import unit_of_work
from tests import factories


def recorded(**said: Any) -> Event:
    with unit_of_work() as now:
        audit.record("request.filed", at=now, **{"actor_id": None, **said})
    return db.session.scalars(select(Event).order_by(Event.id.desc())).first() or Event()


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, 0, -3, 2**40, "a", "add:system:grafana", "2026-11-02", "c++", "1", "f" * 64, "x.y_z-3"),
        *([], ["a", 1, None], ("a", "b"), [["a"], [2]]),
    ],
)
def test_codes_ids_numbers_and_hashes_are_kept_as_they_are(app: Flask, value: object) -> None:
    kept = recorded(value=value).data["value"]

    assert kept == (list(value) if isinstance(value, tuple) else value)


@pytest.mark.parametrize(
    "value",
    [
        *("", "Ann", "two words", ".a", "_a", "f" * 65, "é", "a\n", "key=value", b"a", 1.5, {"a": 1}, {"a"}),
        *(["a", "Ann"], ("a", ["Ann"]), [{"a": 1}]),
    ],
    ids=repr,
)
def test_what_could_be_a_name_or_a_sentence_is_refused_and_nothing_is_kept(app: Flask, value: object) -> None:
    with pytest.raises(ValueError, match="event data 'value' must be"):
        recorded(value=value)

    assert db.session.scalar(select(func.count(Event.id))) == 0
    assert audit.chain_head() == (0, GENESIS)


def test_an_event_needs_a_unit_of_work(app: Flask) -> None:
    with pytest.raises(RuntimeError, match="outside a unit of work"):
        audit.record("request.filed", actor_id=None, at=factories.LONG_AGO)


def test_who_acts_is_a_person_or_the_clock_unless_something_else_is_said(app: Flask) -> None:
    ann = factories.member().id

    assert recorded(actor_id=ann).actor_kind is ActorKind.PERSON
    assert recorded().actor_kind is ActorKind.CLOCK
    assert recorded(actor_kind=ActorKind.COMMAND).actor_kind is ActorKind.COMMAND


def test_an_event_is_the_teams_unless_it_is_for_others(app: Flask) -> None:
    assert recorded().audience is Audience.TEAM
    assert recorded(audience=Audience.PUBLIC).audience is Audience.PUBLIC


def test_an_event_names_what_it_is_about(app: Flask) -> None:
    found = recorded(request_id=7, person_id=8, subject_id=9)

    assert (found.request_id, found.person_id, found.subject_id) == (7, 8, 9)


def test_the_events_of_one_change_follow_each_other_in_the_order_they_were_told(app: Flask) -> None:
    assert audit.chain_head() == (0, GENESIS)
    with unit_of_work() as now:
        for count in range(3):
            audit.record("request.filed", actor_id=None, at=now, count=count)
    last = recorded(count=3)

    events = db.session.scalars(select(Event).order_by(Event.id)).all()
    assert [(event.id, event.data["count"]) for event in events] == [(1, 0), (2, 1), (3, 2), (4, 3)]
    assert [event.previous_hash for event in events] == [GENESIS, *(event.hash for event in events[:-1])]
    assert audit.chain_head() == (4, last.hash)
    assert db.session.scalars(select(ChainHead.id)).all() == [1]


def test_a_change_without_an_event_leaves_the_chain_where_it_stands(app: Flask) -> None:
    with unit_of_work():
        pass

    assert db.session.scalars(select(ChainHead)).all() == []
