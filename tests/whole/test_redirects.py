"""Wherever an address that somebody else can write decides where a person goes on, they stay within the portal."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser

from portal.web.addresses import local_path
from tests import factories
from tests.addresses import EVIL, HOSTILE, as_browsers_read
from tests.browser import LivePortal, window

HOME = "http://localhost"
AWAY = {"from_day": "2030-01-01", "to_day": "2030-01-02", "reason": "x"}


def is_ours(location: str) -> bool:
    """Whether a browser on one of our pages that is sent there stays on this host."""
    read = as_browsers_read(location)
    target = urlsplit(urljoin(f"{HOME}/some/page", read))
    return f"{target.scheme}://{target.netloc}" == HOME and not read.startswith("//")


def next_of(client: FlaskClient) -> str:
    """Where the newest errand of this browser leads."""
    with client.session_transaction() as session:
        return str(list(session["errands"].values())[-1][0])


def header_value(address: str) -> str | None:
    """The address as a header can carry it, if it can."""
    return address if address.isprintable() and address.isascii() else None


def test_there_are_more_than_two_hundred_ways_to_write_another_site() -> None:
    assert len(HOSTILE) >= 400
    assert all(isinstance(address, str) for address in HOSTILE)


def test_no_address_of_another_site_is_taken_to_go_on_to(client: FlaskClient) -> None:
    elsewhere = []

    for address in HOSTILE:
        client.get("/sign-in", query_string={"next": address})
        if not is_ours(found := next_of(client)) or found.startswith(("/sign-in", "/sign-out")):
            elsewhere.append((address, found))

    assert elsewhere == []


def test_what_is_taken_leads_to_no_other_site_in_its_turn(client: FlaskClient) -> None:
    """An address within the portal may itself be one that redirects. The one to the wiki is never taken."""
    elsewhere = []

    for address in {local_path(address) for address in HOSTILE}:
        location = client.get(address).headers.get("Location", "/")
        if not is_ours(location) and urlsplit(address).path != "/sign-in":
            elsewhere.append((address, location))

    assert elsewhere == []


def links_back(page: str) -> Iterator[str]:
    """Where the sign-in links of a page lead afterwards."""
    for link in re.findall(r'href="(/sign-in\?[^"]*)"', page):
        yield from parse_qs(urlsplit(html.unescape(link)).query).get("next", [])


def test_no_referrer_leads_away_after_a_sign_in_that_was_needed(client: FlaskClient) -> None:
    elsewhere = []
    referrers = [value for address in HOSTILE if (value := header_value(address)) is not None]

    for referrer in [*referrers, *(HOME + value for value in referrers)]:
        answer = client.post("/people/me/absence", data={"reason": "x"}, headers={"Referer": referrer})
        assert answer.status_code == 401
        elsewhere += [(referrer, found) for found in links_back(answer.text) if not is_ours(found)]

    assert elsewhere == []


def test_no_page_somebody_came_by_leads_away_after_a_sign_in(client: FlaskClient) -> None:
    headers = {"HX-Current-URL": f"https://{EVIL}/"}
    pages = [client.get("/account", query_string={"q": address}, headers=headers).text for address in HOSTILE]

    found = [link for page in pages for link in links_back(page)]

    assert len(found) >= 200  # the others are no addresses at all, and are told so
    assert [link for link in found if not is_ours(link)] == []


def test_a_redirect_of_htmx_is_a_path_too(app: Flask) -> None:
    client = app.test_client()
    factories.sign_in(client, factories.member())
    page = client.get("/account").text
    secret = re.findall(r'name="csrf_token" value="([^"]+)"', page)[0]
    headers = {"HX-Request": "true", "HX-Current-URL": f"https://{EVIL}/", "Referer": f"{HOME}//{EVIL}"}

    answer = client.post("/people/me/absence", data={"csrf_token": secret, **AWAY}, headers=headers)

    assert answer.headers["HX-Redirect"].startswith("/people/")


@pytest.mark.browser
def test_a_real_browser_reads_what_is_taken_as_ours(app: Flask, chromium: Browser) -> None:
    with window(chromium) as page:
        page.route("http://localhost/**", lambda route: route.fulfill(body="<p>x", content_type="text/html"))
        page.goto(f"{HOME}/some/page")
        taken = sorted({local_path(address) for address in HOSTILE})
        origins = page.evaluate("(found) => found.map((one) => new URL(one, location.href).origin)", taken)
        control = page.evaluate("new URL('/\\\\evil.example', location.href).origin")

    assert set(origins) == {HOME}
    assert control == f"http://{EVIL}"  # the browser does read it so


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("address", [f"//{EVIL}", f"/\\{EVIL}", f"https:{EVIL}", f"/%2f{EVIL}", f"/\t/{EVIL}"])
def test_a_real_browser_comes_back_from_the_wiki_to_the_portal(
    chromium: Browser, live_portal: LivePortal, address: str
) -> None:
    with window(chromium) as page:
        page.goto(f"{live_portal.url}/sign-in?next={address.replace('%', '%25')}")
        page.get_by_role("button", name="Continue as Demo Volunteer", exact=True).click()
        page.get_by_role("button", name="Sign out").wait_for()
        assert page.url.startswith(f"{live_portal.url}/")
