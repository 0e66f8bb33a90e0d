"""Which links an item takes: addresses on the web, nothing else. Pure; nothing is ever fetched."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from urllib.parse import quote, unquote, urlsplit

from portal.errors import Message

LINK_LIMIT = 2000  # characters, the width of the column
TASK = re.compile(r"T[1-9]\d{0,6}")
WIKI_PAGE = re.compile(r"\[\[ *([^\[\]|\n ][^\[\]|\n]{0,199})(?:\|[^\[\]\n]{0,200})?\]\]")
# Names that no public server has: RFC 2606, RFC 6761, RFC 6762, RFC 8375, and what networks call their own.
NOT_PUBLIC = frozenset(
    {"localhost", "local", "internal", "intranet", "private", "corp", "home", "lan", "test", "invalid", "arpa"}
)
EMBEDDING = (ipaddress.IPv6Network("::/96"), ipaddress.IPv6Network("64:ff9b::/96"))  # an IPv4 address at their end
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
    if link.startswith(wiki_url) and link != wiki_url:
        return unquote(link.removeprefix(wiki_url)).replace("_", " ")
    return link.removeprefix("https://").removeprefix("http://").removeprefix("www.").rstrip("/") or link


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
    if "\\" in link:
        return NOT_AN_ADDRESS  # browsers read it as a slash
    if within and re.fullmatch(r"/(?!/).+", link):
        return None
    try:
        parts = urlsplit(link)
        host, port = parts.hostname, parts.port
    except ValueError:
        return NOT_AN_ADDRESS
    if parts.scheme.lower() not in ("http", "https") or not host:
        return Message("Enter a full address that begins with https:// or http://.")
    if parts.username is not None or parts.password is not None:
        return Message("This link holds a user name or password. Take it out before you save.")
    if link.endswith((".../", "...", "\N{HORIZONTAL ELLIPSIS}")) and "/wiki/" not in parts.path:
        return CUT_OFF  # the name of a wiki page may well end like that
    return NOT_AN_ADDRESS if port == 0 else _host_fault(host)


def _host_fault(typed: str) -> Message | None:
    """Why nobody else could open what is there, as far as the name alone tells."""
    if "%" in typed:
        return NOT_AN_ADDRESS
    host = _as_a_browser_reads(typed)
    try:
        return None if _is_public(ipaddress.ip_address(host)) else OWN_NETWORK
    except ValueError:
        labels = host.split(".")
    if not all(labels) or (len(labels) > 1 and not labels[-1][:1].isalpha()):
        return NOT_AN_ADDRESS
    return OWN_NETWORK if len(labels) == 1 or labels[-1] in NOT_PUBLIC else None


def _as_a_browser_reads(host: str) -> str:
    """The name without what only looks different: other dots, wide letters, signs that nobody sees (UTS 46)."""
    plain = unicodedata.normalize("NFKC", host).casefold().replace("\N{IDEOGRAPHIC FULL STOP}", ".")
    return "".join(ch for ch in plain if unicodedata.category(ch) != "Cf").rstrip(".")


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether it is an address of the open internet, also in disguise as IPv6."""
    if isinstance(address, ipaddress.IPv6Address):
        embedded = int(address) & 0xFFFFFFFF if any(address in net for net in EMBEDDING) else None
        inner = address.ipv4_mapped or address.sixtofour or (ipaddress.IPv4Address(embedded) if embedded else None)
        if address.is_site_local or (inner is not None and not _is_public(inner)):
            return False
    return address.is_global and not address.is_multicast
