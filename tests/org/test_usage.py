"""Entries of the organisation's data that rows in the database use are never removed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from flask import Flask

from portal import create_app
from portal.extensions import db
from portal.org import organisation, usage
from portal.org.loader import load
from tests import databases, factories

ROOT = Path(__file__).resolve().parents[2] / "portal" / "org"
pytestmark = pytest.mark.both_databases


def test_the_loaded_organisation_has_everything_in_use(app: Flask) -> None:
    factories.director()

    assert usage.missing_entries(organisation()) == []


def test_another_organisation_is_told_what_it_lacks(app: Flask) -> None:
    factories.director()
    factories.member(role="software_engineer")

    assert usage.missing_entries(load(ROOT / "example")) == [
        "roles.yaml lacks 'director', which the table role_assignment uses: put it back and retire it",
        "roles.yaml lacks 'software_engineer', which the table role_assignment uses: put it back and retire it",
    ]


def test_every_column_that_holds_a_key_is_registered(app: Flask) -> None:
    keys = {"role_key", "item_key", "rule_key", "kind"}
    found = {table.name for table in db.metadata.tables.values() if keys & set(table.columns.keys())}

    found -= {"mail_wish", "mentorship"}  # whose kinds are our own: of messages, of mentoring
    assert found == {use.table for use in app.extensions["organisation_uses"]}


def test_the_portal_does_not_start_without_an_entry_in_use(app: Flask) -> None:
    factories.director()
    settings = databases.settings(
        app.config["SQLALCHEMY_DATABASE_URI"], ENV="development", ORGANISATION_DIR=str(ROOT / "example")
    )

    with pytest.raises(usage.MissingEntriesError, match="lacks 'director'"):
        create_app(settings)


def test_the_portal_starts_on_a_database_that_has_no_tables_yet(tmp_path: Path) -> None:
    settings = databases.settings(f"sqlite:///{tmp_path}/empty.db", ENV="development")

    assert create_app(settings)


def test_a_command_starts_all_the_same_and_the_check_names_what_is_missing(app: Flask, tmp_path: Path) -> None:
    factories.director()
    lacking = Path(shutil.copytree(ROOT / "miraheze", tmp_path / "lacking"))
    roles = (lacking / "roles.yaml").read_text(encoding="utf-8").replace("key: director", "key: chief")
    (lacking / "roles.yaml").write_text(roles, encoding="utf-8")

    result = app.test_cli_runner().invoke(args=["org", "check", str(lacking), "--database"])

    assert result.exit_code == 1
    assert "roles.yaml lacks 'director', which the table role_assignment uses" in result.output


def test_the_check_of_a_sound_folder_says_so(app: Flask) -> None:
    result = app.test_cli_runner().invoke(args=["org", "check", str(ROOT / "miraheze"), "--database"])

    assert (result.exit_code, result.output) == (
        0,
        "Miraheze: 8 roles, 10 access groups, 24 systems, 22 rules. No fault found.\n",
    )


def test_the_check_of_a_broken_folder_names_every_fault(app: Flask, tmp_path: Path) -> None:
    broken = Path(shutil.copytree(ROOT / "example", tmp_path / "broken"))
    (broken / "tiers.yaml").write_text("- key: crew\n", encoding="utf-8")
    (broken / "kinds.yaml").unlink()

    result = app.test_cli_runner().invoke(args=["org", "check", str(broken)])

    assert result.exit_code == 1
    assert "kinds.yaml, line 1, key -: this file is missing" in result.output
    assert "tiers.yaml, line 1, key name: this key is missing" in result.output
    assert "Faults: 2" in result.output
