"""A rule changes by the Director alone, in the open, 72 hours after it is announced, and never looks back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal.audit.models import Audience, Event
from portal.errors import Conflict, Invalid, NotPermitted, NotVisible
from portal.extensions import db
from portal.org import organisation
from portal.org.catalogue import WHOLE
from portal.people.models import Person
from portal.rules import queries, services
from portal.rules.models import RuleChange
from portal.web.unit_of_work import unit_of_work
from tests import factories

pytestmark = pytest.mark.both_databases
NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
IN_FORCE = NOON + timedelta(hours=72)


def change(
    actor: Person,
    value: int | bool = 5,
    *,
    key: str = "discussion_days",
    kind: str = "new_member",
    reason: str = "More people are away in summer.",
    based_on: int | None = None,
    at: datetime = NOON,
) -> int:
    """Change a rule in a unit of work of its own."""
    with unit_of_work(at) as now:
        row = services.change_rule(actor, key, kind, value=value, reason=reason, based_on=based_on, now=now)
        return row.id


def recorded() -> list[RuleChange]:
    return list(db.session.scalars(select(RuleChange)))


def test_without_a_change_the_organisations_values_are_in_force(app: Flask) -> None:
    values = queries.values_for("new_member", NOON)

    assert values == {rule.key: rule.values["new_member"] for rule in organisation().rules_of("new_member")}
    assert (values["discussion_days"], values["sponsor"]) == (7, True)
    assert "sponsor" not in queries.values_for("role_change", NOON)


def test_the_portal_as_a_whole_has_values_of_its_own(app: Flask) -> None:
    assert queries.values_for(WHOLE, NOON)["unreachable_hours"] == 72
    assert "unreachable_hours" not in queries.values_for("new_member", NOON)


def test_an_unknown_kind_is_under_no_rule(app: Flask) -> None:
    assert queries.values_for("nothing", NOON) == {}


def test_a_change_counts_72_hours_after_it_is_announced(app: Flask) -> None:
    change(factories.director())

    assert queries.values_for("new_member", IN_FORCE - timedelta(seconds=1))["discussion_days"] == 7
    assert queries.values_for("new_member", IN_FORCE)["discussion_days"] == 5


def test_a_change_is_for_one_kind_only(app: Flask) -> None:
    change(factories.director())

    assert queries.values_for("access_expansion", IN_FORCE)["discussion_days"] == 3


def test_the_newest_change_in_force_counts(app: Flask) -> None:
    director = factories.director()
    first = change(director, 5)
    change(director, 9, based_on=first, at=NOON + timedelta(hours=1))

    assert queries.values_for("new_member", IN_FORCE)["discussion_days"] == 5
    assert queries.values_for("new_member", IN_FORCE + timedelta(hours=1))["discussion_days"] == 9


def test_a_rule_can_be_switched_off(app: Flask) -> None:
    change(factories.director(), False, key="sponsor")

    assert queries.values_for("new_member", IN_FORCE)["sponsor"] is False


def test_a_change_for_every_kind_counts_for_each(app: Flask) -> None:
    director = factories.director()
    row = change(director)
    with unit_of_work():
        stored = db.session.get_one(RuleChange, row)
        stored.kind = None

    assert queries.values_for("role_change", IN_FORCE)["discussion_days"] == 5


@pytest.mark.parametrize("stored", [True, 0, -1, "5", None])
def test_a_recorded_value_that_no_longer_fits_the_rule_is_left_out(app: Flask, stored: object) -> None:
    row = change(factories.director())
    with unit_of_work():
        db.session.get_one(RuleChange, row).value = {"value": stored}

    assert queries.values_for("new_member", IN_FORCE)["discussion_days"] == 7


def test_a_change_is_on_the_public_timeline_without_its_words(app: Flask) -> None:
    director = factories.director()
    row = change(director)

    event = db.session.scalars(select(Event).where(Event.code == "rule.changed")).one()
    assert (event.actor_id, event.subject_id, event.audience) == (director.id, row, Audience.PUBLIC)
    assert (event.data["rule"], event.data["kind"], event.data["value"]) == ("discussion_days", "new_member", 5)
    assert "summer" not in str(event.data)


@pytest.mark.parametrize("who", ["deputy", "member", "volunteer", "board_member"])
def test_nobody_but_the_director_changes_a_rule(app: Flask, who: str) -> None:
    actor = getattr(factories, who)()

    with pytest.raises(NotPermitted, match="Only the Director"):
        change(actor)

    assert recorded() == []
    assert db.session.scalars(select(Event).where(Event.code == "rule.changed")).all() == []


def test_a_locked_director_changes_nothing(app: Flask) -> None:
    actor = factories.person("Locked", "director", locked=True)

    with pytest.raises(NotPermitted, match="locked"):
        change(actor)

    assert recorded() == []


@pytest.mark.parametrize(
    ("key", "kind"), [("candidate_agreed", "new_member"), ("items_available", "role_change"), ("register_names", WHOLE)]
)
def test_a_fixed_rule_stays(app: Flask, key: str, kind: str) -> None:
    with pytest.raises(NotPermitted, match="fixed"):
        change(factories.director(), False, key=key, kind=kind)

    assert recorded() == []


@pytest.mark.parametrize(
    ("key", "kind"), [("nothing", "new_member"), ("sponsor", "role_change"), ("sponsor", "nothing"), ("sponsor", WHOLE)]
)
def test_a_rule_that_is_not_there_cannot_be_changed(app: Flask, key: str, kind: str) -> None:
    with pytest.raises(NotVisible):
        change(factories.director(), False, key=key, kind=kind)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("discussion_days", 0),
        ("discussion_days", 366),
        ("discussion_days", True),
        ("positions", -1),
        ("positions", 51),
        ("sponsor", 1),
        ("discussion_days", 7),
        ("sponsor", True),
    ],
)
def test_a_value_the_rule_cannot_have_or_has_already_is_refused(app: Flask, key: str, value: int | bool) -> None:
    with pytest.raises(Invalid) as caught:
        change(factories.director(), value, key=key)

    assert caught.value.field == "value"
    assert recorded() == []


def test_a_change_needs_a_reason(app: Flask) -> None:
    with pytest.raises(Invalid) as caught:
        change(factories.director(), reason="  \n ")

    assert caught.value.field == "reason"
    assert recorded() == []


def test_the_slower_of_two_changes_is_a_conflict(app: Flask) -> None:
    director = factories.director()
    change(director, 5)

    with pytest.raises(Conflict):
        change(director, 9)

    assert [row.value for row in recorded()] == [{"value": 5}]


def test_a_value_that_is_already_announced_is_refused_and_the_old_one_can_be_announced_again(app: Flask) -> None:
    director = factories.director()
    first = change(director, 5)

    with pytest.raises(Invalid):
        change(director, 5, based_on=first)
    change(director, 7, based_on=first)

    standing = queries.standing(organisation().rules["discussion_days"], "new_member", NOON)
    assert (standing.value, standing.since, [coming.value for coming in standing.pending]) == (7, None, [5, 7])


def test_how_a_rule_stands_tells_who_set_it_and_why(app: Flask) -> None:
    director = factories.director("Dora")
    change(director, 5)

    standings = queries.standings(IN_FORCE)

    assert list(standings) == ["access_expansion", "role_change", "new_member", WHOLE]
    found = next(row for row in standings["new_member"] if row.rule.key == "discussion_days")
    assert found.value == 5
    assert found.since is not None
    assert (found.since.by, found.since.reason.body) == ("Dora", "More people are away in summer.")
