"""A filled form leaves the portal and comes back with nothing lost; what does not fit is said, line by line."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.assessments.entries import REMARK_LIMIT, Entry, Header
from portal.assessments.exchange.form import FilledForm, Fitted, FormItem, fit
from portal.assessments.exchange.form_files import as_it_was, harmless, read_form, write_csv, write_json
from portal.assessments.exchange.form_tables import write_wikitext
from portal.assessments.exchange.standard import same_words
from portal.assessments.exchange.tables import LARGEST_TEXT, Unreadable
from portal.assessments.models import AssessmentType, MentoringType, Score, Section
from tests.assessments.exchange.texts import HOSTILE, LINES, TEXTS

FLATTENED = (Path(__file__).parents[1] / "files" / "flattened.txt").read_text()
WRITERS = (write_wikitext, write_csv, write_json)
DAY = date(2026, 10, 3)
LINKS = st.sampled_from(["", "https://example.org/T1", "http://a.example/?q=[[x]]|{{y}}&lt;#=+'\"~~~~"])
NAMES = LINES.filter(bool).map(lambda text: text[:64].strip())

entries = st.builds(
    Entry, st.none() | st.sampled_from(Score), TEXTS.map(lambda text: text[:REMARK_LIMIT].strip()), LINKS
)
headers = st.builds(Header, NAMES, st.sampled_from(MentoringType), st.dates())


@st.composite
def forms(draw: st.DrawFn) -> FilledForm:
    titles = draw(st.lists(NAMES, min_size=1, max_size=5, unique_by=same_words))
    items = tuple(
        FormItem(f"key {place} of it", title, draw(st.sampled_from(Section)), draw(NAMES), draw(NAMES), draw(entries))
        for place, title in enumerate(titles)
    )
    return FilledForm(draw(NAMES), 2, draw(NAMES), draw(st.sampled_from(AssessmentType)), draw(headers), items)


def form(*entries: Entry) -> FilledForm:
    items = [
        FormItem(f"item-{number}", f"Item {number}", Section.SKILL, "Infra", "Generalist", entry)
        for number, entry in enumerate(entries, start=1)
    ]
    header = Header("Generalist", MentoringType.MENTEE, DAY)
    return FilledForm("The standard", 2, "Ann", AssessmentType.SELF, header, tuple(items))


def back(text: str, like: FilledForm) -> Fitted:
    return fit(read_form(text), like.items, [like.header.role_focus])


def said(fitted: Fitted) -> list[str]:
    return [f"{problem.place}: {problem.reason}" for problem in fitted.problems]


@pytest.mark.parametrize("write", WRITERS)
@given(sent=forms())
def test_what_leaves_comes_back_with_nothing_lost(write: Callable[[FilledForm], str], sent: FilledForm) -> None:
    came = back(write(sent), sent)

    assert came.entries == {item.key: item.entry for item in sent.items if not item.entry.is_empty}
    assert came.header(Header("", MentoringType.PEER, date.min)) == sent.header
    assert (came.missing, came.problems) == ([], [])
    assert (came.type, same_words(came.username)) == (str(sent.facts["Assessment Type"]), same_words(sent.username))


def test_a_user_name_in_brackets_is_one_and_a_hint_of_the_paper_form_is_none() -> None:
    bracketed = FLATTENED.replace("(Enter your Miraheze username here)", "(Ann)")

    assert fit(read_form(bracketed), [], []).username == "(Ann)"
    assert fit(read_form(FLATTENED), [], []).username == ""


@given(TEXTS | st.sampled_from(HOSTILE))
def test_no_cell_of_a_csv_file_is_a_formula_and_each_comes_back(text: str) -> None:
    assert harmless(text)[:1] not in tuple("=+-@\t\r\n＝＋－＠")  # wide signs are meant
    assert as_it_was(harmless(text)) == text


@given(sent=forms())
def test_a_spreadsheet_finds_the_same_cells_and_no_formula(sent: FilledForm) -> None:
    rows = list(csv.reader(io.StringIO(write_csv(sent).removeprefix("\ufeff"), newline="")))

    assert [len(row) for row in rows] == [2, 2, 2, 2, 2, 0, *[6] * (len(sent.items) + 1)]
    assert not any(cell[:1] in tuple("=+-@\t\r\n") for row in rows for cell in row if cell)


def test_a_spreadsheet_may_part_its_cells_by_semicolons() -> None:
    text = 'Username;Ann\nTitle;Score;Remark\nItem 1;2;"a;b"\n'

    assert back(text, form(Entry())).entries == {"item-1": Entry(Score.INDEPENDENT, "a;b")}


def test_the_wikitext_has_the_layout_of_the_participant_form() -> None:
    assert write_wikitext(form(Entry(Score.TEACHES, "Two\nlines", "https://example.org/T1"), Entry())) == (
        "== The standard ==\n\n* Username: Ann\n* Preferred Role Focus: Generalist\n* Mentoring Type: Mentee\n"
        "* Assessment Type: Self-assessment\n* Date: 03/10/2026\n\nKey:\n\n"
        "* 0 – No understanding or experience\n* 1 – Basic familiarity or supervised participation\n"
        "* 2 – Confident performing independently\n* 3 – Can teach or lead others in this area\n"
        "* N/A – Not relevant to current role\n\n"
        '{| class="wikitable"\n! Title\n! Stack Area\n! Role Focus\n! Score (0–3 or N/A)\n! Remark\n! Link\n'
        '|-\n! colspan="6" | Skills\n|-\n| Item 1\n| Infra\n| Generalist\n| 3\n| Two<br>lines\n'
        "| https&#58;//example.org/T1\n|-\n| Item 2\n| Infra\n| Generalist\n|\n|\n|\n|}\n"
    )


MARKDOWN = """\
# My form
- **Username:** Ann
- Preferred Role Focus: Generalist
- Date: 03/10/2026

| Title | Stack Area | Role Focus | Score (0–3 or N/A) | Remark | Link |
|---|:---:|---|---|---|---|
| **Skills** | | | | | |
| Item 1 | Infra | Generalist | 2 | a \\| b<br>c | |
| item 2 | Infra | Generalist | n/a | | https://example.org |
"""


def test_a_table_of_markdown_is_read_too() -> None:
    came = back(MARKDOWN, form(Entry(), Entry()))

    assert came.entries == {
        "item-1": Entry(Score.INDEPENDENT, "a | b\nc"),
        "item-2": Entry(Score.NOT_APPLICABLE, "", "https://example.org"),
    }
    assert (came.username, came.role_focus, came.assessed_on, came.problems) == ("Ann", "Generalist", DAY, [])


def test_the_export_of_the_paper_form_is_read_with_the_scores_that_were_written_into_it() -> None:
    filled = FLATTENED.replace(
        "Respectful Engagement | Community | Generalist |", "Respectful Engagement | Community | Generalist | 3 |"
    )
    items = form(Entry()).items[0]
    respectful = FormItem(
        "respectful",
        "Respectful Engagement",
        *(getattr(items, name) for name in ("section", "stack_area", "role_focus", "entry")),
    )

    came = fit(read_form(filled), [respectful], [])

    assert came.entries == {"respectful": Entry(Score.TEACHES)}
    assert len(came.problems) == 25  # the other items of the form are not in this standard


def test_what_does_not_fit_is_named_by_its_line_and_the_rest_is_taken() -> None:
    text = MARKDOWN.replace("| 2 |", "| 7 |").replace("03/10/2026", "31/02/2026") + (
        "| Item 3 | | | 1 | | javascript:alert(1) |\n| Juggling | | | 1 | | |\n| Item 2 | | | 1 | | |\n"
        f"| Item 4 | | | 1 | {'x' * 2001} | |\n"
    )

    came = back(text, form(*[Entry()] * 5))

    assert came.entries == {"item-2": Entry(Score.NOT_APPLICABLE, "", "https://example.org")}
    assert came.missing == ["Item 5"]
    assert said(came) == [
        "Line 9: “Item 1”: “7” is no score. Use 0, 1, 2, 3 or N/A.",
        "Line 11: “Item 3”: Enter a full address that begins with https:// or http://.",
        "Line 12: “Juggling” is no item of this standard.",
        "Line 13: “Item 2” stands here once more. Only the first counts.",
        "Line 14: “Item 4”: the remark is longer than 2000 characters.",
        "Line 4: “31/02/2026” cannot be taken as Date.",
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "There is nothing in it"),
        ("hello", "Nothing in it can be read as a table"),
        ("{}", "it has no list “items”"),
        ("[1]", "it has no list “items”"),
        ('{"items": [', "Line 1, cell 12: this is no JSON."),
        ('{"items": [3]}', "Item 1: this is no item."),
        ('{"items": [{"title": []}]}', "Item 1: “title” is no text."),
        ('{"items": [{"score": true}]}', "Item 1: “score” is no text."),
        ('{"items": [{"score": ' + "9" * 5000 + "}]}", "this is no JSON of a filled form."),
        ("[" * 50_000, "this is no JSON"),
        ("Username,Ann\n", "It holds no filled form"),
        ('Username,"Ann\n', "Line 1: this is no table of cells"),
        ("{|\n! Title !! Description\n|-\n| a || b\n|}", "It holds no filled form"),
        ("| Title | Score |\n|--|--|\n| a | 1 | 2 |", "Line 3, cell 3: this row has more cells"),
        ("x" * (LARGEST_TEXT + 1), "the most is 200 kB"),
    ],
)
def test_a_file_that_is_no_filled_form_is_refused_in_words(text: str, says: str) -> None:
    with pytest.raises(Unreadable) as refusal:
        read_form(text)

    assert says in str(refusal.value)


@given(TEXTS)
def test_any_text_is_read_or_refused(text: str) -> None:
    for whole in (
        text,
        f"Title,Score\n{text}",
        '{"items": [' + text,
        f"| Title | Score |\n|-|-|\n|{text}|",
        f"{{|\n! Title !! Score\n|-\n|{text}\n|}}",
    ):
        with suppress(Unreadable):
            fit(read_form(whole), form(Entry()).items, [])
