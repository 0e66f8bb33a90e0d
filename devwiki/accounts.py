"""The demo accounts of the development wiki, as data: the demo rows of the portal are bound to these numbers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Block(StrEnum):
    """How far an account is kept from editing. The profile says the same `blocked: true` for both kinds."""

    NONE = "none"
    PARTIAL = "partial"
    SITEWIDE = "sitewide"


@dataclass(frozen=True, slots=True)
class Account:
    """One wiki account. ``sub`` never changes; the name may. ``registered`` has 14 digits, UTC."""

    sub: str
    username: str
    about: str = ""
    registered: str | None = "20200102030405"
    block: Block = Block.NONE
    hidden: bool = False
    locked: bool = False
    groups: tuple[str, ...] = ("*", "user", "autoconfirmed")


DEMO = (
    Account("9001", "Demo Director", "decides"),
    Account("9002", "Demo Deputy", "decides while the Director is away"),
    Account("9003", "Demo Infrastructure Specialist", "member of the team"),
    Account("9004", "Demo MediaWiki Specialist", "member of the team"),
    Account("9005", "Demo Security Specialist", "member of the team"),
    Account("9006", "Demo Software Engineer", "member of the team"),
    Account("9007", "Demo Community Liaison", "member of the team"),
    Account("9008", "Demo Project Manager", "member of the team"),
    Account("9009", "Demo Board", "sits on the Board"),
    Account("9010", "Demo Treasurer", "sets the spend limit"),
    Account("9011", "Demo Operator", "runs the portal"),
    Account("9012", "Demo Volunteer", "has no role yet"),
    Account("9013", "Demo Blocked", "blocked on the whole wiki: cannot sign in", block=Block.SITEWIDE),
    Account("9014", "Demo Partly Blocked", "blocked from one page: signs in", block=Block.PARTIAL),
    Account("9015", "Demo Hidden", "hidden by the wiki: cannot sign in", block=Block.SITEWIDE, hidden=True),
    Account("9016", "Demo Globally Locked", "locked on all wikis: cannot sign in", locked=True),
    Account("9017", "Demo Renamable", "can be renamed at the wiki's front page"),
)
RENAMABLE = "9017"
RENAMED = "Demo Renamed"

SUBS: dict[str, str] = {account.username: account.sub for account in DEMO}
