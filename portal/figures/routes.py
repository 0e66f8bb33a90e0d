"""Figures: medians for everybody, what waits for the team and the Board, who has how much to do for the Director."""

from __future__ import annotations

from flask import Blueprint, Flask, Response

from portal.errors import Message
from portal.figures import medians, queries
from portal.notifications import duties as named
from portal.org import organisation
from portal.people import current
from portal.people import queries as people
from portal.requests import words
from portal.web import clock
from portal.web.access import Rule, access
from portal.web.fragments import render
from portal.web.navigation import NavigationEntry, add_navigation

bp = Blueprint("figures", __name__, url_prefix="/figures")


@bp.get("")
@access(Rule.PUBLIC)
def index() -> Response:
    """How long requests take, as medians; and, for who is signed in, one's own open duties."""
    now, reader = clock.now(), current.actor_facts()
    courses = queries.courses(now)
    return render(
        "figures/index.html",
        answers=medians.to_answer(courses),
        decisions=medians.to_decision(courses),
        fewest=medians.FEWEST,
        most=queries.MOST,
        years=queries.YEARS,
        own=queries.own_duties(reader, now) if reader is not None else None,
        reader=reader,
    )


@bp.get("/waiting")
@access(Rule.MEMBER_OR_BOARD, action="read_figures")
def waiting() -> Response:
    """What is open now, by kind and stage."""
    return render("figures/waiting.html", rows=queries.waiting(), words=words)


@bp.get("/duties")
@access(Rule.DIRECTOR, action="read_duties")
def duties() -> Response:
    """How much each person has to do, by kind of duty."""
    now = clock.now()
    return render("figures/duties.html", rows=queries.duties(people.facts(current.actor().id, now), now))


def kind_name(kind: str) -> str:
    """What a kind of request is called; the bare key where the organisation has it no more."""
    found = organisation().kinds.get(kind)
    return found.name if found else kind


def init_app(app: Flask) -> None:
    """Bind the pages of this feature."""
    app.register_blueprint(bp)
    app.jinja_env.globals.update(figure_kind=kind_name, duty_called=named.called)
    add_navigation(app, NavigationEntry("figures.index", Message("Figures"), 75, footer=True))
