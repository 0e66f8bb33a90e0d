"""What people do on the pages again and again, in the words they read there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from playwright.sync_api import Locator, Page, expect


def begin(page: Page, kind: str) -> None:
    """From any page: choose a kind of request."""
    page.get_by_role("link", name="New request").first.click()
    card = page.locator("li.card").filter(has=page.get_by_role("heading", name=kind))
    card.get_by_role("button", name="Begin").click()
    page.wait_for_url("**/draft")  # with its script: what is typed before that is saved later


def open_request(page: Page, url: str) -> None:
    """From the list of requests to one of them; on a phone the list is in the menu."""
    page.wait_for_load_state()  # before its stylesheet is there, the button shows at any width
    menu = page.get_by_role("button", name="Menu")
    if menu.is_visible():
        menu.click()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Requests", exact=True).click()
    page.locator(f'main a[href="{url[url.index("/requests/") :]}"]').first.click()
    page.wait_for_url(url)


def field(page: Page, label: str) -> Locator:
    """A box to type in, by its label."""
    return page.get_by_role("textbox", name=re.compile(rf"^{re.escape(label)}(?: \(optional\))?$"))


def unfold(page: Page, summary: str) -> None:
    """Open a folded part, if it is not open yet."""
    part = page.locator("details").filter(has=page.locator("summary", has_text=summary)).first
    if part.get_attribute("open") is None:
        part.locator("summary").click()


def choose_assessment(page: Page, *, by: str) -> None:
    """Choose the finished assessment that this person marked."""
    box = page.get_by_role("combobox", name="Assessment")
    box.select_option(box.locator("option", has_text=by).get_attribute("value"))


@contextmanager
def in_place(page: Page, typed: Mapping[str, str] | None = None) -> Iterator[None]:
    """What happens in the block loads no page, leaves text typed elsewhere alone, and does not drop the focus."""
    for label, text in (typed or {}).items():
        field(page, label).fill(text)
    page.evaluate("window.isTheSamePage = true")
    yield
    assert page.evaluate("window.isTheSamePage === true"), "the page was loaded anew"
    for label, text in (typed or {}).items():
        expect(field(page, label)).to_have_value(text)
        expect(field(page, label)).to_be_visible()
    until(page, "document.activeElement !== document.body")


def until(page: Page, script: str, arg: object = None) -> None:
    """Wait at most 5 seconds until this is true in the page.

    Playwright's own wait_for_function runs eval in the page from the second look on, which the policy forbids.
    """
    for _ in range(250):
        if page.evaluate(script, arg):
            return
        page.wait_for_timeout(20)
    raise AssertionError(f"never true: {script}")
