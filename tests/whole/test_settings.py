"""Settings: every fault at once, no secret by default, no development wiki login in production."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

import config

WHOLE = {
    "PORTAL_SECRET_KEY": "x" * 40,
    "PORTAL_DATABASE_URL": "sqlite:////tmp/portal.db",
    "PORTAL_BASE_URL": "https://portal.example.org/",
    "PORTAL_OAUTH_CLIENT_ID": "id",
    "PORTAL_OAUTH_CLIENT_SECRET": "secret",
    "PORTAL_USER_AGENT": "Portal/1.0 (https://portal.example.org; mail)",
}
NEEDED = sorted(WHOLE)


def faults(environ: dict[str, str]) -> list[str]:
    with pytest.raises(config.ConfigError) as refusal:
        config.load(environ)
    return refusal.value.faults


def test_a_whole_production_configuration_is_taken() -> None:
    settings = config.load(WHOLE)

    assert settings.is_production
    assert settings.base_url == "https://portal.example.org"
    assert settings.wiki_url == config.MIRAHEZE_META
    assert settings.secure_cookies
    assert not settings.dev_wiki
    assert settings.proxy_count == 1


def test_nothing_at_all_names_everything_that_is_needed() -> None:
    assert sorted(fault.split()[0] for fault in faults({})) == NEEDED


@pytest.mark.parametrize("name", NEEDED)
@pytest.mark.parametrize("env", config.ENVIRONMENTS)
def test_each_needed_setting_has_no_default_in_any_environment(name: str, env: str) -> None:
    found = faults({**WHOLE, "PORTAL_ENV": env, name: "  "})

    assert [fault.split()[0] for fault in found] == [name]


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("PORTAL_ENV", "prod", "use one of production, development, testing"),
        ("PORTAL_SECRET_KEY", "short", "fewer than 32 characters"),
        ("PORTAL_DATABASE_URL", "mysql://x", "must begin with sqlite:/// or postgresql+psycopg://"),
        ("PORTAL_BASE_URL", "http://portal.example.org", "must begin with https:// in production"),
        ("PORTAL_BASE_URL", "portal.example.org", "use a full address"),
        ("PORTAL_BASE_URL", "https://[::1", "use a full address"),
        ("PORTAL_WIKI_URL", "http://meta.example.org", "must begin with https:// in production"),
        ("PORTAL_WIKI_URL", "http://127.0.0.1:5001/w/rest.php", "development wiki login cannot run in production"),
        ("PORTAL_DEV_WIKI", "1", "lets anybody in and cannot run in production"),
        ("PORTAL_DEV_WIKI", "maybe", "use 1 or 0"),
        ("PORTAL_HTMX_SOURCE", "ftp", "use one of cdn, vendored"),
        ("PORTAL_PROXY_COUNT", "-1", "use the number of proxies"),
        ("PORTAL_ORGANISATION_DIR", "/nowhere", "there is no such folder"),
        ("PORTAL_CHAT_ROOMS", "square everybody discord https://discord.com/x", "must read: NAME team|public"),
        ("PORTAL_CHAT_ROOMS", "Square! public discord https://discord.com/x", "small letters"),
        ("PORTAL_CHAT_ROOMS", "square public discord https://evil.example/x", "not in PORTAL_CHAT_HOSTS"),
        ("PORTAL_CHAT_ROOMS", "square public discord http://discord.com/x", "begins with https://"),
        ("PORTAL_CHAT_ROOMS", "square public discord https://discord.com@evil.example/x", "not in PORTAL_CHAT_HOSTS"),
        ("PORTAL_SMTP_URL", "mail.example.org", "must be smtps://HOST"),
        ("PORTAL_SMTP_URL", "smtps://user:secret@mail.example.org", "must be smtps://HOST"),
        ("PORTAL_SMTP_URL", "smtp://mail.example.org", "only for a server on this machine"),
    ],
)
def test_a_wrong_setting_is_named_with_what_to_do(name: str, value: str, says: str) -> None:
    beside = {"PORTAL_CHAT_HOSTS": "discord.com", "PORTAL_MAIL_FROM": "Portal <portal@example.org>"}
    found = faults({**WHOLE, **beside, name: value})

    assert len(found) == 1
    assert "secret" not in found[0] or name != "PORTAL_SMTP_URL"
    assert found[0].startswith(name)
    assert says in found[0]


def test_every_fault_is_named_at_once() -> None:
    found = faults({"PORTAL_DEV_WIKI": "1", "PORTAL_SECRET_KEY": "short", "PORTAL_BASE_URL": "http://x.example"})

    assert {fault.split()[0] for fault in found} == {*NEEDED, "PORTAL_DEV_WIKI"}


@pytest.mark.parametrize("url", ["https://portal.example.org", "http://192.168.1.2:5000"])
def test_the_development_wiki_login_is_for_this_machine_only(url: str) -> None:
    found = faults({**WHOLE, "PORTAL_ENV": "development", "PORTAL_DEV_WIKI": "1", "PORTAL_BASE_URL": url})

    assert len(found) == 1
    assert "127.0.0.1" in found[0]


def test_a_half_configured_portal_does_not_start_and_says_why_without_a_trace() -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}

    answer = subprocess.run(
        [sys.executable, "-c", "import wsgi"], cwd=config.ROOT, env=environ, capture_output=True, text=True, check=False
    )

    assert answer.returncode == 3
    assert "Traceback" not in answer.stderr
    assert answer.stderr.count("PORTAL_") >= len(NEEDED)


@pytest.mark.parametrize("name", ["PORTAL_SMTP_USER", "PORTAL_SMTP_PASSWORD"])
def test_what_cannot_be_said_to_a_mail_server_stops_the_start(name: str) -> None:
    mail = {"PORTAL_SMTP_URL": "smtps://mail.example.org", "PORTAL_MAIL_FROM": "p@example.org", name: "geheimnüss"}
    (found,) = faults({**WHOLE, **mail})

    assert found.startswith(name)
    assert "geheim" not in found


def test_a_mail_server_needs_a_sender_and_what_is_secret_is_shown_by_nothing() -> None:
    mail = {"PORTAL_SMTP_URL": "smtp+starttls://mail.example.org", "PORTAL_SMTP_PASSWORD": "hush"}
    assert [fault.split()[0] for fault in faults({**WHOLE, **mail})] == ["PORTAL_MAIL_FROM"]
    rooms = {"PORTAL_CHAT_ROOMS": "a team discord https://d.example/hush; b public mattermost https://d.example/hush"}
    settings = config.load(
        {**WHOLE, **mail, "PORTAL_MAIL_FROM": "p@example.org", **rooms, "PORTAL_CHAT_HOSTS": "d.example"}
    )

    assert settings.smtp is not None
    assert settings.smtp.port == 587
    assert [(room.name, room.is_public) for room in settings.rooms] == [("a", False), ("b", True)]
    assert "hush" not in f"{settings!r} {settings.smtp!r} {settings.rooms!r}"
