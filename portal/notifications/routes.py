"""The inbox, and the page that shows who is told what; binds the feature to the app."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, flash, request, url_for
from flask.typing import ResponseReturnValue

from portal.database import NOW
from portal.errors import Invalid, Message
from portal.notifications import cli, duties, inbox, people_rows, registry
from portal.notifications.channels import CHANNELS, ERRANDS
from portal.notifications.inbox import Show
from portal.notifications.told import GROUPS
from portal.people import current, sessions
from portal.people.models import SignIn
from portal.web import clock, ids
from portal.web.access import Rule, access
from portal.web.fragments import go_to, is_fragment_request, render
from portal.web.navigation import NavigationEntry, add_navigation
from portal.web.paging import before_id
from portal.web.ticks import add_job
from portal.web.translations import ngettext
from portal.web.unit_of_work import unit_of_work

bp = Blueprint("notifications", __name__)

PARTS = {Show.OPEN: Message("To do"), Show.LATER: Message("Later"), Show.DONE: Message("Done")}


def _shown() -> Show:
    """The part of the inbox that the address names; the first for anything unknown."""
    raw = request.values.get("show", "")
    return Show(raw) if raw in list(Show) else Show.OPEN


@bp.get("/inbox")
@access(Rule.SIGNED_IN)
def show_inbox() -> Response:
    """What I was told and am not done with, or what I put off, or what is done."""
    show = _shown()
    found = inbox.page(current.actor().id, show, before=before_id(), now=clock.now())
    return render("notifications/inbox.html", page=found, show=show, parts=PARTS)


@bp.post("/inbox")
@access(Rule.SIGNED_IN, action="settle_inbox")
def settle() -> ResponseReturnValue:
    """Be done with one message, put it off, bring it back; or be done with all that the page showed."""
    person_id = current.actor().id
    if upto := ids.parse(request.form.get("all", "")):
        with unit_of_work() as now:
            count = inbox.finish_all(person_id, upto, now=now)
        flash(ngettext("%(num)s message is done.", "%(num)s messages are done.", count), "success")
        return go_to(url_for(".show_inbox"))
    to = next((part for part in Show if request.form.get(part.value)), None)
    delivery_id = ids.parse(request.form.get(to.value, "")) if to else None
    if to is None or delivery_id is None:
        raise Invalid(Message("This form was incomplete. Go back and press the button once more."))
    with unit_of_work() as now:
        inbox.move(person_id, delivery_id, to, now=now)
    if is_fragment_request():
        return _one(person_id, delivery_id)
    return go_to(url_for(".show_inbox", show=_shown().value))


def _one(person_id: int, delivery_id: int) -> Response:
    """One message as it stands now, and the new number in the frame."""
    now = clock.now()
    line, count = inbox.one(person_id, delivery_id, now), inbox.count_open(person_id, now)
    template = "notifications/_moved.html"
    return render(template, template, line=line, parts=PARTS, count=count, oob=True)


@bp.get("/told")
@access(Rule.PUBLIC)
def table() -> Response:
    """Who is told what: the whole table."""
    return render("notifications/table.html", sources=registry.sources(), groups=GROUPS)


def init_app(app: Flask) -> None:
    """Bind the pages, the rows for people and rules, and the commands."""
    app.register_blueprint(bp)
    app.extensions.setdefault(CHANNELS, [])
    app.extensions.setdefault(ERRANDS, [])
    sessions.count_beside(inbox.waiting_of(SignIn.person_id, NOW))
    registry.add_source(app, people_rows.SOURCE)
    app.extensions.setdefault(duties.DUTIES, [])
    add_job(app, "remind of duties", duties.tick)
    label = Message("Inbox")
    add_navigation(
        app,
        NavigationEntry(
            "notifications.show_inbox", label, 15, shown=current.is_signed_in, key="g i", count=current.waiting
        ),
        NavigationEntry("notifications.table", Message("Who is told what"), 62, footer=True),
    )
    cli.init_app(app)
