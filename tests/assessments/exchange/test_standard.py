"""A standard comes from the wiki word for word, or not at all; and goes back there as it came."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from pathlib import Path

import mwparserfromhell
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mwparserfromhell.nodes import HTMLEntity, Text

from portal.assessments.exchange import wikitext
from portal.assessments.exchange.reading import read_tables
from portal.assessments.exchange.standard import ReadItem, read_standard, same_words, write_standard
from portal.assessments.exchange.tables import LARGEST_TEXT, Unreadable
from portal.assessments.models import Section
from portal.org.loader import load
from tests.assessments.exchange.texts import LINES, TEXTS

FILES = Path(__file__).parents[1] / "files"
FLATTENED = (FILES / "flattened.txt").read_text()
WIKITEXT = (FILES / "standard.wikitext").read_text()
SEEDED = [
    tuple(
        ReadItem(Section(item.section), item.title, item.description, item.stack_area, item.role_focus)
        for item in standard.items
    )
    for standard in load(Path(__file__).parents[3] / "portal" / "org" / "miraheze").standards
]
KNOWN = {same_words(item.title): item.section for item in SEEDED[1]}


def page(*rows: str) -> str:
    head = '{| class="wikitable"\n! Title !! Description !! Stack Area !! Role Focus\n'
    return head + "".join(f"|-\n{row}\n" for row in rows) + "|}\n"


def refused(text: str) -> str:
    with pytest.raises(Unreadable) as refusal:
        read_standard(text)
    return str(refusal.value)


def test_the_wikis_table_gives_the_28_items_word_for_word() -> None:
    assert read_standard(WIKITEXT) == SEEDED[1]


def test_the_flattened_export_gives_the_same_28_items() -> None:
    assert read_standard(FLATTENED, KNOWN) == SEEDED[1]


def test_without_an_earlier_version_what_lost_its_heading_stands_in_the_section_above_it() -> None:
    found = read_standard(FLATTENED)

    assert {item.section for item in found} == {Section.KNOWLEDGE}
    assert [item.title for item in found] == [item.title for item in SEEDED[1]]


def test_an_item_that_no_earlier_version_has_stands_in_the_section_of_the_line_before_it() -> None:
    known = {title: section for title, section in KNOWN.items() if title != "log interpretation"}

    assert read_standard(FLATTENED, known) == SEEDED[1]


def test_the_headings_of_a_real_table_hold_whatever_an_earlier_version_says() -> None:
    moved = page('! colspan="4" | Skills', "| Log Interpretation || Reads logs. || Infra || Generalist")

    assert read_standard(moved, {"log interpretation": Section.KNOWLEDGE})[0].section is Section.SKILL


def test_the_same_export_has_the_form_of_26_items() -> None:
    _standard, form = read_tables(FLATTENED)

    assert [row.cells[0].text for row in form.rows if not row.is_heading] == [item.title for item in SEEDED[0]]


items = st.builds(ReadItem, st.sampled_from(Section), *[LINES.filter(bool).map(lambda text: text[:64].strip())] * 4)


@given(st.lists(items, min_size=1, max_size=6, unique_by=lambda item: same_words(item.title)))
def test_what_is_written_is_read_back_as_it_was(standard: list[ReadItem]) -> None:
    assert read_standard(write_standard(standard)) == tuple(standard)


@pytest.mark.parametrize("version", [0, 1])
def test_the_seeded_standards_are_read_back_as_they_were(version: int) -> None:
    assert read_standard(write_standard(SEEDED[version])) == SEEDED[version]


@given(TEXTS)
def test_nothing_that_people_wrote_means_anything_to_the_wiki(text: str) -> None:
    nodes = mwparserfromhell.parse(f"x {wikitext.shown(text)} x").nodes

    tags = Counter(str(node) for node in nodes if not isinstance(node, (Text, HTMLEntity)))
    assert tags == Counter({"<br>": text.count("\n")} if "\n" in text else {})


def test_an_ordinary_sentence_stays_readable_on_the_wiki() -> None:
    sentence = "Knows MediaWiki's hooks (e.g. config overrides): consensus-based, and/or 50% of it; see #4."

    assert wikitext.shown(sentence) == sentence


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "There is nothing in it"),
        ("just words", "Nothing in it can be read as a table"),
        ("{| \n! Name !! Age\n|-\n| Ann || 3\n|}", "Nothing in it can be read as a table"),
        ("{|\n! Title !! Stack Area\n|-\n| A || B\n|}", "no table has the columns Title and Description"),
        (
            "{|\n! Title !! Description !! Role Focus\n|-\n| A || B || C\n|}",
            "Line 2: the table has no column “Stack Area”.",
        ),
        (page(), "The table has no items."),
        (page("| A || B || C || D"), "Line 4, cell 1: this item stands before the first heading."),
        (
            page('! colspan="4" | Wisdom'),
            "Line 4, cell 1: “Wisdom” is none of the sections: Knowledge, Skills, Behaviours.",
        ),
        (
            page('! colspan="4" | Skills', "| A || B || C"),
            "Line 6, cell 3: this row ends before the column “Role Focus”.",
        ),
        (page('! colspan="4" | Skills', "| A\n| B\n| C\n| D\n| E"), "Line 10, cell 5: this row has more cells"),
        (
            page('! colspan="4" | Skills', "| A\n| \n| C\n| D"),
            "Line 7, cell 2: the column “Description” is empty here.",
        ),
        (
            page('! colspan="4" | Skills', "| A\n| {{Nowrap|B}}\n| C\n| D"),
            "Line 7, cell 2: “{{Nowrap|B}}” is not plain text",
        ),
        (
            page('! colspan="4" | Skills', "| A\n| B<ref>C</ref>\n| C\n| D"),
            "Line 7, cell 2: “<ref>C</ref>” is not plain text",
        ),
        (
            page('! colspan="4" | Skills', '| rowspan="2" | A\n| B\n| C\n| D'),
            "Line 6, cell 1: a cell over several rows",
        ),
        (page('! colspan="4" | Skills', *["| A || B || C || D"] * 2), "Line 8: “A” stands in the table twice."),
        (
            page('! colspan="4" | Skills', f"| A || B || {'c' * 65} || D"),
            "Line 6, cell 3: this is longer than 64 characters.",
        ),
        (page('! colspan="4" | Skills', "| A || B || C || D") * 2, "a second standard begins here"),
        ("é" * LARGEST_TEXT, "That is too much: the most is 200 kB."),
    ],
)
def test_what_cannot_be_read_is_named_by_line_and_cell(text: str, says: str) -> None:
    assert says in refused(text)


def test_a_row_that_lost_a_cell_in_the_export_is_named_too() -> None:
    assert "Line 3, cell 3: this row ends before the column “Role Focus”." in refused(
        FLATTENED.replace("| Infra (Object Storage) ", "", 1)
    )


@given(TEXTS, TEXTS)
def test_any_text_is_read_or_refused_in_words(before: str, after: str) -> None:
    for text in (
        before,
        page('! colspan="4" | Skills', f"| {before} || B || C || D", f"| {after}"),
        f"| Title | {after}\n|-|-|\n{before}",
    ):
        with suppress(Unreadable):
            read_standard(text)
