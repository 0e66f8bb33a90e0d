"""The settings of the portal: the only place that names them.

Everything comes from environment variables that begin with ``PORTAL_``. `load` lists every fault at once and
refuses a half-configured start, so that an operator mends a new installation in one round.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent
MIRAHEZE_META = "https://meta.miraheze.org/w/rest.php"
ENVIRONMENTS = ("production", "development", "testing")
SECRET_LENGTH = 32  # characters; below this a signing key can be guessed


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
    pseudo_locale: bool

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


def load(environ: Mapping[str, str]) -> Settings:
    """Read the settings. Raises ConfigError naming every fault found."""
    faults: list[str] = []

    def value(name: str, default: str = "", *, needed: str | None = None) -> str:
        found = environ.get(f"PORTAL_{name}", "").strip() or default
        if not found and needed:
            faults.append(f"PORTAL_{name} is missing: {needed}")
        return found

    def flag(name: str) -> bool:
        return value(name, "0").lower() in ("1", "true", "yes", "on")

    env = value("ENV", "production")
    if env not in ENVIRONMENTS:
        faults.append(f"PORTAL_ENV is {env!r}: use one of {', '.join(ENVIRONMENTS)}.")
    secret_key = value("SECRET_KEY", needed="a random text of at least 32 characters that signs cookies.")
    database_url = value(
        "DATABASE_URL", needed="sqlite:////path/to/portal.db or postgresql+psycopg://user@host/name."
    )
    base_url = value("BASE_URL", needed="the address people open, such as https://portal.example.org.").rstrip("/")
    wiki_url = value("WIKI_URL", MIRAHEZE_META).rstrip("/")
    client_id = value("OAUTH_CLIENT_ID", needed="the key of the OAuth consumer registered on the wiki.")
    client_secret = value("OAUTH_CLIENT_SECRET", needed="the secret of the OAuth consumer registered on the wiki.")
    user_agent = value(
        "USER_AGENT", needed="how the portal names itself to the wiki, with contact: App/1.0 (https://site; mail)."
    )
    htmx_source = value("HTMX_SOURCE", "cdn")
    if htmx_source not in ("cdn", "vendored"):
        faults.append(f"PORTAL_HTMX_SOURCE is {htmx_source!r}: use cdn or vendored.")
    proxy_count = value("PROXY_COUNT", "1" if env == "production" else "0")
    if not proxy_count.isdecimal():
        faults.append(f"PORTAL_PROXY_COUNT is {proxy_count!r}: use the number of proxies in front of the portal.")
    organisation_dir = Path(value("ORGANISATION_DIR", str(ROOT / "portal" / "org" / "miraheze")))
    if not organisation_dir.is_dir():
        faults.append(f"PORTAL_ORGANISATION_DIR is {str(organisation_dir)!r}: there is no such folder.")

    if database_url and not database_url.startswith(("sqlite:///", "postgresql+psycopg://")):
        faults.append("PORTAL_DATABASE_URL must begin with sqlite:/// or postgresql+psycopg://.")
    faults += _url_faults("PORTAL_BASE_URL", base_url) + _url_faults("PORTAL_WIKI_URL", wiki_url)
    dev_wiki = flag("DEV_WIKI")
    if env == "production":
        faults += _production_faults(secret_key, base_url, wiki_url, dev_wiki=dev_wiki)
    elif dev_wiki and not (is_loopback(base_url) and is_loopback(wiki_url)):
        faults.append("PORTAL_DEV_WIKI is on: PORTAL_BASE_URL and PORTAL_WIKI_URL must then be on 127.0.0.1.")
    if faults:
        raise ConfigError(faults)
    return Settings(
        env=env,
        secret_key=secret_key,
        database_url=database_url,
        base_url=base_url,
        wiki_url=wiki_url,
        oauth_client_id=client_id,
        oauth_client_secret=client_secret,
        user_agent=user_agent,
        outbound_proxy=value("OUTBOUND_PROXY") or None,
        organisation_dir=organisation_dir,
        htmx_source=htmx_source,
        dev_wiki=dev_wiki,
        proxy_count=int(proxy_count),
        pseudo_locale=flag("PSEUDO_LOCALE"),
    )


def _url_faults(name: str, url: str) -> list[str]:
    if not url:
        return []
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return [f"{name} is {url!r}: use a full address that begins with https://."]
    return []


def _production_faults(secret_key: str, base_url: str, wiki_url: str, *, dev_wiki: bool) -> list[str]:
    faults = []
    if dev_wiki:
        faults.append(
            "PORTAL_DEV_WIKI is on: the development wiki login lets anybody in and cannot run in production."
        )
    if secret_key and len(secret_key) < SECRET_LENGTH:
        faults.append(f"PORTAL_SECRET_KEY has fewer than {SECRET_LENGTH} characters.")
    for name, url in (("PORTAL_BASE_URL", base_url), ("PORTAL_WIKI_URL", wiki_url)):
        if url and urlsplit(url).scheme != "https" and not is_loopback(url):
            faults.append(f"{name} must begin with https:// in production.")
    if wiki_url and is_loopback(wiki_url):
        faults.append("PORTAL_WIKI_URL is on this machine: the development wiki login cannot run in production.")
    return faults
