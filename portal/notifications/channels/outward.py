"""Sends JSON to a host of the settings and nowhere else: no redirect is followed, no private address is spoken to.

The name is resolved once, each address looked at, and one of these very addresses is connected to: a name that
resolves to something else a moment later leads nowhere.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import socket
import ssl
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from portal.notifications.channels import PermanentFailure, TemporaryFailure
from portal.notifications.channels.limits import SILENCE, within
from portal.web import clock

LARGEST_ANSWER = 65_536  # bytes: nobody reads it, but a connection that is cut off counts as a fault at the other end
LONGEST_WAIT = timedelta(days=1)
AGAIN = (408, 425, 429)
Resolve = Callable[[str, int], Iterable[str]]


class Refused(Exception):
    """Nothing may be sent there."""


@dataclass(frozen=True, slots=True)
class Outside:
    """Where the portal may send to. ``on_this_machine``: loopback is allowed, without TLS too (never in production)."""

    hosts: frozenset[str]
    user_agent: str
    on_this_machine: bool = False


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host name."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def checked(url: str, outside: Outside, resolver: Resolve = resolve) -> list[str]:
    """The addresses that may be spoken to for this URL. Raises Refused, and OSError where the name is not known."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host not in outside.hosts:
        raise Refused("host")
    found = list(resolver(host, parts.port or _usual(parts.scheme)))
    is_here = bool(found) and all(ipaddress.ip_address(address).is_loopback for address in found)
    if outside.on_this_machine and is_here:
        return found
    if parts.scheme != "https":
        raise Refused("scheme")
    if not found or not all(_is_public(address) for address in found):
        raise Refused("address")
    return found


def _usual(scheme: str) -> int:
    return 443 if scheme == "https" else 80


def _is_public(address: str) -> bool:
    """Whether it is an address of the open internet, also in disguise as IPv6."""
    found = ipaddress.ip_address(address)
    inner = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None)
    if inner is not None and not inner.is_global:
        return False
    return found.is_global and not found.is_multicast


def post(url: str, body: object, headers: Mapping[str, str], outside: Outside, resolver: Resolve = resolve) -> None:
    """Send this as JSON. Raises TemporaryFailure, or PermanentFailure where it will never be taken."""
    try:
        addresses = checked(url, outside, resolver)
    except Refused as refusal:
        raise PermanentFailure(f"refused_{refusal}") from None
    except (OSError, ValueError):
        raise TemporaryFailure("unknown_host") from None
    parts = urlsplit(url)
    connection = _Connection(parts.hostname or "", parts.port, addresses, secure=parts.scheme == "https")
    path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    data = json.dumps(body).encode()
    own = {"Content-Type": "application/json", "User-Agent": outside.user_agent, "Connection": "close"}
    try:
        with within(lambda: connection.sock):
            connection.request("POST", path, data, {**own, **headers})
            answer = connection.getresponse()
            answer.read(LARGEST_ANSWER)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise TemporaryFailure(type(error).__name__) from None
    finally:
        connection.close()
    _judge(answer.status, answer.getheader("Retry-After"))


def _judge(status: int, retry_after: str | None) -> None:
    if 200 <= status < 300:
        return
    kind = f"http_{status}"
    if status in AGAIN or status >= 500:
        raise TemporaryFailure(kind, after=_wait(retry_after, clock.now()))
    raise PermanentFailure(kind)  # a redirect, too: what is not there any more is for the operator


def _wait(retry_after: str | None, now: datetime) -> timedelta | None:
    """What the other side asks to wait: seconds, or until a moment; at most a day."""
    if retry_after is None:
        return None
    try:
        wait = timedelta(seconds=float(retry_after))
    except (ValueError, OverflowError):
        try:
            wait = parsedate_to_datetime(retry_after) - now
        except (ValueError, TypeError):
            return None
    return max(timedelta(), min(wait, LONGEST_WAIT))


class _Connection(http.client.HTTPConnection):
    """To addresses that were looked at; the certificate has to be that of the name."""

    def __init__(self, host: str, port: int | None, addresses: list[str], *, secure: bool) -> None:
        super().__init__(host, port or (443 if secure else 80), timeout=SILENCE)
        self._addresses, self._secure = addresses[:2], secure

    def connect(self) -> None:
        """Try one after the other."""
        for number, address in enumerate(self._addresses, start=1):
            try:
                self.sock = socket.create_connection((address, self.port), timeout=SILENCE)
                break
            except OSError:
                if number == len(self._addresses):
                    raise
        if self._secure:
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)
