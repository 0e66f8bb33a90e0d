"""Cleaning what people type."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import overload

DROPPED = {"Cc", "Cs", "Co"}  # control, surrogate, private; what Unicode has not named yet may be a new emoji and stays
MOST_MARKS = 30  # accents in a row: no language has more (UAX #15, stream-safe text), and sorting thousands is slow


def _is_kept(char: str) -> bool:
    """Whether a database and a reader can take the character; U+FDD0-FDEF and the last two of each plane are none."""
    code = ord(char)
    if code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF:
        return False
    return char in "\n\t" or unicodedata.category(char) not in DROPPED


def _few_marks(text: str) -> Iterator[str]:
    """The text, without what is piled onto one letter beyond `MOST_MARKS`."""
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.combining(char) else 0
        if marks <= MOST_MARKS:
            yield char


@overload
def clean_text(value: str) -> str: ...


@overload
def clean_text(value: None) -> None: ...


def clean_text(value: str | None) -> str | None:
    """Trim, use one kind of line end, drop characters that no database or reader can take (NUL, surrogates)."""
    if value is None:
        return None
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(_few_marks("".join(char for char in text if _is_kept(char))))
    return "".join(_few_marks(unicodedata.normalize("NFC", kept))).strip()  # one mark can come apart into two
