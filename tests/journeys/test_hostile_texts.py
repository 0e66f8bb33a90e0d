"""Two hundred hostile texts in every field: none runs in a real browser, none becomes more than text on any page."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import cycle, product
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Dialog, Page

from portal.demo.tour import NOBODY, VISITS
from tests.browser import window
from tests.hostile import DOCUMENT, MARK, PAYLOADS, RUN, faults
from tests.journeys import demo_ids, steps
from tests.journeys.planted import Typist, plant
from tests.journeys.staged import StagedPortal

LISTEN = f"""
window.__ran = [];
window.{MARK} = () => window.__ran.push(location.pathname);
addEventListener("securitypolicyviolation", (event) =>
  window.__ran.push(event.violatedDirective + " " + event.blockedURI + " " + event.sample));
"""
READ = "[window.__ran, [...document.links].map((link) => link.protocol)]"
FEW = [  # the pages with the most words of people on them
    (NOBODY, "/people"),
    (NOBODY, "/record/{decision}"),
    (NOBODY, "/access"),
    ("Demo Software Engineer", "/requests/{ready}"),
    ("Demo Software Engineer", "/requests/{draft}/draft"),
    ("Demo MediaWiki Specialist", "/requests/{high_trust}"),
    ("Demo Director", "/"),
    ("Demo Director", "/requests/{ready}"),
    ("Demo Director", "/requests/{declined}"),
    ("Demo Director", "/people/appointments"),
]
EVERYWHERE = [(name, address) for name, addresses in VISITS.items() for address in addresses]
IN_THE_ADDRESS = (
    *("/requests/?q={0}&kind={0}&stage={0}&person={0}&item={0}&before={0}", "/record?kind={0}&year={0}&item={0}"),
    *("/access?type={0}&item={0}&person={0}&before={0}", "/people/named/{0}", "/rules/{0}/change?kind={0}"),
    *("/sign-in/callback?error={0}&error_description={0}&hint={0}", "/account?kept={0}&{0}={0}", "/{0}/{0}"),
)


class Witness:
    """A window that notes everything a hostile text could do in it."""

    def __init__(self, page: Page, home: str) -> None:
        self.page, self.home = page, home
        self.noted: list[str] = []
        page.add_init_script(LISTEN)
        page.on("dialog", self._note_dialog)
        page.on("request", lambda request: self._note_address(request.url))
        page.on("console", lambda said: self.noted.append(said.text) if MARK in said.text else None)

    def _note_dialog(self, dialog: Dialog) -> None:
        self.noted.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def _note_address(self, url: str) -> None:
        if not url.startswith(f"{self.home}/") or MARK in url.removeprefix(self.home).partition("?")[0]:
            self.noted.append(f"asks for {url}")

    def visit(self, address: str) -> list[str]:
        """Open a page. What happened that should not have."""
        self.noted.clear()
        answer = self.page.goto(self.home + address)
        steps.until(self.page, "typeof htmx === 'object'")
        ran, schemes = self.page.evaluate(READ)
        assert answer
        found = [*self.noted, *ran, *(scheme for scheme in schemes if scheme not in ("http:", "https:", "mailto:"))]
        if answer.status >= 500 or answer.headers.get("content-security-policy", "").count("nonce-") != 1:
            found.append(f"status {answer.status}")
        return [f"{address}: {fault}" for fault in (*found, *faults(self.page.content()))]


def type_everywhere(portal: StagedPortal, ids: dict[str, int]) -> list[str]:
    """Fill every form that anybody is given on any page. What came of it that should not have."""
    payloads, found = cycle(PAYLOADS), []
    sent: set[str] = set()
    for name in (name for name in VISITS if name != NOBODY):
        typist = Typist(portal, name)
        for address in VISITS[name]:
            typist.fill(address.format(**ids), payloads)
        found += [f"{name} {fault}" for fault in typist.faults]
        sent |= set(typist.sent)
    assert len(sent) >= 30, sorted(sent)
    return found


def witnessed(chromium: Browser, portal: StagedPortal, pages: list[tuple[str, str]], ids: dict[str, int]) -> list[str]:
    """Everything that went wrong on these pages in Chromium."""
    found = []
    for name in dict.fromkeys(name for name, _address in pages):
        with window(chromium) as page:
            if name != NOBODY:
                portal.enter(page, name)
            witness = Witness(page, portal.url)
            for address in (address for who, address in pages if who == name):
                found += [f"{name} {fault}" for fault in witness.visit(address.format(**ids))]
    return found


def test_what_is_typed_into_any_form_comes_back_as_text(portal: StagedPortal) -> None:
    assert type_everywhere(portal, demo_ids.find(portal)) == []


@pytest.mark.browser
def test_no_text_of_anybody_runs_where_most_is_read(chromium: Browser, portal: StagedPortal) -> None:
    planted = plant(portal)
    assert {"person.name", "text.body", "evidence.url", "wiki_identity.username"} <= set(planted)

    assert witnessed(chromium, portal, FEW, demo_ids.find(portal)) == []


@pytest.mark.slow
@pytest.mark.browser
def test_no_text_of_anybody_runs_on_any_page(chromium: Browser, portal: StagedPortal) -> None:
    ids = demo_ids.find(portal)
    assert type_everywhere(portal, ids) == []
    assert witnessed(chromium, portal, EVERYWHERE, ids) == []
    plant(portal)

    assert witnessed(chromium, portal, EVERYWHERE, ids) == []


def open_all(portal: StagedPortal, addresses: Iterable[str]) -> list[str]:
    """What is wrong with the answers, read by a Director."""
    typist = Typist(portal, "Demo Director")
    for address in addresses:
        answer = typist.client.get(address, base_url=portal.url)
        typist.look(address, answer.status_code, answer.text)
    return typist.faults


def test_nothing_in_an_address_becomes_more_than_text(portal: StagedPortal) -> None:
    shaped = zip(PAYLOADS, cycle(IN_THE_ADDRESS), strict=False)

    assert open_all(portal, (shape.format(quote(payload, safe="")) for payload, shape in shaped)) == []


@pytest.mark.slow
def test_nothing_in_any_address_becomes_more_than_text(portal: StagedPortal) -> None:
    shaped = product(PAYLOADS, IN_THE_ADDRESS)

    assert open_all(portal, (shape.format(quote(payload, safe="")) for payload, shape in shaped)) == []


@pytest.mark.browser
def test_a_witness_sees_what_runs_and_what_is_stopped(chromium: Browser, portal: StagedPortal) -> None:
    """The control: without it the tests above could be blind."""
    context = chromium.new_context()
    page = context.new_page()
    witness = Witness(page, portal.url)
    assert witness.visit("/welcome") == []

    page.evaluate("(html) => document.body.insertAdjacentHTML('beforeend', html)", f"<img src=/x onerror={RUN}>")
    steps.until(page, "window.__ran.length > 0")
    assert "script-src" in page.evaluate("window.__ran")[0]  # stopped by the policy, and noted

    page.route("**/open", lambda route: route.fulfill(body=f"<img src=/x onerror={RUN}>", content_type="text/html"))
    page.goto(f"{portal.url}/open")
    steps.until(page, "window.__ran.length > 0")
    assert page.evaluate("window.__ran") == ["/open"]
    assert faults(page.content()) != []
    context.close()


def test_the_document_holds_every_payload() -> None:
    assert all(payload in DOCUMENT for payload in PAYLOADS)
