"""Response headers and the checks of where a request comes from."""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, request
from werkzeug.exceptions import BadRequest, Forbidden, UnsupportedMediaType

import config

HTMX_CDN = "https://cdn.jsdelivr.net/npm/htmx.org@4.0.1/dist/htmx.min.js"
HTMX_INTEGRITY = "sha384-Qp9rdC8H7EqOoX+nR0P3RPG2Noji+qdwJlGpfzwQJsfOpp3sGwIdSP9xO3+UlEhn"
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
FORM_TYPES = ("", "application/x-www-form-urlencoded", "multipart/form-data")  # a button alone may send no content


def nonce() -> str:
    """The nonce of this response: scripts without it do not run."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def init_app(app: Flask) -> None:
    app.before_request(_refuse_nul)
    app.before_request(_refuse_foreign_posts)
    app.before_request(_refuse_other_content)
    app.after_request(_set_headers)
    app.jinja_env.globals.update(csp_nonce=nonce, htmx_cdn=HTMX_CDN, htmx_integrity=HTMX_INTEGRITY)


def _refuse_foreign_posts() -> None:
    """A second wall beside the CSRF token: browsers say where a request comes from."""
    if request.method in SAFE_METHODS:
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site not in (None, "same-origin", "none"):
        raise Forbidden("foreign")
    origin = request.headers.get("Origin")
    if origin and origin != "null" and not _is_ours(origin):
        raise Forbidden("foreign")


def _refuse_other_content() -> None:
    """The portal takes forms. Anything else would be read as a form in which nothing was typed."""
    if request.method not in SAFE_METHODS and request.mimetype not in FORM_TYPES:
        raise UnsupportedMediaType


def _is_ours(url: str) -> bool:
    settings: config.Settings = current_app.extensions["settings"]
    try:
        return urlsplit(url)[:2] in (urlsplit(settings.base_url)[:2], urlsplit(request.host_url)[:2])
    except ValueError:
        return False


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
