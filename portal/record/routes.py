"""The public record of decisions."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.errors import Message
from portal.org import organisation
from portal.people import current
from portal.people import queries as people
from portal.people.sent_forms import once
from portal.record import page, queries, services
from portal.record.queries import Filters
from portal.requests import queries as request_queries
from portal.web import clock
from portal.web.access import Rule, access
from portal.web.fragments import go_to, render
from portal.web.navigation import NavigationEntry, add_navigation
from portal.web.paging import before_id

bp = Blueprint("record", __name__, url_prefix="/record")


@bp.get("")
@access(Rule.PUBLIC)
def index() -> Response:
    """Approvals by name with their public reason; "not yet" and withdrawn as counts."""
    now = clock.now()
    filters = Filters.read(request.args, this_year=now.year)
    years = queries.years(now)
    return render(
        "record/index.html",
        "record/_list.html",
        filters=filters,
        found=queries.approvals(filters, before=before_id()),
        counts=queries.counts(filters, years),
        years=years,
        kinds=organisation().kinds.values(),
        overdue=[(page.kind_name(kind), count) for kind, count in request_queries.overdue()],
        items=[*organisation().roles.values(), *organisation().access_items()],
    )


@bp.get("/<int:decision_id>")
@access(Rule.PUBLIC)
def show(decision_id: int) -> Response:
    """The record of one approval: permanent and printable."""
    found = page.record_page(decision_id, clock.now())
    reader = current.actor_facts()
    may_remove = not found.removed and services.why_not_remove(reader, found.decision.team_request.candidate_id) is None
    return render(
        "record/show.html",
        found=found,
        decision=found.decision,
        reads_request=_reads_request(found),
        may_remove=may_remove,
    )


@bp.get("/<int:decision_id>/remove")
@access(Rule.DECIDER)
def confirm_removal(decision_id: int) -> Response:
    """Ask once more before an approval leaves the public record."""
    decision = services.removable(current.actor_facts(), decision_id)
    return render("record/remove.html", decision=decision)


@bp.post("/<int:decision_id>/remove")
@access(Rule.DECIDER, action="remove_record")
def remove(decision_id: int) -> ResponseReturnValue:
    """Take an approval off the public record, because the person asked."""
    current.require_fresh()
    led_to = url_for(".show", decision_id=decision_id)
    with once(led_to) as now:
        services.remove(people.facts(current.actor().id, now), decision_id, now=now)
    flash(_("It was removed from the public record. Its place in the timeline stays."), "success")
    return go_to(led_to)


def _reads_request(found: page.RecordPage) -> bool:
    """Whether a link to the request itself helps this reader; the request's own page keeps its door."""
    reader, asked = current.actor_facts(), found.decision.team_request
    if reader is None or reader.locked:
        return False
    return reader.is_member or reader.is_board or reader.id in (asked.candidate_id, asked.requester_id)


def init_app(app: Flask) -> None:
    """Bind the pages of this feature."""
    app.register_blueprint(bp)
    app.jinja_env.globals.update(record_words=page)
    add_navigation(app, NavigationEntry("record.index", Message("Record"), 55))
