"""Front door for everybody, dashboard for who is signed in."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, Flask
from flask.typing import ResponseReturnValue

from portal.access import queries as access_queries
from portal.errors import Message
from portal.people import current
from portal.people import queries as people_queries
from portal.people.facts import PersonFacts
from portal.people.models import Person
from portal.requests import lists, queries, words
from portal.requests.lists import Filters, ListRow
from portal.web import attention, clock
from portal.web.access import Rule, access
from portal.web.fragments import render
from portal.web.navigation import NavigationEntry, add_navigation

bp = Blueprint("home", __name__)


@bp.get("/")
@access(Rule.PUBLIC)
def index() -> ResponseReturnValue:
    person = current.actor_facts()
    if person is None:
        return front_door()
    now = clock.now()
    mine, others = _waiting(person, now)
    return render(
        "home/dashboard.html",
        turns=attention.of_person(person.id, now),
        mine=mine,
        others=others,
        held=access_queries.held(person.id, now),
        roles=sorted(words.item_words("role", key).name for key in person.roles),
        capacities=sorted(person.capacities),
        drafts=queries.drafts_of(person.id),
        leads=_leads(now),
        words=words,
    )


@bp.get("/welcome")
@access(Rule.PUBLIC)
def front_door() -> ResponseReturnValue:
    """What the team does and how to join."""
    return render("home/front_door.html")


def _waiting(person: PersonFacts, now: datetime) -> tuple[list[ListRow], list[ListRow]]:
    """Open requests that wait for others: those I am party to, and the rest I may read."""
    rows = [row for row in lists.find(person, Filters(stage="open"), before=None, now=now).rows if not row.mine]
    mine = [row for row in rows if person.id in (row.row.requester_id, row.row.candidate_id)]
    return mine, [row for row in rows if row not in mine]


def _leads(now: datetime) -> list[tuple[Message, Person | None]]:
    """Who is Director, and who acts today."""
    found = people_queries.leadership(now)
    director = people_queries.get(found.director.id) if found.director else None
    lines = [(Message("Director"), director)]
    if found.deputy:
        title = Message("Deputy, acting for the Director today") if found.acting_open else Message("Deputy")
        lines.append((title, people_queries.get(found.deputy.id)))
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
