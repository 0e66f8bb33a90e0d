"""Text that people wrote, as wikitext that shows it and does nothing else. Pure."""

from __future__ import annotations

import unicodedata

CUT = "…"
HARMLESS = ".,?()"  # what stands in any sentence and means nothing to MediaWiki


def plain(text: str, *, longest: int | None = None) -> str:
    """The text on one line, every sign that could mean something to MediaWiki as an entity.

    Letters, digits, single spaces and `HARMLESS` stay as they are. A space before a digit becomes an entity too, since
    "RFC 1" is a link.
    """
    line = " ".join(_visible(text).split())
    if longest is not None and len(line) > longest:
        line = line[:longest].rstrip() + CUT
    return "".join(_sign(ch, after) for ch, after in zip(line, f"{line[1:]} ", strict=False))


def _visible(text: str) -> str:
    """Without what is no character of a line: controls, and marks that turn the direction of what follows."""
    return "".join(" " if unicodedata.category(ch) in ("Cc", "Zl", "Zp") else ch for ch in text if not _is_hidden(ch))


def _is_hidden(ch: str) -> bool:
    return unicodedata.category(ch) in ("Cf", "Cs", "Co", "Cn") and ch not in "\u200c\u200d"


def _sign(ch: str, after: str) -> str:
    if ch == " ":
        return "&#32;" if after.isdecimal() else ch
    if ch.isascii() and not ch.isalnum() and ch not in HARMLESS:
        return f"&#{ord(ch)};"
    return ch
