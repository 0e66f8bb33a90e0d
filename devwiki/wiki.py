"""The wiki's memory: accounts, authorization codes and tokens. Kept in this process, gone when it ends."""

from __future__ import annotations

import base64
import dataclasses
import json
import secrets
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from devwiki.accounts import DEMO, Account, Block
from devwiki.faults import Canned, Fault

CODE_LIFETIME = 600  # seconds, fixed in the real provider too
TOKEN_LIFETIME = 3600
GENERATIONS = ("43", "46")  # MediaWiki 1.43 LTS, and the extension's REL1_46


@dataclass(frozen=True, slots=True)
class Client:
    """The registered OAuth consumer."""

    client_id: str
    secret: str
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class IssuedCode:
    """What an authorization code stands for."""

    client_id: str
    sub: str
    redirect_uri: str | None
    challenge: str | None
    method: str | None
    issued_at: float

    @property
    def is_expired(self) -> bool:
        return time.time() - self.issued_at > CODE_LIFETIME

    def get_scope(self) -> str:
        """What Authlib asks a code for."""
        return "mwoauth-authonly"


@dataclass(slots=True)
class DevWiki:
    """One development wiki. Tests switch ``generation``, ``fault``, ``canned`` and ``central_auth`` while it runs."""

    client: Client
    generation: str = "46"
    fault: Fault = Fault.NONE
    fault_on: frozenset[str] = frozenset({"token", "profile", "api"})
    canned: dict[str, Canned] = field(default_factory=dict)
    delay: float = 30.0  # seconds that a slow or dribbling answer takes
    central_auth: bool = True
    accounts: dict[str, Account] = field(default_factory=dict)
    codes: dict[str, IssuedCode] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    tokens: dict[str, tuple[str, float]] = field(default_factory=dict)
    user_agents: list[str] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)  # address and "Authorization" of each call of an app
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.reset()

    def reset(self, accounts: Iterable[Account] = DEMO) -> None:
        """The wiki as it was on its first day."""
        with self.lock:
            self.accounts = {account.sub: account for account in accounts}
            self.codes, self.used, self.tokens = {}, set(), {}
            self.generation, self.fault, self.central_auth, self.delay = "46", Fault.NONE, True, 30.0
            self.fault_on = frozenset({"token", "profile", "api"})
            self.user_agents, self.asked, self.canned = [], [], {}

    def fault_at(self, place: str) -> Fault:
        return self.fault if place in self.fault_on else Fault.NONE

    def by_name(self, username: str) -> Account | None:
        """The account that has this name now."""
        wanted = username.replace("_", " ")
        return next((account for account in self.accounts.values() if account.username == wanted), None)

    def rename(self, sub: str, username: str) -> None:
        """A rename keeps the number and frees the old name."""
        self.change(sub, username=username)

    def change(self, sub: str, **values: Any) -> None:
        with self.lock:
            self.accounts[sub] = dataclasses.replace(self.accounts[sub], **values)

    def register(self, username: str, **values: Any) -> Account:
        """A new account, with a number never used before."""
        with self.lock:
            sub = str(max(int(known) for known in self.accounts) + 1)
            today = datetime.now(UTC).strftime("%Y%m%d%H%M%S")
            account = Account(sub, username, **{"registered": today, **values})
            self.accounts[sub] = account
        return account

    def issue_code(self, code: IssuedCode) -> str:
        """A code of the real length and look."""
        text = "def50200" + secrets.token_hex(401)
        with self.lock:
            self.codes[text] = code
        return text

    def redeem(self, code: str) -> bool:
        """Use a code up. False when somebody was quicker."""
        with self.lock:
            if code in self.used:
                return False
            self.used.add(code)
            return True

    def issue_tokens(self, client_id: str, sub: str) -> dict[str, object]:
        """The four keys of a token answer; there is never a scope."""
        now = time.time()
        claims = {
            "aud": client_id,
            "jti": secrets.token_hex(40),
            "iat": now,
            "nbf": now,
            "exp": now + TOKEN_LIFETIME,
            "sub": sub if self.generation == "43" else f"mw:mwoauth-authonly:{sub}",
            "iss": "http://127.0.0.1",
            "scopes": ["mwoauth-authonly"],
        }
        parts = [json.dumps(part).encode() for part in ({"typ": "JWT", "alg": "RS256"}, claims)]
        parts.append(secrets.token_bytes(256))
        access_token = ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)
        with self.lock:
            self.tokens[access_token] = (sub, now + TOKEN_LIFETIME)
        return {
            "token_type": "Bearer",
            "expires_in": TOKEN_LIFETIME,
            "access_token": access_token,
            "refresh_token": "def50200" + secrets.token_hex(398),
        }

    def account_of_token(self, token: str) -> Account | None:
        sub, expires_at = self.tokens.get(token, ("", 0.0))
        return self.accounts.get(sub) if expires_at > time.time() else None

    def takes_redirect(self, uri: str) -> bool:
        """Exact match; the newer generation takes any port of a loopback address (not of "localhost")."""
        registered = self.client.redirect_uri
        if uri == registered:
            return True
        wanted, known = urlsplit(uri), urlsplit(registered)
        return (
            self.generation == "46"
            and known.hostname in ("127.0.0.1", "::1")
            and wanted._replace(netloc=wanted.hostname or "") == known._replace(netloc=known.hostname or "")
        )


def profile(account: Account) -> dict[str, object]:
    """What resource/profile says of an account to a client that may only know who it is."""
    if account.hidden:
        return {"sub": account.sub, "blocked": True}
    return {
        "sub": account.sub,
        "username": account.username,
        "editcount": 0,
        "email_verified": True,
        "confirmed_email": True,
        "blocked": account.block is not Block.NONE,
        "registered": account.registered,
        "groups": list(account.groups),
        "rights": [],
        "grants": ["mwoauth-authonly"],
    }
