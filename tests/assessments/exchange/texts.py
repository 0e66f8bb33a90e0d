"""Texts that a wiki, a spreadsheet or a program could misread."""

from __future__ import annotations

from hypothesis import strategies as st

from portal.web.text import clean_text

HOSTILE = (
    *("</nowiki><script>alert(1)</script>", "<nowiki>|</nowiki>", "{{delete|now}}", "{{{1}}}", "[[Category:X]]"),
    *("[https://evil.example.org click]", "https://evil.example.org", "mailto:a@b", "'''bold''' ''italic''", "~~~~"),
    *(
        "__NOTOC__",
        "\n== Heading ==\n",
        "* list\n# list\n: indented\n; term",
        "{| table\n|-\n|}",
        "|-",
        "|}",
        "|+",
        "!!",
    ),
    *("<!-- hidden", "-->", "<ref>x</ref>", "&lt;b&gt;", "&#91;", "-{zh:x}-", "RFC 2549", "ISBN 978-0-306-40615-7"),
    *("#REDIRECT [[X]]", "----", "{{!}}", "<br/>", "T123 & co.", "=1+1", "+1", "-1", "@SUM(A1)", "'=x", "''=x", "\t=x"),
    *(
        "\\|",
        "\\",
        '"',
        '","',
        "a;b",
        "\u2028",
        "colspan=“4”",
        "—",
        "Knowledge",
        "Title",
        "* Date: 01/01/2000",
        "  a   b  ",
    ),
)
PARTS = st.sampled_from(HOSTILE) | st.text(max_size=20) | st.sampled_from(list("[]{}|<>&'\"=*#:;~_!+@- \n\t09AZ"))
TEXTS = st.lists(PARTS, max_size=6).map("".join).map(clean_text)  # as the portal's fields keep what is typed
LINES = TEXTS.map(lambda text: " ".join(text.split()))
