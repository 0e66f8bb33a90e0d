"""The settings of the portal: the only place that names them.

Everything comes from environment variables that begin with ``PORTAL_``. `load` lists every fault at once and
refuses a half-configured start, so that an operator mends a new installation in one round.
"""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent
MIRAHEZE_META = "https://meta.miraheze.org/w/rest.php"
ENVIRONMENTS = ("production", "development", "testing")
ON, OFF = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
SECRET_LENGTH = 32  # characters; below this a signing key can be guessed
SIGNING_KEY_LENGTH = 32  # bytes of an Ed25519 key


class ConfigError(Exception):
    """The settings cannot be used. ``faults`` has one sentence each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("The portal cannot start:\n- " + "\n- ".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Settings:
    """What `load` read, checked. Field names match the variables: PORTAL_BASE_URL is ``base_url``."""

    env: str
    secret_key: str
    database_url: str
    base_url: str
    wiki_url: str
    oauth_client_id: str
    oauth_client_secret: str
    user_agent: str
    outbound_proxy: str | None
    organisation_dir: Path
    htmx_source: str
    dev_wiki: bool
    proxy_count: int
    pseudo_locale: str
    signing_key: str

    @property
    def is_production(self) -> bool:
        return self.env == "production"

    @property
    def secure_cookies(self) -> bool:
        return urlsplit(self.base_url).scheme == "https"


def is_loopback(url: str) -> bool:
    """Whether the URL's host is this very machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_address(url: str) -> bool:
    """Whether this is a whole web address."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


class _Reader:
    """Reads the variables and collects what is wrong with them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.faults: list[str] = []

    def text(self, name: str, default: str = "", *, needed: str | None = None) -> str:
        found = self.environ.get(f"PORTAL_{name}", "").strip() or default
        if not found and needed:
            self.faults.append(f"PORTAL_{name} is missing: {needed}")
        return found

    def choice(self, name: str, default: str, options: tuple[str, ...]) -> str:
        found = self.text(name, default)
        if found not in options:
            self.faults.append(f"PORTAL_{name} is {found!r}: use one of {', '.join(options)}.")
        return found

    def flag(self, name: str) -> bool:
        found = self.text(name, "0").lower()
        if found not in (*ON, *OFF):
            self.faults.append(f"PORTAL_{name} is {found!r}: use 1 or 0.")
        return found in ON

    def number(self, name: str, default: int, what: str) -> int:
        found = self.text(name, str(default))
        if found.isascii() and found.isdecimal():
            return int(found)
        self.faults.append(f"PORTAL_{name} is {found!r}: use {what}.")
        return default

    def url(self, name: str, default: str = "", *, needed: str | None = None) -> str:
        found = self.text(name, default, needed=needed).rstrip("/")
        if found and not is_address(found):
            self.faults.append(f"PORTAL_{name} is {found!r}: use a full address that begins with https://.")
            return ""
        return found

    def signing_key(self) -> str:
        found = self.text("SIGNING_KEY")
        try:
            if not found or len(base64.b64decode(found, validate=True)) == SIGNING_KEY_LENGTH:
                return found
        except ValueError:
            pass
        self.faults.append("PORTAL_SIGNING_KEY is not a signing key: make one with flask record key, or leave it out.")
        return ""

    def database_url(self) -> str:
        found = self.text("DATABASE_URL", needed="sqlite:////path/to/portal.db or postgresql+psycopg://user@host/name.")
        if found and not found.startswith(("sqlite:///", "postgresql+psycopg://")):
            self.faults.append("PORTAL_DATABASE_URL must begin with sqlite:/// or postgresql+psycopg://.")
        return found

    def folder(self, name: str, default: Path) -> Path:
        found = Path(self.text(name, str(default)))
        if not found.is_dir():
            self.faults.append(f"PORTAL_{name} is {str(found)!r}: there is no such folder.")
        return found


def load(environ: Mapping[str, str]) -> Settings:
    """Read the settings. Raises ConfigError naming every fault found."""
    read = _Reader(environ)
    env = read.choice("ENV", "production", ENVIRONMENTS)
    settings = Settings(
        env=env,
        secret_key=read.text("SECRET_KEY", needed="a random text of at least 32 characters that signs cookies."),
        database_url=read.database_url(),
        base_url=read.url("BASE_URL", needed="the address people open, such as https://portal.example.org."),
        wiki_url=read.url("WIKI_URL", MIRAHEZE_META),
        oauth_client_id=read.text("OAUTH_CLIENT_ID", needed="the key of the OAuth consumer registered on the wiki."),
        oauth_client_secret=read.text(
            "OAUTH_CLIENT_SECRET", needed="the secret of the OAuth consumer registered on the wiki."
        ),
        user_agent=read.text(
            "USER_AGENT", needed="how the portal names itself to the wiki, with contact: App/1.0 (https://site; mail)."
        ),
        outbound_proxy=read.text("OUTBOUND_PROXY") or None,
        organisation_dir=read.folder("ORGANISATION_DIR", ROOT / "portal" / "org" / "miraheze"),
        htmx_source=read.choice("HTMX_SOURCE", "cdn", ("cdn", "vendored")),
        dev_wiki=read.flag("DEV_WIKI"),
        proxy_count=read.number(
            "PROXY_COUNT", int(env == "production"), "the number of proxies in front of the portal"
        ),
        pseudo_locale=read.choice("PSEUDO_LOCALE", "0", ("0", "1", "rtl")),
        signing_key=read.signing_key(),
    )
    faults = read.faults + (_production_faults if settings.is_production else _development_faults)(settings)
    if faults:
        raise ConfigError(faults)
    return settings


def _development_faults(settings: Settings) -> list[str]:
    if settings.dev_wiki and not (is_loopback(settings.base_url) and is_loopback(settings.wiki_url)):
        return ["PORTAL_DEV_WIKI is on: PORTAL_BASE_URL and PORTAL_WIKI_URL must then be on 127.0.0.1."]
    return []


def _production_faults(settings: Settings) -> list[str]:
    faults = []
    if settings.dev_wiki:
        faults.append("PORTAL_DEV_WIKI is on: the development wiki login lets anybody in and cannot run in production.")
    if settings.secret_key and len(settings.secret_key) < SECRET_LENGTH:
        faults.append(f"PORTAL_SECRET_KEY has fewer than {SECRET_LENGTH} characters.")
    for name, url in (("PORTAL_BASE_URL", settings.base_url), ("PORTAL_WIKI_URL", settings.wiki_url)):
        if url and urlsplit(url).scheme != "https" and not is_loopback(url):
            faults.append(f"{name} must begin with https:// in production.")
    if settings.wiki_url and is_loopback(settings.wiki_url):
        faults.append("PORTAL_WIKI_URL is on this machine: the development wiki login cannot run in production.")
    return faults
