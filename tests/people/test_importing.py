"""`flask people import` and `flask people appoint`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select, update

from portal.audit.models import ActorKind, Event
from portal.extensions import db
from portal.people import bindings, queries
from portal.people.models import (
    Capacity,
    CapacityAssignment,
    NameBinding,
    Origin,
    Person,
    RoleAssignment,
    WikiIdentity,
)
from portal.web.unit_of_work import unit_of_work
from tests import factories

pytestmark = pytest.mark.both_databases

WIKI_PAGE = """---
title: An organisation
---

## Leadership

* Nobody: is named here

## New titles

* Universal Omega: Director of Site Reliability Engineering → Director of Technology
* Reception123: Deputy Director of Site Reliability Engineering → Deputy Director of Technology
* OrangeStar: Software Engineer (MediaWiki) → MediaWiki Specialist
* Original_Authority: MediaWiki Engineer → MediaWiki Specialist
* Harej: Project Manager

## Categories

* [Category:Tech](https://wiki.example/Category:Tech)
"""


def run(app: Flask, *args: str) -> Result:
    return app.test_cli_runner().invoke(args=["people", *args])


def bring_in(app: Flask, folder: Path, text: str, *options: str, name: str = "team.txt") -> Result:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return run(app, "import", str(path), *options)


def held() -> dict[str, str]:
    """Who holds what, by the names the page shows."""
    rows = db.session.execute(select(Person.name, RoleAssignment.role_key).join(RoleAssignment.person))
    return {name: key for name, key in rows}  # noqa: C416  # Row is no tuple to mypy


def count(model: type[object]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_the_wikis_list_comes_in_as_it_stands(app: Flask, tmp_path: Path) -> None:
    result = bring_in(app, tmp_path, WIKI_PAGE)

    assert result.exit_code == 0, result.output
    assert held() == {
        "Universal Omega": "director",
        "Reception123": "deputy_director",
        "OrangeStar": "mediawiki_specialist",
        "Original Authority": "mediawiki_specialist",
        "Harej": "project_manager",
    }
    assert set(db.session.scalars(select(RoleAssignment.origin))) == {Origin.BEFORE_PORTAL}
    assert "5 added, 0 held already." in result.output
    leadership = queries.leadership(factories.now())
    assert leadership.director is not None
    assert leadership.deputy is not None


def test_everybody_imported_waits_seven_days_for_the_first_sign_in(app: Flask, tmp_path: Path) -> None:
    bring_in(app, tmp_path, "* Harej: Project Manager\n")

    binding = db.session.scalars(select(NameBinding)).one()
    assert binding.username == "Harej"
    assert binding.expires_at - binding.created_at == timedelta(days=7)
    assert "binding.opened" in db.session.scalars(select(Event.code)).all()
    assert set(db.session.scalars(select(Event.actor_kind))) == {ActorKind.COMMAND}


def test_a_second_import_changes_nothing(app: Flask, tmp_path: Path) -> None:
    bring_in(app, tmp_path, WIKI_PAGE)
    before = [count(model) for model in (Person, RoleAssignment, NameBinding, Event)]

    result = bring_in(app, tmp_path, WIKI_PAGE)

    assert "0 added, 5 held already." in result.output
    assert [count(model) for model in (Person, RoleAssignment, NameBinding, Event)] == before


def test_a_dry_run_prints_the_same_and_writes_nothing(app: Flask, tmp_path: Path) -> None:
    dry = bring_in(app, tmp_path, WIKI_PAGE, "--dry-run")
    assert [count(model) for model in (Person, RoleAssignment, NameBinding, Event)] == [0, 0, 0, 0]

    real = bring_in(app, tmp_path, WIKI_PAGE)

    assert [line.split("until")[0] for line in dry.output.splitlines()][:-1] == [
        line.split("until")[0] for line in real.output.splitlines()
    ]
    assert "nothing was written" in dry.output


def test_lines_that_match_nothing_are_named_and_nothing_is_half_imported(app: Flask, tmp_path: Path) -> None:
    text = "## New titles\n* Harej: Project Manager\n* Void: Wizard → Chief Wizard\nhello\n* A|B: Project Manager\n"

    result = bring_in(app, tmp_path, text)

    assert result.exit_code == 1
    for words in ("line 3: 'Chief Wizard'", "line 4: 'hello'", "line 5: 'A|B'", "Nothing was imported"):
        assert words in result.output
    assert "line 2" not in result.output
    assert count(Person) == count(Event) == 0


def test_yaml_takes_roles_capacities_and_days(app: Flask, tmp_path: Path) -> None:
    text = """
- name: ann_example
  role: software_engineer
  since: 2024-09-30
- {name: Bob, capacity: treasurer}
"""
    result = bring_in(app, tmp_path, text, name="team.yaml")

    assert result.exit_code == 0, result.output
    assert held() == {"Ann example": "software_engineer"}
    assert db.session.scalars(select(RoleAssignment.from_at)).one() == datetime(2024, 9, 30, tzinfo=UTC)
    assert db.session.scalars(select(CapacityAssignment.capacity)).one() is Capacity.TREASURER


def test_csv_takes_titles_and_keys(app: Flask, tmp_path: Path) -> None:
    text = "\ufeffname,role,capacity,since\nAnn,Software Engineer,,2024-01-02\nBob,,board,\n"

    result = bring_in(app, tmp_path, text, name="team.csv")

    assert result.exit_code == 0, result.output
    assert held() == {"Ann": "software_engineer"}
    assert db.session.scalars(select(CapacityAssignment.capacity)).one() is Capacity.BOARD


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("t.yaml", "- name: Ann\n  role: board\n", "line 1: 'board' is in no list"),
        ("t.yaml", "- name: Ann\n  role: project_manager\n  capacity: board\n", "one of the two"),
        ("t.yaml", "- name: Ann\n", "one of the two"),
        ("t.yaml", "- name: Ann\n  role: project_manager\n  since: 2099-01-01\n", "future"),
        ("t.yaml", "- name: Ann\n  role: project_manager\n  since: soon\n", "not a day"),
        ("t.yaml", "- name: Ann\n  job: project_manager\n", "no key 'job'"),
        ("t.csv", "name,role\nAnn,project_manager,extra\n", "more values than columns"),
        ("t.txt", "* A: Director of Technology\n* B: Director of Technology\n", "line 2: somebody else is"),
    ],
)
def test_a_fault_is_named_with_its_line(app: Flask, tmp_path: Path, name: str, text: str, says: str) -> None:
    result = bring_in(app, tmp_path, text, name=name)

    assert (result.exit_code, says in result.output) == (1, True), result.output
    assert count(Person) == 0


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.yaml", "a: {"),
        ("t.yaml", "name: Ann\n"),
        ("t.csv", "who,what\n"),
        ("t.txt", "# Only a heading\n"),
        ("t.csv", ""),
    ],
)
def test_a_file_that_cannot_be_read_at_all_ends_with_2(app: Flask, tmp_path: Path, name: str, text: str) -> None:
    assert bring_in(app, tmp_path, text, name=name).exit_code == 2


def test_somebody_who_signs_in_already_gets_the_role_without_waiting(app: Flask, tmp_path: Path) -> None:
    person = factories.volunteer("Harej")

    result = bring_in(app, tmp_path, "* Harej: Project Manager\n")

    assert queries.facts(person.id, factories.now()).roles == {"project_manager"}
    assert count(NameBinding) == 0
    assert "signs in already" in result.output


def test_two_people_of_one_name_are_a_fault(app: Flask, tmp_path: Path) -> None:
    factories.volunteer("Harej"), factories.volunteer("Harej")

    result = bring_in(app, tmp_path, "* Harej: Project Manager\n")

    assert result.exit_code == 1
    assert "more than one person" in result.output


def test_a_lapsed_name_is_given_seven_days_more(app: Flask, tmp_path: Path) -> None:
    bring_in(app, tmp_path, "* Harej: Project Manager\n")
    with unit_of_work() as now:
        db.session.execute(update(NameBinding).values(expires_at=now - timedelta(days=1)))

    bring_in(app, tmp_path, "* Harej: Project Manager\n")

    person = queries.find_by_name("Harej")
    assert person
    assert bindings.open_binding(person.id, factories.now()) is not None
    assert count(RoleAssignment) == 1


@pytest.mark.parametrize("post", ["director", "deputy", "board", "treasurer", "operator"])
def test_an_empty_portal_is_started_by_name(app: Flask, post: str) -> None:
    result = run(app, "appoint", "Ann_Example", post)

    assert result.exit_code == 0, result.output
    assert "waits for the first sign-in" in result.output
    person = queries.find_by_name("Ann Example")
    assert person
    facts = queries.facts(person.id, factories.now())
    assert facts.roles or facts.capacities


def test_an_account_number_binds_at_once(app: Flask) -> None:
    result = run(app, "appoint", "Ann", "director", "--sub", "4711")

    assert result.exit_code == 0, result.output
    identity = db.session.scalars(select(WikiIdentity)).one()
    assert (identity.issuer, identity.sub, identity.username) == (factories.ISSUER, "4711", "Ann")
    assert count(NameBinding) == 0


def test_the_first_posts_can_all_be_filled_while_nobody_has_an_account(app: Flask) -> None:
    for name, post in (("Ann", "director"), ("Bob", "deputy"), ("Cay", "board"), ("Dan", "board"), ("Ann", "director")):
        assert run(app, "appoint", name, post).exit_code == 0

    assert count(Person) == 4


def test_once_somebody_can_appoint_in_pages_the_command_is_refused(app: Flask) -> None:
    factories.board_member("Bo Board")

    for post in ("director", "board", "treasurer", "operator"):
        result = run(app, "appoint", "Eve", post)
        assert result.exit_code == 1
        assert "Bo Board can appoint in the portal" in result.output
    factories.director("Dora")
    assert "Dora can appoint" in run(app, "appoint", "Eve", "deputy").output
    assert queries.find_by_name("Eve") is None


def test_a_second_director_is_not_started_beside_the_first(app: Flask) -> None:
    run(app, "appoint", "Ann", "director")

    assert run(app, "appoint", "Eve", "director").exit_code == 1
    assert run(app, "appoint", "Eve", "director", "--recover").exit_code == 1, "recovery needs the account's number"
    assert run(app, "appoint", "Eve", "director", "--recover", "--sub", "9").exit_code == 0

    leadership = queries.leadership(factories.now())
    eve = queries.find_by_name("Eve")
    assert leadership.director is not None
    assert eve is not None
    assert leadership.director.id == eve.id


def test_a_number_and_a_name_that_disagree_are_refused(app: Flask) -> None:
    run(app, "appoint", "Ann", "operator", "--sub", "4711")

    assert "known here as Ann" in run(app, "appoint", "Eve", "board", "--sub", "4711").output
    assert "another account" in run(app, "appoint", "Ann", "board", "--sub", "12").output
    assert run(app, "appoint", "Ann", "board", "--sub", "x").exit_code == 2
    assert count(CapacityAssignment) == 1
