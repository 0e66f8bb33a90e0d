"""Tables drawn with bars: Markdown, and the export in which a whole table stands on one line. Pure.

In the flattened export (seed 002) every line end became a space: rows are told apart by the empty cell between two
bars, a row of dashes follows the head, and a heading is the pair ``colspan=“4” | Knowledge``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from portal.assessments.exchange.tables import Cell, Row, Table, is_head

BAR = re.compile(r"(?<!\\)\|")
SPAN = re.compile(r"colspan\s*=\s*[\"'“”]?\d+[\"'“”]?", re.IGNORECASE)
DASHES = re.compile(r":?[-–—]+:?")  # exports make long dashes of short ones
LINE_END = re.compile(r"<br\s*/?>", re.IGNORECASE)


def tables(text: str) -> list[Table]:
    """Every table of the text whose first column is Title."""
    lines = text.split("\n")
    found = []
    for at, line in enumerate(lines):
        parts = _parts(line)
        start = next((place for place in range(1, len(parts)) if is_head(parts[place])), None)
        if start is None:
            continue
        groups = list(_groups(parts[start:], at + 1))
        if any(_is_rule(group) for group in groups):
            found.append(_table(groups, flattened=True))
        elif at + 1 < len(lines) and _is_rule(_line_cells(lines[at + 1], at + 2)):
            found.append(_table([_line_cells(line, at + 1), *_following(lines, at + 2)], flattened=False))
    return found


def _parts(line: str) -> list[str]:
    return [part.strip() for part in BAR.split(line)]


def _plain(part: str) -> str:
    return LINE_END.sub("\n", part.replace("\\|", "|")).strip()


def _groups(parts: list[str], line: int) -> Iterator[list[Cell]]:
    """The rows of a table on one line: runs of cells between empty ones."""
    for filled, run in groupby(parts, key=bool):
        if filled:
            yield [Cell(_plain(part), line, number) for number, part in enumerate(run, start=1)]


def _line_cells(line: str, number: int) -> list[Cell]:
    """The cells of one line of Markdown, with or without bars at its ends."""
    parts = _parts(line)
    if parts and not parts[0]:
        del parts[0]
    if parts and not parts[-1]:
        del parts[-1]
    return [Cell(_plain(part), number, place) for place, part in enumerate(parts, start=1)]


def _following(lines: list[str], at: int) -> Iterator[list[Cell]]:
    """The rows below the head, to the first line without a bar."""
    for number, line in enumerate(lines[at:], start=at + 1):
        if not BAR.search(line):
            return
        yield _line_cells(line, number)


def _is_rule(cells: list[Cell]) -> bool:
    return bool(cells) and all(DASHES.fullmatch(cell.text) for cell in cells)


def _table(groups: list[list[Cell]], *, flattened: bool) -> Table:
    rows = [row for group in groups if group and not _is_rule(group) for row in _rows(group)]
    return Table(rows[0], tuple(rows[1:]), flattened)


def _rows(cells: list[Cell]) -> Iterator[Row]:
    """The row of these cells, and the heading that stands at its end."""
    span = next((place for place, cell in enumerate(cells) if SPAN.fullmatch(cell.text)), len(cells))
    before, heading = cells[:span], cells[span + 1 :]
    if len([cell for cell in before if cell.text]) == 1 and before[0].text and len(before) > 1:
        yield from _alone(before)
    elif before:
        yield Row(tuple(before))
    if heading:
        yield Row(tuple(heading[:1]), is_heading=True)


def _alone(cells: list[Cell]) -> Iterator[Row]:
    """A row with one cell filled: a heading where its words are set in bold, else an item without anything."""
    first = cells[0]
    bold = re.fullmatch(r"(\*\*|__)(.+)\1", first.text)
    if bold:
        yield Row((Cell(bold[2].strip(), first.line, 1),), is_heading=True)
    else:
        yield Row(tuple(cells))
