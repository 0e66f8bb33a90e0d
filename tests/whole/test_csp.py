"""Every answer forbids script and style that are not the portal's own, whatever kind of answer it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

import html5lib
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from portal import create_app
from portal.web.access import Rule, access
from tests import databases, factories
from tests.requests.pages import HTMX, Browser
from tests.requests.scenes import scene
from tests.whole.actors import ACTORS, client_of, pages

POLICY = {
    "default-src": "'none'",
    "script-src": "'nonce'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}
NONCE = re.compile(r"'nonce-([A-Za-z0-9_-]{22,})'")  # 128 bits and more


def policy_of(answer: TestResponse) -> tuple[dict[str, str], str]:
    """What the answer allows, and its nonce."""
    sent = answer.headers.getlist("Content-Security-Policy")
    assert len(sent) == 1, answer.request.path
    found = NONCE.findall(sent[0])
    assert len(found) == 1, sent
    parts = (part.strip().partition(" ") for part in NONCE.sub("'nonce'", sent[0]).split(";"))
    return {name: allowed for name, _, allowed in parts}, found[0]


def inline(markup: str) -> Iterator[str]:
    """Script and style of a page or a piece of one that the policy would stop."""
    tree: Element = html5lib.parse(markup, namespaceHTMLElements=False)
    for element in tree.iter():
        if not isinstance(element.tag, str):
            continue
        if element.tag == "style" or (element.tag == "script" and (element.text or not element.get("src"))):
            yield f"inline {element.tag}"
        if element.tag == "script" and not element.get("nonce"):
            yield "script without a nonce"
        for name, value in element.attrib.items():
            if (
                name.startswith(("on", "hx-on"))
                or name in ("style", "srcdoc")
                or value.lower().startswith("javascript:")
            ):
                yield f"{element.tag} {name}"
            if name.startswith("hx-") and ("js:" in value or "javascript:" in value):
                yield f"{element.tag} {name} is run"


def faults(answer: TestResponse) -> list[str]:
    """What of an answer's policy is not as it should be."""
    policy, nonce = policy_of(answer)
    found = [] if policy == POLICY else [f"policy {policy}"]
    if answer.headers.get("X-Content-Type-Options") != "nosniff":
        found.append("may be sniffed")
    if answer.mimetype == "text/html":
        found += inline(answer.text)
        found += ["a foreign nonce" for used in re.findall(r'nonce="([^"]*)"', answer.text) if used != nonce]
    return [f"{answer.request.path}: {fault}" for fault in found]


@pytest.mark.parametrize("actor", ["anonymous", "director"])
def test_every_page_and_every_piece_of_one_has_the_policy(app: Flask, actor: str) -> None:
    assert actor in ACTORS
    client, found, nonces = client_of(app, actor), [], set()
    answers = [client.get(address, headers=headers) for address in pages(app) for headers in ({}, HTMX)]

    for answer in answers:
        found += faults(answer)
        nonces.add(policy_of(answer)[1])

    assert found == []
    assert len(nonces) == len(answers)


def test_pages_with_much_on_them_have_it_too(app: Flask) -> None:
    request_id, ann = scene()
    found = []
    for person in (ann, factories.member()):
        browser = Browser(app, person)
        for path in ("", "/edit", "/withdraw", "/own-key"):
            for htmx in (False, True):
                found += faults(browser.get(f"/requests/{request_id}{path}", htmx=htmx))

    assert found == []


def breaking(app: Flask) -> Flask:
    """The portal with a page that fails."""

    @access(Rule.PUBLIC)
    def fail() -> str:
        raise ZeroDivisionError

    fresh = create_app(databases.settings(app.extensions["settings"].database_url, ENV="testing"))
    fresh.add_url_rule("/fails", "fails", fail)
    return fresh


def test_redirects_files_and_every_kind_of_refusal_have_it_too(app: Flask) -> None:
    client = client_of(breaking(app), "director")
    answers = {
        400: client.post("/sign-out"),
        403: client.post("/sign-out", headers={"Sec-Fetch-Site": "cross-site"}),
        404: client.get("/nothing/<script>"),
        405: client.put("/account"),
        413: client.post("/sign-out", data={"x": "y" * 1_100_000}),
        415: client.post("/sign-out", json={}),
        421: client.get("/", headers={"Host": "evil.example"}),
        500: client.get("/fails"),
        302: client.get("/sign-in"),
        308: client.get("/requests"),
        401: app.test_client().get("/account"),
        200: client.get("/static/portal.js", buffered=True),
    }

    assert {status: answer.status_code for status, answer in answers.items()} == {status: status for status in answers}
    assert [fault for answer in answers.values() for fault in faults(answer)] == []
    assert faults(client.get("/healthz")) == []
    assert faults(client.get("/static/nothing")) == []


@pytest.mark.parametrize(
    "markup",
    [
        "<p onclick=x()>",
        "<p style=x>",
        "<style>x</style>",
        "<script nonce=n>x()</script>",
        "<script src=/x></script>",
        "<a href=JavaScript:x()>x</a>",
        "<p hx-vals='js:{a:b()}'>",
        "<p hx-on:click=x()>",
        "<iframe srcdoc=x>",
    ],
)
def test_what_the_policy_would_stop_is_found(markup: str) -> None:
    assert list(inline(markup)) != []
