"""Every hostile text as a comment, one by one and all together: text stays text."""

from __future__ import annotations

import pytest
from flask import Flask

from portal.web.markdown import markdown
from tests.hostile import DOCUMENT, MARK, PAYLOADS, faults


def test_there_are_two_hundred_of_them_and_each_is_found_again() -> None:
    assert len(PAYLOADS) >= 200
    assert all(MARK in payload for payload in PAYLOADS)


def test_no_comment_becomes_more_than_text_and_links(app: Flask) -> None:
    found = {payload: faults(str(markdown(payload))) for payload in (*PAYLOADS, DOCUMENT)}

    assert {payload: why for payload, why in found.items() if why} == {}


SHAPES = ("* %s", "> %s", "1. %s", "# %s", "[%s](https://a.example)", "[a](<%s>)", "[[%s]]", "[[A|%s]]", "@[%s]")


def test_in_a_list_a_quote_or_a_link_it_is_no_different(app: Flask) -> None:
    texts = [shape.replace("%s", payload) for payload in PAYLOADS for shape in SHAPES]
    found = {text: faults(str(markdown(text))) for text in texts}

    assert {text: why for text, why in found.items() if why} == {}


@pytest.mark.parametrize(
    "html",
    [
        f"<p onclick={MARK}()>x</p>",
        f"<a href='javascript:{MARK}()'>x</a>",
        f"<a href=' data:text/html,{MARK}'>x</a>",
        f"<p hx-get=/{MARK}>x</p>",
        f"<script>{MARK}()</script>",
        f"<svg><style>{MARK}</style></svg>",
        "<p style=x>x</p>",
        f"<img src=/{MARK}>",
        f"<p id={MARK}>x</p>",
        f"<p>49{MARK}</p>",
    ],
)
def test_a_text_that_became_more_is_found(html: str) -> None:
    assert faults(html) != []
