"""The locked requirements agree with each other."""

from __future__ import annotations

import re

import config

PIN = re.compile(r"^([a-z0-9._-]+)(?:\[[a-z,]+\])?==(\S+)", re.MULTILINE | re.IGNORECASE)


def pins(name: str) -> dict[str, str]:
    return dict(PIN.findall((config.ROOT / name).read_text(encoding="utf-8")))


def test_the_tests_run_what_is_served() -> None:
    tested = pins("requirements-dev.txt")
    served = pins("requirements.txt")

    assert {package: tested.get(package) for package in served} == served


def test_every_pin_has_a_hash_and_none_names_an_index() -> None:
    for path in config.ROOT.glob("requirements*.txt"):
        text = path.read_text(encoding="utf-8")
        assert text.count("--hash=sha256:") >= len(PIN.findall(text))
        assert "index-url" not in text
        assert "://" not in text
