"""What people type is kept as they meant it, and nothing that breaks a database or a reader."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portal.web.text import clean_text


@given(st.text())
@example("a\x00b")
@example("\ud800")
@example("a\r\nb\rc")
@example("e\u0301 \u200f\u202e")
def test_cleaned_text_can_be_stored_and_read(text: str) -> None:
    cleaned = clean_text(text)

    assert cleaned is not None
    cleaned.encode("utf-8")
    assert "\x00" not in cleaned
    assert "\r" not in cleaned
    assert cleaned == cleaned.strip()
    assert unicodedata.is_normalized("NFC", cleaned)


@given(st.text())
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    once = clean_text(text)

    assert clean_text(once) == once


@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "Zs"]), min_size=1))
def test_words_are_never_lost(text: str) -> None:
    cleaned = clean_text(text)

    assert cleaned == unicodedata.normalize("NFC", text.strip())


@pytest.mark.parametrize(
    ("typed", "kept"), [(None, None), ("  a  ", "a"), ("a\tb\n\nc", "a\tb\n\nc"), ("👩‍💻 🫩 ок", "👩‍💻 🫩 ок")]
)
def test_tabs_lines_and_joined_characters_stay(typed: str | None, kept: str | None) -> None:
    assert clean_text(typed) == kept


@given(st.text(alphabet="ae\u0344\u0301\u0327\u0323\u1e69", max_size=200))
@example("a" + "\u0344" * 60)
def test_accents_piled_on_one_letter_are_kept_as_far_as_a_language_has_them(text: str) -> None:
    cleaned = clean_text(text)

    assert clean_text(cleaned) == cleaned
    assert not re.search(r"[\u0300-\u036f]{31}", cleaned)
    if not re.search(r"[\u0300-\u036f]{15}", text):
        assert cleaned == unicodedata.normalize("NFC", text)


def test_a_hundred_kilobytes_of_accents_are_no_work() -> None:
    cleaned = clean_text("a" + "\u0301\u0327" * 25_000)  # put in order this took seconds

    assert len(cleaned) <= 31
