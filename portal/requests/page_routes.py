"""The page of one request, and how every other route of it answers: page, panel, or panels out of band."""

from __future__ import annotations

from typing import Any

from flask import current_app, request, url_for
from flask.typing import ResponseReturnValue

from portal.errors import PortalError, SignInNeeded, WrongState
from portal.org import organisation
from portal.people import current
from portal.people.facts import PersonFacts
from portal.requests import new_events, page, queries, words
from portal.requests.blueprint import bp
from portal.requests.kinds import registry
from portal.requests.page import RequestPage
from portal.requests.page_forms import PageForms
from portal.requests.workflow import Action, State
from portal.web import clock, ids
from portal.web.access import Rule, access, action_of
from portal.web.filters import say
from portal.web.fragments import go_to, is_fragment_request, known_tags, not_modified, render
from portal.web.paging import before_id

ALL = (  # the panels of the page beside the decision
    *("header", "asked", "evidence", "checks", "notes", "people"),
    *("questions", "positions", "concerns", "discussion", "ask", "timeline"),
)


def me() -> PersonFacts:
    """The standing of who sent this request. Raises SignInNeeded."""
    found = current.actor_facts()
    if found is None:
        raise SignInNeeded("Sign in to go on.")
    return found


@bp.get("/<int:request_id>")
@access(Rule.OBJECT, action="read")
def show(request_id: int) -> ResponseReturnValue:
    seen = queries.get_visible(me(), request_id, clock.now())
    if seen.row.state is State.DRAFT:
        return go_to(url_for(".details", request_id=request_id))
    shown = page.load(me(), seen, before=before_id(), now=seen.facts.now)
    return _render(
        shown,
        panel="discussion",
        also=(*(name for name in ALL if name != "discussion"), "decision", "news"),
        is_saved=False,
    )


@bp.get("/<int:request_id>/news")
@access(Rule.OBJECT, action="read", by_itself=True)
def news(request_id: int) -> ResponseReturnValue:
    """What happened since the event that the page was made after, for the open page that asks; 304: nothing more."""
    now = clock.now()
    quick = new_events.quick_tag(me(), request_id, now)
    if not is_fragment_request():
        return go_to(url_for(".show", request_id=request_id))
    same = next((tag for tag in known_tags() if tag.startswith(f"{quick}.")), None)
    if same:
        return not_modified(same)
    since = ids.parse(request.args.get("since", "")) or 0
    found = new_events.since(me(), queries.get_visible(me(), request_id, now), since)
    tag = f"{quick}.{found.tag}"
    if any(known.endswith(f".{found.tag}") for known in known_tags()):
        return not_modified(tag)
    return render("requests/_new.html", tag=tag, request_id=request_id, found=found)


def load_page(request_id: int) -> RequestPage:
    """The page of a request for who sent this request. Raises NotVisible."""
    seen = queries.get_visible(me(), request_id, clock.now())
    if seen.row.state is State.DRAFT:
        raise WrongState("This is still a draft. Submit it first.")
    return page.load(me(), seen, before=before_id(), now=seen.facts.now)


def render_request(
    request_id: int,
    *,
    panel: str = "",
    also: tuple[str, ...] = (),
    status: int = 200,
    differences: tuple[object, ...] = (),
    **forms: Any,
) -> ResponseReturnValue:
    """The request page, with ``forms`` as they were sent in place of empty ones.

    For htmx: the ``panel`` alone, and the panels of ``also`` out of band.
    """
    shown = load_page(request_id)
    return _render(shown, panel=panel, also=also, status=status, differences=differences, **forms)


def _render(
    shown: RequestPage,
    *,
    panel: str = "",
    also: tuple[str, ...] = (),
    status: int = 200,
    is_saved: bool = True,
    differences: tuple[object, ...] = (),
    **forms: Any,
) -> ResponseReturnValue:
    return render(
        "requests/show.html",
        "requests/_swap.html" if panel else None,
        status=status,
        page=shown,
        forms=PageForms(shown, **forms),
        panel=panel,
        is_done=status == 200 and is_saved,
        also=also,
        differences=differences,
        words=words,
        kind=organisation().kinds[shown.row.kind],
        spec=registry.kind(shown.row.kind),
    )


def put_error(form: Any, error: PortalError) -> None:
    """Show a refusal of a service beside the field it is about, else on top of the form."""
    text = say(error.message)
    name = (getattr(error, "field", None) or "").replace("-", "_")
    if name in form:
        form[name].errors = [*form[name].errors, text]
    else:
        form.form_errors = [*form.form_errors, text]


def declared_action() -> Action:
    """The action that the route of this request declares."""
    return Action(action_of(current_app.view_functions[request.endpoint or ""]))
