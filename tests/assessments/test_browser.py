"""Filling in an assessment in a real browser: autosave, quick changes, two tabs."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import APIResponse, Page, Route, expect

from tests.browser import LivePortal

pytestmark = pytest.mark.browser
READS_FOR = 12_000  # ms, for one item
NOTICES_AFTER = 1_000  # ms, of them after the key: that it is saved


def test_an_item_saves_itself_and_two_tabs_show_both_texts(live_portal: LivePortal, page: Page) -> None:
    live_portal.sign_in(page, "Demo Software Engineer")
    page.goto(f"{live_portal.url}/assessments")
    page.get_by_role("button", name="Start a self-assessment").click()
    url = page.url.split("#")[0]
    security = page.locator("#item-web-security")

    security.get_by_role("radio").first.focus()
    page.keyboard.press("3")
    expect(page.locator("#status-web-security")).to_contain_text("Saved")
    expect(page.locator("#progress")).to_contain_text("of 28")

    def slowly(route: Route) -> None:
        page.wait_for_timeout(600)
        route.continue_()

    page.route("**/items/**", slowly)
    for key in ("1", "0", "n"):  # each before the answer to the one before it
        security.get_by_role("radio").first.focus()
        page.keyboard.press(key)
        page.wait_for_timeout(500)
    page.wait_for_timeout(2500)
    page.unroute("**/items/**")
    expect(page.locator("#status-web-security .conflict")).to_have_count(0)
    page.reload()
    expect(security.get_by_role("radio").last).to_be_checked()

    other = page.context.new_page()
    other.goto(url)
    for tab, words in ((other, "from tab two"), (page, "from tab one")):
        item = tab.locator("#item-log-interpretation")
        item.locator("summary").click()
        item.get_by_label("Remark").fill(words)
        item.get_by_label("Remark").blur()
        expect(tab.locator("#status-log-interpretation")).to_contain_text(("Saved", "Stored")[tab is page])
    expect(page.locator("#status-log-interpretation")).to_contain_text("from tab two")
    expect(page.locator("#item-log-interpretation textarea")).to_have_value("from tab one")


def test_twenty_eight_items_take_twenty_eight_keys(live_portal: LivePortal, page: Page) -> None:
    live_portal.sign_in(page, "Demo Deputy")
    page.goto(f"{live_portal.url}/assessments")
    page.get_by_role("button", name="Start a self-assessment").click()
    rows = page.locator(".scores")
    expect(rows).to_have_count(28)

    rows.first.get_by_role("radio").first.focus()
    for number in range(28):
        expect(rows.nth(number).locator("input:focus")).to_be_in_viewport()
        page.keyboard.press("0123n"[number % 5])

    expect(page.get_by_role("button", name="Save draft")).to_be_focused()
    expect(page.locator("#progress")).to_contain_text("28 of 28")
    page.reload()
    expect(page.locator(".scores input:checked")).to_have_count(28)


@pytest.mark.slow
def test_twenty_eight_items_take_less_than_six_minutes_on_a_phone_with_keys(
    live_portal: LivePortal, page: Page
) -> None:  # fmt: skip
    """A person reads an item for twelve seconds, presses one key, and sees it saved. The page's own clock is asked."""
    page.set_viewport_size({"width": 320, "height": 640})
    page.clock.install()
    live_portal.sign_in(page, "Demo Security Specialist")
    page.goto(f"{live_portal.url}/assessments")
    page.get_by_role("button", name="Start a self-assessment").click()
    items = page.locator(".item")
    expect(items).to_have_count(28)
    page.wait_for_load_state()
    page.clock.pause_at(page.evaluate("Date.now() + 1000"))
    began = page.evaluate("Date.now()")

    items.first.get_by_role("radio").first.focus()
    for number in range(28):
        item = items.nth(number)
        expect(item.locator("input:focus")).to_have_count(1)
        expect(item.locator(".scores")).to_be_in_viewport(ratio=1)
        page.clock.run_for(READS_FOR - NOTICES_AFTER)
        page.keyboard.press("0123n"[number % 5])
        page.clock.run_for(NOTICES_AFTER)
        expect(item.locator(".item-status")).to_have_text(re.compile(r"Saved \d\d:\d\d"))

    assert page.evaluate("Date.now()") - began < 6 * 60_000
    expect(page.locator("#progress")).to_contain_text("28 of 28")
    expect(page.get_by_role("button", name="Save draft")).to_be_focused()
    expect(page.get_by_role("button", name="Save draft")).to_be_in_viewport()


def test_an_answer_that_was_overtaken_does_not_take_the_count_back(live_portal: LivePortal, page: Page) -> None:
    live_portal.sign_in(page, "Demo Project Manager")
    page.goto(f"{live_portal.url}/assessments")
    page.get_by_role("button", name="Start a self-assessment").click()
    rows = page.locator(".item")
    expect(rows).to_have_count(28)
    held: list[tuple[Route, APIResponse]] = []
    page.route("**/items/**", lambda route: held.append((route, route.fetch())), times=1)  # saved, and not told yet

    rows.first.get_by_role("radio").first.focus()
    page.keyboard.press("2")
    while not held:
        page.wait_for_timeout(20)
    page.keyboard.press("2")
    expect(page.locator("#progress")).to_contain_text("2 of 28")
    late, answer = held[0]
    late.fulfill(response=answer)

    expect(rows.first.locator(".item-status")).to_contain_text("Saved")
    expect(page.locator("#progress")).to_contain_text("2 of 28")


def test_j_and_k_go_from_item_to_item_and_choose_nothing(live_portal: LivePortal, page: Page) -> None:
    live_portal.sign_in(page, "Demo Board")
    page.goto(f"{live_portal.url}/assessments")
    page.get_by_role("button", name="Start a self-assessment").click()
    rows = page.locator(".scores")

    rows.first.get_by_role("radio").first.focus()
    for key, row in (("j", 1), ("j", 2), ("k", 1), ("k", 0), ("k", 0)):
        page.keyboard.press(key)
        expect(rows.nth(row).locator("input:focus")).to_have_count(1)
    expect(page.locator(".scores input:checked")).to_have_count(0)
