"""Front door for everybody, dashboard for who is signed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Flask
from flask.typing import ResponseReturnValue

from portal.access import queries as access_queries
from portal.errors import Message
from portal.people import current
from portal.people import queries as people_queries
from portal.requests import lists, words
from portal.requests.workflow import State
from portal.web import attention, clock
from portal.web.access import Rule, access
from portal.web.fragments import render
from portal.web.navigation import NavigationEntry, add_navigation
from portal.web.paging import PAGE_SIZE

bp = Blueprint("home", __name__)


@bp.get("/")
@access(Rule.PUBLIC)
def index() -> ResponseReturnValue:
    person = current.actor_facts()
    if person is None:
        return front_door()
    now = clock.now()
    desk = lists.desk(person, now)
    waiting = [row for row in desk if row.row.state is not State.DRAFT and not row.mine]
    mine = [row for row in waiting if person.id in (row.row.requester_id, row.row.candidate_id)]
    return render(
        "home/dashboard.html",
        turns=attention.of_person(person.id, now),
        mine=mine,
        others=[row for row in waiting if row not in mine][:PAGE_SIZE],
        open_count=len([row for row in desk if row.row.state is not State.DRAFT]),
        held=access_queries.desk(person.id, now).held,
        roles=sorted(words.item_words("role", key).name for key in person.roles),
        capacities=sorted(person.capacities),
        drafts=[row.row for row in reversed(desk) if row.row.state is State.DRAFT],
        leads=_leads(now),
        words=words,
    )


@bp.get("/welcome")
@access(Rule.PUBLIC)
def front_door() -> ResponseReturnValue:
    """What the team does and how to join."""
    return render("home/front_door.html")


@dataclass(frozen=True, slots=True)
class Lead:
    """Who holds a leading role today; ``id`` is empty where nobody does."""

    title: Message
    id: int | None
    name: str


def _leads(now: datetime) -> list[Lead]:
    """Who is Director, and who acts today."""
    standing = people_queries.standing(now)
    found, names = standing.leadership, standing.names
    director = found.director.id if found.director else None
    lines = [Lead(Message("Director"), director, names.get(director or 0, ""))]
    if found.deputy:
        title = Message("Deputy, acting for the Director today") if found.acting_open else Message("Deputy")
        lines.append(Lead(title, found.deputy.id, names[found.deputy.id]))
    return lines


def init_app(app: Flask) -> None:
    """Bind the pages of this feature."""
    app.register_blueprint(bp)
    add_navigation(
        app,
        NavigationEntry("home.index", Message("Dashboard"), 10, shown=current.is_signed_in, key="g d"),
        NavigationEntry("home.front_door", Message("Join the team"), 70, shown=lambda: not current.is_signed_in()),
        NavigationEntry("home.front_door", Message("Join the team"), 70, shown=current.is_signed_in, footer=True),
    )
