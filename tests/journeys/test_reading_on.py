"""Who reads or types is not disturbed: the focus is kept and seen, nothing jumps, news is read aloud, Back is safe."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.journeys import demo_ids, steps
from tests.journeys.conftest import OpenWindow
from tests.journeys.keyboard import see_focus, tab_to
from tests.journeys.staged import StagedPortal

pytestmark = pytest.mark.browser
BOTH = pytest.mark.parametrize("script", [True, pytest.param(False, marks=pytest.mark.slow)], ids=["htmx", "no script"])
A_LINE = 24  # px: less is no jump


def ready(portal: StagedPortal, page: Page, name: str) -> str:
    """The request that has everything it needs, as this person reads it. Returns its address."""
    portal.enter(page, name)
    url = f"{portal.url}/requests/{demo_ids.find(portal)['ready']}"
    page.goto(url)
    return url


def test_the_team_speaks_by_keyboard_alone(portal: StagedPortal, open_window: OpenWindow) -> None:
    page = open_window()
    ready(portal, page, "Demo Security Specialist")

    tab_to(page, steps.field(page, "Why, in a sentence"))
    page.keyboard.type("They ask before they act.")
    tab_to(page, page.get_by_role("button", name="Support", exact=True))
    page.keyboard.press("Enter")
    expect(page.locator("#positions")).to_contain_text("They ask before they act.")
    keeps_the_focus(page, "#positions")

    tab_to(page, steps.field(page, "Comment"))
    page.keyboard.type("Glad to help with the first patches.")
    tab_to(page, page.get_by_role("button", name="Comment", exact=True))
    page.keyboard.press("Enter")
    expect(page.locator("#discussion article").last).to_contain_text("Glad to help with the first patches.")
    keeps_the_focus(page, "#discussion")


def test_a_refused_form_takes_the_keyboard_to_what_is_wrong(portal: StagedPortal, open_window: OpenWindow) -> None:
    page = open_window()
    ready(portal, page, "Demo Security Specialist")

    tab_to(page, page.get_by_role("button", name="Comment", exact=True))
    page.keyboard.press("Enter")

    expect(page.locator("#error-summary")).to_be_focused()
    see_focus(page)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(steps.field(page, "Comment")).to_be_focused()


def keeps_the_focus(page: Page, panel: str) -> None:
    """After the swap the focus is in the part that was sent, and Tab goes on from there."""
    inside = "(panel) => document.querySelector(panel).contains(document.activeElement)"
    steps.until(page, inside, panel)
    page.keyboard.press("Tab")
    see_focus(page)
    assert page.evaluate(inside, panel), "Tab left the part that was sent"


@pytest.mark.parametrize("width", [320, 1280])
def test_nothing_moves_under_the_reader(portal: StagedPortal, open_window: OpenWindow, width: int) -> None:
    page = open_window(viewport={"width": width, "height": 800})
    ready(portal, page, "Demo Security Specialist")
    button = page.get_by_role("button", name="Comment", exact=True)
    button.scroll_into_view_if_needed()
    steps.field(page, "Comment").fill("One line.")
    before = button.bounding_box()

    button.click()
    expect(page.locator("#discussion article").last).to_contain_text("One line.")
    steps.until(page, "document.activeElement !== document.body")

    after = button.bounding_box()
    assert before
    assert after
    assert abs(after["y"] - before["y"]) < A_LINE


def test_what_changed_is_read_aloud(portal: StagedPortal, open_window: OpenWindow) -> None:
    page = open_window()
    ready(portal, page, "Demo Security Specialist")
    live = page.locator("#live")
    assert live.get_attribute("aria-live") == "polite"

    steps.field(page, "Comment").fill("One line.")
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(live).to_have_text("Saved. Waiting for the Director to decide")

    page.goto(f"{portal.url}/requests/")
    page.get_by_label("Stage").focus()
    page.get_by_label("Stage").select_option("approved")
    expect(live).to_have_text("2 requests on this page")
    expect(page.get_by_label("Stage")).to_be_focused()
    page.get_by_label("Person").fill("Nobody at all")
    page.get_by_label("Person").press("Enter")
    expect(live).to_contain_text("No request matches.")
    expect(page.get_by_label("Person")).to_be_focused()


@BOTH
def test_going_back_after_a_comment_sends_nothing_again(
    portal: StagedPortal, open_window: OpenWindow, *, script: bool
) -> None:
    page = open_window(java_script_enabled=script)
    url = ready(portal, page, "Demo Security Specialist")
    steps.field(page, "Comment").fill("Said once.")
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator("#discussion article").last).to_contain_text("Said once.")

    page.get_by_role("navigation", name="Main").get_by_role("link", name="Requests", exact=True).click()
    page.go_back()
    expect(page.locator("#discussion article").filter(has_text="Said once.")).to_have_count(1)
    page.reload()

    expect(page.locator("#discussion article").filter(has_text="Said once.")).to_have_count(1)
    assert page.url.split("#")[0] == url


def test_going_back_after_filters_shows_the_list_before(portal: StagedPortal, open_window: OpenWindow) -> None:
    page = open_window()
    portal.enter(page, "Demo Security Specialist")
    page.goto(f"{portal.url}/requests/")
    everything = page.locator("main li.row").count()
    page.get_by_label("Stage").select_option("approved")
    expect(page.locator("main li.row")).to_have_count(2)
    page.wait_for_url("**stage=approved**")

    page.go_back()

    expect(page.locator("main li.row")).to_have_count(everything)
    expect(page.get_by_label("Stage")).to_have_value("")


@BOTH
def test_a_concern_raised_meanwhile_stops_the_decision_and_is_shown(
    portal: StagedPortal, open_window: OpenWindow, *, script: bool
) -> None:
    director, member = open_window(java_script_enabled=script), open_window()
    ready(portal, director, "Demo Director")
    steps.field(director, "Public reason").fill("My own words.")
    ready(portal, member, "Demo Security Specialist")
    steps.unfold(member, "Raise a concern")
    steps.field(member, "The concern in a few words").fill("one more key")
    steps.field(member, "What worries you, and what would settle it").fill("The key is used elsewhere.")
    member.get_by_role("button", name="Raise a concern").click()
    expect(member.locator("#concerns")).to_contain_text("one more key")

    director.get_by_role("button", name="Approve").click()

    expect(director.locator("#decision")).to_contain_text("one more key")
    expect(director.locator("#header")).to_contain_text("In discussion")
    expect(steps.field(director, "Public reason")).to_have_value("My own words.")
    expect(director.locator("#decision").get_by_role("button", name="Decide anyway")).to_be_visible()
