"""docs/permissions.md, read strictly: who may do what, at which stage, at which address.

What the tests expect comes from that page alone, never from the code it is about.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import config

PAGE = config.ROOT / "docs" / "permissions.md"
CODES = ("AN", "OU", "CA", "RQ", "TM", "DE", "DI", "BO", "TR", "AD")
CELLS = {"Y", "-", "o", "TM", "D", "N", "B"}


@dataclass(frozen=True, slots=True)
class Standing:
    """One person before one thing: their columns, and what decides the cells that are neither yes nor no."""

    codes: frozenset[str]
    recused: bool = False
    owns: bool = False
    decides: bool = False
    board_has_the_word: bool = False


@dataclass(frozen=True, slots=True)
class Action:
    """One line of the page. ``stages`` is empty for what is not about a request; ``once``: decided already is 409."""

    key: str
    cells: dict[str, str]
    stages: frozenset[str] = frozenset()
    once: bool = False
    seen_by: str = ""
    left_to_recused: bool = True

    @property
    def declared(self) -> str:
        """What a route declares for it: the key without what follows the colon."""
        return self.key.partition(":")[0]

    def allows(self, who: Standing) -> bool:
        """Whether the cells let this person, leaving the stage aside. A recusal denies first, then CA, then RQ."""
        if who.recused and not self.left_to_recused:
            return False
        if "CA" in who.codes:
            return _yes(self.cells["CA"], who)
        if "RQ" in who.codes and self.cells["RQ"] == "-":
            return False
        return any(_yes(self.cells.get(code, "-"), who) for code in who.codes)


def _yes(cell: str, who: Standing) -> bool:
    answers = {
        "Y": True,
        "-": False,
        "TM": False,  # under RQ: the other columns say
        "o": who.owns,
        "D": who.decides,
        "N": not who.decides,
        "B": who.board_has_the_word,
    }
    return answers[cell]


@dataclass(frozen=True, slots=True)
class Address:
    """One method of one address, and the actions it serves."""

    method: str
    path: str
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Permissions:
    """The whole page."""

    actions: dict[str, Action]
    addresses: dict[tuple[str, str], Address]

    def about_a_request(self, key: str) -> bool:
        return bool(self.actions[key].stages)


def _tables(text: str) -> Iterator[tuple[str, list[list[str]]]]:
    """(heading, rows without the ruler) of every table of the page."""
    heading, rows = "", []
    for line in [*text.splitlines(), ""]:
        if line.startswith("## "):
            heading = line.removeprefix("## ")
        if line.startswith("|"):
            rows.append([cell.strip() for cell in line.strip("|").split("|")])
        elif rows:
            yield heading, [row for row in rows if set(row[0]) != {"-"}]
            rows = []


def _one(tables: list[tuple[str, list[list[str]]]], heading: str, first: str) -> list[dict[str, str]]:
    """The table under this heading whose first column is called so, as a dictionary per line."""
    found = [rows for name, rows in tables if name == heading and rows[0][0] == first]
    assert len(found) == 1, f"docs/permissions.md needs one table of {first!r} under {heading!r}"
    head, *lines = found[0]
    for line in lines:
        assert len(line) == len(head), f"docs/permissions.md: {len(line)} cells in place of {len(head)}: {line}"
    return [dict(zip(head, line, strict=True)) for line in lines]


def _action(line: dict[str, str], groups: dict[str, frozenset[str]], left: frozenset[str]) -> Action:
    cells = {code: line[code] for code in CODES if code in line}
    assert set(cells.values()) <= CELLS, f"docs/permissions.md: unknown cell in {line}"
    names = [name.strip() for name in line.get("stages", "").split(",") if name.strip()]
    stages = [groups.get(name, frozenset({name})) for name in names if name != "once"]
    found = frozenset[str]().union(*stages)
    assert found <= groups["any"], f"docs/permissions.md: unknown stage in {line}"
    key = line["action"]
    return Action(key, cells, found, "once" in names, line.get("seen by", ""), not found or key in left)


@cache
def permissions() -> Permissions:
    """What the page says. Raises AssertionError naming the line that cannot be read."""
    tables = list(_tables(PAGE.read_text(encoding="utf-8")))
    groups = {
        line["name"]: frozenset(stage.strip() for stage in line["stages"].split(","))
        for line in _one(tables, "Stages", "name")
    }
    lines = [*_one(tables, "About one request", "what"), *_one(tables, "Everything else", "what")]
    left = frozenset(key for line in _one(tables, "About one request", "left") for key in line["left"].split(", "))
    actions = {line["action"]: _action(line, groups, left) for line in lines}
    assert len(actions) == len(lines), "docs/permissions.md names an action twice"
    assert left <= set(actions), f"docs/permissions.md: unknown action among {sorted(left)}"
    addresses = {}
    for line in _one(tables, "Addresses", "method"):
        address = Address(line["method"], line["address"].strip("`"), tuple(line["actions"].split(", ")))
        assert (address.method, address.path) not in addresses, f"docs/permissions.md has {address.path} twice"
        assert set(address.actions) <= set(actions), f"docs/permissions.md: unknown action of {address}"
        addresses[address.method, address.path] = address
    assert {code["code"] for code in _one(tables, "People", "code")} == set(CODES)
    return Permissions(actions, addresses)
