"""Addresses within the portal: where to go on after signing in, never to another site."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import current_app, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

import config

LONGEST = 600  # characters: the address travels in a cookie


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
    try:
        parts = urlsplit(request.referrer or "")
    except ValueError:
        return nearest_page(request.path)
    settings: config.Settings = current_app.extensions["settings"]
    if parts[:2] in (urlsplit(request.host_url)[:2], urlsplit(settings.base_url)[:2]):
        path = nearest_page(parts.path)
        return local_path(f"{path}?{parts.query}" if parts.query and path == parts.path else path)
    return nearest_page(request.path)


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
