"""An item is the same item across versions, and what changed between two is found whole."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from portal.assessments.exchange.standard import ReadItem
from portal.assessments.models import Section
from portal.assessments.versions import Changes, KeyedItem, changes, keyed
from portal.web.wording import Part, word_diff
from tests.assessments.exchange.texts import TEXTS

LOGS = KeyedItem(
    "logs", Section.SKILL, "Log Interpretation", "Reads and explains logs of every kind.", "Infra", "Generalist"
)
CACHE = KeyedItem("cache", Section.KNOWLEDGE, "Caching", "Understands how the tiers interact.", "Infra", "Generalist")


def read(item: KeyedItem, **other: str) -> ReadItem:
    found = replace(item, **other)  # type: ignore[arg-type]  # only texts are changed here
    return ReadItem(found.section, found.title, found.description, found.stack_area, found.role_focus)


def keys(*found: ReadItem) -> list[str]:
    return [item.key for item in keyed(found, [LOGS, CACHE])]


def test_the_same_title_keeps_its_key_whatever_the_rest_says() -> None:
    assert keys(read(LOGS, title="log  interpretation", description="Something else altogether.")) == ["logs"]


def test_the_same_description_keeps_its_key_under_another_title() -> None:
    assert keys(read(LOGS, title="Reading Logs")) == ["logs"]


def test_a_description_very_much_like_it_keeps_its_key_too() -> None:
    assert keys(read(LOGS, title="Reading Logs", description="Reads and explains logs of many kinds.")) == ["logs"]


def test_what_resembles_nothing_is_new_and_named_after_its_title() -> None:
    assert keys(read(LOGS, title="Wikis & Wörter!", description="Speaks of words.")) == ["wikis-and-worter"]


def test_a_new_item_never_gets_the_key_of_another() -> None:
    taken = replace(LOGS, key="reading", title="Something", description="Old and gone.")

    assert [i.key for i in keyed([read(LOGS, title="Reading"), read(CACHE, title="Reading!")], [taken])] == [
        "reading-2",
        "reading-3",
    ]


def test_the_very_same_words_go_before_words_that_are_like_them() -> None:
    near = read(LOGS, title="First", description=LOGS.description.replace("every", "any"))

    assert keys(near, read(LOGS, title="Second")) == ["first", "logs"]


def test_a_title_that_no_latin_letter_is_in_gets_a_key_all_the_same() -> None:
    assert keys(read(LOGS, title="日本語", description="x")) == ["item"]


items = st.lists(st.integers(0, 8), unique=True, max_size=8).map(
    lambda numbers: [replace(LOGS, key=str(number), title=str(number)) for number in numbers]
)


@given(items, items)
def test_changes_lead_from_one_version_to_the_other(before: list[KeyedItem], now: list[KeyedItem]) -> None:
    found = changes(before, now)
    moved = {change.now.key for change in found.moved}
    old = [item.key for item in before if item not in found.removed and item.key not in moved]
    new = [item.key for item in now if item not in found.added and item.key not in moved]

    assert old == new  # what neither came, went nor moved stands in the same order
    assert {item.key for item in before} - {item.key for item in found.removed} == {item.key for item in now} - {
        item.key for item in found.added
    }
    assert changes(before, before).is_none


def test_one_item_that_went_to_the_front_is_the_only_one_that_moved() -> None:
    row = [replace(LOGS, key=key) for key in "abcde"]

    assert [change.now.key for change in changes(row, [row[4], *row[:4]]).moved] == ["e"]


def test_another_section_is_a_move_and_other_words_are_a_rewording() -> None:
    now = replace(LOGS, section=Section.BEHAVIOUR, description="Reads logs.", role_focus="Infra")
    found = changes([LOGS], [now])

    assert found.moved[0].changed_section
    assert dict(found.reworded[0].texts) == {
        "description": (LOGS.description, "Reads logs."),
        "role_focus": ("Generalist", "Infra"),
    }
    assert found == Changes([], [], found.reworded, found.moved)


@given(TEXTS, TEXTS)
def test_the_pieces_of_a_word_diff_make_both_texts(before: str, now: str) -> None:
    pieces = list(word_diff(before, now))

    assert "".join(text for part, text in pieces if part is not Part.NEW) == before
    assert "".join(text for part, text in pieces if part is not Part.GONE) == now
    assert (before == now) == all(part is Part.SAME for part, _text in pieces)


def test_texts_that_repeat_a_word_without_end_are_not_compared_word_by_word() -> None:
    before, now = "a " * 2000, "b a " * 1000

    assert list(word_diff(before, now)) == [(Part.GONE, before), (Part.NEW, now)]


def test_a_word_diff_marks_the_words_that_changed_and_no_others() -> None:
    assert list(word_diff("Reads all logs.", "Reads some logs.")) == [
        (Part.SAME, "Reads "),
        (Part.GONE, "all"),
        (Part.NEW, "some"),
        (Part.SAME, " logs."),
    ]
