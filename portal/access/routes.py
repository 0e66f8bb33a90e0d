"""Pages of access: who has access to what, what waits to be set up, one access and what happened to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from flask import Blueprint, Flask, Response, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.access import policy, queries, register, services, told, words
from portal.access.forms import GiveUpForm, RevokeForm
from portal.access.models import GrantStep
from portal.access.register import Filters, Waiting
from portal.access.standing import HeldAccess
from portal.errors import Invalid, Message, NotVisible, WrongState
from portal.notifications import registry
from portal.people import current, removals, sections
from portal.people import policy as people_policy
from portal.people import queries as people
from portal.people.facts import PersonFacts
from portal.people.held_forms import kept_fields
from portal.people.sections import PersonSection
from portal.people.sent_forms import once
from portal.web import clock
from portal.web.access import Rule, access
from portal.web.attention import Attention, add_source
from portal.web.filters import say
from portal.web.fragments import go_to, is_fragment_request, render
from portal.web.navigation import NavigationEntry, add_navigation

bp = Blueprint("access", __name__, url_prefix="/access")


@bp.get("")
@access(Rule.PUBLIC)
def index() -> Response:
    """Who has access to what; by name where the organisation's rule or the reader's standing allows."""
    now, reader = clock.now(), current.actor_facts()
    public = queries.names_are_public(now)
    names = policy.reads_names(reader, public=public)
    filters = Filters.read(request.args)
    entries = register.register(filters, now, names=names)
    return render(
        "access/index.html",
        "access/_register.html",
        filters=filters,
        entries=entries,
        names=names,
        public=public,
        holders=sum(entry.count for entry in entries),
        sees_waiting=reader is not None and reader.is_member and not reader.locked,
    )


@bp.get("/waiting")
@access(Rule.MEMBER)
def waiting() -> Response:
    """What was approved and still has to be set up, and what has ended and still has to be taken away."""
    reader = _reader()
    return render(
        "access/waiting.html",
        rows=register.waiting(clock.now(), reader),
        ended=queries.ended_recently(clock.now()) if policy.reads_team_part(reader) else [],
    )


@bp.get("/<int:grant_id>")
@access(Rule.PUBLIC)
def show(grant_id: int) -> Response:
    """One access: who, what, since when, by which decision, and what happened to it."""
    now, reader = clock.now(), current.actor_facts()
    found = _readable(grant_id, now)
    team = policy.reads_team_part(reader) or (reader is not None and reader.id == found.person_id)
    return render(
        "access/show.html",
        access=found,
        item=words.item_words(found.item_type, found.item_key),
        steps=queries.steps(grant_id),
        team=team,
        reasons=policy.reads_reason(reader, found.person_id),
        waits=_waits(found, reader, now) if reader and found.is_live else None,
        may_end=reader is not None and found.is_live and policy.why_not_end(reader, found.person_id) is None,
        own=reader is not None and reader.id == found.person_id,
    )


@bp.post("/<int:grant_id>/granted")
@access(Rule.OBJECT, action="mark_granted")
def mark_granted(grant_id: int) -> ResponseReturnValue:
    """Say that this access has been set up."""
    _readable(grant_id, clock.now())
    with once(url_for(".waiting")) as now:
        services.mark_granted(current.actor(), grant_id, now=now)
    found = queries.get(grant_id, clock.now())
    item = words.item_words(found.item_type, found.item_key)
    says = Message("%(item)s for %(name)s is marked as granted.", item=item.name, name=found.person_name)
    if is_fragment_request():
        return render("access/_marked_row.html", "access/_marked_row.html", access=found, says=says)
    flash(say(says), "success")
    return go_to(url_for(".waiting"))


@bp.get("/<int:grant_id>/end")
@access(Rule.OBJECT, action="end_access")
def confirm_end(grant_id: int) -> Response:
    """Ask once more before access ends."""
    found = _endable(grant_id)
    return _end_page(found, _end_form(found, formdata=kept_fields("access.end")))


@bp.post("/<int:grant_id>/end")
@access(Rule.OBJECT, action="end_access")
def end(grant_id: int) -> ResponseReturnValue:
    """Give up one's own access, or revoke somebody else's."""
    current.require_fresh()
    found = _endable(grant_id)
    form = _end_form(found)
    if not form.validate_on_submit():
        return _end_page(found, form, status=422)
    try:
        with once(url_for(".show", grant_id=grant_id)) as now:
            services.revoke(current.actor(), grant_id, reason=form.reason.data, now=now)
    except Invalid as error:
        form.reason.errors = [say(error.message)]
        return _end_page(found, form, status=422)
    flash(_("The access has ended. Members see that it has to be taken off the servers."), "success")
    return go_to(url_for(".show", grant_id=grant_id))


def _reader() -> PersonFacts:
    """The standing of the person who sent this request, where the door let only signed-in people in."""
    return people.facts(current.actor().id, clock.now())


def _readable(grant_id: int, now: datetime) -> HeldAccess:
    """The access of this address, if the reader may know of it. Raises NotVisible."""
    found = queries.get(grant_id, now)
    public = queries.names_are_public(now)
    if not policy.reads_grant(current.actor_facts(), found.person_id, public=public):
        raise NotVisible
    return found


def _waits(found: HeldAccess, reader: PersonFacts, now: datetime) -> Waiting:
    return register.waits(found, reader, has_nda=bool(queries.nda_dates([found.person_id], now)))


def _endable(grant_id: int) -> HeldAccess:
    """The access of this address, if the reader may end it. Raises NotVisible, NotPermitted, WrongState."""
    found = _readable(grant_id, clock.now())
    services.refuse_if(policy.why_not_end(_reader(), found.person_id))
    ended = services.why_ended_already(found)
    if ended is not None:
        raise WrongState(ended)
    return found


def _end_form(found: HeldAccess, **kwargs: Any) -> GiveUpForm | RevokeForm:
    return GiveUpForm(**kwargs) if found.person_id == current.actor().id else RevokeForm(**kwargs)


def _end_page(found: HeldAccess, form: GiveUpForm | RevokeForm, *, status: int = 200) -> Response:
    return render(
        "access/end.html",
        status=status,
        access=found,
        item=words.item_words(found.item_type, found.item_key),
        form=form,
        own=found.person_id == current.actor().id,
    )


def _person_section(person_id: int, reader: PersonFacts | None, now: datetime) -> PersonSection | None:
    """What somebody has access to and had, on their own page; None where the reader may not know."""
    public = queries.names_are_public(now)
    if not policy.reads_grant(reader, person_id, public=public):
        return None
    held = queries.history(person_id, now)
    mine = reader is not None and reader.id == person_id
    if not held and not mine:
        return None
    may_end = reader is not None and policy.why_not_end(reader, person_id) is None
    context = {"accesses": held, "may_end": may_end, "mine": mine}
    return PersonSection("access/_person_access.html", context, public=public and bool(held))


def _attention(person_id: int, now: datetime) -> Iterator[Attention]:
    """Members are told of approved access that they can set up; who can note a missing agreement, of that."""
    reader = people.facts(person_id, now)
    if not policy.reads_team_part(reader):
        return
    for row in register.waiting(now, reader):
        title = Message("%(item)s for %(name)s", item=row.item.name, name=row.access.person_name)
        if row.not_yet is None and row.why_not is None:
            url = url_for("access.show", grant_id=row.access.grant_id)
            yield Attention(url, title, Message("Approved: set it up, then mark it as granted"), row.access.since)
        elif row.not_yet is not None and people_policy.why_not_note_nda(reader, row.access.person_id) is None:
            url = url_for("appointments.nda", person_id=row.access.person_id)
            yield Attention(url, title, Message("A non-disclosure agreement has to be noted first"), row.access.since)


def init_app(app: Flask) -> None:
    """Bind the pages of this feature."""
    app.register_blueprint(bp)
    removals.add_place(app, GrantStep.reason_id, lambda step: url_for("access.show", grant_id=step.grant_id))
    app.jinja_env.globals.update(access_words=words)
    add_navigation(app, NavigationEntry("access.index", Message("Access"), 50))
    add_source(app, _attention)
    sections.add_section(app, _person_section)
    registry.add_source(app, told.SOURCE)
