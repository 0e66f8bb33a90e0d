"""The list of requests and the page of one; binds the feature to the app."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

from flask import Flask, request, url_for
from flask.typing import ResponseReturnValue

from portal.assessments.rounds import add_vouching
from portal.errors import Message
from portal.index.services import add_source as add_to_index
from portal.notifications import registry
from portal.notifications.duties import add_duties
from portal.org import organisation
from portal.people import current
from portal.people import queries as people_queries
from portal.people.facts import PersonFacts
from portal.requests import (
    clock_jobs,
    decision_routes,  # noqa: F401  # fills the blueprint
    discussion_routes,  # noqa: F401
    draft_routes,  # noqa: F401
    filing_routes,  # noqa: F401
    indexing,
    lists,
    queries,
    told,
    turn_jobs,
    watch_routes,  # noqa: F401
    words,
)
from portal.requests.blueprint import bp
from portal.requests.lists import Filters
from portal.requests.page_routes import me
from portal.web import clock
from portal.web.access import Rule, access
from portal.web.attention import Attention, add_source
from portal.web.fragments import render
from portal.web.navigation import NavigationEntry, add_navigation
from portal.web.paging import before_id
from portal.web.ticks import add_job


@bp.get("/")
@access(Rule.SIGNED_IN)
def index() -> ResponseReturnValue:
    filters = Filters.read(request.args)
    found = lists.find(me(), filters, before=before_id(), now=clock.now())
    older = {**filters.as_args(), "before": found.older} if found.older else {}
    return render(
        "requests/index.html",
        "requests/_list.html",
        page=found,
        filters=filters,
        older_url=url_for(".index") + "?" + urlencode(older),
        kinds=organisation().kinds,
        stages=lists.STAGE_CHOICES,
        words=words,
    )


def _attention(person_id: int, now: datetime) -> list[Attention]:
    """My turns: requests that wait for me, and decisions to review on return."""
    facts = people_queries.facts(person_id, now)
    found = [
        Attention(
            url_for("requests.show", request_id=row.row.id),
            Message(
                "#%(id)s %(kind)s: %(name)s",
                id=row.row.id,
                kind=organisation().kinds[row.row.kind].name,
                name=row.row.candidate.name,
            ),
            row.turn.says,
            row.row.state_since,
        )
        for row in lists.waiting_for(facts, now)
    ]
    return found + _reviews(facts)


def _reviews(facts: PersonFacts) -> list[Attention]:
    if not facts.is_director:
        return []
    return [
        Attention(
            url_for("requests.show", request_id=decision.request_id) + "#decision",
            Message("Review on return: #%(id)s", id=decision.request_id),
            Message("The acting Deputy decided this while you were away"),
            decision.decided_at,
        )
        for decision in queries.awaiting_review(facts.id)
    ]


def init_app(app: Flask) -> None:
    """Bind the pages, the sources and the clock job of requests."""
    app.register_blueprint(bp)
    app.jinja_env.globals.update(request_words=words)  # macros see no context
    add_navigation(
        app, NavigationEntry("requests.index", Message("Requests"), 20, shown=current.is_signed_in, key="g r")
    )
    add_source(app, _attention)
    add_vouching(app, queries.sponsors_of)
    add_to_index(app, indexing.everything)
    registry.add_source(app, told.SOURCE)
    add_job(app, "say whose turn it becomes, and what waits too long", turn_jobs.tick)
    add_duties(app, turn_jobs.duties, turn_jobs.CALLED)
    add_job(app, "remind of unanswered questions, and close what stays unanswered", clock_jobs.tick)
