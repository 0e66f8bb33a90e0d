"""All the portal knows of htmx: whole page or fragment, redirect or swap. Only `portal.web` names an HX- header."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue


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


def render(page: str, fragment: str | None = None, /, *, status: int = 200, **context: Any) -> Response:
    """Render the page, or its fragment when htmx asked. Both share one URL, so the answer varies."""
    template = fragment if fragment and is_fragment_request() else page
    return _varying(render_template(template, **context), status)


def render_alone(page: str, fragment: str, /, *, status: int, **context: Any) -> Response:
    """As `render`, without what other pages are given (who is signed in): for when that cannot be asked."""
    template = current_app.jinja_env.get_template(fragment if is_fragment_request() else page)
    return _varying(template.render(context), status)


def _varying(body: str, status: int) -> Response:
    response = make_response(body, status)
    response.headers["Vary"] = "HX-Request, Cookie"
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
