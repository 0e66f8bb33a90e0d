"""Two windows change the same thing: in the browser both texts are in view, on a phone too, and either can be taken."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.journeys import demo_ids, looking, steps
from tests.journeys.conftest import OpenWindow
from tests.journeys.staged import StagedPortal

OTHER, MINE = "Written in the other window, with a long-word-" + "x" * 60, "Typed here, a little later."
WHY = "Why is it needed?"


def two_windows(portal: StagedPortal, open_window: OpenWindow, path: str, **options: object) -> tuple[Page, Page]:
    """One person's page, opened twice."""
    page = open_window(**options)
    portal.enter(page, "Demo Software Engineer")
    other = page.context.new_page()
    for each in (page, other):
        each.goto(portal.url + path)
    return page, other


def begin_draft(portal: StagedPortal, open_window: OpenWindow, **options: object) -> tuple[Page, Page]:
    page = open_window(**options)
    portal.enter(page, "Demo Software Engineer")
    steps.begin(page, "Access expansion")
    other = page.context.new_page()
    other.goto(page.url)
    return page, other


def test_a_draft_that_saves_itself_over_nothing(portal: StagedPortal, open_window: OpenWindow) -> None:
    page, other = begin_draft(portal, open_window)
    steps.field(other, WHY).fill(OTHER)
    expect(other.locator("#saved")).to_contain_text("Saved")

    steps.field(page, WHY).fill(MINE)

    conflict = page.get_by_role("alert").filter(has_text="changed in another window")
    expect(conflict).to_contain_text(OTHER)
    expect(conflict).to_contain_text(MINE)
    expect(steps.field(page, WHY)).to_have_value(MINE)
    assert looking.faults(page) == []
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("Draft saved.")).to_be_visible()
    expect(steps.field(page, WHY)).to_have_value(MINE)


def test_a_draft_without_javascript(portal: StagedPortal, open_window: OpenWindow) -> None:
    page, other = begin_draft(portal, open_window, java_script_enabled=False)
    steps.field(other, WHY).fill(OTHER)
    other.get_by_role("button", name="Save draft").click()

    steps.field(page, WHY).fill(MINE)
    page.get_by_role("button", name="Save draft").click()

    conflict = page.get_by_role("alert").filter(has_text="changed in another window")
    expect(conflict).to_contain_text(OTHER)
    expect(conflict).to_contain_text(MINE)
    expect(steps.field(page, WHY)).to_have_value(MINE)
    conflict.get_by_role("link", name="Take the other version").click()
    expect(steps.field(page, WHY)).to_have_value(OTHER)


def test_an_open_request(portal: StagedPortal, open_window: OpenWindow) -> None:
    path = f"/requests/{demo_ids.find(portal)['ready']}/edit"
    page, other = two_windows(portal, open_window, path)
    steps.field(other, WHY).fill(OTHER)
    other.get_by_role("button", name="Save changes").click()
    other.wait_for_url(portal.url + path.removesuffix("/edit"))

    steps.field(page, WHY).fill(MINE)
    page.get_by_role("button", name="Save changes").click()

    conflict = page.get_by_role("alert").filter(has_text="changed in another window")
    expect(conflict).to_contain_text(OTHER)
    expect(conflict).to_contain_text(MINE)
    assert looking.faults(page) == []
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text(MINE)).to_be_visible()


def test_a_double_click_says_it_once(portal: StagedPortal, open_window: OpenWindow) -> None:
    path = f"/requests/{demo_ids.find(portal)['ready']}"
    page, other = two_windows(portal, open_window, path)
    steps.field(page, "Comment").fill("Said with a nervous finger.")

    page.get_by_role("button", name="Comment", exact=True).dblclick()

    expect(page.locator("#discussion article").filter(has_text="nervous finger")).to_have_count(1)
    other.reload()  # the first may be on its way to the page anew, which is where the second click leads
    expect(other.locator("#discussion article").filter(has_text="nervous finger")).to_have_count(1)


def test_back_and_send_without_javascript(portal: StagedPortal, open_window: OpenWindow) -> None:
    path = f"/requests/{demo_ids.find(portal)['ready']}"
    page, _other = two_windows(portal, open_window, path, java_script_enabled=False)
    steps.field(page, "Comment").fill("Said before going back.")
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator("#discussion article").filter(has_text="Said before going back.")).to_have_count(1)
    page.go_back()

    steps.field(page, "Comment").fill("Another thought after going back.")
    page.get_by_role("button", name="Comment", exact=True).click()

    said = page.locator("#discussion article")
    expect(said.filter(has_text="Said before going back.")).to_have_count(1)
    expect(said.filter(has_text="Another thought after going back.")).to_have_count(1)
