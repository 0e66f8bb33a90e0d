"""A standard as the table it stands in on the wiki: read and written. Pure.

Source: Tech:Mentoring/Standard (seed 002): columns Title, Description, Stack Area, Role Focus; a heading per section.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import Protocol

from portal.assessments import words
from portal.assessments.exchange import wikitext
from portal.assessments.exchange.reading import read_tables
from portal.assessments.exchange.tables import Cell, Row, Table, Unreadable
from portal.assessments.models import Section
from portal.errors import Message
from portal.web.text import clean_text

COLUMNS = ("Title", "Description", "Stack Area", "Role Focus")
LONGEST = (255, 4000, 64, 64)  # characters of each: what the columns of the database hold, and some pages of text
MOST_ITEMS = 200
SECTIONS = {
    **{name: section for section in Section for name in (section.value, str(words.SECTIONS[section]).casefold())},
    "behavior": Section.BEHAVIOUR,
    "behaviors": Section.BEHAVIOUR,
}


@dataclass(frozen=True, slots=True)
class ReadItem:
    """One line of a standard as it was read; every text on one line. ``line`` is where it stood."""

    section: Section
    title: str
    description: str
    stack_area: str
    role_focus: str
    line: int = field(default=0, compare=False)


class Item(Protocol):
    """Whatever has the texts of an item."""

    @property
    def section(self) -> Section: ...
    @property
    def title(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def stack_area(self) -> str: ...
    @property
    def role_focus(self) -> str: ...


def same_words(text: str) -> str:
    """What two titles are compared by: one line, no case."""
    return " ".join(text.split()).casefold()


def read_standard(text: str, known: Mapping[str, Section] | None = None) -> tuple[ReadItem, ...]:
    """The items of the one standard in the text, in their order. Raises Unreadable.

    ``known``: sections by `same_words` of a title, from earlier versions. A flattened export keeps one heading only:
    there a known title stands in its known section, and any other in the section of the line before it.
    """
    standards = [table for table in read_tables(text) if table.column("description") is not None]
    if not standards:
        raise Unreadable(Message("It holds no standard: no table has the columns Title and Description."))
    if len(standards) > 1:
        again = standards[1].head.line
        raise Unreadable(Message("a second standard begins here. Paste one at a time."), line=again)
    items = tuple(_items(standards[0], known or {}))
    _require_sound(items)
    return items


def _items(table: Table, known: Mapping[str, Section]) -> Iterator[ReadItem]:
    places = [_place(table, name) for name in COLUMNS]
    section: Section | None = None
    headings = sum(row.is_heading for row in table.rows)
    for row in table.rows:
        if row.is_heading:
            section = section_of(row.cells[0])
            continue
        texts = [_text(row, place, name, most) for place, name, most in zip(places, COLUMNS, LONGEST, strict=True)]
        if len(row.cells) > len(table.head.cells):
            raise row.cells[len(table.head.cells)].fault(Message("this row has more cells than the table has columns."))
        if table.flattened and headings < len(Section):
            section = known.get(same_words(texts[0]), section)
        if section is None:
            raise row.cells[0].fault(Message("this item stands before the first heading. Put a section above it."))
        title, description, stack_area, role_focus = texts
        yield ReadItem(section, title, description, stack_area, role_focus, row.line)


def _place(table: Table, name: str) -> int:
    place = table.column(name.casefold())
    if place is None:
        raise Unreadable(Message("the table has no column “%(name)s”.", name=name), line=table.head.line)
    return place


def _text(row: Row, place: int, name: str, most: int) -> str:
    if place >= len(row.cells):
        raise Unreadable(
            Message("this row ends before the column “%(name)s”.", name=name), line=row.line, cell=len(row.cells)
        )
    cell = row.cells[place]
    text = " ".join(clean_text(cell.text).split())
    if not text:
        raise cell.fault(Message("the column “%(name)s” is empty here.", name=name))
    if len(text) > most:
        raise cell.fault(Message("this is longer than %(most)s characters.", most=most))
    return text


def section_of(cell: Cell) -> Section:
    """The section that a heading names. Raises Unreadable."""
    found = SECTIONS.get(cell.folded.casefold())
    if found is None:
        names = ", ".join(str(name) for name in words.SECTIONS.values())
        raise cell.fault(Message("“%(name)s” is none of the sections: %(names)s.", name=cell.folded, names=names))
    return found


def _require_sound(items: Sequence[ReadItem]) -> None:
    if not items:
        raise Unreadable(Message("The table has no items."))
    if len(items) > MOST_ITEMS:
        raise Unreadable(Message("The table has more than %(most)s items.", most=MOST_ITEMS))
    seen: set[str] = set()
    for item in items:
        if same_words(item.title) in seen:
            raise Unreadable(Message("“%(title)s” stands in the table twice.", title=item.title), line=item.line)
        seen.add(same_words(item.title))


def write_standard(items: Iterable[Item]) -> str:
    """The items as the table they came from; `read_standard` reads them back as they were."""
    return wikitext.table(
        COLUMNS,
        (
            (str(words.SECTIONS[section]), [(i.title, i.description, i.stack_area, i.role_focus) for i in own])
            for section, own in groupby(items, key=attrgetter("section"))
        ),
    )
