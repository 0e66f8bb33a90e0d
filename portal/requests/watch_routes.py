"""Choosing what one is told of a request."""

from __future__ import annotations

from flask import flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.errors import Invalid, Message
from portal.notifications.models import Watching
from portal.people import current
from portal.people.sent_forms import once
from portal.requests import policy, watching
from portal.requests.blueprint import bp
from portal.requests.page_routes import load_page, render_request
from portal.requests.workflow import Action
from portal.web.access import Rule, access
from portal.web.fragments import go_to, is_fragment_request

NEITHER = "neither"


@bp.post("/<int:request_id>/watch")
@access(Rule.OBJECT, action="watch")
def watch(request_id: int) -> ResponseReturnValue:
    """Be told of everything I may read here, or of my turn and the result alone, or of what my part brings."""
    shown = load_page(request_id)
    policy.require(shown.me, Action.WATCH, shown.seen.facts)
    chosen = request.form.get("level", "")
    if chosen not in (*Watching, NEITHER):
        raise Invalid(Message("Choose one of those that are offered."))
    actor_id, done = current.actor().id, url_for(".show", request_id=request_id, _anchor="told")
    with once(done) as now:
        watching.choose(actor_id, request_id, Watching(chosen) if chosen != NEITHER else None, now=now)
    if is_fragment_request():
        return render_request(request_id, panel="told")
    flash(_("Saved."), "success")
    return go_to(done)
