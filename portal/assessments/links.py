"""Which links an item takes: addresses on the web, nothing else. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit

from portal.errors import Message

LINK_LIMIT = 2000  # characters, the width of the column


def link_fault(link: str) -> Message | None:
    """Why this link cannot be taken, or None. An empty link is none at all."""
    if not link:
        return None
    if len(link) > LINK_LIMIT:
        return Message("This link is too long. Use one with fewer than %(limit)s characters.", limit=LINK_LIMIT)
    if any(ch.isspace() for ch in link):
        return Message("A link cannot have spaces or line breaks. Enter one address only.")
    try:
        parts = urlsplit(link)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return Message("This is not an address that the web understands. Copy it again from the address bar.")
    if parts.scheme.lower() not in ("http", "https") or not host:
        return Message("Enter a full address that begins with https:// or http://.")
    if parts.username is not None or parts.password is not None:
        return Message("This link holds a user name or password. Take it out before you save.")
    return None
