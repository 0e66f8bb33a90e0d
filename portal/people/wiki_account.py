"""What the wiki says of an account, read with care. Pure: takes what was answered, gives values or a refusal in words.

Source: MediaWiki's Extension:OAuth as observed over HTTP on MediaWiki 1.43 and on the extension's REL1_46.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from portal.errors import Message, PortalError

BEFORE_ALL = datetime(2001, 1, 15, tzinfo=UTC)  # the wiki keeps no date for its very oldest accounts


class SignInFailed(PortalError):
    """Nobody was signed in. ``status`` is the HTTP status of the page that says why, ``cause`` a word for the log."""

    def __init__(self, message: Message | str, status: int = 403, *, cause: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.cause = cause


class AccountShut(SignInFailed):
    """The wiki keeps this account out: sitewide block, global lock, or hidden."""

    def __init__(self, message: Message | str, sub: str) -> None:
        super().__init__(message)
        self.sub = sub


class Standing(StrEnum):
    """How the account stands on the wiki."""

    CLEAR = "clear"
    PARTLY_BLOCKED = "partly_blocked"
    BLOCKED = "blocked"
    LOCKED = "locked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class WikiAccount:
    """A wiki account that just signed in. ``registered_at`` is None when the wiki's answer could not be read."""

    issuer: str
    sub: str
    username: str
    blocked: bool
    registered_at: datetime | None


def read_profile(issuer: str, answer: object) -> WikiAccount:
    """The account of a profile answer. Raises SignInFailed, each refusal with its own sentence."""
    if not isinstance(answer, Mapping) or "sub" not in answer:
        raise SignInFailed("The wiki's answer did not say which account this is.", 502)
    sub = answer["sub"]
    if sub == "":
        raise SignInFailed("The wiki's answer left the account number empty. The portal cannot tell who you are.")
    if sub == "0":
        raise SignInFailed("The wiki answered for a machine, not for a person's account.")
    if not isinstance(sub, str) or not sub.strip() or len(sub) > 64:
        raise SignInFailed("The wiki's answer has an account number that the portal cannot read.", 502)
    username, blocked = answer.get("username"), answer.get("blocked")
    if username is None and blocked is True:
        raise AccountShut("This wiki account is hidden by the wiki. It cannot sign in here.", sub)
    if not isinstance(username, str) or not _is_name(username):
        raise SignInFailed("The wiki's answer has no user name. The portal needs one to show who did what.")
    if not isinstance(blocked, bool):
        raise SignInFailed("The wiki's answer did not say whether this account is blocked.", 502)
    return WikiAccount(issuer, sub, normal_name(username), blocked, _registered(answer.get("registered", "")))


def normal_name(username: str) -> str:
    """A wiki user name as the wiki writes it: spaces, a capital first letter, one Unicode form."""
    name = unicodedata.normalize("NFC", " ".join(username.replace("_", " ").split()))
    return name[:1].upper() + name[1:]


def _is_name(username: str) -> bool:
    return 0 < len(username.strip()) <= 255 and username.isprintable()


def _registered(raw: object) -> datetime | None:
    if raw is None:
        return BEFORE_ALL
    if not isinstance(raw, str) or len(raw) != 14 or not (raw.isascii() and raw.isdecimal()):
        return None
    try:
        return datetime.strptime(raw, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def read_standing(answer: object, *, blocked: bool) -> Standing:
    """How the account stands, from one API answer to list=blocks|users and meta=globaluserinfo (formatversion 2).

    The profile's ``blocked`` is also true for a block from a single page, so the kind is asked for. A wiki without
    global accounts answers without ``globaluserinfo``: then there are no global locks.
    """
    query = answer.get("query") if isinstance(answer, Mapping) else None
    if not isinstance(query, Mapping):
        return Standing.UNKNOWN
    everywhere = query.get("globaluserinfo")
    if isinstance(everywhere, Mapping) and everywhere.get("locked", False) is not False:
        return Standing.LOCKED
    if not blocked:
        return Standing.CLEAR
    partial = [_is_partial(block, "partial") for block in _mappings(query.get("blocks"))]
    partial = partial or [
        _is_partial(user, "blockpartial") for user in _mappings(query.get("users")) if "blockid" in user
    ]
    if not partial:
        return Standing.UNKNOWN
    return Standing.PARTLY_BLOCKED if all(partial) else Standing.BLOCKED


def _mappings(rows: object) -> list[Mapping[str, object]]:
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


def _is_partial(row: Mapping[str, object], key: str) -> bool:
    """Only a clear yes counts: true, or the empty text of the older format."""
    return row.get(key) is True or row.get(key) == ""


def admit(account: WikiAccount, standing: Standing) -> None:
    """Raise AccountShut or SignInFailed unless an account of this standing may sign in."""
    if standing is Standing.BLOCKED:
        raise AccountShut(
            "This wiki account is blocked from the whole wiki. It cannot sign in here until the block ends.",
            account.sub,
        )
    if standing is Standing.LOCKED:
        raise AccountShut("This wiki account is locked on all wikis. It cannot sign in here.", account.sub)
    if standing is Standing.UNKNOWN and account.blocked:
        raise SignInFailed(
            "The wiki says that this account is blocked, but the portal could not read from the wiki's public API "
            "what kind of block it is. A block from a few pages would not keep you out. Try again later.",
            503,
        )
