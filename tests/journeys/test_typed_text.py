"""What somebody typed is never lost: an ended sign-in, a long pause, two windows, the Back button."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest
from playwright.sync_api import Page, expect

from portal.database import BUSY_TIMEOUT_MS
from portal.demo import people as demo_people
from portal.extensions import sqlite_module
from portal.people import sessions
from tests.journeys import steps
from tests.journeys.conftest import OpenWindow
from tests.journeys.staged import StagedPortal

pytestmark = pytest.mark.browser
BOTH = pytest.mark.parametrize("script", [True, pytest.param(False, marks=pytest.mark.slow)], ids=["htmx", "no script"])


def end_sessions(portal: StagedPortal, name: str) -> None:
    def end(now: datetime) -> None:
        sessions.end_all(demo_people.find(name).id, now=now)

    portal.change(end)


def sign_in_again(page: Page, name: str) -> None:
    """From the words about the ended sign-in, through the wiki, back to the form."""
    expect(page.locator("main")).to_contain_text("What you typed is kept.")
    page.locator("main").get_by_role("link", name="Sign in with Miraheze").click()
    page.get_by_role("button", name=f"Continue as {name}").click()


@BOTH
def test_a_comment_comes_back_after_the_sign_in_ended(
    portal: StagedPortal, open_window: OpenWindow, *, script: bool
) -> None:
    page = open_window(java_script_enabled=script)
    portal.enter(page, "Demo MediaWiki Specialist")
    open_ready(page)
    page.get_by_label("Team and candidate", exact=True).check()
    steps.field(page, "Comment").fill("Long thoughts about graphs.")
    end_sessions(portal, "Demo MediaWiki Specialist")
    page.get_by_role("button", name="Comment", exact=True).click()
    sign_in_again(page, "Demo MediaWiki Specialist")

    expect(steps.field(page, "Comment")).to_have_value("Long thoughts about graphs.")
    expect(page.get_by_label("Team and candidate", exact=True)).to_be_checked()
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator("#discussion article")).to_contain_text(["", "Long thoughts about graphs."])


@BOTH
def test_a_decision_after_twelve_idle_hours_goes_through_the_wiki_once_more(
    portal: StagedPortal, open_window: OpenWindow, *, script: bool
) -> None:
    page = open_window(java_script_enabled=script)
    portal.enter(page, "Demo Director")
    open_ready(page)
    url = page.url
    page.get_by_role("checkbox", name="GitHub team").uncheck()
    steps.field(page, "Public reason").fill("Grafana now, GitHub later.")
    portal.later(hours=13)
    page.get_by_role("button", name="Approve").click()
    sign_in_again(page, "Demo Director")

    expect(steps.field(page, "Public reason")).to_have_value("Grafana now, GitHub later.")
    expect(page.get_by_role("checkbox", name="Grafana")).to_be_checked()
    expect(page.get_by_role("checkbox", name="GitHub team")).not_to_be_checked()
    page.get_by_role("button", name="Approve").click()
    expect(page.locator("#decision")).to_contain_text("by Demo Director, Director")
    assert page.url.split("?")[0].split("#")[0] == url


@BOTH
def test_two_windows_on_one_draft_show_both_texts(
    portal: StagedPortal, open_window: OpenWindow, *, script: bool
) -> None:
    first = open_window(java_script_enabled=script)
    portal.enter(first, "Demo Software Engineer")
    first.get_by_role("link", name="Go on with draft").click()
    second = first.context.new_page()
    second.goto(first.url)
    second.get_by_label("Why").fill("Servers, from the second window.")
    if script:
        expect(second.locator("#saved")).to_contain_text("UTC")
    else:
        second.get_by_role("button", name="Save draft").click()

    first.get_by_label("Why").fill("Servers, from the first window.")
    if not script:  # with it, the draft saves itself and says so
        first.get_by_role("button", name="Save draft").click()

    expect(first.get_by_role("heading", name="his was changed in another window")).to_be_visible()
    expect(first.locator(".diff").first).to_contain_text("Servers, from the second window.")
    expect(first.locator(".diff").first).to_contain_text("Servers, from the first window.")
    expect(first.get_by_label("Why")).to_have_value("Servers, from the first window.")
    first.get_by_role("button", name="Save draft").click()
    expect(first.get_by_text("Draft saved.")).to_be_visible()
    expect(first.get_by_label("Why")).to_have_value("Servers, from the first window.")


@BOTH
def test_going_back_after_a_decision_does_not_decide_again(
    portal: StagedPortal, open_window: OpenWindow, *, script: bool
) -> None:
    page = open_window(java_script_enabled=script)
    portal.enter(page, "Demo Director")
    open_ready(page)
    page.get_by_role("button", name="Approve").click()
    expect(page.locator("#decision")).to_contain_text("by Demo Director, Director")

    page.go_back()  # without script this is the request as it was before the decision
    if script:
        page.go_forward()

    expect(page.locator("#decision")).to_contain_text("by Demo Director, Director")
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    expect(page.locator("#timeline").get_by_text("Demo Director approved it")).to_have_count(1)


def test_the_slower_of_two_windows_reads_who_decided(portal: StagedPortal, open_window: OpenWindow) -> None:
    page = open_window()
    portal.enter(page, "Demo Director")
    open_ready(page)
    other = page.context.new_page()
    other.goto(page.url)
    other.get_by_role("button", name="Approve").click()
    expect(other.locator("#decision")).to_contain_text("by Demo Director, Director")

    steps.field(page, "Public reason").fill("My own words.")
    page.get_by_role("button", name="Approve").click()

    expect(page.get_by_role("alert").filter(has_text="lready decided")).to_be_visible()
    expect(steps.field(page, "Public reason")).to_have_value("My own words.")


@contextmanager
def locked(portal: StagedPortal) -> Iterator[None]:
    """Another process writes, and does not come to an end."""
    other = sqlite_module().connect(str(portal.data / "portal.db"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.close()


@BOTH
def test_a_comment_that_cannot_be_saved_is_sent_again(
    portal: StagedPortal, open_window: OpenWindow, *, script: bool
) -> None:
    page = open_window(java_script_enabled=script)
    portal.enter(page, "Demo MediaWiki Specialist")
    open_ready(page)
    steps.field(page, "Comment").fill("Long thoughts about graphs.")
    with locked(portal):
        page.get_by_role("button", name="Comment", exact=True).click()
        expect(page.locator(".error-box")).to_contain_text("cannot save right now", timeout=4 * BUSY_TIMEOUT_MS)
    form = page.locator("main form").filter(has=page.get_by_role("button", name=("Send again", "Comment")[script]))
    expect(form.locator("textarea").first).to_have_value("Long thoughts about graphs.")

    form.get_by_role("button", name=("Send again", "Comment")[script], exact=True).click()

    expect(page.locator("#discussion article")).to_contain_text(["", "Long thoughts about graphs."])
    expect(page.locator(".error-box")).to_have_count(0)


def open_ready(page: Page) -> None:
    """From the dashboard to the demo request that has everything it needs."""
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Requests", exact=True).click()
    row = page.locator("main li.row").filter(has_text="Grafana")
    row.get_by_role("link", name="Access expansion: Demo Software Engineer").click()
