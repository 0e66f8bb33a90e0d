"""Tables as they stand in a text: rows of cells that know where they came from. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from portal.errors import Invalid, Message

LARGEST_TEXT = 200_000  # bytes: forty times the standard
BULLETS = ("*", "•", "-")
MARKS = "*•-_ \t"  # a bullet, and the bold of Markdown
KNOWN_COLUMN = "title"  # the first column of the standard and of the form


class Unreadable(Invalid):
    """A text that cannot be taken. Where the fault has a place, the sentence begins with its line and cell."""

    def __init__(self, reason: Message, *, line: int = 0, cell: int = 0) -> None:
        self.line, self.cell = line, cell
        super().__init__(_placed(reason, line, cell), field="text")


def _placed(reason: Message, line: int, cell: int) -> Message:
    if line and cell:
        return Message("Line %(line)s, cell %(cell)s: %(reason)s", line=line, cell=cell, reason=reason)
    return Message("Line %(line)s: %(reason)s", line=line, reason=reason) if line else reason


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its words, the line it begins in, and its number in its row, from 1."""

    text: str
    line: int
    number: int

    @property
    def folded(self) -> str:
        """The words on one line, each space single."""
        return " ".join(self.text.split())

    def fault(self, reason: Message) -> Unreadable:
        """What cannot be read about this cell."""
        return Unreadable(reason, line=self.line, cell=self.number)


@dataclass(frozen=True, slots=True)
class Row:
    """One row. A heading is a single cell over the whole width: the name of a section."""

    cells: tuple[Cell, ...]
    is_heading: bool = False

    @property
    def line(self) -> int:
        return self.cells[0].line


@dataclass(frozen=True, slots=True)
class Table:
    """A table with named columns. ``flattened``: an export that may have lost headings."""

    head: Row
    rows: tuple[Row, ...]
    flattened: bool = False

    def column(self, *names: str) -> int | None:
        """The place of the column with one of these names, compared without case; from 0."""
        for place, cell in enumerate(self.head.cells):
            if cell.folded.casefold() in names:
                return place
        return None


def is_head(first: str) -> bool:
    """Whether a row that begins with this names the columns of a standard or a form."""
    return first.casefold() == KNOWN_COLUMN


def require_small(text: str) -> None:
    """Raises Unreadable for a text that is empty or longer than any form."""
    if not text.strip():
        raise Unreadable(Message("There is nothing in it. Paste the text, or choose a file."))
    if len(text.encode(errors="replace")) > LARGEST_TEXT:
        limit = LARGEST_TEXT // 1000
        raise Unreadable(
            Message("That is too much: the most is %(limit)s kB. Leave out what is no table.", limit=limit)
        )


def bullets(text: str) -> Iterator[tuple[int, str, str]]:
    """Line, label and value of every "* Label: value" of the text."""
    for line, words in enumerate(text.split("\n"), start=1):
        label, colon, value = words.strip().partition(":")
        if colon and label[:1] in BULLETS:
            yield line, label.strip(MARKS), value.strip().removeprefix("**").strip()
