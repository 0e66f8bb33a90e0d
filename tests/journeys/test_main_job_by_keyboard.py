"""The main job by three people who have no pointer: Tab, Enter, Space, arrows and letters, from filing to granted."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys import steps
from tests.journeys.conftest import OpenWindow
from tests.journeys.keyboard import press_in_place, tab_to
from tests.journeys.staged import StagedPortal

pytestmark = pytest.mark.browser


def test_the_main_job_needs_no_pointer(portal: StagedPortal, open_window: OpenWindow) -> None:
    candidate, specialist, director = (open_window() for _ in range(3))
    for page in (candidate, specialist, director):
        page.add_init_script("addEventListener('pointerdown', () => { throw new Error('a pointer was used'); })")

    portal.enter(candidate, "Demo Software Engineer")
    file(candidate)
    url = candidate.url
    link_evidence(candidate)
    portal.enter(specialist, "Demo MediaWiki Specialist")
    open_from_the_list(specialist, url)
    take_a_position(specialist)
    ask(specialist)
    candidate.reload()
    answer(candidate)
    portal.later(days=4)
    portal.enter(director, "Demo Director")
    decide(director, url)
    specialist.reload()
    mark_as_granted(specialist)


def file(page: Page) -> None:
    follow(page, "link", "New request")
    card = page.locator("li.card").filter(has=page.get_by_role("heading", name="Access expansion"))
    tab_to(page, card.get_by_role("button", name="Begin"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/draft")
    tab_to(page, page.get_by_role("checkbox", name="Matomo"))
    page.keyboard.press("Space")
    write(page, "Why", "To see which pages are slow for readers.")
    expect(page.locator("#saved")).to_contain_text(re.compile(r"Saved \d\d:\d\d UTC"))
    expect(page.get_by_label("Why")).to_be_focused()
    write(page, "benefit", "Readers.")
    follow(page, "button", "Continue")
    expect(page.get_by_role("heading", name="Check your answers", level=1)).to_be_visible()
    tab_to(page, page.get_by_role("button", name="Submit request"), "Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="What happens now", level=1)).to_be_visible()
    tab_to(page, page.get_by_role("link", name="Go to the request"), "Shift+Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/requests/\d+$"))


def link_evidence(page: Page) -> None:
    tab_to(page, page.locator("summary", has_text="Link evidence"))
    page.keyboard.press("Enter")
    box = page.get_by_role("combobox", name="Assessment")
    tab_to(page, box)
    page.keyboard.press("ArrowDown")
    expect(box.locator("option:checked")).to_contain_text("Demo Software Engineer")
    tab_to(page, page.get_by_role("button", name="Link assessment"))
    press_in_place(page, "Enter")
    expect(page.locator("#evidence")).to_contain_text("linked by Demo Software Engineer")


def open_from_the_list(page: Page, url: str) -> None:
    tab_to(page, page.get_by_role("navigation", name="Main").get_by_role("link", name="Requests", exact=True))
    page.keyboard.press("Enter")
    page.wait_for_url("**/requests/")
    page.keyboard.press("j")
    tab_to(page, page.locator(f'main a[href="{url[url.index("/requests/") :]}"]'))
    page.keyboard.press("Enter")
    page.wait_for_url(url)


def take_a_position(page: Page) -> None:
    tab_to(page, page.locator("#positions").get_by_role("combobox"))
    page.keyboard.type("works")
    write(page, "Why, in a sentence", "Careful and quick.")
    tab_to(page, page.get_by_role("button", name="Oppose", exact=True))
    tab_to(page, page.get_by_role("button", name="Support", exact=True), "Shift+Tab")
    press_in_place(page, "Enter")
    expect(page.locator("#positions")).to_contain_text("Support 1")
    expect(page.locator("#positions")).to_contain_text("(works with them)")
    expect(page.locator("#positions")).to_contain_text("Careful and quick.")


def ask(page: Page) -> None:
    tab_to(page, page.locator("summary", has_text="Ask the candidate"))
    page.keyboard.press("Enter")
    write(page, "Question to the candidate", "Which site do you begin with?")
    tab_to(page, page.get_by_role("button", name="Ask the candidate"))
    press_in_place(page, "Enter")
    expect(page.locator("#questions")).to_contain_text("Which site do you begin with?")


def answer(page: Page) -> None:
    write(page, "Your answer", "With the main page of Meta.")
    tab_to(page, page.get_by_role("button", name="Answer"))
    press_in_place(page, "Enter")
    expect(page.locator("#discussion")).to_contain_text("With the main page of Meta.")
    expect(page.locator("#header")).to_contain_text("In discussion")


def decide(page: Page, url: str) -> None:
    attention = page.get_by_role("region", name="Needs your attention")
    tab_to(page, attention.locator(f'a[href^="{url[url.index("/requests/") :]}"]'))
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(re.escape(url)))
    tab_to(page, steps.field(page, "Public reason"))
    page.keyboard.press("Control+A")
    page.keyboard.type("The team supports it.")
    expect(page.locator("#public-preview")).to_have_text("The team supports it.")
    expect(steps.field(page, "Public reason")).to_be_focused()
    tab_to(page, page.get_by_role("button", name="Approve"))
    press_in_place(page, "Enter")
    expect(page.locator("#decision")).to_contain_text("by Demo Director, Director")


def mark_as_granted(page: Page) -> None:
    tab_to(page, page.locator("#decision").get_by_role("link", name="Matomo"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/access/*")
    tab_to(page, page.get_by_role("button", name="Mark as granted"))
    press_in_place(page, "Enter")
    expect(page.locator("main")).to_contain_text("Matomo for Demo Software Engineer is marked as granted.")


def write(page: Page, label: str, text: str) -> None:
    box = page.get_by_role("textbox", name=re.compile(label))
    tab_to(page, box)
    page.keyboard.type(text)
    expect(box.first).to_have_value(text)


def follow(page: Page, role: str, name: str) -> None:
    tab_to(page, page.get_by_role(role, name=name))  # type: ignore[arg-type]  # one of Playwright's literals
    page.keyboard.press("Enter")
