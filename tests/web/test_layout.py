"""The page frame, its headers, and what it promises to every reader."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path

import html5lib
import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.people.models import Person
from portal.web import security
from tests import factories

STATIC = Path(security.__file__).parent.parent / "static"
TEMPLATES = STATIC.parent / "templates"
ANY_PAGE = "/nothing-here"  # the frame of a refusal is the frame of every page


def own_styles() -> str:
    return (STATIC / "portal.css").read_text()


def test_the_vendored_htmx_is_the_one_the_integrity_value_names() -> None:
    digest = hashlib.sha384((STATIC / "vendor/htmx/htmx.min.js").read_bytes()).digest()

    assert f"sha384-{base64.b64encode(digest).decode()}" == security.HTMX_INTEGRITY


def test_every_page_has_one_heading_one_main_and_a_way_past_the_menu(client: FlaskClient) -> None:
    page = client.get(ANY_PAGE).text

    html5lib.HTMLParser(strict=True).parse(page)
    assert page.count("<h1") == 1
    assert page.count("<main") == 1
    assert 'href="#main"' in page
    assert 'id="main"' in page
    assert 'lang="en"' in page


def test_the_heading_of_an_error_page_is_its_title_and_says_it_in_words(client: FlaskClient) -> None:
    page = client.get(ANY_PAGE).text

    assert "<h1>Not found</h1>" in page
    assert "<title>Not found – " in page


def test_a_signed_in_person_finds_their_name_on_every_page(as_person: Callable[[Person], FlaskClient]) -> None:
    ann = factories.member("Ann Example")

    assert "Ann Example" in as_person(ann).get(ANY_PAGE).text


def test_an_anonymous_reader_is_offered_the_sign_in(client: FlaskClient) -> None:
    assert "Sign in with Miraheze" in client.get(ANY_PAGE).text


def test_nothing_runs_and_nothing_is_drawn_but_what_the_portal_serves(client: FlaskClient) -> None:
    response = client.get(ANY_PAGE)
    policy = dict(part.split(" ", 1) for part in response.headers["Content-Security-Policy"].split("; "))

    assert policy["default-src"] == "'none'"
    assert policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    nonce = policy["script-src"].removeprefix("'nonce-").removesuffix("'")
    scripts = re.findall(r"<script[^>]*>", response.text)
    assert scripts
    assert all(f'nonce="{nonce}"' in script and "src=" in script for script in scripts)
    assert client.get(ANY_PAGE).headers["Content-Security-Policy"] != response.headers["Content-Security-Policy"]


def test_no_template_carries_style_or_script_of_its_own() -> None:
    inline = re.compile(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=\"|hx-on|javascript:", re.I)
    found = {str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.html") if inline.search(path.read_text())}

    assert found == {"notifications/mail.html"}  # no page: a letter has to bring its style along


def test_htmx_is_configured_with_names_that_its_version_knows(client: FlaskClient) -> None:
    found = re.search(r"name=\"htmx-config\" content='([^']*)'", client.get(ANY_PAGE).text)
    assert found

    source = (STATIC / "vendor/htmx/htmx.min.js").read_text()
    chosen = json.loads(found[1])

    assert chosen["includeIndicatorCSS"] is False
    assert [name for name in chosen if name not in source] == []


def test_an_htmx_request_gets_the_refusal_alone_and_the_answer_says_that_it_varies(client: FlaskClient) -> None:
    response = client.get(ANY_PAGE, headers={"HX-Request": "true"})

    assert response.status_code == 404
    assert "<html" not in response.text
    assert 'class="error-box' in response.text
    assert "HX-Request" in response.headers["Vary"]


def test_a_refused_form_is_given_back_to_be_copied(client: FlaskClient) -> None:
    page = client.post(ANY_PAGE, data={"body": "Half an hour of <b>typing</b>"}).text

    assert "Half an hour of &lt;b&gt;typing&lt;/b&gt;" in page


def test_right_to_left_readers_get_the_mirrored_codex(app: Flask, client: FlaskClient) -> None:
    before = app.jinja_env.globals["text_direction"]
    app.jinja_env.globals["text_direction"] = lambda: "rtl"
    try:
        page = client.get(ANY_PAGE).text
    finally:
        app.jinja_env.globals["text_direction"] = before

    assert 'dir="rtl"' in page
    assert "codex.style-rtl.css" in page


def test_our_styles_name_no_side_so_that_they_mirror_by_themselves() -> None:
    sides = re.compile(
        r"(?:margin|padding|border|inset)-(?:left|right|top|bottom)\b|[{;]\s*(?:left|right|float: (?:left|right))\b"
    )

    assert sides.findall(own_styles()) == []


def test_our_colours_are_tokens_of_codex() -> None:
    known = set(re.findall(r"(--[\w-]+):", (STATIC / "vendor/codex/theme-wikimedia-ui-root.css").read_text()))
    own = set(re.findall(r"(--[\w-]+):", own_styles())) | {"--icon"}

    used = set(re.findall(r"var\((--[\w-]+)", own_styles()))
    by_number = [
        line for line in own_styles().splitlines() if re.search(r"#[0-9a-f]{3,8}\b(?!')", line) and "data:" not in line
    ]

    assert used - known - own == set()
    assert by_number == []


def test_every_icon_a_template_asks_for_exists() -> None:
    drawn = set(re.findall(r"\.icon--([\w-]+)", (STATIC / "icons.css").read_text()))
    asked = re.compile(r"ui\.icon\(\"([\w-]+)\"\)|ui\.chip\([^{}]*?, \"([\w-]+)\"\)|icon--([a-z]+)\"")

    missing = {
        f"{path.name}: {name}"
        for path in TEMPLATES.rglob("*.html")
        for match in asked.finditer(path.read_text())
        for name in match.groups()
        if name and name not in drawn
    }

    assert missing == set()


@pytest.mark.parametrize("path", ["portal.css", "icons.css", "portal.js", "icon.svg"])
def test_the_files_of_the_look_are_served_and_may_be_kept(client: FlaskClient, path: str) -> None:
    with client.get(f"/static/{path}") as response:
        assert response.status_code == 200
        assert response.headers.get("Cache-Control") != "no-store"


@pytest.mark.parametrize("address", ["/access?item=%00", "/people/named/a%00b", "/?%00=1"])
def test_an_address_with_a_nul_is_refused_in_words(client: FlaskClient, address: str) -> None:
    answer = client.get(address)

    assert answer.status_code == 400
    assert "could not be understood" in answer.text


@pytest.mark.parametrize("origin", ["http://[", "http://evil.example", "https://localhost.evil.example"])
def test_a_post_from_elsewhere_is_refused(client: FlaskClient, origin: str) -> None:
    assert client.post("/sign-out", headers={"Origin": origin, "Referer": "http://["}).status_code in (400, 403)
