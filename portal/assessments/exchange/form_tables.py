"""The filled form as the wiki has it: written as wikitext; read from wikitext, Markdown or a flattened export. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter

from portal.assessments import words
from portal.assessments.exchange import mediawiki, wikitext
from portal.assessments.exchange.form import COLUMNS, LABELS, LINK, REMARK, TITLE, FilledForm, Line, RawForm, cells
from portal.assessments.exchange.reading import OF_THE_WIKI, read_tables
from portal.assessments.exchange.tables import Row, Table, Unreadable, bullets
from portal.errors import Message

NO_FORM = Message("It holds no filled form: no table has the columns Title and Score.")
BY_LABEL = {label.casefold(): label for label in LABELS}


def write_wikitext(form: FilledForm) -> str:
    """The form in its own layout: the list of facts, the key, the table."""
    facts = [f"* {label}: {wikitext.shown(value)}" for label, value in form.facts.items()]
    key = [f"* {words.SCORES[score]} – {meaning}" for score, meaning in words.MEANINGS.items()]  # verbatim
    sections = [
        (str(words.SECTIONS[section]), [cells(item) for item in own])
        for section, own in groupby(form.items, key=attrgetter("section"))
    ]
    head = [f"== {wikitext.shown(form.standard)} ==", "", *facts, "", "Key:", "", *key, ""]
    return "\n".join([*head, wikitext.table(COLUMNS, sections)])


def read_form_table(text: str) -> RawForm:
    """The one filled form of the text. Raises Unreadable."""
    forms = [table for table in read_tables(text) if _score_column(table) is not None]
    if not forms:
        raise Unreadable(NO_FORM)
    if len(forms) > 1:
        again = forms[1].head.line
        raise Unreadable(Message("a second form begins here. Take one at a time."), line=again)
    of_the_wiki = OF_THE_WIKI.search(text) is not None
    facts: dict[str, tuple[Message, str]] = {}
    for number, label, value in bullets(text):
        if known := BY_LABEL.get(label.casefold()):
            facts.setdefault(known, (_place(number), mediawiki.plain_text(value) if of_the_wiki else value))
    return RawForm(facts, list(_lines(forms[0])))


def _score_column(table: Table) -> int | None:
    names = [cell.folded.casefold() for cell in table.head.cells]
    return next((place for place, name in enumerate(names) if name.startswith("score")), None)


def _place(line: int) -> Message:
    return Message("Line %(line)s", line=line)


def _lines(table: Table) -> Iterator[Line]:
    title, remark, link = (table.column(name.casefold()) for name in (TITLE, REMARK, LINK))
    for row in table.rows:
        if row.is_heading:
            continue
        if len(row.cells) > len(table.head.cells):
            raise row.cells[len(table.head.cells)].fault(Message("this row has more cells than the table has columns."))
        name, score, said, address = (_text(row, place) for place in (title, _score_column(table), remark, link))
        yield Line(_place(row.line), " ".join(name.split()), score, said, address)


def _text(row: Row, place: int | None) -> str:
    return row.cells[place].text if place is not None and place < len(row.cells) else ""
