"""Pages of people: the team, one person, and whom a name means."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from flask import Blueprint, Flask, redirect, url_for
from flask.typing import ResponseReturnValue

from portal.errors import Message, NotVisible
from portal.index.services import add_source as add_to_index
from portal.people import (
    absence_queries,
    absence_routes,
    appointment_routes,
    bindings,
    current,
    indexing,
    policy,
    queries,
    removal_routes,
    sections,
    sign_in_routes,
    team_queries,
)
from portal.people.forms import POST_NAMES
from portal.people.models import Capacity
from portal.people.policy import Post
from portal.people.team_queries import Held
from portal.people.visibility import visible_person
from portal.web import attention, clock
from portal.web.access import Rule, access
from portal.web.attention import Attention
from portal.web.fragments import render
from portal.web.navigation import NavigationEntry, add_navigation

bp = Blueprint("people", __name__)


@bp.get("/people")
@access(Rule.PUBLIC)
def team() -> ResponseReturnValue:
    """Who is on the team and in which role; for the team also who is away, and who waits for a first sign-in."""
    viewer, now = current.actor_facts(), clock.now()
    tiers, others = team_queries.team(now)
    inside = policy.reads_team_pages(viewer)
    shows_waiting = inside or (viewer is not None and not viewer.locked and Capacity.OPERATOR in viewer.capacities)
    leadership = queries.leadership(now)
    return render(
        "people/team.html",
        tiers=tiers,
        others=others,
        inside=inside,
        leadership=leadership,
        leading={facts.id: queries.get(facts.id) for facts in (leadership.director, leadership.deputy) if facts},
        waiting=bindings.unused_bindings() if shows_waiting else [],
        appoints=viewer is not None and bool(policy.posts_to_fill(viewer)),
        at=now,
    )


@bp.get("/people/<int:person_id>")
@access(Rule.PUBLIC)
def person(person_id: int) -> ResponseReturnValue:
    """One person: what they hold and held, with what stands behind it; more for themselves and the team."""
    found, viewer, now = visible_person(person_id), current.actor_facts(), clock.now()
    if found.id != person_id:
        return redirect(url_for(".person", person_id=found.id))
    mine = viewer is not None and viewer.id == found.id
    inside = mine or policy.reads_team_pages(viewer)
    held = team_queries.history(found.id)
    return render(
        "people/person.html",
        person=found,
        held=held,
        ends={index: _end_url(found.id, row) for index, row in enumerate(held) if row.is_held(now)},
        mine=mine,
        inside=inside,
        absence=absence_queries.absence_of(found.id, now) if inside else None,
        reads_reasons=policy.reads_reasons(viewer, found.id),
        reads_nda=policy.reads_nda(viewer, found.id),
        signed_on=queries.nda_on(found.id, now) if policy.reads_nda(viewer, found.id) else None,
        notes_nda=viewer is not None and policy.why_not_note_nda(viewer, found.id) is None,
        sections=sections.of_person(found.id, viewer, now),
        at=now,
    )


def _end_url(person_id: int, held: Held) -> str | None:
    """Where the reader may end this, or None."""
    viewer = current.actor_facts()
    if viewer is None:
        return None
    if held.capacity is not None:
        may = policy.why_not_end_capacity(viewer, held.capacity, person_id) is None
        where = url_for("appointments.end_capacity", person_id=person_id, capacity=held.key)
    else:
        may = policy.why_not_end_role(viewer, held.role.leads if held.role else None, person_id) is None
        where = url_for("appointments.end_role", person_id=person_id, role_key=held.key)
    return where if may else None


@bp.get("/people/named/<path:name>")
@access(Rule.PUBLIC)
def named(name: str) -> ResponseReturnValue:
    """Whom an @mention means."""
    found = queries.find_by_name(name)
    if found is None:
        raise NotVisible
    return redirect(url_for(".person", person_id=visible_person(found.id).id))


def waiting(person_id: int, now: datetime) -> Iterable[Attention]:
    """For operators: names whose time to sign in for the first time is nearly over."""
    if Capacity.OPERATOR not in queries.facts(person_id, now).capacities:
        return
    for binding in bindings.unused_bindings():
        if now < binding.expires_at < now + bindings.LAPSES_SOON:
            yield Attention(
                url=url_for("people.team") + "#waiting",
                title=Message("%(name)s has not signed in yet", name=binding.person.name),
                reason=Message("The name waits for a first sign-in and lapses soon. Remind them, or bring it in anew."),
                since=binding.created_at,
            )


def init_app(app: Flask) -> None:
    """Bind the pages of this feature."""
    app.extensions.setdefault(sections.REGISTRY, [])
    app.register_blueprint(bp)
    sign_in_routes.init_app(app)
    absence_routes.init_app(app)
    appointment_routes.init_app(app)
    removal_routes.init_app(app)
    add_navigation(app, NavigationEntry("people.team", Message("Team"), 40))
    attention.add_source(app, waiting)
    add_to_index(app, indexing.everything)
    attention.add_source(app, absence_routes.waiting)
    app.jinja_env.globals["capacity_name"] = lambda capacity: POST_NAMES[Post(capacity.value)]
