"""A whole programme: a mentor, a self-assessment by keyboard, evidence, two markings, a disagreement, a decision."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys import demo_ids, steps
from tests.journeys.conftest import OpenWindow
from tests.journeys.staged import StagedPortal

pytestmark = pytest.mark.browser
MENTEE, MENTOR, SECOND = (
    f"Demo {name}" for name in ("Software Engineer", "Security Specialist", "Infrastructure Specialist")
)
APART = "Open Source Ecosystem Awareness"


def test_from_asking_for_a_mentor_to_the_decision(portal: StagedPortal, open_window: OpenWindow) -> None:
    mentee, mentor, second, director = (open_window() for _ in range(4))
    for page, name in ((mentee, MENTEE), (mentor, MENTOR), (second, SECOND), (director, "Demo Director")):
        portal.enter(page, name)

    find_a_mentor(portal, mentee, mentor)
    assess_oneself_by_keyboard(portal, mentee)
    show_evidence(portal, mentee)
    open_the_marking(portal, mentee)

    mark(portal, mentor, "0")
    accept_the_evidence(portal, mentor)
    finish(mentor)
    assert "Side by side" not in text_of_the_marking(portal, mentee), "one of two is in"
    mark(portal, second, "3")
    finish(second)
    shown = text_of_the_marking(portal, mentee)
    assert "Side by side" in shown
    assert "On 1 item, two scores are 2 or more apart" in shown

    settle(portal, mentor, second)
    link(portal, mentee)
    decide(portal, director)


def find_a_mentor(portal: StagedPortal, mentee: Page, mentor: Page) -> None:
    """The one they have ends, another is asked and accepts."""
    mentee.goto(f"{portal.url}/mentoring/{demo_ids.find(portal)['mentored']}")
    steps.unfold(mentee, "End it")
    steps.field(mentee, "Why it ends").fill("I change to security.")
    mentee.get_by_role("button", name="End", exact=True).click()
    mentee.goto(f"{portal.url}/mentoring")
    mentee.get_by_role("link", name="Ask for a mentor").click()
    choose(mentee, "Whom you ask", MENTOR)
    mentee.get_by_role("button", name="Ask", exact=True).click()
    expect(mentee.locator("main")).to_contain_text("Asked.")
    mentor.goto(portal.url)
    mentor.get_by_role("main").get_by_role("link", name=f"Mentoring: {MENTEE}").first.click()
    mentor.get_by_role("button", name="Accept").click()
    expect(mentor.locator("main")).to_contain_text("Accepted.")


def choose(page: Page, label: str, whom: str) -> None:
    box = page.get_by_role("combobox", name=label, exact=True)
    box.select_option(value=box.locator("option", has_text=whom).get_attribute("value") or "")


def assess_oneself_by_keyboard(portal: StagedPortal, page: Page) -> None:
    page.goto(f"{portal.url}/assessments")
    page.get_by_role("button", name="Start a self-assessment").click()
    page.locator(".scores").first.get_by_role("radio").first.focus()
    for _item in range(28):
        page.keyboard.press("2")
    expect(page.get_by_role("button", name="Save draft")).to_be_focused()
    expect(page.locator("#progress")).to_contain_text("28 of 28")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("Finished and locked.")


def show_evidence(portal: StagedPortal, page: Page) -> None:
    page.goto(f"{portal.url}/assessments")
    page.get_by_role("link", name="Your evidence").click()
    steps.field(page, "Link").fill("T13000")
    steps.field(page, "What it shows, in a sentence").fill("I wrote the script and its page.")
    steps.unfold(page, "Knowledge")
    page.get_by_role("checkbox", name=APART).check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="T13000")).to_be_visible()


def open_the_marking(portal: StagedPortal, page: Page) -> None:
    page.goto(f"{portal.url}/markings/new")
    choose(page, "Mentor", MENTOR)
    choose(page, "Second marker", SECOND)
    page.get_by_role("main").locator("form button[type=submit]").click()
    expect(page.locator("main")).to_contain_text("Both are asked.")


def mark(portal: StagedPortal, page: Page, first: str) -> None:
    """From the dashboard to 28 scores: the first as given, 2 for all others."""
    page.goto(portal.url)
    page.get_by_role("main").get_by_role("link", name=re.compile(f"{MENTEE}")).first.click()
    expect(page.locator("main")).to_contain_text("One of two independent markings.")
    expect(page.locator("main")).to_contain_text("I wrote the script and its page.")
    page.locator(".scores").first.get_by_role("radio").first.focus()
    for item in range(28):
        page.keyboard.press(first if item == 0 else "2")
    expect(page.locator("#progress")).to_contain_text("28 of 28")


def accept_the_evidence(portal: StagedPortal, page: Page) -> None:
    draft = page.url
    page.get_by_role("link", name="Their evidence").click()
    page.get_by_role("button", name="Accept T13000").click()
    expect(page.locator("main")).to_contain_text("Accepted")
    page.goto(draft)


def finish(page: Page) -> None:
    page.get_by_role("button", name="Finish and lock").click()
    expect(page.locator("main")).to_contain_text("Finished and locked.")


def text_of_the_marking(portal: StagedPortal, page: Page) -> str:
    page.goto(f"{portal.url}/assessments")
    page.get_by_role("link", name="Your double marking").first.click()
    return page.locator("main").inner_text()


def settle(portal: StagedPortal, mentor: Page, second: Page) -> None:
    """One writes the final check with a sentence where they were apart; both agree to what stands there."""
    for page in (mentor, second):
        page.goto(f"{portal.url}/assessments")
        page.get_by_role("link", name=f"Double marking of {MENTEE}").first.click()
    mentor.get_by_role("button", name="Begin the final check").click()
    item = mentor.locator(".item").filter(has_text="2 or more apart")
    expect(item).to_have_count(1)
    item.get_by_role("radio").nth(2).check()
    item.get_by_label("Remark").fill("We looked at the task together: done alone.")
    mentor.get_by_role("button", name="Save draft").click()
    expect(mentor.locator("main")).to_contain_text("Saved. 28 of 28")
    mentor.get_by_role("link", name="Side by side: check it and agree").click()
    mentor.get_by_role("button", name="I agree").click()
    expect(mentor.locator("main")).to_contain_text("The other marker is told.")
    second.reload()
    second.get_by_role("button", name="I agree").click()
    expect(second.locator("main")).to_contain_text("You both agree")


def link(portal: StagedPortal, page: Page) -> None:
    page.goto(f"{portal.url}/requests/{demo_ids.find(portal)['ready']}")
    steps.unfold(page, "Link evidence")
    steps.choose_assessment(page, by=f"{MENTOR}, {SECOND}")
    page.get_by_role("button", name="Link assessment").click()
    expect(page.locator("#evidence")).to_contain_text(f"{MENTOR}, {SECOND}")


def decide(portal: StagedPortal, page: Page) -> None:
    page.goto(f"{portal.url}/requests/{demo_ids.find(portal)['ready']}")
    expect(page.locator("#evidence")).to_contain_text(f"{MENTOR}, {SECOND}")
    expect(page.locator("#evidence")).to_contain_text("met")
    steps.field(page, "Public reason").fill("Two members marked the work.")
    page.locator("#decision").get_by_role("button", name="Approve").click()
    expect(page.locator("#header")).to_contain_text("Approved")
