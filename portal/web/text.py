"""Cleaning what people type."""

from __future__ import annotations

import unicodedata
from typing import overload

DROPPED = {"Cc", "Cs", "Co"}  # control, surrogate, private; what Unicode has not named yet may be a new emoji and stays


def _is_kept(char: str) -> bool:
    """Whether a database and a reader can take the character; U+FDD0-FDEF and the last two of each plane are none."""
    code = ord(char)
    if code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF:
        return False
    return char in "\n\t" or unicodedata.category(char) not in DROPPED


@overload
def clean_text(value: str) -> str: ...


@overload
def clean_text(value: None) -> None: ...


def clean_text(value: str | None) -> str | None:
    """Trim, use one kind of line end, drop characters that no database or reader can take (NUL, surrogates)."""
    if value is None:
        return None
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", "".join(char for char in text if _is_kept(char))).strip()
