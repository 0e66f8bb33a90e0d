"""Reading a list of the existing team: YAML, CSV, or the wiki's own list "New titles". Reads text, touches no database.

Every line that cannot be taken is named; a list with one such line is not taken at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from portal.org.catalogue import Organisation, Role
from portal.people.bindings import wiki_name
from portal.people.entry_lists import ImportFault, Line, Unreadable, csv_lines, since_day, yaml_lines
from portal.people.models import Capacity

KEYS = ("name", "role", "capacity", "since")
HEADING = re.compile(r"^\s*(?:#+\s*(?P<marks>.*?)|=+\s*(?P<signs>.*?)\s*=+)\s*$")
BULLET = re.compile(r"^\s*[*\-]\s*(?P<name>[^:]+?)\s*:\s*(?P<titles>.+?)\s*$")
ARROW = re.compile(r"→|->|&rarr;")
TITLES = "new titles"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing one person holds, as the list has it. ``since`` is empty where the list does not say."""

    line: int
    name: str
    role: Role | None
    capacity: Capacity | None
    since: date | None

    @property
    def title(self) -> str:
        return self.role.name if self.role else str(self.capacity)


def read(text: str, suffix: str, organisation: Organisation, *, today: date) -> list[Entry]:
    """The entries of a list. ``suffix`` (.yaml, .csv, else the wiki list) tells its form. Raises ImportFault."""
    text = text.removeprefix("\ufeff")
    faults: list[str] = []
    form = {".yaml": yaml_lines, ".yml": yaml_lines, ".csv": csv_lines}.get(suffix.lower())
    lines = form(text, faults, KEYS) if form else _wiki_lines(text, faults)
    entries = [_entry(line, organisation, today, faults) for line in lines]
    if faults:
        raise ImportFault(faults)
    if not entries:
        raise Unreadable(["This file names nobody: write a list in YAML or CSV, or a section “New titles”."])
    return [entry for entry in entries if entry is not None]


def _wiki_lines(text: str, faults: list[str]) -> Iterator[Line]:
    """The bullets under "New titles"; of a page without that heading, all lines."""
    rows = list(enumerate(text.splitlines(), start=1))
    starts = [index for index, (_, row) in enumerate(rows) if _heading(row) == TITLES]
    if starts:
        rows = rows[starts[0] + 1 :]
    for number, row in rows:
        if _heading(row) is not None:
            if starts:
                return
            continue
        if not row.strip():
            continue
        bullet = BULLET.match(row)
        if bullet is None:
            faults.append(f"line {number}: {row.strip()!r} is not “* Name: title” or “* Name: old title → new title”")
        else:
            yield Line(number, {"name": bullet["name"], "title": ARROW.split(bullet["titles"])[-1].strip()})


def _heading(row: str) -> str | None:
    found = HEADING.match(row)
    return (found["marks"] or found["signs"] or "").strip().lower() if found else None


def _entry(line: Line, organisation: Organisation, today: date, faults: list[str]) -> Entry | None:
    """One line as an entry, or its faults."""
    before = len(faults)
    values = {key: value for key, value in line.values.items() if key != "since"}

    def fault(says: str) -> None:
        faults.append(f"line {line.number}: {says}")

    texts = {key: value.strip() if isinstance(value, str) else str(value) for key, value in values.items()}
    name = wiki_name(texts.get("name", ""))
    if name is None:
        fault(f"{texts.get('name', '')!r} is not a user name of the wiki")
    role, capacity = _what(texts, organisation, fault)
    since = since_day(line.values.get("since"), today, fault)
    if len(faults) > before or name is None:
        return None
    return Entry(line.number, name, role, capacity, since)


def _what(texts: dict[str, str], organisation: Organisation, fault: Any) -> tuple[Role | None, Capacity | None]:
    """The role or capacity a line speaks of. A title of the wiki list may be either."""
    titles = [texts[key] for key in ("role", "capacity", "title") if texts.get(key)]
    if len(titles) != 1:
        fault("say a role or a capacity, one of the two")
        return None, None
    title = titles[0]
    capacity = next((one for one in Capacity if one.value == title.lower()), None) if "role" not in texts else None
    role = role_called(title, organisation) if "capacity" not in texts else None
    if role is None and capacity is None:
        fault(f"{title!r} is in no list: use a title or key of the role catalogue, or {', '.join(Capacity)}")
    return role, capacity


def role_called(title: str, organisation: Organisation) -> Role | None:
    """The role of this key or title, as the catalogue writes it; a retired role may have been held before."""
    plain = " ".join(title.split())
    return next((role for role in organisation.roles.values() if plain in (role.key, role.name)), None)
