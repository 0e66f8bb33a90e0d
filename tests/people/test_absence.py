""" "I will be away" and "I am back"."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal.audit import services as audit
from portal.audit.models import Audience, Event, Text
from portal.errors import Conflict, Invalid, NotPermitted, WrongState
from portal.extensions import db
from portal.people import absence_queries, queries, services
from portal.people.models import Absence, Person
from portal.web.unit_of_work import unit_of_work
from tests import factories

pytestmark = pytest.mark.both_databases


def declare(
    person: Person, *, at: datetime | None = None, start: int = 0, end: int | None = None, reason: str | None = None
) -> Absence:
    """Away from ``start`` to ``end`` days after ``at``."""
    with unit_of_work(at) as now:
        to_at = None if end is None else now + timedelta(days=end)
        return services.declare_absence(person, now + timedelta(days=start), to_at=to_at, reason=reason, now=now)


def back(person: Person, at: datetime | None = None) -> None:
    with unit_of_work(at) as now:
        services.end_absence(person, now=now)


def is_away(person: Person, at: datetime) -> bool:
    return queries.facts(person.id, at).away


def test_somebody_is_away_for_the_time_they_said(app: Flask) -> None:
    member, now = factories.member(), factories.now()

    declare(member, start=2, end=5)

    days = {day: is_away(member, now + timedelta(days=day, hours=1)) for day in (0, 1, 2, 4, 5, 6)}
    assert days == {0: False, 1: False, 2: True, 4: True, 5: False, 6: False}


def test_without_an_end_it_lasts_until_i_am_back(app: Flask) -> None:
    volunteer, now = factories.volunteer(), factories.now()
    declare(volunteer)
    assert is_away(volunteer, now + timedelta(days=400))

    back(volunteer)

    assert not is_away(volunteer, factories.now())
    codes = db.session.scalars(select(Event.code).order_by(Event.id)).all()
    assert codes == ["absence.declared", "absence.ended"]


def test_the_reason_is_kept_as_a_text_and_never_in_the_timeline(app: Flask) -> None:
    member = factories.member()

    absence = declare(member, reason="  An operation  ")

    assert absence.reason is not None
    assert absence.reason.body == "An operation"
    event = db.session.scalars(select(Event)).one()
    kept = {"texts": [f"{absence.reason_id}:{audit.text_hash(absence.reason)}"]}
    assert (event.data, event.audience) == (kept, Audience.TEAM)
    assert declare(factories.member(), reason="  ").reason is None
    assert len(db.session.scalars(select(Text)).all()) == 1


def test_one_absence_at_a_time(app: Flask) -> None:
    member = factories.member()
    declare(member, start=10, end=20)

    with pytest.raises(Conflict, match="I am back"):
        declare(member)
    back(member)
    declare(member)

    absence = absence_queries.absence_of(member.id, factories.now())
    assert absence is not None
    assert absence.to_at is None


def test_a_planned_absence_can_be_taken_back_before_it_begins(app: Flask) -> None:
    member, now = factories.member(), factories.now()
    declare(member, start=10, end=20)

    back(member)

    assert not is_away(member, now + timedelta(days=15))


def test_nobody_is_away_in_the_past_or_ends_before_beginning(app: Flask) -> None:
    member = factories.member()

    with pytest.raises(Invalid, match="past"):
        declare(member, start=-1)
    with pytest.raises(Invalid, match="before"):
        declare(member, start=5, end=4)
    with pytest.raises(WrongState, match="nothing to end"):
        back(member)

    assert db.session.scalars(select(Event)).all() == []


def test_a_locked_account_declares_nothing(app: Flask) -> None:
    with pytest.raises(NotPermitted):
        declare(factories.person(None, "software_engineer", locked=True))
