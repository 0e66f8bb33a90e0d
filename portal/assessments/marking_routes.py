"""Pages of double marking: open a round, follow it, compare, and agree the final check."""

from __future__ import annotations

from flask import Blueprint, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.assessments import comparison, final_services, round_services, rounds
from portal.assessments.forms import assessed
from portal.assessments.marking import MARKINGS, Round
from portal.assessments.marking_forms import AgreeForm, DeclineForm, NameForm, RoundForm, name_form, round_form
from portal.assessments.models import Seat
from portal.assessments.picture_views import pictures
from portal.assessments.portfolio import queries as portfolio
from portal.errors import Conflict, Invalid, NotVisible
from portal.org import organisation
from portal.people import current
from portal.people.facts import PersonFacts
from portal.people.sent_forms import once
from portal.web import clock
from portal.web.access import Rule, access
from portal.web.filters import say
from portal.web.fragments import go_to, render
from portal.web.unit_of_work import unit_of_work

bp = Blueprint("marking", __name__)


@access(Rule.SIGNED_IN, action="name_marker")
@bp.get("/markings/new")
def new() -> ResponseReturnValue:
    """Who shall mark whose work."""
    return _new_page(_round_form())


@access(Rule.SIGNED_IN, action="name_marker")
@bp.post("/markings/new")
def open_round() -> ResponseReturnValue:
    """Open a round with both markers named."""
    form = _round_form()
    person = assessed(form) if form.validate_on_submit() else None
    if person is None:
        return _new_page(form, status=422)
    actor, person_id = current.actor(), person.id
    try:
        with once(url_for("assessments.index")) as now:
            round_services.open_round(
                actor, person_id, mentor_id=int(form.mentor.data), second_id=int(form.second.data), now=now
            )
    except Invalid as refusal:
        form[refusal.field or "mentor"].errors = [say(refusal.message)]
        return _new_page(form, status=422)
    flash(_("Both are asked. Neither reads what the other gives until both have finished."), "success")
    return go_to(url_for("assessments.index"))


def _round_form() -> RoundForm:
    """Deciders open a round for anybody; everybody else for themselves."""
    facts = current.actor_facts()
    decides = facts is not None and facts.decides
    form = round_form(rounds.can_be_named(Round(0 if decides else current.actor().id), Seat.MENTOR, clock.now()))
    if not decides:
        del form.person
    return form


def _new_page(form: RoundForm, status: int = 200) -> ResponseReturnValue:
    return render("assessments/marking_new.html", form=form, status=status)


@access(Rule.OBJECT, action="read_marking")
@bp.get("/markings/<int:marking_id>")
def show(marking_id: int) -> ResponseReturnValue:
    """How far a round is; once both markings are in, all of it side by side."""
    return _page(marking_id)


def _page(
    marking_id: int, *, sent: NameForm | None = None, refused: str = "", status: int = 200
) -> ResponseReturnValue:
    shown = comparison.of_marking(_facts(), marking_id)
    profile = organisation().profiles.get(request.args.get("profile", ""))
    pieces = portfolio.for_sheet(shown.me, shown.marking.person_id) if shown.of.revealed else {}
    forms: list[NameForm] = []
    if shown.may_name:
        forms = [_name_form(shown.of, seat, sent) for seat in shown.of.vacant]
    return render(
        "assessments/marking.html",
        shown=shown,
        seats=MARKINGS,
        name_forms=forms,
        agree=AgreeForm(formdata=None, token=shown.final.token) if shown.may_agree and shown.final else None,
        refused=refused,
        pictures=pictures(shown, profile),
        evidence=pieces,
        not_shown=shown.not_shown(pieces, profile.advised if profile else {}),
        status=status,
    )


def _name_form(of: Round, seat: Seat, sent: NameForm | None) -> NameForm:
    if sent is not None and sent.seat.data == seat.value:
        return sent
    return name_form(seat, rounds.can_be_named(of, seat, clock.now()), formdata=None)


@access(Rule.OBJECT, action="name_seat")
@bp.post("/markings/<int:marking_id>/markers")
def name(marking_id: int) -> ResponseReturnValue:
    """Name who takes a free seat."""
    shown = comparison.of_marking(_facts(), marking_id)
    seat = next((seat for seat in MARKINGS if seat.value == request.form.get("seat")), Seat.MENTOR)
    form = name_form(seat, rounds.can_be_named(shown.of, seat, clock.now()))
    actor = current.actor()
    if shown.may_name and not form.validate_on_submit():
        return _page(marking_id, sent=form, status=422)
    try:
        with once(url_for("marking.show", marking_id=marking_id)) as now:
            round_services.name(actor, marking_id, seat, marker_id=int(form.marker.data or 0), now=now)
    except Invalid as refusal:
        form.marker.errors = [say(refusal.message)]
        return _page(marking_id, sent=form, status=422)
    flash(_("Asked."), "success")
    return go_to(url_for("marking.show", marking_id=marking_id))


@access(Rule.OBJECT, action="begin_final")
@bp.post("/markings/<int:marking_id>/final")
def begin_final(marking_id: int) -> ResponseReturnValue:
    """Begin the final check, or go on with the one that was begun."""
    actor = current.actor()
    with unit_of_work() as now:
        found = final_services.begin(actor, marking_id, now=now)
    return go_to(url_for("assessment.show", assessment_id=found))


@access(Rule.OBJECT, action="agree_final")
@bp.post("/markings/<int:marking_id>/agree")
def agree(marking_id: int) -> ResponseReturnValue:
    """Agree to the final check exactly as it was shown."""
    actor, form = current.actor(), AgreeForm()
    try:
        with once(url_for("marking.show", marking_id=marking_id)) as now:
            settled = final_services.agree(actor, marking_id, form.token.data or "", now=now)
    except (Conflict, Invalid) as refusal:
        return _page(marking_id, refused=say(refusal.message), status=refusal.status)
    words = _("You both agree: the final check is finished.") if settled else _("You agree. The other marker is told.")
    flash(words, "success")
    return go_to(url_for("marking.show", marking_id=marking_id))


@access(Rule.OBJECT, action="decline_marking")
@bp.post("/assessments/<int:assessment_id>/decline")
def decline(assessment_id: int) -> ResponseReturnValue:
    """Say that one cannot mark this."""
    actor, form = current.actor(), DeclineForm()
    if not form.validate_on_submit():
        raise Invalid(form.reason.errors[0] if form.reason.errors else _("This form was incomplete."))
    with once(url_for("assessments.index")) as now:
        round_services.decline(actor, assessment_id, form.reason.data or "", now=now)
    flash(_("You are no longer asked. They can name somebody else."), "success")
    return go_to(url_for("assessments.index"))


@access(Rule.OBJECT, action="correct_assessment")
@bp.post("/assessments/<int:assessment_id>/correct")
def correct(assessment_id: int) -> ResponseReturnValue:
    """Begin a correction, or go on with the one that was begun."""
    actor = current.actor()
    with unit_of_work() as now:
        found = round_services.correct(actor, assessment_id, now=now)
    return go_to(url_for("assessment.show", assessment_id=found))


def _facts() -> PersonFacts:
    facts = current.actor_facts()
    if facts is None:
        raise NotVisible
    return facts
