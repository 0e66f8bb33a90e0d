"""Comments become safe HTML, with the wiki's links in them."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import html5lib
import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.web.markdown import TAGS, markdown, mentions

PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![x](javascript:alert(1))",
    "![x](https://evil.example/pixel.png)",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:x)",
    "<javascript:alert(1)>",
    "[[javascript:alert(1)]]",
    "[[x|<img src=x onerror=alert(1)>]]",
    '[[" onmouseover="alert(1)]]',
    "[[../../../evil|x]]",
    '@[" onmouseover="alert(1)]',
    "@[<svg onload=alert(1)>]",
    '[x](https://a.example "title\\" onclick=alert(1)")',
    "<svg/onload=alert(1)>",
    "<iframe src=//evil.example></iframe>",
    "<style>body{display:none}</style>",
    "<a href='https://a.example' style='position:fixed' class='cdx-button'>x</a>",
    "<form action=//evil.example><button>Approve</button></form>",
    "```<script>\nalert(1)\n```",
    "`<script>alert(1)</script>`",
    "<!--<script>--><script>alert(1)</script>",
    "[x]: javascript:alert(1)\n[x]",
    "\x00<script>alert(1)</script>",
]


@pytest.fixture(autouse=True)
def _on_the_organisation(app: Flask) -> None:
    """Links lead to the organisation's wiki and tracker."""


def wiki(app: Flask) -> str:
    return str(app.extensions["organisation"].wiki_url)


def assert_harmless(html: str) -> None:
    """Only known elements, only links to known kinds of address, no attribute that could act."""
    tree = html5lib.parseFragment(html, namespaceHTMLElements=False)
    for element in tree.iter():
        if element.tag == "DOCUMENT_FRAGMENT":
            continue
        assert element.tag in TAGS
        assert set(element.attrib) <= {"href", "rel", "start"}
        address = urljoin("https://portal.example/requests/1", element.attrib.get("href", ""))
        assert urlsplit(address).scheme in ("https", "http", "mailto"), address


def test_a_wikilink_leads_to_the_wiki(app: Flask) -> None:
    assert f'<a href="{wiki(app)}Tech:Job_queue"' in markdown("See [[Tech:Job queue]].")


def test_a_wikilink_shows_its_label(app: Flask) -> None:
    assert ">the queue</a>" in markdown("[[Tech:Job queue|the queue]]")


def test_an_interwiki_link_leads_to_the_other_wiki() -> None:
    assert 'href="https://www.mediawiki.org/wiki/Manual:JobQueue"' in markdown("[[mw:Manual:JobQueue]]")


def test_a_task_number_leads_to_the_tracker(app: Flask) -> None:
    tracker = app.extensions["organisation"].tracker_url

    assert f'<a href="{tracker}/T15032"' in markdown("Blocked by T15032.")


@pytest.mark.parametrize("text", ["RT123", "T123abc", "path/T123", "T12345678", "T"])
def test_what_only_looks_like_a_task_stays_text(text: str) -> None:
    assert "<a" not in markdown(text)


def test_a_mention_leads_to_the_person() -> None:
    assert 'href="/people/named/Ann"' in markdown("Thanks, @Ann.")


def test_a_mention_may_have_spaces_in_brackets() -> None:
    assert 'href="/people/named/Ann%20of%20Wiki"' in markdown("Thanks, @[Ann of Wiki]!")
    assert mentions("@Bob and @[Ann of Wiki], not me@example.org") == {"Bob", "Ann of Wiki"}


def test_an_address_is_no_mention() -> None:
    assert "people" not in markdown("Write to me@example.org")


@pytest.mark.parametrize("text", ["`[[Page]] T123 @Ann`", "    [[Page]] T123 @Ann", "```\n[[Page]] T123 @Ann\n```"])
def test_nothing_is_linked_inside_code(text: str) -> None:
    assert "<a" not in markdown(text)


def test_nothing_is_linked_inside_a_link() -> None:
    html = markdown("[see T123 and @Ann](https://example.org/)")

    assert html.count("<a") == 1


def test_links_of_readers_carry_no_weight() -> None:
    assert 'rel="nofollow noopener ugc"' in markdown("[x](https://example.org/)")


def test_headings_nest_under_those_of_the_page() -> None:
    assert markdown("# One\n\n###### Six") == "<h3>One</h3>\n<h5>Six</h5>\n"


def test_nothing_becomes_nothing() -> None:
    assert markdown(None) == ""
    assert markdown("") == ""


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_that_acts_gets_through(payload: str) -> None:
    assert_harmless(markdown(payload))
    assert_harmless(markdown(f"> - **{payload}**"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet="ab<>\"'`[]()|@T1:#*_&;/\\\n javscript=", max_size=80))
def test_no_text_at_all_makes_anything_but_known_elements(app: Flask, text: str) -> None:
    with app.app_context():
        assert_harmless(markdown(text))
