"""A whole programme: a mentor, a self-assessment by keyboard, evidence, two markings, a disagreement, a decision."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys import demo_ids, looking, steps
from tests.journeys.conftest import OpenWindow
from tests.journeys.staged import StagedPortal

pytestmark = pytest.mark.browser
MENTEE, MENTOR, SECOND = (
    f"Demo {name}" for name in ("Software Engineer", "Security Specialist", "Infrastructure Specialist")
)
APART = "Open Source Ecosystem Awareness"


def test_from_asking_for_a_mentor_to_the_decision(portal: StagedPortal, open_window: OpenWindow) -> None:
    mentee, mentor, second, member, director = (open_window() for _ in range(5))
    for page, name in ((mentee, MENTEE), (mentor, MENTOR), (second, SECOND)):
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
    url = ask_for_the_role(portal, mentee)
    link(mentee)
    support(portal, member, url)
    decide(portal, director, url)


def test_an_assessment_is_filled_on_a_phone_without_javascript(portal: StagedPortal, open_window: OpenWindow) -> None:
    page = open_window(java_script_enabled=False, viewport={"width": looking.NARROW, "height": 640})
    portal.enter(page, MENTEE)
    page.goto(f"{portal.url}/assessments")
    page.get_by_role("button", name="Start a self-assessment").click()
    rows = page.locator("input[type=radio][name^=score-]")
    names = list(dict.fromkeys(rows.evaluate_all("(radios) => radios.map((radio) => radio.name)")))
    assert len(names) == 28
    fits(page)

    for number, name in enumerate(names[:-1]):
        page.locator(f'input[name="{name}"][value="{("0", "1", "2", "3", "na")[number % 5]}"]').check()
    page.get_by_role("button", name="Save draft").click()
    expect(page.locator("main")).to_contain_text("Saved. 27 of 28")
    fits(page)
    page.get_by_role("button", name="Finish and lock").click()
    expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
    expect(page.locator("input[type=radio]:checked")).to_have_count(27)
    fits(page)
    page.locator(f'input[name="{names[-1]}"][value="3"]').check()
    page.get_by_role("button", name="Finish and lock").click()

    expect(page.locator("main")).to_contain_text("Finished and locked.")
    expect(page.locator("main li.row[id^=item-] .row__side")).to_have_count(28)
    fits(page)


def fits(page: Page) -> None:
    assert page.evaluate(looking.TOO_WIDE) == [], "wider than the screen"


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
    page.wait_for_url(re.compile(r"/assessments/\d+"))  # with its script: keys that come before it are lost
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
    page.wait_for_load_state()
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


def ask_for_the_role(portal: StagedPortal, page: Page) -> str:
    """What the marking was for: a role for which scores are advised. Returns the request's address."""
    page.goto(portal.url)
    steps.begin(page, "Role change")
    page.get_by_role("checkbox", name="MediaWiki Specialist").check()
    page.get_by_label("Why this change?").fill("I do most of this work already.")
    page.get_by_label("What have you done that shows you are ready?").fill("Two members marked it.")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Submit request").click()
    page.get_by_role("link", name="Go to the request").click()
    return page.url


def link(page: Page) -> None:
    steps.unfold(page, "Link evidence")
    steps.choose_assessment(page, by=f"{MENTOR}, {SECOND}")
    page.get_by_role("button", name="Link assessment").click()
    expect(page.locator("#evidence")).to_contain_text(f"{MENTOR}, {SECOND}")


def support(portal: StagedPortal, page: Page, url: str) -> None:
    """Somebody speaks who did not mark: who did is involved."""
    portal.enter(page, "Demo Community Liaison")
    page.goto(url)
    page.get_by_role("button", name="Support", exact=True).click()
    expect(page.locator("#positions")).to_contain_text("Support 1")


def decide(portal: StagedPortal, page: Page, url: str) -> None:
    """Once it was discussed; the Director reads at a glance who marked it, and what that is against what is advised."""
    portal.later(days=8)
    portal.enter(page, "Demo Director")
    page.goto(url)
    final = page.locator("#evidence .evidence-line")
    expect(final).to_have_text(re.compile(rf"^\s*Final check by {MENTOR}, {SECOND}, "))
    expect(final).to_contain_text("Knowledge 11/11")
    expect(page.locator("#evidence")).to_contain_text(
        re.compile(rf"Final check by {MENTOR}, {SECOND}:\s+\d+ of \d+ met")
    )
    steps.field(page, "Public reason").fill("Two members marked the work.")
    page.locator("#decision").get_by_role("button", name="Approve").click()
    expect(page.locator("#header")).to_contain_text("Approved")
