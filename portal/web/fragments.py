"""All the portal knows of htmx: whole page or fragment, redirect or swap. Only `portal.web` names an HX- header."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

VARY = "HX-Request, Cookie"


def is_htmx() -> bool:
    """Whether htmx sent the request."""
    return request.headers.get("HX-Request") == "true"


def is_fragment_request() -> bool:
    """Whether htmx asks for a piece of a page; boosted and history requests get the whole page."""
    headers = request.headers
    return (
        is_htmx()
        and headers.get("HX-Boosted") != "true"
        and headers.get("HX-History-Restore-Request") != "true"
        and headers.get("HX-Request-Type", "partial") == "partial"
    )


def render(page: str, fragment: str | None = None, /, *, status: int = 200, tag: str = "", **context: Any) -> Response:
    """Render the page, or its fragment when htmx asked. Both share one URL, so the answer varies.

    ``tag``: names what is shown, for who asks later whether it is still right.
    """
    template = fragment if fragment and is_fragment_request() else page
    response = _varying(render_template(template, **context), status)
    return _tagged(response, tag) if tag else response


def render_alone(page: str, fragment: str, /, *, status: int, **context: Any) -> Response:
    """As `render`, without what other pages are given (who is signed in): for when that cannot be asked."""
    template = current_app.jinja_env.get_template(fragment if is_fragment_request() else page)
    return _varying(template.render(context), status)


def known_tags() -> set[str]:
    """The tags of what the browser has already of this address."""
    return set(request.if_none_match.as_set(include_weak=True))


def not_modified(tag: str) -> Response:
    """What the browser has is still right; this is its tag."""
    return _tagged(Response(status=304, headers={"Vary": VARY}), tag)


def _tagged(response: Response, tag: str) -> Response:
    response.set_etag(tag, weak=True)
    return response


def _varying(body: str, status: int) -> Response:
    response = make_response(body, status)
    response.headers["Vary"] = VARY
    return response


def go_to(url: str) -> ResponseReturnValue:
    """Send the browser on after a successful POST; htmx is told to fetch the whole page."""
    if is_htmx():
        return Response(status=204, headers={"HX-Redirect": url})
    return redirect(url, 303)


def reload_whole_page(response: Response) -> Response:
    """Tell htmx to fetch the whole page again: the piece it asked for cannot be shown by itself."""
    response.headers["HX-Refresh"] = "true"
    return response
