"""The filled form as CSV, for a spreadsheet, and as JSON, for programs; and which of all layouts a file has. Pure."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from typing import Any

from portal.assessments import words
from portal.assessments.exchange.form import (
    COLUMNS,
    DATE,
    FOCUS,
    LABELS,
    LINK,
    MENTORING,
    REMARK,
    SCORE,
    TITLE,
    TYPE,
    USERNAME,
    FilledForm,
    Line,
    RawForm,
    cells,
)
from portal.assessments.exchange.form_tables import NO_FORM, read_form_table
from portal.assessments.exchange.tables import Unreadable, require_small
from portal.errors import Message

BOM = "\ufeff"  # lets spreadsheets read the file as UTF-8
FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")  # what a spreadsheet takes for a formula, wide signs too
FIRST_CELL = re.compile(rf'\s*"?(?:{"|".join([*LABELS, TITLE])})"?([,;\t])', re.IGNORECASE)
FACT_NAMES = {
    USERNAME: "username",
    FOCUS: "preferred_role_focus",
    MENTORING: "mentoring_type",
    TYPE: "assessment_type",
    DATE: "date",
}


def harmless(cell: str) -> str:
    """The cell so that no spreadsheet takes it for a formula; `as_it_was` gives it back."""
    return f"'{cell}" if FORMULA.match(cell) else cell


def as_it_was(cell: str) -> str:
    """What `harmless` was given."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell


def write_csv(form: FilledForm) -> str:
    """The five facts, an empty line, then a row per item."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    for row in (*form.facts.items(), (), COLUMNS, *(cells(item) for item in form.items)):
        writer.writerow([harmless(cell) for cell in row])
    return BOM + out.getvalue()


def read_csv(text: str) -> RawForm:
    """A filled form from a spreadsheet: cells parted by comma, semicolon or tab. Raises Unreadable."""
    found = FIRST_CELL.match(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=found[1] if found else ",", strict=True)
    facts: dict[str, tuple[Message, str]] = {}
    columns: dict[str, int] = {}
    lines: list[Line] = []
    for place, row in _rows(reader):
        if columns:
            values = {name: row[at] if at < len(row) else "" for name, at in columns.items()}
            lines.append(Line(place, *(values.get(name, "") for name in (TITLE, SCORE, REMARK, LINK))))
        elif row[0].strip().casefold() == TITLE.casefold():
            columns = _columns(row)
        elif len(row) > 1:
            known = next((label for label in LABELS if label.casefold() == row[0].strip().casefold()), "")
            facts.setdefault(known, (place, row[1]))
    if SCORE not in columns:
        raise Unreadable(NO_FORM)
    return RawForm({label: fact for label, fact in facts.items() if label}, lines)


def _rows(reader: Any) -> Iterator[tuple[Message, list[str]]]:
    """The rows that have anything in them, each with where it ends."""
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield Message("Line %(line)s", line=reader.line_num), [as_it_was(cell) for cell in row]
    except csv.Error as fault:
        raise Unreadable(Message("this is no table of cells: a quote is not closed."), line=reader.line_num) from fault


def _columns(row: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for at, cell in enumerate(row):
        name = cell.strip().casefold()
        for column in COLUMNS:
            if name == column.casefold() or (column == SCORE and name.startswith("score")):
                found.setdefault(column, at)
    return found


def write_json(form: FilledForm) -> str:
    """The form for programs: an object with the facts, the version of the standard, and a list of items."""
    facts = {FACT_NAMES[label]: value for label, value in form.facts.items()}
    items = [
        {
            "key": item.key,
            "title": item.title,
            "section": item.section.value,
            "stack_area": item.stack_area,
            "role_focus": item.role_focus,
            "score": str(words.SCORES[item.entry.score]) if item.entry.score else None,
            "remark": item.entry.remark,
            "link": item.entry.link,
        }
        for item in form.items
    ]
    whole = {"standard": {"version": form.version, "title": form.standard}, **facts, "items": items}
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


def read_json(text: str) -> RawForm:
    """What `write_json` wrote, or a program that read its shape. Raises Unreadable."""
    try:
        whole = json.loads(text)
    except json.JSONDecodeError as fault:
        raise Unreadable(Message("this is no JSON."), line=fault.lineno, cell=fault.colno) from fault
    except (ValueError, RecursionError) as fault:
        raise Unreadable(Message("this is no JSON of a filled form.")) from fault
    items = whole.get("items") if isinstance(whole, dict) else None
    if not isinstance(items, list):
        raise Unreadable(Message("this is no JSON of a filled form: it has no list “items”."))
    top = Message("At the top")
    facts = {label: (top, _string(whole, name, top)) for label, name in FACT_NAMES.items()}
    return RawForm(facts, [_line(item, number) for number, item in enumerate(items, start=1)])


def _line(item: object, number: int) -> Line:
    place = Message("Item %(number)s", number=number)
    if not isinstance(item, dict):
        raise Unreadable(Message("%(place)s: this is no item.", place=place))
    return Line(place, **{name: _string(item, name, place) for name in ("title", "score", "remark", "link", "key")})


def _string(holder: dict[str, Any], name: str, place: Message) -> str:
    value = holder.get(name)
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if name == "score" and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise Unreadable(Message("%(place)s: “%(name)s” is no text.", place=place, name=name))


def read_form(text: str) -> RawForm:
    """A filled form in whatever layout: JSON, CSV, or a table of the wiki or of Markdown. Raises Unreadable."""
    bare = text.removeprefix(BOM)
    require_small(bare)
    if re.match(r'\s*\{\s*["}]', bare) or bare.lstrip().startswith("["):
        return read_json(bare)
    return read_csv(bare) if FIRST_CELL.match(bare) else read_form_table(bare)
