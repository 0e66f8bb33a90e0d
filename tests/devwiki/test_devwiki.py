"""The development wiki answers like MediaWiki's OAuth 2.0 provider, in both observed generations."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from authlib.oauth2.rfc7636 import create_s256_code_challenge

import config
from devwiki.accounts import DEMO, SUBS
from devwiki.app import create_app
from devwiki.server import listen
from devwiki.wiki import GENERATIONS, Client, DevWiki
from tests.devwiki_fixture import CALLBACK, RunningWiki, answer_consent, http, running_wiki

VERIFIER = "v" * 50
BASIC = ("test-client", "test-secret")


@pytest.fixture(scope="module")
def served() -> Iterator[RunningWiki]:
    with running_wiki() as running:
        yield running


@pytest.fixture(params=GENERATIONS)
def running(served: RunningWiki, request: pytest.FixtureRequest) -> RunningWiki:
    served.wiki.reset()
    served.wiki.generation = request.param
    return served


def authorize(running: RunningWiki, **changes: str | None) -> str:
    asked = {
        "response_type": "code",
        "client_id": "test-client",
        "redirect_uri": CALLBACK,
        "state": 'a b+&=/é"<',
        "code_challenge": create_s256_code_challenge(VERIFIER),
        "code_challenge_method": "S256",
        **changes,
    }
    request = requests.Request("GET", f"{running.rest_url}/oauth2/authorize", params=asked).prepare()
    return str(request.url)


def code(running: RunningWiki, name: str = "Demo Volunteer", **changes: str | None) -> str:
    back = answer_consent(authorize(running, **changes), account=SUBS[name])
    return parse_qs(urlsplit(back).query)["code"][0]


def exchange(running: RunningWiki, auth: tuple[str, str] | None = BASIC, **changes: str | None) -> requests.Response:
    body = {
        "grant_type": "authorization_code",
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
        **changes,
    }
    sent = {name: value for name, value in body.items() if value is not None}
    with http() as session:
        return session.post(f"{running.rest_url}/oauth2/access_token", data=sent, auth=auth, timeout=10)


def profile(running: RunningWiki, **headers: str) -> requests.Response:
    with http() as session:
        return session.get(f"{running.rest_url}/oauth2/resource/profile", headers=headers, timeout=10)


def test_a_code_comes_back_with_the_state_byte_for_byte(running: RunningWiki) -> None:
    back = answer_consent(authorize(running), account=SUBS["Demo Volunteer"])

    answer = parse_qs(urlsplit(back).query)
    assert answer["state"] == ['a b+&=/é"<']
    assert answer["code"][0].startswith("def50200")
    assert len(answer["code"][0]) == 810
    assert set(answer) == {"state", "code"}


def test_the_tokens_have_the_observed_shape(running: RunningWiki) -> None:
    answer = exchange(running, code=code(running))

    body = answer.json()
    assert set(body) == {"token_type", "expires_in", "access_token", "refresh_token"}
    assert (body["token_type"], body["expires_in"], len(body["refresh_token"])) == ("Bearer", 3600, 804)
    assert body["access_token"].startswith("eyJ")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Type"] == "application/json; charset=UTF-8"


def test_the_secret_may_be_in_the_body(running: RunningWiki) -> None:
    answer = exchange(running, None, code=code(running), client_id="test-client", client_secret="test-secret")

    assert answer.status_code == 200


@pytest.mark.parametrize("account", DEMO, ids=lambda account: account.username)
def test_the_profile_has_the_observed_shape(running: RunningWiki, account: Any) -> None:
    token = exchange(running, code=code(running, account.username)).json()["access_token"]

    body = profile(running, Authorization=f"Bearer {token}").json()

    if account.hidden:
        assert body == {"sub": account.sub, "blocked": True}
    else:
        assert list(body) == [
            *("sub", "username", "editcount", "email_verified", "confirmed_email"),
            *("blocked", "registered", "groups", "rights", "grants"),
        ]
        assert (body["sub"], body["username"]) == (account.sub, account.username)
        assert body["blocked"] is (account.block != "none")


ERRORS: list[tuple[str, dict[str, Any], tuple[int, str, str], tuple[int, str, str]]] = [
    ("wrong secret", {"auth": ("test-client", "x")}, (401, "invalid_client", ""), (401, "invalid_client", "")),
    ("unknown client", {"auth": ("x", "x")}, (401, "invalid_client", ""), (401, "invalid_client", "")),
    (
        "no secret",
        {"auth": None, "client_id": "test-client"},
        (401, "invalid_client", ""),
        (400, "invalid_request", "Check the `client_secret` parameter"),
    ),
    (
        "no client",
        {"auth": None},
        (400, "invalid_request", "Check the `client_id` parameter"),
        (400, "invalid_request", "Check the `client_id` parameter"),
    ),
    (
        "garbage code",
        {"code": "x"},
        (400, "invalid_request", "Cannot decrypt the authorization code"),
        (400, "invalid_grant", "Cannot validate the provided authorization code"),
    ),
    (
        "no code",
        {"code": None},
        (400, "invalid_request", "Check the `code` parameter"),
        (400, "invalid_request", "Check the `code` parameter"),
    ),
    (
        "wrong redirect",
        {"redirect_uri": "http://localhost/other"},
        (401, "invalid_client", ""),
        (400, "invalid_request", "Invalid redirect URI"),
    ),
    (
        "missing redirect",
        {"redirect_uri": None},
        (400, "invalid_request", "Check the `redirect_uri` parameter"),
        (400, "invalid_request", "Check the `redirect_uri` parameter"),
    ),
    (
        "bad grant type",
        {"grant_type": "password"},
        (400, "invalid_request", "Check the `grant_type` parameter"),
        (400, "invalid_request", "Check the `grant_type` parameter"),
    ),
    (
        "wrong verifier",
        {"code_verifier": "w" * 50},
        (400, "invalid_grant", "Failed to verify `code_verifier`."),
        (400, "invalid_grant", "Failed to verify `code_verifier`."),
    ),
    (
        "missing verifier",
        {"code_verifier": None},
        (400, "invalid_request", "Check the `code_verifier` parameter"),
        (400, "invalid_request", "Check the `code_verifier` parameter"),
    ),
    (
        "short verifier",
        {"code_verifier": "short"},
        (400, "invalid_request", "Code Verifier must follow the specifications of RFC-7636."),
        (400, "invalid_request", "Code Verifier must follow the specifications of RFC-7636."),
    ),
]


@pytest.mark.parametrize(("changes", "older", "newer"), [row[1:] for row in ERRORS], ids=[row[0] for row in ERRORS])
def test_a_wrong_exchange_is_refused_in_the_generations_own_way(
    running: RunningWiki, changes: dict[str, Any], older: tuple[int, str, str], newer: tuple[int, str, str]
) -> None:
    made = code(running)

    answer = exchange(running, **{"code": made, **changes})

    body = answer.json()
    status, error, hint = older if running.wiki.generation == "43" else newer
    assert (answer.status_code, body["error"], body.get("hint", "")) == (status, error, hint)
    assert ("message" in body) is (running.wiki.generation == "43")
    basic = changes.get("auth", BASIC) is not None
    assert ("WWW-Authenticate" in answer.headers) is (status == 401 and basic)
    assert exchange(running, code=made).status_code == 200  # a failed exchange does not use the code up


def test_a_code_is_good_once(running: RunningWiki) -> None:
    made = code(running)
    token = exchange(running, code=made).json()["access_token"]

    again = exchange(running, code=made)

    wanted = "invalid_request" if running.wiki.generation == "43" else "invalid_grant"
    assert (again.status_code, again.json()["error"]) == (400, wanted)
    assert again.json()["hint"] == "Authorization code has been revoked"
    assert profile(running, Authorization=f"Bearer {token}").status_code == 200


def test_a_verifier_without_a_challenge(running: RunningWiki) -> None:
    made = code(running, code_challenge=None, code_challenge_method=None)

    assert exchange(running, code=made).status_code == (200 if running.wiki.generation == "43" else 400)


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x"])
def test_the_token_endpoint_takes_forms_only(running: RunningWiki, kind: str) -> None:
    with http() as session:
        headers = {"Content-Type": kind}
        answer = session.post(f"{running.rest_url}/oauth2/access_token", data="{}", headers=headers, timeout=10)

    assert answer.status_code == 415
    assert set(answer.json()) == {"errorKey", "messageTranslations", "httpCode", "httpReason"}


def test_the_token_endpoint_is_no_page(running: RunningWiki) -> None:
    with http() as session:
        answer = session.get(f"{running.rest_url}/oauth2/access_token", timeout=10)

    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


def test_a_bad_token_reads_no_profile(running: RunningWiki) -> None:
    forged = profile(running, Authorization="Bearer a.b.c")
    garbage = profile(running, Authorization="Bearer abc")
    bare = profile(running)

    assert (forged.status_code, forged.json()["hint"]) == (401, "Access token could not be verified")
    assert (garbage.status_code, garbage.json()["hint"]) == (401, "The JWT string must have two dots")
    assert bare.status_code == (401 if running.wiki.generation == "43" else 500)


def test_a_token_counts_in_its_header_and_there_in_its_own_spelling(running: RunningWiki) -> None:
    token = exchange(running, code=code(running)).json()["access_token"]

    small = profile(running, Authorization=f"bearer {token}")
    with http() as session:
        in_address = session.get(
            f"{running.rest_url}/oauth2/resource/profile", params={"access_token": token}, timeout=10
        )

    found = (small.status_code, in_address.status_code)
    assert found == ((401, 401) if running.wiki.generation == "43" else (200, 500))


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"client_id": "unknown"}, 401),
        ({"redirect_uri": "http://evil.example/"}, 401),
        ({"response_type": "token"}, 400),
        ({"code_challenge": "short"}, 400),
    ],
)
def test_a_wrong_question_stays_on_the_wiki(running: RunningWiki, changes: dict[str, str], status: int) -> None:
    with http() as session:
        answer = session.get(authorize(running, **changes), timeout=10)

    assert answer.status_code == status
    assert "Application Connection Error" in answer.text


def test_only_the_newer_generation_takes_another_port_of_this_machine() -> None:
    wiki = DevWiki(Client("c", "s", "http://127.0.0.1:5000/sign-in/callback"))
    other = "http://127.0.0.1:6000/sign-in/callback"

    assert wiki.takes_redirect(other)
    assert not wiki.takes_redirect("http://127.0.0.1:6000/else")
    assert not wiki.takes_redirect("http://localhost:6000/sign-in/callback")
    wiki.generation = "43"
    assert not wiki.takes_redirect(other)


def test_the_renamable_account_takes_its_other_name_and_back(running: RunningWiki) -> None:
    sub = SUBS["Demo Renamable"]
    with http() as session:
        session.post(f"{running.url}/rename", timeout=10)
        assert running.wiki.accounts[sub].username == "Demo Renamed"
        session.post(f"{running.url}/rename", timeout=10)
    assert running.wiki.accounts[sub].username == "Demo Renamable"


def test_nobody_else_may_use_it() -> None:
    client = create_app(DevWiki(Client("c", "s", CALLBACK))).test_client()

    assert client.get("/").status_code == 200
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 403
    assert client.get("/", environ_overrides={"REMOTE_ADDR": "192.0.2.7"}).status_code == 403


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "", "::"])  # noqa: S104  # refused is the point
def test_it_listens_on_this_machine_only(host: str) -> None:
    with pytest.raises(ValueError, match="lets anybody in"):
        listen(DevWiki(Client("c", "s", CALLBACK)), host=host)


@pytest.mark.parametrize(
    ("arguments", "environ", "says"),
    [
        (["--host", "0.0.0.0"], {}, "listens on 127.0.0.1 only"),  # noqa: S104
        (["--portal", "https://portal.example.org"], {}, "serves a portal on 127.0.0.1 only"),
        ([], {"PORTAL_ENV": "production"}, "does not start there"),
    ],
)
def test_a_start_that_would_be_open_to_others_is_refused(
    arguments: list[str], environ: dict[str, str], says: str
) -> None:
    found = subprocess.run(
        [sys.executable, "-m", "devwiki", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env=environ,
        cwd=config.ROOT,
        check=False,
    )

    assert found.returncode == 2
    assert says in found.stderr


def test_a_taken_port_is_named(served: RunningWiki) -> None:
    port = str(urlsplit(served.url).port)
    found = subprocess.run(
        [sys.executable, "-m", "devwiki", "--port", port],
        capture_output=True,
        text=True,
        timeout=60,
        env={},
        cwd=config.ROOT,
        check=False,
    )

    assert (found.returncode, found.stderr) == (2, f"Port {port} is taken: choose another with --port.\n")
