"""Reading a list of access held before the portal: YAML or CSV. Reads text, touches no database.

Every line that cannot be taken is named; a list with one such line is not taken at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from portal.access.models import ItemType
from portal.org.catalogue import Organisation
from portal.people.bindings import wiki_name
from portal.people.entry_lists import ImportFault, Line, Unreadable, csv_lines, since_day, yaml_lines

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


def read(text: str, suffix: str, organisation: Organisation, *, today: date) -> list[Entry]:
    """The entries of a list; ``suffix`` (.csv, else YAML) tells its form. Raises ImportFault, Unreadable."""
    form = csv_lines if suffix.lower() == ".csv" else yaml_lines
    faults: list[str] = []
    lines = form(text.removeprefix("\ufeff"), faults, KEYS)
    entries = [_entry(line, organisation, today, faults) for line in lines]
    if faults:
        raise ImportFault(faults)
    if not entries:
        raise Unreadable(["This file names nobody: write a list with name, group or system, and since."])
    return [entry for entry in entries if entry is not None]


def _entry(line: Line, organisation: Organisation, today: date, faults: list[str]) -> Entry | None:
    """One line as an entry, or its faults."""
    before = len(faults)

    def fault(says: str) -> None:
        faults.append(f"line {line.number}: {says}")

    written = str(line.values.get("name", "")).strip()
    name = wiki_name(written)
    if name is None:
        fault(f"{written!r} is not a user name of the wiki")
    item = _item(line, organisation, fault)
    since = since_day(line.values.get("since"), today, fault)
    if len(faults) > before or name is None or item is None:
        return None
    return Entry(line.number, name, *item, since)


def _item(line: Line, organisation: Organisation, fault: Callable[[str], None]) -> tuple[ItemType, str] | None:
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
