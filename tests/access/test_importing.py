"""`flask access import`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from portal.access import queries
from portal.access.models import Grant
from portal.access.standing import HeldAccess, Status
from portal.audit.models import ActorKind, Event
from portal.extensions import db
from portal.people.models import Origin
from portal.web import clock
from tests import factories as people

pytestmark = pytest.mark.both_databases
YAML = """- name: ann_example
  group: mediawiki-admins
  since: 2024-05-06
- name: Ann example
  system: grafana
"""


def run(app: Flask, tmp_path: Path, text: str | bytes, *args: str, suffix: str = ".yaml") -> Result:
    file = tmp_path / f"held{suffix}"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return app.test_cli_runner().invoke(args=["access", "import", str(file), *args])


def held() -> list[HeldAccess]:
    return queries.holders(clock.now())


def test_access_from_before_the_portal_comes_in(app: Flask, tmp_path: Path) -> None:
    people.member("Ann example")

    result = run(app, tmp_path, YAML)

    assert result.exit_code == 0, result.output
    assert "2 added, 0 held already." in result.output
    group, system = held()
    assert (group.item_key, group.status, group.origin) == ("mediawiki-admins", Status.GRANTED, Origin.BEFORE_PORTAL)
    assert group.since == datetime(2024, 5, 6, tzinfo=UTC)
    assert system.item_key == "grafana"
    kinds = db.session.scalars(select(Event.actor_kind).where(Event.code == "grant.granted")).all()
    assert kinds == [ActorKind.COMMAND, ActorKind.COMMAND]


def test_a_table_comes_in_as_well(app: Flask, tmp_path: Path) -> None:
    people.member("Ann Example")

    result = run(app, tmp_path, "name,group,since\nAnn Example,bastion,2024-05-06\n", suffix=".csv")

    assert result.exit_code == 0, result.output
    assert [access.item_key for access in held()] == ["bastion"]


def test_a_second_import_changes_nothing(app: Flask, tmp_path: Path) -> None:
    people.member("Ann example")
    run(app, tmp_path, YAML)

    result = run(app, tmp_path, YAML)

    assert "0 added, 2 held already." in result.output
    assert len(held()) == 2


def test_a_dry_run_says_the_same_and_writes_nothing(app: Flask, tmp_path: Path) -> None:
    people.member("Ann example")

    result = run(app, tmp_path, YAML, "--dry-run")

    assert "2 added" in result.output
    assert "nothing was written" in result.output
    assert db.session.scalar(select(func.count(Grant.id))) == 0


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("- {name: Nobody Known, group: bastion}", "line 3: nobody called 'Nobody Known' is known"),
        ("- {name: Ann example, group: no-such}", "line 3: there is no group 'no-such'"),
        ("- {name: Ann example, system: bastion}", "line 3: there is no system 'bastion'"),
        ("- {name: Ann example}", "line 3: say a group or a system"),
        ("- {name: Ann example, group: bastion, system: grafana}", "line 3: say a group or a system"),
        ("- {name: 'Ann#example', group: bastion}", "line 3: 'Ann#example' is not a user name"),
        ("- {name: Ann example, group: bastion, since: yesterday}", "line 3: 'yesterday' is not a day"),
        ("- {name: Ann example, group: bastion, since: 2999-01-01}", "line 3: 2999-01-01 lies in the future"),
        ("- {name: Ann example, group: bastion, shoe: 43}", "line 3: there is no key 'shoe'"),
        ("- Ann example", "line 3: write keys and values"),
    ],
)
def test_one_bad_line_is_named_and_nothing_comes_in(app: Flask, tmp_path: Path, line: str, says: str) -> None:
    people.member("Ann example")

    result = run(app, tmp_path, f"- name: Ann example\n  group: bastion\n{line}\n")

    assert result.exit_code == 1
    assert says in result.output
    assert "Nothing was imported." in result.output
    assert held() == []


@pytest.mark.parametrize(
    ("text", "suffix"),
    [("a: b", ".yaml"), ("[", ".yaml"), ("", ".yaml"), (b"\xff", ".yaml"), ("person\nAnn\n", ".csv"), ("", ".csv")],
)
def test_an_unreadable_file_ends_with_2(app: Flask, tmp_path: Path, text: str | bytes, suffix: str) -> None:
    result = run(app, tmp_path, text, suffix=suffix)

    assert result.exit_code == 2
    assert "Nothing was imported." in result.output
