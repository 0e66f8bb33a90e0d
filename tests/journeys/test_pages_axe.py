"""Every page in light and dark, wide and on a phone: nothing for axe-core to find, nothing in the console."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from playwright.sync_api import Page, expect
from werkzeug.exceptions import HTTPException

from portal.demo.tour import MIRRORED, NOBODY, PRESSED, VISITS
from tests.journeys import demo_ids, looking, steps
from tests.journeys.conftest import OpenWindow
from tests.journeys.staged import StagedPortal

pytestmark = pytest.mark.browser

REFUSED = {
    (NOBODY, "/requests/{ready}"): 401,
    (NOBODY, "/not-there"): 404,
    ("Demo Software Engineer", "/people/appointments"): 403,
    ("Demo MediaWiki Specialist", "/requests/{draft}"): 404,
    ("Demo MediaWiki Specialist", "/rules/discussion_days/change?kind=new_member"): 403,
}
SOMEBODY = [name for name in VISITS if name not in {"Demo Volunteer", "Demo Deputy", "Demo Treasurer", "Demo Operator"}]
NO_PAGES = {
    *("static", "operations.health", "sign_in.start", "sign_in.callback", "people.named"),
    *("proof.record_file", "proof.checkpoint", "proof.newest", "proof.atom", "calendar.public", "calendar.personal"),
    "requests.news",  # a part of a page
    *("personal_data.file", "exchange.export", "standards.wikitext"),
}


def visit(
    portal: StagedPortal, page: Page, name: str, addresses: Iterable[str], looks: tuple[looking.Look, ...]
) -> list[str]:
    """What is wrong with these pages of this person, in these looks."""
    found, faults = demo_ids.find(portal), []
    if name != NOBODY:
        portal.enter(page, name)
    for address in addresses:
        answer = page.goto(portal.url + address.format(**found))
        assert answer
        assert answer.status == REFUSED.get((name, address), 200), address
        faults += [f"{address} {fault}" for fault in looking.faults(page, looks)]
    return faults


def first_visits(name: str) -> list[str]:
    """The addresses of this person that nobody before them in the tour has; the others wait for --slow."""
    earlier = list(VISITS)[: list(VISITS).index(name)]
    seen = {address for other in earlier for address in VISITS[other]} - {"/"}
    return [address for address in VISITS[name] if address not in seen]


@pytest.mark.parametrize("name", SOMEBODY)
def test_pages_are_sound_in_one_look_or_the_other(portal: StagedPortal, open_window: OpenWindow, name: str) -> None:
    page, addresses = open_window(), first_visits(name)
    faults = [
        fault
        for turn, look in enumerate(looking.IN_TURN)
        for fault in visit(portal, page, name, addresses[turn::2], (look,))
    ]

    assert faults == []


def test_mirrored_pages_are_sound_in_some_looks(mirrored: StagedPortal, open_window: OpenWindow) -> None:
    page = open_window()
    found = visit(mirrored, page, "Demo Director", MIRRORED["Demo Director"], looking.SOME_LOOKS)

    assert page.evaluate("getComputedStyle(document.querySelector('main')).direction") == "rtl"
    assert found == []


@pytest.mark.slow
@pytest.mark.parametrize("name", VISITS)
def test_every_page_is_sound_in_every_look(portal: StagedPortal, open_window: OpenWindow, name: str) -> None:
    assert visit(portal, open_window(), name, VISITS[name], looking.EVERY_LOOK) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", VISITS)
def test_every_mirrored_page_is_sound_in_every_look(mirrored: StagedPortal, open_window: OpenWindow, name: str) -> None:
    assert visit(mirrored, open_window(), name, VISITS[name], looking.EVERY_LOOK) == []


@pytest.mark.slow
def test_what_buttons_show_is_sound_in_every_look(portal: StagedPortal, open_window: OpenWindow) -> None:
    found, faults, before = demo_ids.find(portal), [], ""
    for name, person, address, button in PRESSED:
        page = open_window()
        portal.enter(page, person)
        page.goto(portal.url + address.format(**found) if address else before)
        page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
        page.get_by_role("button", name=button, exact=True).first.click()
        page.wait_for_load_state("networkidle")
        before = page.url
        faults += [f"{name} {fault}" for fault in looking.faults(page, looking.EVERY_LOOK)]

    assert faults == []


def test_an_assessment_to_fill_in_is_sound_in_every_look(portal: StagedPortal, open_window: OpenWindow) -> None:
    page = open_window()
    portal.enter(page, "Demo Security Specialist")
    page.goto(f"{portal.url}/assessments")
    page.get_by_role("button", name="Start a self-assessment").click()
    expect(page.get_by_role("button", name="Finish and lock")).to_be_visible()

    assert looking.faults(page) == []


def test_refused_forms_are_sound_in_every_look(portal: StagedPortal, open_window: OpenWindow) -> None:
    page = open_window()
    portal.enter(page, "Demo MediaWiki Specialist")
    faults: list[str] = []
    steps.begin(page, "Access expansion")
    page.get_by_role("button", name="Continue").click()
    faults += refused(page)
    page.goto(page.url.replace("/draft", "/key"))
    page.get_by_role("button", name="Continue").click()
    faults += refused(page)
    page.goto(f"{portal.url}/requests/{demo_ids.find(portal)['ready']}")
    page.get_by_role("button", name="Comment", exact=True).click()
    faults += refused(page)

    assert faults == []


def refused(page: Page) -> list[str]:
    expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
    expect(page.locator("#error-summary")).to_be_focused()
    return looking.faults(page)


def test_every_page_is_among_those_looked_at(portal: StagedPortal) -> None:
    found = demo_ids.find(portal)
    routes = portal.app.url_map.bind("")
    seen = set()
    for address in (address for addresses in VISITS.values() for address in addresses):
        try:
            seen.add(routes.match(address.format(**found).partition("?")[0])[0])
        except HTTPException:
            assert address == "/not-there"

    pages = {rule.endpoint for rule in portal.app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    assert pages - seen - NO_PAGES == set()


def test_what_is_wrong_would_be_found(portal: StagedPortal, open_window: OpenWindow) -> None:
    page = open_window()
    page.goto(f"{portal.url}/welcome")
    page.evaluate("""document.querySelector("main").insertAdjacentHTML("beforeend",
      '<table><tr><td>' + 'x'.repeat(200) + '</td></tr></table><input><p class="pale">Pale</p>');
      document.querySelector(".pale").style.color = "#bbb" """)

    found = " ".join(looking.faults(page))

    assert "1280 px, light: label" in found
    assert "320 px: too wide: <table>" in found
    assert "1280 px, light: color-contrast: .pale" in found
