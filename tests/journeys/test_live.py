"""Somebody comments while I type on the same page: I am told, nothing of mine moves, and it comes when I ask for it."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.journeys import demo_ids, looking, steps
from tests.journeys.conftest import OpenWindow
from tests.journeys.staged import StagedPortal

MINE = "I am in the middle of a sentence, and"
AWHILE = 25_000  # ms: after this an open page has asked
COUNT_ANSWERS = """() => {
  const ask = window.fetch;
  window.asked = window.answered = 0;
  window.fetch = (...sent) => {
    window.asked += 1;
    const answer = ask(...sent);
    answer.catch(() => {}).finally(() => { window.answered += 1; });
    return answer;
  };
}"""


def open_page(portal: StagedPortal, open_window: OpenWindow, person: str, **options: object) -> Page:
    page = open_window(**options)
    page.clock.install()
    portal.enter(page, person)
    page.goto(f"{portal.url}/requests/{demo_ids.find(portal)['ready']}")
    return page


def say(page: Page, text: str) -> None:
    steps.field(page, "Comment").fill(text)
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator("#discussion article").filter(has_text=text)).to_have_count(1)


def where(page: Page) -> list[object]:
    return page.evaluate(  # type: ignore[no-any-return]
        "[scrollY, document.activeElement.id, document.activeElement.selectionStart, document.activeElement.value]"
    )


def test_i_am_told_and_nothing_of_mine_moves(portal: StagedPortal, open_window: OpenWindow) -> None:
    me = open_page(portal, open_window, "Demo Director")
    title = me.title()
    box = steps.field(me, "Comment")
    box.fill(MINE)
    box.press("ArrowLeft")
    before = where(me)
    other = open_page(portal, open_window, "Demo Software Engineer")
    say(other, "Said meanwhile by somebody else.")

    me.clock.fast_forward(AWHILE)

    bar = me.locator(".news-bar")
    expect(bar).to_contain_text("1 new: Demo Software Engineer commented")
    expect(me.locator("#live")).to_contain_text("1 new: Demo Software Engineer commented")
    assert me.title() == f"(1) {title}"
    assert where(me) == before
    assert me.locator("#discussion article").filter(has_text="Said meanwhile").count() == 0

    say(other, "And once more.")
    me.clock.fast_forward(AWHILE)
    expect(bar).to_contain_text("2 new")
    assert where(me) == before
    assert looking.faults(me) == []

    bar.get_by_role("link", name="Show").click()
    first = me.locator("#discussion article").filter(has_text="Said meanwhile")
    expect(first).to_be_in_viewport()
    expect(first).to_be_focused()
    expect(bar).to_have_count(0)
    expect(me).to_have_title(title)
    expect(box).to_have_value(MINE)
    me.clock.fast_forward(AWHILE)
    expect(bar).to_have_count(0)


def test_who_is_signed_out_is_told_once(portal: StagedPortal, open_window: OpenWindow) -> None:
    me = open_page(portal, open_window, "Demo Director")
    steps.field(me, "Comment").fill(MINE)
    asked: list[str] = []
    me.on("request", lambda request: asked.append(request.url) if "/news" in request.url else None)
    me.context.clear_cookies()

    me.clock.fast_forward(AWHILE)

    expect(me.locator(".news-bar")).to_contain_text("You are no longer signed in")
    expect(me.locator("#live")).to_contain_text("You are no longer signed in")
    expect(steps.field(me, "Comment")).to_have_value(MINE)
    for _ in range(5):
        me.clock.fast_forward(AWHILE)
    assert len(asked) == 1


def test_a_server_that_does_not_answer_is_asked_less_and_less(portal: StagedPortal, open_window: OpenWindow) -> None:
    me = open_page(portal, open_window, "Demo Director")
    me.route("**/news*", lambda route: route.abort())
    me.evaluate(COUNT_ANSWERS)
    for _ in range(60):  # twenty minutes
        me.clock.run_for(20_000)
        steps.until(me, "window.answered === window.asked")

    assert 4 <= me.evaluate("window.asked") <= 8
    assert me.locator(".news-bar").count() == 0


def test_a_page_that_nobody_looks_at_does_not_ask(portal: StagedPortal, open_window: OpenWindow) -> None:
    me = open_page(portal, open_window, "Demo Director")
    asked: list[str] = []
    me.on("request", lambda request: asked.append(request.url) if "/news" in request.url else None)
    me.evaluate("Object.defineProperty(document, 'hidden', { get: () => window.isHidden }); window.isHidden = true")

    for _ in range(5):
        me.clock.fast_forward(AWHILE)
    assert asked == []

    me.evaluate("window.isHidden = false; document.dispatchEvent(new Event('visibilitychange'))")
    with me.expect_response("**/news*") as answer:
        me.clock.fast_forward(1000)
    assert answer.value.status == 304


def test_without_javascript_nothing_changes(portal: StagedPortal, open_window: OpenWindow) -> None:
    page = open_window(java_script_enabled=False)
    portal.enter(page, "Demo Director")
    page.goto(f"{portal.url}/requests/{demo_ids.find(portal)['ready']}")

    assert page.locator("#news").inner_text() == ""
