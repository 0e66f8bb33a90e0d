"""The same main job in browsers that run no script: every step is a page and a form."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys import steps
from tests.journeys.conftest import OpenWindow
from tests.journeys.staged import StagedPortal

pytestmark = pytest.mark.browser


def test_the_main_job_needs_no_script(portal: StagedPortal, open_window: OpenWindow) -> None:
    candidate, specialist, director, anybody = (open_window(java_script_enabled=False) for _ in range(4))
    url = file_with_evidence(portal, candidate)
    portal.sign_in(specialist, "Demo MediaWiki Specialist")
    steps.open_request(specialist, url)
    discuss(specialist)
    candidate.goto(url)
    answer(candidate)
    portal.later(days=4)
    portal.sign_in(director, "Demo Director")
    decide(director, url)

    candidate.goto(url)

    expect(candidate.locator("#header")).to_contain_text("Approved")
    expect(candidate.get_by_text("The team supports it.").first).to_be_visible()
    anybody.goto(f"{portal.url}/record")
    anybody.get_by_role("link", name=re.compile("Demo Software Engineer")).first.click()
    expect(anybody.get_by_text("The team supports it.")).to_be_visible()
    mark_as_granted(specialist, url)


def file_with_evidence(portal: StagedPortal, page: Page) -> str:
    """File an access expansion, at first with a mistake, then link an assessment. Returns the request's address."""
    portal.sign_in(page, "Demo Software Engineer")
    steps.begin(page, "Access expansion")
    page.get_by_label("Why").fill("To see which pages are slow for readers.")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("Draft saved.")).to_be_visible()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
    expect(page.get_by_label("Why")).to_have_value("To see which pages are slow for readers.")
    page.get_by_role("checkbox", name="Matomo").check()
    page.get_by_label("benefit").fill("Readers.")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Check your answers", level=1)).to_be_visible()
    page.get_by_role("button", name="Submit request").click()
    expect(page.get_by_role("heading", name="What happens now", level=1)).to_be_visible()
    page.get_by_role("link", name="Go to the request").click()
    url = page.url
    steps.unfold(page, "Link evidence")
    steps.choose_assessment(page, by="Demo Software Engineer")
    page.get_by_role("button", name="Link assessment").click()
    expect(page.locator("#evidence")).to_contain_text("linked by Demo Software Engineer")
    return url


def discuss(page: Page) -> None:
    page.get_by_label("Team only", exact=True).check()
    steps.field(page, "Comment").fill("Between us: they ask before they act.")
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator("#discussion")).to_contain_text("Between us: they ask before they act.")
    steps.field(page, "Why, in a sentence").fill("Careful and quick.")
    page.get_by_role("button", name="Support", exact=True).click()
    expect(page.locator("#positions")).to_contain_text("Careful and quick.")
    steps.unfold(page, "Ask the candidate")
    steps.field(page, "Question to the candidate").fill("Which site do you begin with?")
    page.get_by_role("button", name="Ask the candidate").click()
    expect(page.locator("#questions")).to_contain_text("Which site do you begin with?")


def answer(page: Page) -> None:
    expect(page.locator("main")).not_to_contain_text("Between us")
    expect(page.locator("main")).not_to_contain_text("Careful and quick.")
    steps.field(page, "Your answer").fill("With the main page of Meta.")
    page.get_by_role("button", name="Answer").click()
    expect(page.locator("#discussion")).to_contain_text("With the main page of Meta.")


def decide(page: Page, url: str) -> None:
    """Look at what the public will read, go back to the filled form, approve."""
    steps.open_request(page, url)
    steps.field(page, "Public reason").fill("The team supports it.")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("main")).to_contain_text("The team supports it.")
    page.go_back()
    expect(steps.field(page, "Public reason")).to_have_value("The team supports it.")
    page.get_by_role("button", name="Approve").click()
    expect(page.locator("#decision")).to_contain_text("by Demo Director, Director")


def mark_as_granted(page: Page, url: str) -> None:
    page.goto(url)
    page.locator("#decision").get_by_role("link", name="Matomo").click()
    page.get_by_role("button", name="Mark as granted").click()
    expect(page.locator("main")).to_contain_text("Matomo for Demo Software Engineer is marked as granted.")
