"""Ways to write another site that browsers understand and naive checks do not."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

EVIL = "evil.example"
_STARTS = [
    *("//", "///", "////", "/\\", "\\\\", "\\/", "//\\", "/\\/", "/\\\\", "\\\\\\", "/./\\", "/.//", "/..//", "/../\\"),
    *("/\t/", "/\n/", "/\r/", "/\r\n/", "\t//", "\n//", " //", "/ /", "\x00//", "/\x00/", "/\x0b/", "/\x1f/", "/\x7f/"),
    *("/\u2028/", "/\u00ad/", "/\u200b/", "\ufeff//", "\u3000//", "\uff0f\uff0f", "\u2044\u2044", "\u2215\u2215"),
    *("/%2f", "/%2f%2f", "%2f%2f", "/%5c", "%5c%5c", "/%09/", "/%0a/", "/%0d%0a/", "/%00/", "/%252f", "/;/", "/?//"),
    *("http://", "https://", "HTTPS:", "https:", "http:/", "https:/\\", "http:\\\\", "hTtPs://", "//http://"),
    *(
        "javascript:",
        "javascript://",
        "JaVaScRiPt:",
        "java\tscript:",
        "\x01javascript:",
        "data:text/html,",
        "vbscript:",
    ),
    *("ftp://", "file:///", "blob:", "view-source:", "about:", "mailto:", "ws://", "wss://", "filesystem:"),
]
_HOSTS = [EVIL, f"{EVIL}/account", f"localhost@{EVIL}", f"{EVIL}#/", "evil\u3002example", "%65vil.example"]
_PLAIN = [
    *(EVIL, f"@{EVIL}", f".{EVIL}", f":80@{EVIL}", ":80", "?x", "#x", ".", "..", "", " ", "\\", "/\\", "//", "///"),
    *("//[::1]", "//[::1", "/é", "/" + "x" * 700, "/a\r\nLocation: //" + EVIL, "/a\r\nSet-Cookie: a=b", "/\x00", "\t"),
    *("/sign-in", "/sign-in?next=//" + EVIL, "/sign-out", "/sign-in/callback?code=a", f"//{EVIL}:80", "//0x7f000001"),
    *("//localhost", "http://localhost", "http://localhost/account", f"http://localhost.{EVIL}", "//127.0.0.1"),
]


def _addresses() -> Iterator[str]:
    yield from (start + host for start, host in product(_STARTS, _HOSTS))
    yield from _PLAIN


HOSTILE: tuple[str, ...] = tuple(dict.fromkeys(_addresses()))


def as_browsers_read(address: str) -> str:
    """The WHATWG reading: controls around it, tabs and line ends in it are dropped, and backslashes are slashes."""
    stripped = address.strip("".join(map(chr, range(33))))
    return "".join(ch for ch in stripped if ch not in "\t\r\n").replace("\\", "/")
