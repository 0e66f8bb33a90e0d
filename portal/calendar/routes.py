"""Calendars: the public one, one's own at a secret address, and the page that hands out both."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.calendar import entries, ics, services
from portal.errors import Message, NotVisible
from portal.org import organisation
from portal.people import current
from portal.people import queries as people
from portal.people.sent_forms import once
from portal.web import clock
from portal.web.access import Rule, access
from portal.web.addresses import absolute
from portal.web.fragments import go_to, render
from portal.web.navigation import NavigationEntry, add_navigation

bp = Blueprint("calendar", __name__, url_prefix="/calendar")


@bp.get("")
@access(Rule.PUBLIC)
def index() -> Response:
    """The addresses of the calendars."""
    reader = current.actor_facts()
    own = services.of(reader.id) if reader is not None else None
    return render(
        "calendar/index.html",
        public=absolute(url_for(".public")),
        signed_in=reader is not None and not reader.locked,
        own=absolute(url_for(".personal", address=services.secret(own))) if own else "",
        made_at=own.made_at if own else None,
    )


@bp.get("/public.ics")
@access(Rule.PUBLIC)
def public() -> Response:
    """When discussions can end, for everybody."""
    return _file(organisation().team, entries.for_everybody(clock.now()))


@bp.get("/<address>.ics")
@access(Rule.PUBLIC)
def personal(address: str) -> Response:
    """The calendar of whoever was given this address, by what they may read now."""
    person_id, now = services.owner(address), clock.now()
    reader = people.facts(person_id, now)
    if reader.locked:
        raise NotVisible("There is no such calendar. Its address may have been revoked.")
    return _file(organisation().team, entries.for_person(reader, now))


@bp.post("/address")
@access(Rule.SIGNED_IN, action="make_calendar")
def make() -> ResponseReturnValue:
    """Make a secret address, in place of one there was."""
    with once(url_for(".index")) as now:
        services.make(current.actor().id, now=now)
    flash(_("This is your calendar's address. Whoever knows it can read it."), "success")
    return go_to(url_for(".index"))


@bp.post("/address/revoke")
@access(Rule.SIGNED_IN, action="revoke_calendar")
def revoke() -> ResponseReturnValue:
    """Let one's secret address show nothing any more."""
    with once(url_for(".index")):
        services.revoke(current.actor().id)
    flash(_("The address shows nothing any more."), "success")
    return go_to(url_for(".index"))


def _file(name: str, found: list[ics.Entry]) -> Response:
    """The calendar; not sent again while nothing changed."""
    response = Response(ics.calendar(name, found), content_type="text/calendar; charset=utf-8")
    response.add_etag()
    response.make_conditional(request)
    return response


def init_app(app: Flask) -> None:
    """Bind the pages of this feature."""
    app.register_blueprint(bp)
    add_navigation(app, NavigationEntry("calendar.index", Message("Calendar"), 80, footer=True))
