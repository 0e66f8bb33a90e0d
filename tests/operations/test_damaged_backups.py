"""A backup that is damaged, cut, or put together by hand is refused before it replaces anything."""

from __future__ import annotations

import gzip
import hashlib
import itertools
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from portal.extensions import db
from portal.operations import archive
from portal.operations.backup import backup
from portal.operations.restore import Refused, restore
from tests.operations.test_backup import NOW, all_rows, filled  # noqa: F401  # a fixture
from tests.operations.test_commands import run

DAMAGED = 200
Lines = list[Any]


@pytest.fixture
def whole(app: Flask, filled: object, tmp_path: Path) -> Path:  # noqa: F811
    file = tmp_path / "b"
    backup(db.engine, file, now=NOW)
    return file


def everything() -> object:
    """All rows; of a SQLite database also each byte of its file, and what lies beside it."""
    db.session.remove()
    rows = all_rows()
    if db.engine.dialect.name != "sqlite":
        schemas = "SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg_%' ORDER BY 1"
        return rows, list(db.session.scalars(text(schemas)))
    file = Path(str(db.engine.url.database))
    return rows, hashlib.sha256(file.read_bytes()).hexdigest(), sorted(path.name for path in file.parent.iterdir())


def refused(file: Path) -> bool:
    """Whether it is refused, in words."""
    try:
        restore(db.engine, file, now=NOW)
    except Refused as refusal:
        return f"{file} cannot be restored: " in str(refusal)
    return False


def damages(whole: bytes, number: int) -> Iterator[tuple[str, bytes]]:
    """What a bad disk, a bad line or a bad copy makes of a file: so many, each another content than the whole one."""
    chance, made = random.Random(3), 0
    for turn in itertools.count():
        if made == number:
            return
        at = chance.randrange(len(whole))
        to = min(at + chance.randrange(1, 600), len(whole))
        flipped = bytes([whole[at] ^ (1 << chance.randrange(8))])
        kinds = [
            (f"bit flipped in byte {at}", whole[:at] + flipped + whole[at + 1 :]),
            (f"cut at {at}", whole[:at]),
            (f"its first {at + 1} bytes missing", whole[at + 1 :]),
            (f"bytes {at} to {to} missing", whole[:at] + whole[to:]),
            (f"bytes {at} to {to} zero", whole[:at] + bytes(to - at) + whole[to:]),
            (f"bytes {at} to {to} twice", whole[:to] + whole[at:]),
            (f"a byte more at {at}", whole[:at] + b"\0" + whole[at:]),
            ("something at its end", whole + chance.randbytes(to - at)),
        ]
        name, content = kinds[turn % len(kinds)]
        if content != whole:
            made += 1
            yield name, content


@pytest.mark.both_databases
def test_two_hundred_damaged_backups_are_refused_and_change_nothing(app: Flask, whole: Path) -> None:
    original, before = whole.read_bytes(), everything()
    tried, taken = 0, []
    for name, content in damages(original, DAMAGED):
        whole.write_bytes(content)
        tried += 1
        if not refused(whole):
            taken.append(name)

    assert (tried, taken) == (DAMAGED, [])
    assert everything() == before
    whole.write_bytes(original)
    restore(db.engine, whole, now=NOW)


def sealed(content: bytes) -> bytes:
    """These bytes with the checksum that a backup has at its end: somebody meant it."""
    return content + archive.MARK + hashlib.sha256(content).hexdigest().encode() + b"\n"


def packed(*lines: bytes) -> bytes:
    return sealed(gzip.compress(b"".join(lines)))


FORGED: dict[str, Callable[[Lines], bytes]] = {
    "nothing": lambda lines: sealed(b""),
    "no gzip": lambda lines: sealed(b"x" * 500),
    "half a gzip": lambda lines: sealed(gzip.compress(plain(lines))[:-200]),
    "gzip and more": lambda lines: sealed(gzip.compress(plain(lines)) + b"more"),
    "two gzip members": lambda lines: sealed(gzip.compress(plain(lines)) * 2),
    "members swapped": lambda lines: sealed(gzip.compress(plain(lines[9:])) + gzip.compress(plain(lines[:9]))),
    "a bomb": lambda lines: packed(b"0" * (archive.LONGEST * 4)),
    "a deep line": lambda lines: packed(b"[" * 200_000),
    "no JSON": lambda lines: packed(plain(lines), b"{;\n"),
    "a row less": lambda lines: packed(plain([line for line in lines if line is not a_row(lines)])),
    "a row twice": lambda lines: packed(
        plain([part for line in lines for part in [line] * (1 + (line is a_row(lines)))])
    ),
    "no end": lambda lines: packed(plain(lines[:-1])),
    "no head": lambda lines: packed(plain([{k: v for k, v in lines[0].items() if k != "head"}, *lines[1:]])),
    "a head of another sort": lambda lines: packed(plain([{**lines[0], "head": 7}, *lines[1:]])),
    "a day that is none": lambda lines: packed(plain([{**lines[0], "made_at": "today"}, *lines[1:]])),
    "another format": lambda lines: packed(plain([{**lines[0], "format": "x"}, *lines[1:]])),
    "another schema": lambda lines: packed(plain([{**lines[0], "schema": ["x"]}, *lines[1:]])),
}
FORGED_ROWS: dict[str, Callable[[Lines], bytes]] = {
    "no tables": lambda lines: packed(plain([lines[0], {"rows": 0}])),
    "a table that is none": lambda lines: changed(lines, "person", lambda head: {**head, "table": "persons"}),
    "a table less": lambda lines: packed(plain([line for line in lines if line not in table(lines, "nda")])),
    "a table twice": lambda lines: packed(plain([*lines[:-1], *(table(lines, "person")), lines[-1]])),
    "a column less": lambda lines: changed(lines, "person", lambda head: {**head, "columns": head["columns"][1:]}),
    "a column that is none": lambda lines: changed(lines, "person", lambda head: {**head, "columns": ["x"]}),
    "no columns": lambda lines: changed(lines, "person", lambda head: {"table": "person"}),
    "a row too long": lambda lines: rows_changed(lines, lambda row: [*row, 1]),
    "a huge number": lambda lines: rows_changed(lines, lambda row: [10**40, *row[1:]]),
    "lists for values": lambda lines: rows_changed(lines, lambda row: [[1]] * len(row)),
    "words for times": lambda lines: rows_changed(lines, lambda row: ["now"] * len(row)),
    "nothing for values": lambda lines: rows_changed(lines, lambda row: [None] * len(row)),
    "an event of another day": lambda lines: rows_changed(lines, on_another_day),
    "another head": lambda lines: packed(plain([{**lines[0], "head": [lines[0]["head"][0], "0" * 64]}, *lines[1:]])),
}


def plain(lines: Lines) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def a_row(lines: Lines) -> list[Any]:
    return next(line for line in lines if isinstance(line, list))


def table(lines: Lines, name: str) -> Lines:
    """The head of a table, without rows."""
    return [line for line in lines if isinstance(line, dict) and line.get("table") == name]


def changed(lines: Lines, name: str, change: Callable[[dict[str, Any]], object]) -> bytes:
    ours = table(lines, name)[0]
    return packed(plain([change(line) if line is ours else line for line in lines]))


def rows_changed(lines: Lines, change: Callable[[list[Any]], list[Any]]) -> bytes:
    return packed(plain([change(line) if isinstance(line, list) else line for line in lines]))


def on_another_day(row: list[Any]) -> list[Any]:
    return ["2020-01-01T00:00:00+00:00" if str(part).startswith("202") else part for part in row]


@pytest.mark.both_databases
@pytest.mark.parametrize("kind", FORGED)
def test_a_file_that_is_no_backup_is_refused_in_words(app: Flask, whole: Path, kind: str) -> None:
    refused_as_forged(app, whole, FORGED[kind])


@pytest.mark.parametrize("kind", FORGED_ROWS)
def test_rows_put_together_by_hand_are_refused_in_words(app: Flask, whole: Path, kind: str) -> None:
    refused_as_forged(app, whole, FORGED_ROWS[kind])


@pytest.mark.slow
@pytest.mark.both_databases
@pytest.mark.parametrize("kind", FORGED_ROWS)
def test_rows_put_together_by_hand_are_refused_on_either_database(app: Flask, whole: Path, kind: str) -> None:
    refused_as_forged(app, whole, FORGED_ROWS[kind])


def refused_as_forged(app: Flask, whole: Path, forge: Callable[[Lines], bytes]) -> None:
    before = everything()
    whole.write_bytes(forge(list(archive.read(whole))))

    answer = run(app, "restore", str(whole))

    assert answer.exit_code == 1
    assert "Nothing was changed." in answer.output
    assert isinstance(answer.exception, SystemExit)
    assert everything() == before
