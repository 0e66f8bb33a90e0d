"""The table covers the whole timeline: a code without a row fails here, also one that is not written yet."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flask import Flask

import config
from portal.audit.believing import CONFIRMED
from portal.notifications import registry
from portal.notifications.told import Group
from portal.notifications.turns import BEGAN

WRITERS = {"record", "note", "_record"}  # functions that put an event on the timeline
MADE = {  # codes that are put together: what stands before the dot, and the choices
    "grant.": ("approved", "granted", "renewed", "revoked"),
    "concern.": ("resolved", "overridden"),
    "portfolio.": ("accepted", "questioned"),
    ".added": ("comment", "question", "answer"),
    ".": (
        *("duty.reminded", "duty.raised", "assessment.reminded", "assessment.raised"),
        *("marking.reminded", "marking.raised"),
        *("mentorship.reminded", "mentorship.raised"),
    ),
}


def literals(node: ast.expr) -> Iterator[str]:
    """The codes an expression can be: a text, one of two, or put together."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from literals(node.body)
        yield from literals(node.orelse)
    elif isinstance(node, ast.JoinedStr):
        fixed = "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
        if fixed == ".":
            yield from MADE[fixed]
            return
        yield from (f"{fixed}{end}" if fixed.endswith(".") else f"{end}{fixed}" for end in MADE[fixed])


def codes() -> Iterator[str]:
    """Every code that some module writes to the timeline."""
    for path in (config.ROOT / "portal").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call):
                name = getattr(call.func, "attr", getattr(call.func, "id", ""))
                for argument in call.args[:2] if name in WRITERS else ():
                    yield from (code for code in literals(argument) if "." in code)
    yield from (CONFIRMED, BEGAN)


def test_every_code_of_the_timeline_has_a_row_and_every_row_a_code(app: Flask) -> None:
    found = {code for source in registry.sources() for code in source.rows}

    assert len(set(codes())) > 50
    assert sorted(set(codes()) - found) == []
    assert sorted(found - set(codes())) == []


def test_a_row_that_tells_nobody_says_why(app: Flask) -> None:
    rows = {code: row for source in registry.sources() for code, row in source.rows.items()}

    assert [code for code, row in rows.items() if bool(row.to) == bool(row.silent)] == []
    assert [code for code, row in rows.items() if not set(row.says_to) <= {*row.to, Group.TURN}] == []


def test_every_result_reaches_the_candidate_the_requester_and_who_spoke(app: Flask) -> None:
    rows = {code: row for source in registry.sources() for code, row in source.rows.items()}
    results = [row for row in rows.values() if row.result]

    assert len(results) == 4
    assert all({Group.CANDIDATE, Group.REQUESTER, Group.SPOKE} <= set(row.to) for row in results)
