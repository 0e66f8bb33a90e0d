"""Cleaning what people type."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import overload

MOST_MARKS = 30  # accents in a row: no language has more (UAX #15, stream-safe text), and sorting thousands is slow
PLANES = range(0x10000, 0xF0000, 0x10000)  # of Unicode; the last two code points of each are none
UNREADABLE = re.compile(  # control, surrogate, private; what Unicode has not named yet may be a new emoji and stays
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\uf8ff\ufdd0-\ufdef\ufffe\uffff\U000f0000-\U0010ffff"
    + "".join(chr(plane + 0xFFFE) + chr(plane + 0xFFFF) for plane in PLANES)
    + "]"
)


def _few_marks(text: str) -> Iterator[str]:
    """The text, without what is piled onto one letter beyond `MOST_MARKS`."""
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.combining(char) else 0
        if marks <= MOST_MARKS:
            yield char


def readable(text: str) -> str:
    """The text without characters that no database or reader can take (NUL, surrogates), and nothing else changed."""
    kept = UNREADABLE.sub("", text)
    return kept if kept.isascii() else "".join(_few_marks(kept))


@overload
def clean_text(value: str) -> str: ...


@overload
def clean_text(value: None) -> None: ...


def clean_text(value: str | None) -> str | None:
    """Trim, use one kind of line end, and keep what is `readable`."""
    if value is None:
        return None
    text = readable(value).replace("\r\n", "\n").replace("\r", "\n")
    return "".join(_few_marks(unicodedata.normalize("NFC", text))).strip()  # one mark can come apart into two
