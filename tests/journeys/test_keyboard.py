"""From the dashboard to decided: few clicks, or no pointer at all."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys import steps
from tests.journeys.conftest import OpenWindow
from tests.journeys.keyboard import tab_to
from tests.journeys.staged import StagedPortal

pytestmark = pytest.mark.browser
MOST_CLICKS = 4
READY = "Access expansion: Demo Software Engineer"


@pytest.mark.parametrize("width", [320, 1280])
def test_a_ready_request_is_decided_with_few_clicks(portal: StagedPortal, open_window: OpenWindow, width: int) -> None:
    page = open_window(viewport={"width": width, "height": 900})
    portal.enter(page, "Demo Director")
    page.add_init_script(
        "addEventListener('click', () => sessionStorage.clicks = 1 + Number(sessionStorage.clicks ?? 0))"
    )
    page.goto(portal.url)

    attention(page).get_by_role("link", name=READY).click()
    if width < 1000:  # on a wide page the decision stands beside what is asked
        page.get_by_role("link", name="Your turn: decide").click()
        expect(page.locator("#decision-title")).to_be_in_viewport()
    page.get_by_role("button", name="Approve").click()

    expect(page.locator("#decision")).to_contain_text("by Demo Director, Director")
    assert 0 < page.evaluate("Number(sessionStorage.clicks)") <= MOST_CLICKS


def test_a_ready_request_is_decided_by_keyboard_alone(portal: StagedPortal, open_window: OpenWindow) -> None:
    page = open_window()
    portal.enter(page, "Demo Director")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")

    tab_to(page, attention(page).get_by_role("link", name=READY))
    page.keyboard.press("Enter")
    page.wait_for_url("**/requests/*")
    tab_to(page, page.get_by_role("checkbox", name="GitHub team"))
    page.keyboard.press("Space")
    tab_to(page, steps.field(page, "Public reason"))
    page.keyboard.press("Control+A")
    page.keyboard.type("Grafana is needed for the work.")
    tab_to(page, page.get_by_role("button", name="Approve"))
    page.keyboard.press("Enter")

    expect(page.locator("#decision")).to_contain_text("by Demo Director, Director")
    expect(page.locator("#decision")).to_contain_text("Grafana is needed for the work.")
    expect(page.locator("#decision .decided .asked")).not_to_contain_text("GitHub team")
    expect(page.locator("#decision")).to_be_focused()


def test_no_single_key_decides(portal: StagedPortal, open_window: OpenWindow) -> None:
    page = open_window()
    portal.enter(page, "Demo Director")
    attention(page).get_by_role("link", name=READY).click()
    page.wait_for_url("**/requests/*")
    url = page.url

    for key in ("a", "y", "d", "Enter", "Space", "s", "n", "j", "k"):
        page.keyboard.press(key)

    expect(page.locator("#header")).to_contain_text("In discussion")
    assert page.url == url


def attention(page: Page) -> Locator:
    return page.get_by_role("region", name="Needs your attention")


def test_the_slash_leads_to_the_search_which_answers_while_one_types(
    portal: StagedPortal, open_window: OpenWindow
) -> None:  # fmt: skip
    page = open_window()
    portal.enter(page, "Demo Director")
    page.goto(portal.url + "/rules")

    page.keyboard.press("/")
    page.wait_for_url("**/search")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("grafa")

    expect(page.locator("#results mark").first).to_have_text("Grafana")
    expect(page.locator("#q")).to_be_focused()
    expect(page).to_have_url(portal.url + "/search?q=grafa")


def test_on_a_page_with_a_search_field_the_slash_stays_there(portal: StagedPortal, open_window: OpenWindow) -> None:
    page = open_window()
    portal.enter(page, "Demo Director")

    for path, field in (("/requests/", "#q"), ("/access", "#filter-person")):
        page.goto(portal.url + path)
        page.keyboard.press("/")
        expect(page.locator(field)).to_be_focused()
        page.keyboard.type("a/b")
        expect(page.locator(field)).to_have_value("a/b")
        assert page.url == portal.url + path
