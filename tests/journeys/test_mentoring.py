"""A mentor is asked, declines kindly, another accepts; two goals, handed over, ended. With JavaScript and without."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.journeys import steps
from tests.journeys.conftest import OpenWindow
from tests.journeys.staged import StagedPortal

pytestmark = pytest.mark.browser
MENTEE, BUSY, MENTOR, NEXT = (
    f"Demo {name}" for name in ("Project Manager", "Deputy", "Security Specialist", "Infrastructure Specialist")
)


@pytest.mark.slow
@pytest.mark.parametrize("script", [True, False])
def test_mentoring_from_asking_to_the_end(portal: StagedPortal, open_window: OpenWindow, script: bool) -> None:
    mentee, busy, mentor, following = (open_window(java_script_enabled=script) for _ in range(4))
    for page, name in ((mentee, MENTEE), (busy, BUSY), (mentor, MENTOR), (following, NEXT)):
        portal.enter(page, name)

    ask(portal, mentee, BUSY)
    open_from_dashboard(portal, busy)
    steps.unfold(busy, "Decline kindly")
    expect(steps.field(busy, "What you answer")).to_have_value(
        "Thank you for asking. I cannot give you the time you deserve just now. Please ask somebody else."
    )
    busy.get_by_role("button", name="Decline").click()
    expect(busy.locator("main")).to_contain_text("Declined. Your answer was sent.")
    mentee.goto(f"{portal.url}/mentoring")
    mentee.get_by_role("link", name=f"{BUSY}, for {MENTEE}").click()
    expect(mentee.locator("main")).to_contain_text("Please ask somebody else.")

    ask(portal, mentee, MENTOR)
    open_from_dashboard(portal, mentor)
    mentor.get_by_role("button", name="Accept").click()
    expect(mentor.locator("main")).to_contain_text("Agree on a first goal together.")
    mentee.get_by_role("region", name="Mine").get_by_role("link", name=f"{MENTOR}, for {MENTEE}").click()
    set_goal(mentor, "Web Security", "2")
    mentee.reload()
    set_goal(mentee, "Technical Communication", "3")
    mentee.locator("#goals .row").filter(has_text="Web Security").get_by_role("button", name="Reached").click()
    expect(mentee.locator("#goals .chip", has_text="Reached")).to_have_count(1)

    mentor.reload()
    steps.unfold(mentor, "Hand over to another mentor")
    mentor.get_by_role("combobox", name="Who takes over").select_option(label=NEXT)
    mentor.get_by_role("button", name="Ask them to take over").click()
    expect(mentor.locator("main")).to_contain_text(f"{NEXT} was asked to take over.")
    mentee.reload()
    expect(mentee.locator("main")).to_contain_text("Until they accept nothing changes, and you can say no.")
    open_from_dashboard(portal, following)
    following.get_by_role("button", name="Accept").click()
    expect(following.locator("#goals")).to_contain_text("Technical Communication")

    mentee.goto(following.url)
    steps.unfold(mentee, "End it")
    mentee.get_by_role("button", name="End", exact=True).click()
    expect(mentee.get_by_role("heading", name="There is a problem")).to_be_visible()
    steps.field(mentee, "Why it ends").fill("I have learned what I wanted.")
    mentee.get_by_role("button", name="End", exact=True).click()
    expect(mentee.locator("main")).to_contain_text("Ended. The other one is told.")
    following.reload()
    expect(following.locator("main")).to_contain_text("I have learned what I wanted.")


def ask(portal: StagedPortal, page: Page, whom: str) -> None:
    page.goto(f"{portal.url}/mentoring")
    page.get_by_role("link", name="Ask for a mentor").click()
    box = page.get_by_role("combobox", name="Whom you ask")
    box.select_option(value=box.locator("option", has_text=whom).get_attribute("value") or "")
    steps.field(page, "What you would like to learn, in a sentence").fill("How to plan a release.")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.locator("main")).to_contain_text("Asked. You read the answer here and in your inbox.")


def open_from_dashboard(portal: StagedPortal, page: Page) -> None:
    """What waits for somebody stands on their dashboard."""
    page.goto(portal.url)
    page.get_by_role("main").get_by_role("link", name=f"Mentoring: {MENTEE}").first.click()


def set_goal(page: Page, item: str, score: str) -> None:
    steps.unfold(page, "Set a goal")
    page.get_by_role("combobox", name="Item").select_option(label=item)
    page.get_by_role("radio", name=f"{score}:").check()
    page.get_by_role("button", name="Set the goal").click()
    expect(page.locator("#goals")).to_contain_text(item)
