"""Rules of the house that a machine can keep."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from importlinter.application.use_cases import SUCCESS, lint_imports
from importlinter.configuration import configure

import config
from portal.database import is_ours
from portal.extensions import db

MOST_LINES = {
    "portal": 350,
    "devwiki": 350,
    "devtools": 350,
    "tests": 500,
}  # tests repeat themselves and are read in parts
FLASK = {"flask", "flask_login", "flask_wtf", "wtforms"}
MAY_KNOW_FLASK = {"routes", "forms", "kinds", "oauth", "current", "extensions", "cli", "held_forms", "blueprint"}
WIRING = {
    "portal/__init__.py",
    "portal/catalogue_uses.py",
    "portal/org/usage.py",
}  # fill and read registries of the app
SOURCES = [
    path
    for folder in ("portal", "devwiki", "devtools", "tests")
    for path in sorted((config.ROOT / folder).rglob("*.py"))
]


def names_imported(path: Path) -> set[str]:
    """The first part of every module that a file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add(str(node.module).split(".")[0])
    return found


def knows_flask(path: Path) -> bool:
    """Whether this file may: by its name, its ending (`page_routes`) or its folder."""
    folder = path.relative_to(config.ROOT / "portal").parts
    allowed = path.stem in MAY_KNOW_FLASK or path.stem.rsplit("_", 1)[-1] in MAY_KNOW_FLASK
    return allowed or folder[0] == "web" or "kinds" in folder or str(path.relative_to(config.ROOT)) in WIRING


@pytest.mark.both_databases
def test_the_migrations_make_what_the_models_say(app: Flask) -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": is_ours})
        differences = [found for found in compare_metadata(context, db.metadata) if not is_only_a_comment(found)]

    assert differences == []


def is_only_a_comment(difference: object) -> bool:
    """SQLite keeps no comments."""
    return db.engine.name == "sqlite" and isinstance(difference, list) and difference[0][0] == "modify_comment"


def test_the_import_rules_are_kept() -> None:
    configure()

    assert lint_imports(config_filename=str(config.ROOT / "pyproject.toml"), cache_dir=None) is SUCCESS


def test_only_the_edge_of_the_portal_knows_flask() -> None:
    strangers = [
        str(path.relative_to(config.ROOT))
        for path in SOURCES
        if path.is_relative_to(config.ROOT / "portal") and not knows_flask(path) and names_imported(path) & FLASK
    ]

    assert strangers == []


def test_only_the_settings_name_environment_variables() -> None:
    readers = [
        str(path.relative_to(config.ROOT))
        for path in SOURCES
        if path.is_relative_to(config.ROOT / "portal") and "environ" in path.read_text(encoding="utf-8")
    ]

    assert readers == []


def test_only_web_names_a_header_of_htmx() -> None:
    named = [
        str(path.relative_to(config.ROOT))
        for path in SOURCES
        if path.is_relative_to(config.ROOT / "portal")
        and not path.is_relative_to(config.ROOT / "portal" / "web")
        and any(mark in path.read_text(encoding="utf-8") for mark in ('"HX-', "'HX-"))
    ]

    assert named == []


def test_no_file_is_longer_than_a_person_reads_at_once() -> None:
    long = {
        str(path.relative_to(config.ROOT)): lines
        for path in SOURCES
        if (lines := len(path.read_text(encoding="utf-8").splitlines()))
        > MOST_LINES[path.relative_to(config.ROOT).parts[0]]
    }

    assert long == {}
