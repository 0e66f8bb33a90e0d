"""What the docs say is there, is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

import config

DOCS = [config.ROOT / "README.md", *sorted((config.ROOT / "docs").rglob("*.md"))]
LATER = {"docs/screenshot-request.png"}  # made when the page is finished


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8"))

    assert [name for name in targets if name not in LATER and not (path.parent / name).exists()] == []


def test_operations_names_every_setting_and_no_other() -> None:
    text = (config.ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    fields = {f"PORTAL_{name.upper()}" for name in config.Settings.__dataclass_fields__}

    assert set(re.findall(r"PORTAL_[A-Z_]+", text)) == fields


def test_the_commands_of_the_docs_exist(app: Flask) -> None:
    text = (config.ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    named = set(
        re.findall(r"flask (\w+)(?: (verify|head|tick|check|seed|load|import-standard|import|appoint|upgrade))?", text)
    )

    for command, sub in named:
        arguments = [part for part in (command, sub, "--help") if part]
        assert app.test_cli_runner().invoke(args=arguments).exit_code == 0, arguments
