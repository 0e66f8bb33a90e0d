"""The settings of the portal: the only place that names them.

Everything comes from environment variables that begin with ``PORTAL_``. `load` lists every fault at once and
refuses a half-configured start, so that an operator mends a new installation in one round.
"""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent
MIRAHEZE_META = "https://meta.miraheze.org/w/rest.php"
ENVIRONMENTS = ("production", "development", "testing")
ON, OFF = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
SECRET_LENGTH = 32  # characters; below this a signing key can be guessed
SIGNING_KEY_LENGTH = 32  # bytes of an Ed25519 key
SMTP_PORTS = {"smtps": 465, "smtp+starttls": 587, "smtp": 25}  # how a mail server is spoken to
ROOM_NAME = re.compile(r"[a-z0-9-]{1,32}")
CHAT_KINDS = ("discord", "mattermost")


class ConfigError(Exception):
    """The settings cannot be used. ``faults`` has one sentence each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("The portal cannot start:\n- " + "\n- ".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Smtp:
    """The mail server that takes the portal's mail. ``scheme``: smtps, smtp+starttls, or smtp for this machine."""

    scheme: str
    host: str
    port: int
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Room:
    """A room of a chat. ``is_public``: anybody may be in it. The address is a secret: who has it can write there."""

    name: str
    is_public: bool
    kind: str
    url: str = field(repr=False)


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
    smtp_url: str = ""
    smtp_user: str = ""
    smtp_password: str = field(default="", repr=False)
    mail_from: str = ""
    chat_rooms: str = field(default="", repr=False)
    chat_hosts: str = ""

    @property
    def is_production(self) -> bool:
        return self.env == "production"

    @property
    def secure_cookies(self) -> bool:
        return urlsplit(self.base_url).scheme == "https"

    @property
    def smtp(self) -> Smtp | None:
        """The mail server, if there is one."""
        if not self.smtp_url:
            return None
        parts = urlsplit(self.smtp_url)
        port = parts.port or SMTP_PORTS[parts.scheme]
        return Smtp(parts.scheme, parts.hostname or "", port, self.mail_from, self.smtp_user, self.smtp_password)

    @property
    def rooms(self) -> tuple[Room, ...]:
        """The rooms of chats that hear what happens: "NAME team|public discord|mattermost ADDRESS; ..."."""
        lines = (part.split() for part in self.chat_rooms.split(";") if part.strip())
        return tuple(Room(name, audience == "public", kind, url) for name, audience, kind, url in lines)


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
        smtp_url=read.text("SMTP_URL"),
        smtp_user=read.text("SMTP_USER"),
        smtp_password=read.text("SMTP_PASSWORD"),
        mail_from=read.text("MAIL_FROM"),
        chat_rooms=read.text("CHAT_ROOMS"),
        chat_hosts=read.text("CHAT_HOSTS").lower(),
    )
    faults = (
        read.faults
        + _mail_faults(settings)
        + _room_faults(settings)
        + (_production_faults if settings.is_production else _development_faults)(settings)
    )
    if faults:
        raise ConfigError(faults)
    return settings


def _mail_faults(settings: Settings) -> list[str]:
    if not settings.smtp_url:
        return []
    faults = []
    if "@" not in parseaddr(settings.mail_from)[1] or not settings.mail_from.isprintable():
        faults.append("PORTAL_MAIL_FROM says who sends, with PORTAL_SMTP_URL: Portal <portal@example.org>.")
    try:
        parts = urlsplit(settings.smtp_url)
        is_sound = parts.scheme in SMTP_PORTS and bool(parts.hostname) and parts.username is None and parts.port != 0
    except ValueError:
        is_sound = False
    if not is_sound:
        faults.append("PORTAL_SMTP_URL must be smtps://HOST or smtp+starttls://HOST, with :PORT where it differs.")
    elif parts.scheme == "smtp" and not is_loopback(settings.smtp_url):
        faults.append("PORTAL_SMTP_URL begins with smtp://, which hides nothing: only for a server on this machine.")
    for name, value in ("USER", settings.smtp_user), ("PASSWORD", settings.smtp_password):
        if not value.isascii():
            faults.append(f"PORTAL_SMTP_{name} must be plain ASCII: nothing else can be said to a mail server here.")
    return faults


def _room_faults(settings: Settings) -> list[str]:
    """What is wrong with rooms, without their addresses: who has one can write there."""
    lines = [part.split() for part in settings.chat_rooms.split(";") if part.strip()]
    names = [line[0] for line in lines]
    faults = []
    for number, line in enumerate(lines, start=1):
        fault = _room_fault(line, settings)
        if not fault and names.count(line[0]) > 1:
            fault = "has a name that another one has"
        if fault:
            faults.append(f"PORTAL_CHAT_ROOMS: room {number} {fault}.")
    return faults


def _room_fault(line: list[str], settings: Settings) -> str:
    if len(line) != 4 or line[1] not in ("team", "public") or line[2] not in CHAT_KINDS:
        return "must read: NAME team|public discord|mattermost ADDRESS"
    if not ROOM_NAME.fullmatch(line[0]):
        return "needs a name of at most 32 small letters, digits and hyphens"
    if not is_address(line[3]) or (urlsplit(line[3]).hostname or "") not in settings.chat_hosts.split():
        return "has an address whose host is not in PORTAL_CHAT_HOSTS"
    on_this_machine = not settings.is_production and is_loopback(line[3])
    if urlsplit(line[3]).scheme != "https" and not on_this_machine:
        return "needs an address that begins with https://"
    return ""


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
