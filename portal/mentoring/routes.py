"""Pages of mentoring: who can take somebody, what is mine, who mentors whom; asking; saying how many one can take."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from flask import Blueprint, Flask, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.errors import Invalid, Message, WrongState
from portal.mentoring import gap_routes, mentorship_routes, policy, queries, quiet, services, told, words
from portal.mentoring.forms import AskForm, OfferForm, chosen_kind
from portal.mentoring.models import Mentorship, MentorshipKind
from portal.notifications import registry
from portal.notifications.duties import add_duties
from portal.org import organisation
from portal.people import current, removals
from portal.people import queries as people
from portal.people.facts import PersonFacts
from portal.people.forms import blame
from portal.people.held_forms import kept_fields
from portal.people.sent_forms import once
from portal.web import clock
from portal.web.access import Rule, access
from portal.web.attention import Attention, add_source
from portal.web.fragments import go_to, render
from portal.web.navigation import NavigationEntry, add_navigation

bp = Blueprint("mentoring", __name__)


@bp.get("/mentoring")
@access(Rule.SIGNED_IN)
def index() -> ResponseReturnValue:
    """What is mine, who can take somebody, and for the team who mentors whom."""
    return _index_page()


def _index_page(form: OfferForm | None = None, *, status: int = 200) -> ResponseReturnValue:
    now, reader = clock.now(), _reader()
    mentors = queries.mentors(now)
    limits = queries.limits(now)
    needed = limits.member_days
    mine = queries.of_person(reader.id)
    own = mentors.get(reader.id)
    going_on = queries.active() if policy.may_see_all(reader) else []
    said = {"places": own.places if own else None}
    return render(
        "mentoring/index.html",
        status=status,
        mine=mine,
        mentored=any(row.is_mentoring_of(reader.id) for row in mine),
        mentors=[found for found in mentors.values() if found.places is not None and found.person.id != reader.id],
        can_ask={found.person.id for found in queries.fit(mentors.values(), reader.id, _MENTORING, needed)},
        own=own,
        why_not_offer=policy.why_not_offer(own, needed) if own else None,
        form=form or OfferForm(formdata=kept_fields("mentoring.offer"), data=said),
        going_on=going_on,
        quiet=quiet.mentors(going_on, limits.silent, now) if policy.sees_quiet_mentors(reader) else None,
        silent_days=limits.silent.days,
        needed=needed,
        facts=organisation().mentoring,
        without_items=queries.roles_without_items(),
        sees_gaps=policy.may_see_all(reader),
    )


_MENTORING = MentorshipKind.MENTORING


def _reader() -> PersonFacts:
    """The standing of who sent this: these routes let only signed-in people in."""
    return people.facts(current.actor().id, clock.now())


@bp.post("/mentoring/places")
@access(Rule.MEMBER, action="offer_mentoring")
def offer() -> ResponseReturnValue:
    """Say how many people one can mentor."""
    form, actor = OfferForm(), current.actor()
    services.refuse_if(policy.why_not_offer(queries.mentor(actor, clock.now()), queries.member_days(clock.now())))
    if not form.validate_on_submit() or form.places.data is None:
        return _index_page(form, status=422)
    try:
        with once(url_for(".index")) as now:
            services.offer(actor, form.places.data, now=now)
    except Invalid as refusal:
        return _index_page(form, status=blame(form, refusal))
    flash(_("Saved. It stands on the list of mentors."), "success")
    return go_to(url_for(".index"))


@bp.get("/mentoring/new")
@access(Rule.SIGNED_IN, action="ask_mentor")
def new() -> ResponseReturnValue:
    """Whom to ask, and for what."""
    wanted = request.args.get("mentor", "")
    chosen = {"mentor": int(wanted)} if wanted.isascii() and wanted.isdecimal() else {}
    return _ask_page(_ask_form(AskForm(formdata=kept_fields("mentoring.ask"), data=chosen)))


@bp.post("/mentoring/new")
@access(Rule.SIGNED_IN, action="ask_mentor")
def ask() -> ResponseReturnValue:
    """Ask a member."""
    form, actor, kind = _ask_form(AskForm()), current.actor(), _kind()
    if not form.validate_on_submit():
        return _ask_page(form, status=422)
    try:
        with once(url_for(".index")) as now:
            services.ask(
                actor, int(form.mentor.data), kind, note=form.note.data, until=form.until.data, now=now
            )  # fmt: skip
    except (Invalid, WrongState) as refusal:
        return _ask_page(form, status=blame(form, refusal))
    flash(_("Asked. You read the answer here and in your inbox."), "success")
    return go_to(url_for(".index"))


def _kind() -> MentorshipKind:
    return chosen_kind(request.args.get("kind", ""))


def _ask_form(form: AskForm) -> AskForm:
    form.offer(queries.can_be_asked(current.actor().id, _kind(), clock.now()))
    return form


def _ask_page(form: AskForm, status: int = 200) -> ResponseReturnValue:
    kind, now = _kind(), clock.now()
    held = queries.mentoring_of(current.actor().id) if kind is _MENTORING else None
    return render(
        "mentoring/ask.html", form=form, kind=kind, held=held, needed=queries.member_days(now), status=status
    )  # fmt: skip


def attention(person_id: int, now: datetime) -> Iterator[Attention]:
    """What this person was asked and has not answered."""
    for row in queries.asked_of(person_id):
        title = Message("%(kind)s: %(name)s", kind=words.KINDS[row.kind], name=row.mentee.name)
        reason = Message("You were asked, and can accept or decline.")
        yield Attention(url_for("mentorship.show", mentorship_id=row.id), title, reason, row.asked_at)


def init_app(app: Flask) -> None:
    """Bind the pages of this feature."""
    app.register_blueprint(bp)
    app.register_blueprint(gap_routes.bp)
    app.register_blueprint(mentorship_routes.bp)
    app.jinja_env.globals.update(mentoring_words=words)
    for column in (Mentorship.note_id, Mentorship.answer_id, Mentorship.reason_id):
        removals.add_place(app, column, _page_of)
    add_source(app, attention)
    registry.add_source(app, told.SOURCE)
    add_duties(app, told.duties, told.DUTIES)
    add_navigation(app, NavigationEntry("mentoring.index", Message("Mentoring"), 35, shown=current.is_signed_in))


def _page_of(row: Mentorship) -> str:
    return url_for("mentorship.show", mentorship_id=row.id)
