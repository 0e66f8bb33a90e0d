"""The main job by several people at once, with htmx: file with evidence, discuss, decide, carry out, on record."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys import steps
from tests.journeys.conftest import OpenWindow
from tests.journeys.staged import StagedPortal

pytestmark = pytest.mark.browser


@pytest.mark.slow
@pytest.mark.parametrize("width", [320, 1280])
def test_access_is_asked_for_discussed_decided_and_granted(
    portal: StagedPortal, open_window: OpenWindow, width: int
) -> None:
    screen = {"width": width, "height": 800}
    candidate, specialist, director, anybody = (open_window(viewport=screen) for _ in range(4))
    url = file_with_evidence(portal, candidate)
    portal.sign_in(specialist, "Demo MediaWiki Specialist")
    steps.open_request(specialist, url)
    discuss(specialist)
    candidate.reload()
    answer(candidate)
    portal.later(days=4)
    portal.sign_in(director, "Demo Director")
    decide(director, url)

    candidate.reload()

    expect(candidate.locator("#header")).to_contain_text("Approved")
    expect(candidate.get_by_text("The team supports it.").first).to_be_visible()
    anybody.goto(f"{portal.url}/record")
    anybody.get_by_role("link", name=re.compile("Demo Software Engineer")).first.click()
    expect(anybody.get_by_text("The team supports it.")).to_be_visible()
    expect(anybody.locator("main")).not_to_contain_text("Between us")
    mark_as_granted(specialist, url)


def file_with_evidence(portal: StagedPortal, page: Page) -> str:
    """File an access expansion, then link an assessment on its page. Returns the request's address."""
    portal.sign_in(page, "Demo Software Engineer")
    steps.begin(page, "Access expansion")
    page.get_by_role("checkbox", name="Matomo").check()
    page.get_by_label("Why").fill("To see which pages are slow for readers.")
    expect(page.locator("#saved")).to_contain_text(re.compile(r"Saved \d\d:\d\d UTC"))
    page.get_by_label("benefit").fill("Readers.")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Check your answers", level=1)).to_be_visible()
    page.get_by_role("button", name="Submit request").click()
    expect(page.get_by_role("heading", name="What happens now", level=1)).to_be_visible()
    page.get_by_role("link", name="Go to the request").click()
    url = page.url

    with steps.in_place(page, typed={"Comment": "half a sentence"}):
        steps.unfold(page, "Link evidence")
        steps.choose_assessment(page, by="Demo Software Engineer")
        page.get_by_role("button", name="Link assessment").click()
        expect(page.locator("#evidence")).to_contain_text("linked by Demo Software Engineer")
    return url


def discuss(page: Page) -> None:
    """Comment for the team, take a position, ask the candidate: each in place."""
    steps.unfold(page, "Ask the candidate")
    steps.unfold(page, "Raise a concern")
    elsewhere = {"Question to the candidate": "Which", "The concern in a few words": "key"}

    with steps.in_place(page, typed={**elsewhere, "Why, in a sentence": "Careful"}):
        page.get_by_label("Team only", exact=True).check()
        steps.field(page, "Comment").fill("Between us: they ask before they act.")
        page.get_by_role("button", name="Comment", exact=True).click()
        expect(page.locator("#discussion")).to_contain_text("Between us: they ask before they act.")
        expect(steps.field(page, "Comment")).to_have_value("")

    with steps.in_place(page, typed={**elsewhere, "Comment": "one more thing"}):
        steps.field(page, "Why, in a sentence").fill("Careful and quick.")
        page.get_by_role("button", name="Support", exact=True).click()
        expect(page.locator("#positions")).to_contain_text("Support 1")
        expect(page.locator("#positions")).to_contain_text("Careful and quick.")
    expect(page.locator("#checks")).to_contain_text("Advised")

    with steps.in_place(page, typed={"The concern in a few words": "key", "Comment": "one more thing"}):
        steps.field(page, "Question to the candidate").fill("Which site do you begin with?")
        page.get_by_role("button", name="Ask the candidate").click()
        expect(page.locator("#questions")).to_contain_text("Which site do you begin with?")
        expect(page.locator("#header")).to_contain_text("Needs information")
    expect(page.locator("#discussion")).to_contain_text("Which site do you begin with?")
    expect(page.get_by_role("heading", name="Discussion")).to_have_count(1)


def answer(page: Page) -> None:
    """The candidate answers, and reads nothing that is for the team."""
    expect(page.locator("#header")).to_contain_text("Your turn")
    expect(page.locator("main")).not_to_contain_text("Between us")
    expect(page.locator("main")).not_to_contain_text("Careful and quick.")
    with steps.in_place(page, typed={"Comment": "not sent yet"}):
        steps.field(page, "Your answer").fill("With the main page of Meta.")
        page.get_by_role("button", name="Answer").click()
        expect(page.locator("#discussion")).to_contain_text("With the main page of Meta.")
        expect(page.locator("#header")).to_contain_text("In discussion")


def decide(page: Page, url: str) -> None:
    steps.open_request(page, url)
    decision = page.locator("#decision")
    with steps.in_place(page, typed={"Comment": "Thank you all."}):
        steps.field(page, "Public reason").fill("The team supports it.")
        expect(page.locator("#public-preview")).to_have_text("The team supports it.")
        decision.get_by_role("button", name="Approve").click()
        expect(decision).to_contain_text("by Demo Director, Director")
        expect(page.locator("#header")).to_contain_text("Approved")


def mark_as_granted(page: Page, url: str) -> None:
    """A member who saw the decision sets the access up and says so."""
    page.goto(url)
    page.locator("#decision").get_by_role("link", name="Matomo").click()
    with steps.in_place(page):
        page.get_by_role("button", name="Mark as granted").click()
        expect(page.locator("main")).to_contain_text("Matomo for Demo Software Engineer is marked as granted.")
