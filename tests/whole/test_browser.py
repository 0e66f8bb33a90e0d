"""The portal in a real browser, over real HTTP."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser import LivePortal

pytestmark = pytest.mark.browser


def test_a_demo_account_signs_in_and_out(page: Page, live_portal: LivePortal) -> None:
    live_portal.sign_in(page, "Demo Director")

    expect(page.get_by_text("Demo Director").first).to_be_visible()
    page.get_by_role("button", name="Sign out").click()

    expect(page.get_by_role("link", name="Sign in with Miraheze").first).to_be_visible()


def test_the_vendored_htmx_runs_under_the_content_security_policy(page: Page, live_portal: LivePortal) -> None:
    page.goto(live_portal.url)

    assert str(page.evaluate("htmx.version")).startswith("4.")
