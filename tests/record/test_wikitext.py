"""Whatever people wrote is shown on the wiki as they wrote it, and does nothing there."""

from __future__ import annotations

import html
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.record.wikitext import plain

HOSTILE = (
    *("</nowiki><script>alert(1)</script>", "{{delete|now}}", "{{{1}}}", "[[Category:X]]", "[[File:x.jpg|thumb]]"),
    *("[https://evil.example.org click]", "https://evil.example.org", "mailto:a@b", "'''bold''' ''italic''", "~~~~"),
    *("__NOTOC__", "== Heading ==", "\n== Heading ==\n", "* list\n# list\n: indented\n; term", "{| table\n|-\n|}"),
    *("<nowiki>", "<!-- hidden", "-->", "<ref>x</ref>", "&lt;b&gt;", "&#91;&#91;X&#93;&#93;", "-{zh:x}-"),
    *(
        "RFC 2549",
        "PMID 1",
        "ISBN 978-0-306-40615-7",
        "#REDIRECT [[X]]",
        "----",
        " leading space",
        "\x7fUNIQ-1-QINU\x7f",
    ),
    *("\u202eevil", "a\u2028b", "\ud800", "||", "!!", "\\", "|}", "{{!}}", "<br/>", "T123 & co.", ""),
)
PARTS = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=20), st.sampled_from("[]{}|<>&'=*#:;~_- \n09AZ"))
ENTITY = re.compile(r"&#\d+;")
MAGIC = re.compile(r"(?:RFC|PMID|ISBN)\s+\d|__[A-Z]+__|https?:|//", re.IGNORECASE)


def check(text: str) -> None:
    found = plain(text)

    bare = ENTITY.sub("", found)
    assert not re.search(r"[^\w .,?()]", "".join(ch for ch in bare if ch.isascii()))
    assert "_" not in bare
    assert not MAGIC.search(found)
    assert all(ch.isprintable() or ch in "\u200c\u200d" or unicodedata.category(ch) == "Zs" for ch in found)
    assert "\n" not in found
    assert words(html.unescape(found)) == words(text)


def words(text: str) -> str:
    """What is left of a text when it stands on one line without what cannot be seen."""
    seen = (ch for ch in text if unicodedata.category(ch) not in ("Cf", "Cs", "Co", "Cn") or ch in "\u200c\u200d")
    spaced = "".join(" " if unicodedata.category(ch) in ("Cc", "Zl", "Zp") else ch for ch in seen)
    return " ".join(spaced.split())


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str) -> None:
    check(text)


@given(st.lists(PARTS, max_size=12).map("".join))
def test_any_text_stays_text(text: str) -> None:
    check(text)


def test_a_long_text_is_cut_before_it_is_escaped() -> None:
    found = plain("[" * 700, longest=600)

    assert found == "&#91;" * 600 + "…"


def test_plain_words_stay_readable() -> None:
    assert plain("She did the work, ünï") == "She did the work, ünï"
