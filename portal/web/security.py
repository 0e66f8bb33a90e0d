"""Response headers, and the checks of where a request is meant to go and where it comes from."""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, LengthRequired, RequestEntityTooLarge, UnsupportedMediaType
from werkzeug.routing import RequestRedirect

import config
from portal.errors import Message, NotPermitted, PortalError
from portal.web.addresses import absolute, is_own_host, is_own_origin

HTMX_CDN = "https://cdn.jsdelivr.net/npm/htmx.org@4.0.1/dist/htmx.min.js"
HTMX_INTEGRITY = "sha384-Qp9rdC8H7EqOoX+nR0P3RPG2Noji+qdwJlGpfzwQJsfOpp3sGwIdSP9xO3+UlEhn"
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
FORM_TYPES = ("", "application/x-www-form-urlencoded", "multipart/form-data")  # a button alone may send no content
ANY_HOST = ("operations.health",)  # asked by monitors and load balancers, which know the machine by its number

FOREIGN = Message("This was sent from a page of another site, so it was not taken. Open the portal and send it there.")


class ForeignHost(PortalError):
    """The request names another host than this portal's: a proxy is set up wrongly, or somebody points a name here."""

    status = 421


def nonce() -> str:
    """The nonce of this response: scripts without it do not run."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def init_app(app: Flask) -> None:
    """Bind headers and checks. Comes before everything else that looks at a request."""
    app.before_request(_refuse_large_bodies)
    app.before_request(_refuse_nul)
    app.before_request(_refuse_foreign_hosts)
    app.before_request(_refuse_foreign_posts)
    app.before_request(_refuse_other_content)
    app.before_request(_redirect_within)
    app.after_request(_set_headers)
    app.jinja_env.globals.update(csp_nonce=nonce, htmx_cdn=HTMX_CDN, htmx_integrity=HTMX_INTEGRITY, absolute=absolute)


def _refuse_foreign_hosts() -> None:
    """No page is given out under a name that is not the portal's, so that no cache or link can carry it on."""
    if request.endpoint not in ANY_HOST and not is_own_host(request.host):
        settings: config.Settings = current_app.extensions["settings"]
        raise ForeignHost(Message("This portal has another address: %(address)s", address=settings.base_url))


def _refuse_foreign_posts() -> None:
    """A second wall beside the CSRF token, and before it: browsers say where a request comes from.

    "null" is what a sandboxed frame or a page without an address sends. It is ours only if the browser itself says so,
    as it does for people who let no page know where they come from.
    """
    if request.method in SAFE_METHODS:
        return
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    says_ours = site == "same-origin"
    if site is not None and not says_ours and site != "none":
        raise NotPermitted(FOREIGN)
    if origin == "null" and says_ours:
        return
    if origin is not None and not is_own_origin(origin):
        raise NotPermitted(FOREIGN)


def _refuse_large_bodies() -> None:
    """Say so at once, also where nobody would have read the body.

    A body of unknown length is refused too: Werkzeug cuts it off at the limit, and half a form would count as one.
    """
    if request.method not in SAFE_METHODS and "Transfer-Encoding" in request.headers:
        raise LengthRequired
    most = request.max_content_length
    if most is not None and (request.content_length or 0) > most:
        raise RequestEntityTooLarge


def _refuse_other_content() -> None:
    """The portal takes forms. Anything else would be read as a form in which nothing was typed."""
    if request.method not in SAFE_METHODS and request.mimetype not in FORM_TYPES:
        raise UnsupportedMediaType


def _redirect_within() -> ResponseReturnValue | None:
    """A missing slash is mended by path alone: routing would write out the host that the request named."""
    error = request.routing_exception
    if not isinstance(error, RequestRedirect):
        return None
    parts = urlsplit(error.new_url)
    path = "/" + parts.path.lstrip("/\\")
    return redirect(f"{path}?{parts.query}" if parts.query else path, error.code)


def _refuse_nul() -> None:
    """No address of ours has the one character that PostgreSQL cannot take."""
    if "\x00" in request.path or "\x00" in "".join(request.args.values()) or "\x00" in "".join(request.args):
        raise BadRequest


def _set_headers(response: Response) -> Response:
    settings: config.Settings = current_app.extensions["settings"]
    scripts = f"'nonce-{nonce()}'"
    policy = {
        "default-src": "'none'",
        "script-src": scripts,
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }
    headers = response.headers
    headers.setdefault("Content-Security-Policy", "; ".join(f"{key} {value}" for key, value in policy.items()))
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
    if settings.secure_cookies:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint != "static":
        headers.setdefault("Cache-Control", "no-store")
    return response
