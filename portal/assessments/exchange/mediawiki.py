"""Tables of a wiki page, read with mwparserfromhell. Pure."""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import Any

import mwparserfromhell
from mwparserfromhell.nodes import Comment, ExternalLink, HTMLEntity, Node, Tag, Template, Text, Wikilink

from portal.assessments.exchange.tables import Cell, Row, Table, Unreadable, is_head
from portal.errors import Message

SET_APART = frozenset({"b", "i", "em", "strong", "small", "big", "span", "code", "u", "s", "sup", "sub", "abbr", "p"})
CELLS = ("td", "th")
SIGNS = {"!": "|", "=": "="}  # templates that every wiki has for a single sign
CAPTION = "|+"  # the parser takes it for a cell
NO_WORDS = ("file:", "image:", "category:")


class _NoPlainText(Exception):
    """Something in a cell that is not plain text; ``what`` says it."""

    def __init__(self, what: Message) -> None:
        super().__init__(str(what))
        self.what = what


def tables(text: str) -> list[Table]:
    """Every table of the page whose first column is Title. Raises Unreadable."""
    found = []
    for tag, offset in _table_tags(mwparserfromhell.parse(text).nodes, 0):
        rows = [row for row in _rows(text, tag, offset) if row.cells]
        if rows and is_head(rows[0].cells[0].folded):
            found.append(Table(rows[0], tuple(rows[1:])))
    return found


def plain_text(wikitext: str) -> str:
    """The words that a reader of the page sees; where that is not plain text, the source."""
    try:
        return _plain(mwparserfromhell.parse(wikitext).nodes)
    except _NoPlainText:
        return wikitext


def _table_tags(nodes: Any, offset: int) -> Iterator[tuple[Tag, int]]:
    """The tables among these nodes and in what encloses them, each with its offset in the text."""
    for node in nodes:
        if isinstance(node, Tag) and node.tag == "table":
            yield node, offset
        elif isinstance(node, Tag) and node.contents:
            yield from _table_tags(node.contents.nodes, offset + _inside(node))
        offset += len(str(node))


def _inside(tag: Tag) -> int:
    """How far inside a tag its contents begin: they are the last thing in it but for a closing mark."""
    return str(tag).rindex(str(tag.contents))


def _rows(text: str, table: Tag, offset: int) -> Iterator[Row]:
    first: list[tuple[Tag, int]] = []  # before any "|-"
    for node, at in _placed(table, offset):
        if str(node).startswith(CAPTION):
            continue
        if isinstance(node, Tag) and node.tag in CELLS:
            first.append((node, at))
        elif isinstance(node, Tag) and node.tag == "tr":
            yield from _row(text, first)
            first = []
            yield from _row(text, [(cell, where) for cell, where in _placed(node, at) if _is_cell(text, cell, where)])
        else:
            _is_cell(text, node, at)
    yield from _row(text, first)


def _placed(tag: Tag, offset: int) -> Iterator[tuple[Any, int]]:
    """What is in a tag, piece by piece, each with its offset in the text."""
    at = offset + _inside(tag)
    for node in tag.contents.nodes:
        yield node, at
        at += len(str(node))


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


def _is_cell(text: str, node: Node, at: int) -> bool:
    """Whether this is a cell. Raises Unreadable for what is neither that nor empty space."""
    if isinstance(node, Tag) and node.tag in CELLS:
        return True
    if isinstance(node, Comment) or not str(node).strip():
        return False
    what = str(node).strip()[:40]
    raise Unreadable(Message("“%(what)s” stands between the cells of the table.", what=what), line=_line(text, at))


def _row(text: str, cells: list[tuple[Any, int]]) -> Iterator[Row]:
    """The row of these cells, and each heading among them by itself."""
    plain: list[Cell] = []
    headings: list[Cell] = []
    for number, (tag, at) in enumerate(cells, start=1):
        cell = _cell(text, tag, at, number)
        (headings if _width(tag, cell) > 1 else plain).append(cell)
    if plain:
        yield Row(tuple(plain))
    for heading in headings:
        yield Row((heading,), is_heading=True)


def _cell(text: str, tag: Tag, at: int, number: int) -> Cell:
    line = _line(text, at + len(str(tag)) - len(str(tag).lstrip()))
    try:
        words = _plain(tag.contents.nodes).strip()
    except _NoPlainText as fault:
        raise Unreadable(fault.what, line=line, cell=number) from fault
    return Cell(words, line, number)


def _width(tag: Tag, cell: Cell) -> int:
    """How many columns a cell is wide. Raises Unreadable for one that is more than a row high."""
    spans = {str(attribute.name).strip().casefold(): str(attribute.value).strip() for attribute in tag.attributes}
    if spans.get("rowspan", "1") != "1":
        raise cell.fault(Message("a cell over several rows cannot be read: write it out in each row."))
    width = spans.get("colspan", "1")
    return int(width) if width.isdecimal() and len(width) < 4 else 1


def _plain(nodes: Any) -> str:
    return "".join(_words(node) for node in nodes)


def _words(node: Any) -> str:
    """What a reader sees of one piece of a cell. Raises _NoPlainText."""
    if isinstance(node, Text):
        return str(node.value)
    if isinstance(node, HTMLEntity):
        return str(node.normalize())
    if isinstance(node, Comment):
        return ""
    if isinstance(node, Tag):
        return _tag_words(node)
    if isinstance(node, Wikilink) and not str(node.title).strip().casefold().startswith(NO_WORDS):
        return _plain((node.text if node.text is not None else node.title).nodes)
    if isinstance(node, ExternalLink):
        return _plain((node.title if node.title is not None else node.url).nodes)
    if isinstance(node, Template) and not node.params and str(node.name) in SIGNS:
        return SIGNS[str(node.name)]
    raise _NoPlainText(Message("“%(what)s” is not plain text: write it out.", what=str(node)[:40]))


def _tag_words(tag: Tag) -> str:
    name = str(tag.tag).strip().casefold()
    if name == "br":
        return "\n"
    if name == "nowiki":
        return html.unescape(str(tag.contents or ""))
    if name in SET_APART:
        return _plain(tag.contents.nodes)
    if name in ("li", "dd", "dt") and tag.wiki_markup:
        return str(tag.wiki_markup)
    raise _NoPlainText(Message("“%(what)s” is not plain text: write it out.", what=str(tag)[:40]))
