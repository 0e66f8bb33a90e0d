"""Lists somebody writes by hand, YAML or CSV: their lines, with every fault named. Reads text, touches no database."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError


class ImportFault(Exception):
    """The list cannot be taken. ``faults`` has one line each: where, and what to do."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class Unreadable(ImportFault):
    """The file is not of a kind that can be read at all."""


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as it was written: where it stands, and its keys and values."""

    number: int
    values: dict[str, Any]


def csv_lines(text: str, faults: list[str], keys: Sequence[str]) -> Iterator[Line]:
    """The lines of a CSV list whose columns are among ``keys``; bad lines go to ``faults``. Raises Unreadable."""
    reader = csv.DictReader(io.StringIO(text), strict=True)
    try:
        names = list(reader.fieldnames or [])
        if "name" not in names or any(name not in keys for name in names):
            raise Unreadable([f"line 1: the columns are {', '.join(keys)}"])
        for row in reader:
            if None in row:
                faults.append(f"line {reader.line_num}: there are more values than columns")
            else:
                yield Line(reader.line_num, {key: value for key, value in row.items() if value})
    except csv.Error as error:
        raise Unreadable([f"line {reader.line_num}: this is not CSV: {error}"]) from None


def yaml_lines(text: str, faults: list[str], keys: Sequence[str]) -> Iterator[Line]:
    """The entries of a YAML list with these ``keys``; bad entries go to ``faults``. Raises Unreadable."""
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
            faults.append(f"line {number}: write keys and values: {', '.join(keys)}")
        elif unknown := [str(key) for key in row if key not in keys]:
            faults.append(f"line {number}: there is no key {unknown[0]!r}; use {', '.join(keys)}")
        else:
            yield Line(number, {key: value for key, value in row.items() if value is not None})


def since_day(raw: Any, today: date, fault: Callable[[str], None]) -> date | None:
    """The day since which somebody holds something; None when the list does not say."""
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
