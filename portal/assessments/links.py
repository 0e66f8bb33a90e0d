"""Which links an item takes: addresses on the web, nothing else. Pure; nothing is ever fetched."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from urllib.parse import quote, unquote, urlsplit

from portal.errors import Message

LINK_LIMIT = 2000  # characters, the width of the column
TASK = re.compile(r"T[1-9]\d{0,6}")
WIKI_PAGE = re.compile(r"\[\[([^\[\]|\n]{1,200})(?:\|[^\[\]\n]{0,200})?\]\]")
# Names that no public server has: RFC 2606, RFC 6761, RFC 6762, RFC 8375, and what networks call their own.
NOT_PUBLIC = frozenset(
    {"localhost", "local", "internal", "intranet", "private", "corp", "home", "lan", "test", "invalid", "onion", "arpa"}
)
NOT_AN_ADDRESS = Message("This is not an address that the web understands. Copy it again from the address bar.")
OWN_NETWORK = Message("This address works only inside somebody's own network. Give one that everybody can open.")
CUT_OFF = Message("This link looks cut off. Copy the whole of it from the address bar.")


def expanded(typed: str, *, wiki_url: str, tracker_url: str) -> str:
    """The address that was meant: T123 is a task, [[a page]] is on the wiki; anything else is left as it is."""
    if TASK.fullmatch(typed):
        return f"{tracker_url}/{typed}"
    if found := WIKI_PAGE.fullmatch(typed):
        return wiki_url + quote(found[1].strip().replace(" ", "_"), safe="/:#()!,")
    return typed


def shortened(link: str, *, wiki_url: str, tracker_url: str) -> str:
    """What to call a link on a page: T123, the name of a wiki page, or the address without its beginning."""
    task = link.removeprefix(f"{tracker_url}/")
    if task != link and TASK.fullmatch(task):
        return task
    if link.startswith(wiki_url):
        return unquote(link.removeprefix(wiki_url)).replace("_", " ")
    return link.removeprefix("https://").removeprefix("http://").removeprefix("www.").rstrip("/")


def link_fault(link: str, *, within: bool = False) -> Message | None:
    """Why this link cannot be taken, or None. An empty link is none at all.

    ``within``: a path of the portal, as in /requests/12, is taken, too.
    """
    if not link:
        return None
    if len(link) > LINK_LIMIT:
        return Message("This link is too long. Use one with fewer than %(limit)s characters.", limit=LINK_LIMIT)
    if any(ch.isspace() for ch in link):
        return Message("A link cannot have spaces or line breaks. Enter one address only.")
    if within and re.fullmatch(r"/(?![/\\])[^\\]*", link):
        return None
    try:
        parts = urlsplit(link)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return NOT_AN_ADDRESS
    if parts.scheme.lower() not in ("http", "https") or not host:
        return Message("Enter a full address that begins with https:// or http://.")
    if parts.username is not None or parts.password is not None:
        return Message("This link holds a user name or password. Take it out before you save.")
    if link.endswith(("...", "\N{HORIZONTAL ELLIPSIS}")):
        return CUT_OFF
    return _host_fault(unicodedata.normalize("NFKC", host).rstrip("."))


def _host_fault(host: str) -> Message | None:
    """Why nobody else could open what is there, as far as the name alone tells."""
    try:
        return None if ipaddress.ip_address(host).is_global else OWN_NETWORK
    except ValueError:
        labels = host.split(".")
    if not all(labels) or (len(labels) > 1 and not labels[-1][:1].isalpha()):
        return NOT_AN_ADDRESS
    return OWN_NETWORK if len(labels) == 1 or labels[-1] in NOT_PUBLIC else None
