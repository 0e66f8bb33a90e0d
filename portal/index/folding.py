"""Text into words, the same for both databases and for what is typed to find them. Pure.

A word is a run of letters, digits and the marks that belong to them, without case and without the accents of Latin,
Greek and Cyrillic; whatever else stands in a text parts words. Scripts that put no spaces between words (Chinese,
Japanese, Thai and their neighbours) count each letter as a word, so that a run of them is found as a phrase.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

LONGEST_WORD = 64  # characters; longer ones are cut, where they are kept and where they are looked for
LONGEST_TEXT = 20_000  # characters that are looked at: more than any form takes
MOST_WORDS = 16_000  # of one text: PostgreSQL counts places up to 16,383
ACCENTS = range(0x0300, 0x0370)
ALONE = (  # letters that stand for themselves
    (0x3040, 0x30FF),  # kana
    (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF),  # Han
)  # fmt: skip
BEGINNING = ((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF))  # Thai, Lao, Burmese, Khmer: marks may follow


class _Folded(dict[int, str]):
    """Character -> what stands for it in words; a space parts. Filled as characters are met."""

    def __missing__(self, code: int) -> str:
        self[code] = found = _fold(chr(code))
        return found


_TABLE = _Folded()


def words(text: str) -> list[str]:
    """The words of a text in their order, as far as they count."""
    found = unicodedata.normalize("NFC", text[:LONGEST_TEXT]).translate(_TABLE).split()
    return [word[:LONGEST_WORD] for word in found[:MOST_WORDS]]


def spans(text: str) -> Iterator[tuple[str, int, int]]:
    """Each word of a text in NFC with where it begins and ends in it."""
    word, start, end = "", 0, 0
    for place, char in enumerate(text):
        for part in _TABLE[ord(char)]:
            if part != " ":
                start = start if word else place
                word, end = word + part, place + 1
            elif word:
                yield word[:LONGEST_WORD], start, end
                word = ""
    if word:
        yield word[:LONGEST_WORD], start, end


def _fold(char: str) -> str:
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", char).casefold())
    folded = "".join(map(_part, plain))
    if _is_in(char, ALONE):
        return f" {folded} "
    begins = _is_in(char, BEGINNING) and unicodedata.category(char).startswith("L")
    return f" {folded}" if begins else folded


def _part(char: str) -> str:
    kind = unicodedata.category(char)
    if ord(char) in ACCENTS or kind == "Me" or _is_in(char, ((0xFE00, 0xFE0F), (0xE0100, 0xE01EF))):
        return ""
    if kind == "Cf":
        return " " if char == "\u200b" else ""  # a soft hyphen or a mark of direction stands inside a word
    return char if kind[0] in "LNM" else " "


def _is_in(char: str, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= ord(char) <= last for first, last in ranges)
