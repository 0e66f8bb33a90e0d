"""Addresses within the portal: which are its own, and where to go on after signing in, never to another site."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import current_app, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

import config

LONGEST = 600  # characters: the address travels in a cookie
DEFAULT_PORTS = {"http": 80, "https": 443}


def _base_url() -> str:
    settings: config.Settings = current_app.extensions["settings"]
    return settings.base_url


def absolute(path: str) -> str:
    """The whole address of a path of this portal: from the settings, never from what a request calls this host."""
    return _base_url() + path


def path_to(endpoint: str, **values: object) -> str:
    """The path of one of this portal's pages, also where no request is being answered (a command, a worker)."""
    return current_app.url_map.bind("").build(endpoint, values)


def is_own_host(host: str) -> bool:
    """Whether a Host header names this portal, with or without a port. On this machine, all its names are one."""
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        return False
    known = urlsplit(_base_url()).hostname
    return name == known or bool(name and config.is_loopback(_base_url()) and config.is_loopback(f"//{host}"))


def is_own_origin(url: str) -> bool:
    """Whether scheme, host and port of the URL are this portal's own."""
    try:
        origin = _origin(url)
        if origin == _origin(_base_url()):
            return True
        on_this_machine = config.is_loopback(_base_url()) and is_own_host(request.host)
        return on_this_machine and origin == _origin(request.host_url)
    except ValueError:
        return False


def _origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port as browsers compare them. Raises ValueError for what has none."""
    parts = urlsplit(url)
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise ValueError("not a web address")
    return parts.scheme, parts.hostname, parts.port or DEFAULT_PORTS[parts.scheme]


def local_path(raw: str | None, *, fallback: str = "/") -> str:
    """The path and query if it is one of this portal's own, else the fallback.

    Browsers take ``//host`` and ``/\\host`` for another site and drop tabs and line ends before they look, so anything
    but a plain path of printable ASCII is refused.
    """
    if not raw or len(raw) > LONGEST or not raw.isascii() or not raw.isprintable():
        return fallback
    if not raw.startswith("/") or raw.startswith("//") or "\\" in raw or " " in raw:
        return fallback
    parts = urlsplit(raw)
    if parts.scheme or parts.netloc or parts.path.startswith("//"):
        return fallback
    return parts._replace(fragment="").geturl()


def with_query(path: str, **values: str) -> str:
    """The path with these query parameters set, each once."""
    parts = urlsplit(path)
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in values]
    return parts._replace(query=urlencode([*kept, *values.items()])).geturl()


def here() -> str:
    """The page that is shown, as an address to come back to."""
    path = request.full_path.rstrip("?") if request.query_string else request.path
    return local_path(path) if request.method == "GET" else form_page()


def form_page() -> str:
    """The page the sent form was on: the Referer if it is ours, else the nearest page above this address."""
    referrer = request.referrer or ""
    if not is_own_origin(referrer):
        return nearest_page(request.path)
    parts = urlsplit(referrer)
    path = nearest_page(parts.path)
    return local_path(f"{path}?{parts.query}" if parts.query and path == parts.path else path)


def nearest_page(path: str) -> str:
    """The longest beginning of the path that can be opened with GET."""
    routes = current_app.url_map.bind("")
    pieces = [piece for piece in path.split("/") if piece]
    for length in range(len(pieces), 0, -1):
        candidate = "/" + "/".join(pieces[:length])
        try:
            routes.match(candidate, method="GET")
        except RequestRedirect:
            return local_path(candidate)
        except HTTPException:
            continue
        return local_path(candidate)
    return "/"
