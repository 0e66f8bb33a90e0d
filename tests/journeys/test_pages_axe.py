"""Every page in light and dark, wide and on a phone: nothing for axe-core to find, nothing in the console."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from werkzeug.exceptions import HTTPException

from tests.journeys import demo_ids, looking, steps
from tests.journeys.conftest import OpenWindow
from tests.journeys.staged import StagedPortal

pytestmark = pytest.mark.browser

VISITS: dict[str, tuple[str, ...]] = {
    "nobody": (
        *("/welcome", "/roles", "/rules", "/privacy", "/access", "/people", "/record", "/standards/2"),
        *("/record/{decision}", "/people/{engineer}", "/access/{held}", "/requests/{ready}", "/not-there"),
    ),
    "Demo Software Engineer": (
        *("/", "/requests/{ready}", "/requests/{ready}/edit", "/requests/{ready}/withdraw", "/requests/{ready}/filed"),
        *(
            "/requests/{ready}/own-key",
            "/requests/{draft}/draft",
            "/requests/{draft}/key",
            "/requests/{draft}/check-answers",
        ),
        *("/requests/{declined}", "/people/{engineer}", "/people/me/absence", "/people/appointments"),
        *("/people/{engineer}/roles/software_engineer/end", "/assessments/reviews/new", "/assessments/{assessment}"),
    ),
    "Demo MediaWiki Specialist": (
        *("/", "/account", "/requests/?stage=open", "/requests/?q=zzzz", "/requests/new", "/assessments"),
        *("/requests/{ready}", "/requests/{joining}", "/requests/{high_trust}", "/requests/{approved}"),
        *("/requests/{commented}/texts/{text}/remove", "/requests/{commented}/comments/{comment}/edit"),
        *("/access/waiting", "/access/{waiting}", "/access/{held}/end", "/people/director-unreachable"),
        *("/requests/{draft}", "/rules/discussion_days/change?kind=new_member"),
    ),
    "Demo Director": (
        *("/", "/requests/{ready}", "/requests/{high_trust}", "/requests/{declined}", "/requests/{board}"),
        *("/people/{engineer}", "/people/appointments", "/people/merges", "/people/{engineer}/nda"),
        *("/rules/discussion_days/change?kind=new_member", "/requests/{withdrawn}", "/assessments/of/{engineer}"),
    ),
    "Demo Community Liaison": ("/requests/{agreement}",),
    "Demo Board": ("/", "/requests/{board}", "/people/{treasurer}/capacities/treasurer/end"),
}
REFUSED = {
    ("nobody", "/requests/{ready}"): 401,
    ("nobody", "/not-there"): 404,
    ("Demo Software Engineer", "/people/appointments"): 403,
    ("Demo MediaWiki Specialist", "/requests/{draft}"): 404,
    ("Demo MediaWiki Specialist", "/rules/discussion_days/change?kind=new_member"): 403,
}
NO_PAGES = {"static", "operations.health", "sign_in.start", "sign_in.callback", "people.named"}


@pytest.mark.parametrize("name", VISITS)
def test_pages_are_sound_in_every_look(portal: StagedPortal, open_window: OpenWindow, name: str) -> None:
    found = demo_ids.find(portal)
    page = open_window()
    if name != "nobody":
        portal.enter(page, name)
    faults: list[str] = []

    for address in VISITS[name]:
        answer = page.goto(portal.url + address.format(**found))
        assert answer
        assert answer.status == REFUSED.get((name, address), 200), address
        faults += [f"{address} {fault}" for fault in looking.faults(page)]

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
