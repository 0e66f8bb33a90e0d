"""What the browser's own Print puts on a sheet: everything that was scored and written, nothing to press."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from portal.demo import texts
from tests.journeys import demo_ids, looking
from tests.journeys.conftest import OpenWindow
from tests.journeys.staged import StagedPortal

pytestmark = pytest.mark.browser
SHEET = {"width": 718, "height": 1047}  # A4 in px, without the margins that browsers leave
TO_PRESS = "button, form, input:not([type=hidden]), select, textarea, .on-screen"


@pytest.fixture
def sheet(open_window: OpenWindow) -> Page:
    """A window of somebody who likes it dark, as wide as paper."""
    return open_window(viewport=SHEET, color_scheme="dark")


def lay_out(page: Page, address: str) -> None:
    page.goto(address)
    page.emulate_media(media="print")
    assert page.evaluate(looking.TOO_WIDE) == [], "wider than the sheet"
    assert page.locator(TO_PRESS).locator("visible=true").all_inner_texts() == []
    assert page.evaluate("getComputedStyle(document.body).colorScheme") == "light"


def reads(page: Page, *words: str) -> None:
    for each in words:
        expect(page.get_by_text(each, exact=True).first).to_be_visible()


def test_a_double_marking_is_read_on_paper_with_all_words(portal: StagedPortal, sheet: Page) -> None:
    ids = demo_ids.find(portal)
    portal.enter(sheet, "Demo Software Engineer")

    lay_out(sheet, f"{portal.url}/markings/{ids['settled']}")
    reads(sheet, texts.MARKING_SETTLED)
    expect(sheet.locator("tr[id^=item-]").locator("visible=true")).to_have_count(28)

    lay_out(sheet, f"{portal.url}/markings/{ids['disputed']}")
    reads(sheet, *texts.MARKING_ONE.values(), *texts.MARKING_TWO.values(), texts.EVIDENCE_TASK.sentence)
    apart = sheet.locator("tr.compared__apart").filter(has_text="Open Source Ecosystem Awareness")
    assert apart.locator("td").all_inner_texts() == ["2", "1", "3"]


def test_an_assessment_is_read_on_paper_and_says_so_beside_its_files(portal: StagedPortal, sheet: Page) -> None:
    portal.enter(sheet, "Demo Software Engineer")
    sheet.goto(f"{portal.url}/markings/{demo_ids.find(portal)['disputed']}")
    mine = sheet.get_by_role("link", name="Read yours")
    address = f"{portal.url}{mine.get_attribute('href')}"
    sheet.goto(address)
    expect(sheet.locator("main")).to_contain_text("let your browser print this page")

    lay_out(sheet, address)

    reads(sheet, *texts.MARKING_ONE.values(), texts.EVIDENCE_TASK.sentence)
    rows = sheet.locator("li.row[id^=item-]")
    expect(rows).to_have_count(28)
    expect(rows.first.locator(".row__side")).to_have_text(re.compile(r"^\s*1 Basic familiarity"))
    expect(rows.last.locator(".row__side")).to_be_visible()


def test_a_public_decision_is_read_on_paper(portal: StagedPortal, sheet: Page) -> None:
    lay_out(sheet, f"{portal.url}/record/{demo_ids.find(portal)['decision']}")

    reads(sheet, texts.GRANTED_REASON, "Checks when it was decided", "Demo Director")
    expect(sheet.locator("main")).to_contain_text(re.compile(r"\d+ \w+ \d{4}, \d\d:\d\d UTC"))
