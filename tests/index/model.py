"""What a search finds, by reading everything: written apart from the portal, from the words of docs and page."""

from __future__ import annotations

import re
import unicodedata

RUN = re.compile(r"[぀-ヿ㐀-鿿]|[^\W_぀-ヿ㐀-鿿]+")


def words(text: str) -> list[str]:
    """Runs of letters and digits without case and accents; Chinese and Japanese letters by themselves."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    plain = unicodedata.normalize("NFC", "".join(char for char in plain if not "\u0300" <= char <= "\u036f"))
    return RUN.findall(plain)


def terms(typed: str) -> list[tuple[list[str], bool]]:
    """Each term with whether its last word may go on."""
    found = []
    pieces = re.findall(r'"([^"]*)("?)|([^"\s]+)', typed)
    for quoted, end, bare in pieces:
        piece = words(bare or quoted)
        if piece:
            found.append((piece, not end and len(piece[-1]) > 1))
    return found


def has(text: str, term: tuple[list[str], bool]) -> bool:
    sought, is_open = term
    found = words(text)
    for at in range(len(found)):
        here = found[at : at + len(sought)]
        same = here[:-1] == sought[:-1] and len(here) == len(sought)
        if same and (here[-1] == sought[-1] or (is_open and here[-1].startswith(sought[-1]))):
            return True
    return False


def finds(typed: str, text: str) -> bool:
    """Whether what was typed finds this text."""
    asked = terms(typed)
    return bool(asked) and all(has(text, term) for term in asked)
