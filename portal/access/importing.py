"""Reading a list of access held before the portal: YAML or CSV. Reads text, touches no database.

Every line that cannot be taken is named; a list with one such line is not taken at all.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError

from portal.access.models import ItemType
from portal.org.catalogue import Organisation
from portal.people.bindings import wiki_name
from portal.people.importing import ImportFault, Unreadable

KEYS = ("name", "group", "system", "since")
TYPES = {"group": ItemType.ACCESS_GROUP, "system": ItemType.SYSTEM}


@dataclass(frozen=True, slots=True)
class Entry:
    """One access of one person, as the list has it. ``since`` is empty where the list does not say."""

    line: int
    name: str
    item_type: ItemType
    item_key: str
    since: date | None


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    values: dict[str, Any]


def read(text: str, suffix: str, organisation: Organisation, *, today: date) -> list[Entry]:
    """The entries of a list; ``suffix`` (.csv, else YAML) tells its form. Raises ImportFault, Unreadable."""
    lines = _csv_lines if suffix.lower() == ".csv" else _yaml_lines
    faults: list[str] = []
    entries = [_entry(line, organisation, today, faults) for line in lines(text.removeprefix("\ufeff"), faults)]
    if faults:
        raise ImportFault(faults)
    if not entries:
        raise Unreadable(["This file names nobody: write a list with name, group or system, and since."])
    return [entry for entry in entries if entry is not None]


def _csv_lines(text: str, faults: list[str]) -> Iterator[_Line]:
    reader = csv.DictReader(io.StringIO(text), strict=True)
    try:
        names = list(reader.fieldnames or [])
        if "name" not in names or any(name not in KEYS for name in names):
            raise Unreadable([f"line 1: the columns are {', '.join(KEYS)} (name, and group or system)"])
        for row in reader:
            if None in row:
                faults.append(f"line {reader.line_num}: there are more values than columns")
            else:
                yield _Line(reader.line_num, {key: value for key, value in row.items() if value})
    except csv.Error as error:
        raise Unreadable([f"line {reader.line_num}: this is not CSV: {error}"]) from None


def _yaml_lines(text: str, faults: list[str]) -> Iterator[_Line]:
    try:
        rows = YAML(typ="rt").load(text)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise Unreadable([f"line {mark.line + 1 if mark else 1}: this is not YAML"]) from None
    if not isinstance(rows, CommentedSeq):
        raise Unreadable(["line 1: write a list of entries, each beginning with '- name:'"])
    for index, row in enumerate(rows):
        number = rows.lc.item(index)[0] + 1
        if not isinstance(row, CommentedMap):
            faults.append(f"line {number}: write keys and values: {', '.join(KEYS)}")
        elif unknown := [str(key) for key in row if key not in KEYS]:
            faults.append(f"line {number}: there is no key {unknown[0]!r}; use {', '.join(KEYS)}")
        else:
            yield _Line(number, {key: value for key, value in row.items() if value is not None})


def _entry(line: _Line, organisation: Organisation, today: date, faults: list[str]) -> Entry | None:
    """One line as an entry, or its faults."""
    before = len(faults)

    def fault(says: str) -> None:
        faults.append(f"line {line.number}: {says}")

    written = str(line.values.get("name", "")).strip()
    name = wiki_name(written)
    if name is None:
        fault(f"{written!r} is not a user name of the wiki")
    item = _item(line, organisation, fault)
    since = _since(line.values.get("since"), today, fault)
    if len(faults) > before or name is None or item is None:
        return None
    return Entry(line.number, name, *item, since)


def _item(line: _Line, organisation: Organisation, fault: Callable[[str], None]) -> tuple[ItemType, str] | None:
    """The group or system a line speaks of, by its key; a retired one may have been held before."""
    given = [(key, str(line.values[key]).strip()) for key in TYPES if key in line.values]
    if len(given) != 1:
        fault("say a group or a system, one of the two")
        return None
    what, key = given[0]
    if organisation.item(TYPES[what], key) is None:
        fault(f"there is no {what} {key!r} in the catalogue")
        return None
    return TYPES[what], key


def _since(raw: Any, today: date, fault: Callable[[str], None]) -> date | None:
    if raw is None:
        return None
    try:
        since = raw if type(raw) is date else date.fromisoformat(str(raw).strip())
    except ValueError:
        fault(f"{str(raw)!r} is not a day: write it as 2024-09-30")
        return None
    if since > today:
        fault(f"{since} lies in the future")
    return since
