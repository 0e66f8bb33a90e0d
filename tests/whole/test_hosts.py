"""Under which name the portal answers: its own, whatever a request, a proxy's header or a referrer says."""

from __future__ import annotations

from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

import config
from portal import create_app
from portal.web.addresses import is_own_host
from tests import databases, factories
from tests.requests.factories import draft
from tests.requests.pages import Browser
from tests.whole.actors import pages

EVIL = "evil.example"
FOREIGN_HOSTS = [
    EVIL,
    f"localhost.{EVIL}",
    f"{EVIL}:80",
    f"localhost@{EVIL}",
    f"localhost:80@{EVIL}",
    f"{EVIL}#localhost",
    f"{EVIL}/localhost",
    "localhost\\.evil.example",
    "localhost evil.example",
    "localhost, evil.example",
    "localhost.",
    "xn--loclhost-01a",
    "192.0.2.7",
    "[2001:db8::1]",
    "[::1",
    "[",
    ":80",
    "",
]
OWN_HOSTS = ["localhost", "LOCALHOST", "localhost:80", "localhost:5000", "127.0.0.1:5000", "[::1]:5000"]
PUBLIC = "https://portal.example.org"


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_under_a_foreign_name_there_is_one_sentence_and_no_link_to_it(app: Flask, host: str) -> None:
    client = app.test_client()
    factories.sign_in(client, factories.director())

    for address in ("/", "/account", "/sign-in?next=/account", "/requests", "/nothing"):
        answer = client.get(address, headers={"Host": host})

        assert answer.status_code == 421, address
        assert "This portal has another address: http://localhost" in answer.text
        assert EVIL not in answer.text
        assert "Location" not in answer.headers


@pytest.mark.parametrize("host", OWN_HOSTS)
def test_on_this_machine_all_its_names_are_the_portal(app: Flask, host: str) -> None:
    assert app.test_client().get("/", headers={"Host": host}).status_code == 200


def test_a_form_under_a_foreign_name_changes_nothing(app: Flask) -> None:
    browser = Browser(app, factories.member())
    secret = browser.token()

    answer = browser.client.post("/sign-out", data={"csrf_token": secret}, headers={"Host": EVIL})

    assert answer.status_code == 421
    assert browser.get("/account").status_code == 200


def test_monitors_may_ask_by_number(client: FlaskClient) -> None:
    assert client.get("/healthz", headers={"Host": "192.0.2.7:8000"}).status_code == 200


@pytest.fixture
def behind_a_proxy(app: Flask) -> FlaskClient:
    """A browser of a portal as it is set up in production: one proxy in front, which names the host."""
    url = app.extensions["settings"].database_url
    served = create_app(databases.settings(url, ENV="testing", BASE_URL=PUBLIC, PROXY_COUNT="1"))
    return served.test_client()


@pytest.mark.parametrize("host", [EVIL, f"portal.example.org.{EVIL}", "127.0.0.1:8000", "localhost"])
def test_in_production_only_the_published_name_counts(behind_a_proxy: FlaskClient, host: str) -> None:
    proxy = {"X-Forwarded-For": "192.0.2.9", "X-Forwarded-Proto": "https"}

    named = behind_a_proxy.get("/", headers={**proxy, "Host": "portal.example.org"})
    forwarded = behind_a_proxy.get("/", headers={**proxy, "Host": "portal.example.org", "X-Forwarded-Host": host})
    direct = behind_a_proxy.get("/", headers={**proxy, "Host": host})

    assert (named.status_code, forwarded.status_code, direct.status_code) == (200, 421, 421)
    assert EVIL not in forwarded.text + direct.text


def test_a_portal_on_the_internet_is_not_this_machine(behind_a_proxy: FlaskClient) -> None:
    with behind_a_proxy.application.app_context():
        assert is_own_host("portal.example.org")
        assert not is_own_host("127.0.0.1")


@pytest.mark.parametrize("headers", [{}, {"X-Forwarded-Proto": "http"}, {"X-Forwarded-Proto": "javascript"}])
def test_the_wiki_sends_people_back_to_the_published_address(
    behind_a_proxy: FlaskClient, headers: dict[str, str]
) -> None:
    host = {"Host": "portal.example.org", **headers}

    begun = behind_a_proxy.get("/sign-in?next=/account", headers=host).headers["Location"]
    again = behind_a_proxy.get("/sign-in?next=/account&moved=1", headers=host).headers["Location"]

    assert begun.startswith(f"{PUBLIC}/sign-in?")
    assert parse_qs(urlsplit(again).query)["redirect_uri"] == [f"{PUBLIC}/sign-in/callback"]


def test_no_page_writes_out_the_host_it_was_asked_under(app: Flask) -> None:
    browser = Browser(app, ann := factories.director())
    address = f"/requests/{draft(ann)}/draft"
    asked = "127.0.0.9:4711"  # a name of this machine, but not the published one

    for page in [*pages(app), address]:
        answer = browser.client.get(page, headers={"Host": asked})
        assert asked not in answer.text + str(answer.headers), page
    assert f"http://localhost{address.removesuffix('/draft')}" in browser.text(address)


@pytest.mark.parametrize(
    "address", ["/requests", "/requests?state=open", "//requests", "//evil.example//requests", "/\\evil.example"]
)
def test_a_missing_or_doubled_slash_is_mended_on_this_host(app: Flask, address: str) -> None:
    answer = Browser(app, factories.member()).client.get(
        "/", headers={"Host": "127.0.0.1:4711"}, environ_overrides=path_of(address)
    )

    location = answer.headers.get("Location", "/")
    assert urljoin(f"{PUBLIC}/x", location.replace("\\", "/")).startswith(f"{PUBLIC}/"), location
    assert "4711" not in location


def test_the_missing_slash_keeps_the_question(app: Flask) -> None:
    answer = Browser(app, factories.member()).client.get("/requests?state=open")

    assert (answer.status_code, answer.headers["Location"]) == (308, "/requests/?state=open")


def path_of(address: str) -> dict[str, str]:
    """As a server hands the address over: a client would tidy it first."""
    path, _, query = address.partition("?")
    return {"PATH_INFO": path, "QUERY_STRING": query, "REQUEST_URI": address, "RAW_URI": address}


def test_no_line_of_the_portal_asks_for_an_address_by_the_requests_host() -> None:
    named = [
        f"{path.name}: {mark}"
        for path in sorted((config.ROOT / "portal").rglob("*"))
        if path.suffix in (".py", ".html")
        for mark in ("_external", "url_root", "request.base_url", "request.url)", "request.url ")
        if mark in path.read_text(encoding="utf-8")
    ]

    assert named == []
