"""The page of one mentorship, and what is done there: answer, goals, hand over, end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.assessments import queries as assessments
from portal.errors import Invalid, Message, NotVisible
from portal.mentoring import goal_services, policy, queries, services, views, words
from portal.mentoring.forms import DeclineForm, EndForm, GoalForm, HandOverForm
from portal.mentoring.models import Mentorship
from portal.mentoring.policy import MentorshipFacts
from portal.people import current
from portal.people.facts import PersonFacts
from portal.people.forms import blame
from portal.people.held_forms import kept_fields
from portal.people.sent_forms import once
from portal.web import clock
from portal.web.access import Rule, access
from portal.web.filters import say
from portal.web.forms import PortalForm
from portal.web.fragments import go_to, render

bp = Blueprint("mentorship", __name__, url_prefix="/mentoring/<int:mentorship_id>")


@bp.get("")
@access(Rule.OBJECT, action="read_mentoring")
def show(mentorship_id: int) -> ResponseReturnValue:
    """Who mentors whom since when; for the two, the Director and the Deputy also goals and what was said."""
    return _page(queries.get_visible(current.actor_facts(), mentorship_id))


def _page(row: Mentorship, faulty: PortalForm | None = None, *, status: int = 200) -> ResponseReturnValue:
    """The page; ``faulty`` is the form that was refused, and stands there as it was typed."""
    sheet = views.sheet(_me(), row, clock.now())
    forms: dict[str, Any] = {
        "decline": DeclineForm(formdata=kept_fields("mentorship.decline"), data={"answer": say(words.KIND_DECLINE)}),
        "end": EndForm(formdata=kept_fields("mentorship.end")),
        "hand_over": HandOverForm(formdata=kept_fields("mentorship.hand_over")) if sheet.may_hand_over else None,
        "goal_form": GoalForm(formdata=kept_fields("mentorship.set_goal")) if sheet.may_set_goals else None,
    }
    for name, form in forms.items():
        if form is not None and isinstance(faulty, type(form)):
            forms[name] = faulty
    _offer(forms["hand_over"], forms["goal_form"], row)
    return render("mentoring/show.html", status=status, row=row, sheet=sheet, faulty=faulty, **forms)


def _offer(hand_over: PortalForm | None, goal: PortalForm | None, row: Mentorship) -> None:
    if isinstance(hand_over, HandOverForm):
        hand_over.offer(queries.can_be_asked(row.mentee_id, row.kind, clock.now(), but=row.mentor_id))
    if isinstance(goal, GoalForm):
        standard = assessments.current_standard()
        goal.offer(assessments.items_of(standard.id) if standard else [])


def _me() -> PersonFacts:
    facts = current.actor_facts()
    if facts is None:
        raise NotVisible
    return facts


def _allowed(mentorship_id: int, why_not: Callable[[PersonFacts, MentorshipFacts], Message | None]) -> Mentorship:
    """The mentorship of this address, if the reader may do this to it. Raises NotVisible, NotPermitted."""
    row = queries.get_visible(_me(), mentorship_id)
    services.refuse_if(why_not(_me(), queries.facts_of(row)))
    return row


def _here(mentorship_id: int) -> str:
    return url_for("mentorship.show", mentorship_id=mentorship_id)


@bp.post("/accept")
@access(Rule.OBJECT, action="answer_mentoring")
def accept(mentorship_id: int) -> ResponseReturnValue:
    """Say yes."""
    _allowed(mentorship_id, policy.why_not_answer)
    actor, done = current.actor(), _here(mentorship_id)
    with once(done) as now:
        services.accept(actor, mentorship_id, now=now)
    flash(_("Accepted. Agree on a first goal together."), "success")
    return go_to(done)


@bp.post("/decline")
@access(Rule.OBJECT, action="answer_mentoring")
def decline(mentorship_id: int) -> ResponseReturnValue:
    """Say no, kindly."""
    row = _allowed(mentorship_id, policy.why_not_answer)
    form, actor, done = DeclineForm(), current.actor(), _here(mentorship_id)
    if not form.validate_on_submit():
        return _page(row, form, status=422)
    with once(done) as now:
        services.decline(actor, mentorship_id, answer=form.answer.data, now=now)
    flash(_("Declined. Your answer was sent."), "success")
    return go_to(done)


@bp.post("/end")
@access(Rule.OBJECT, action="end_mentoring")
def end(mentorship_id: int) -> ResponseReturnValue:
    """End it, or take back what was asked."""
    row = _allowed(mentorship_id, policy.why_not_end)
    form, actor, done = EndForm(), current.actor(), _here(mentorship_id)
    if not form.validate_on_submit():
        return _page(row, form, status=422)
    try:
        with once(done) as now:
            services.end(actor, mentorship_id, reason=form.reason.data, now=now)
    except Invalid as refusal:
        return _page(queries.find(mentorship_id), form, status=blame(form, refusal))
    flash(_("Ended. The other one is told."), "success")
    return go_to(done)


@bp.post("/hand-over")
@access(Rule.OBJECT, action="hand_over_mentoring")
def hand_over(mentorship_id: int) -> ResponseReturnValue:
    """Ask another member to go on with it."""
    row = _allowed(mentorship_id, policy.why_not_hand_over)
    form, actor, done = HandOverForm(), current.actor(), _here(mentorship_id)
    _offer(form, None, row)
    if not form.validate_on_submit():
        return _page(row, form, status=422)
    try:
        with once(done) as now:
            services.hand_over(actor, mentorship_id, int(form.mentor.data), note=form.note.data, now=now)
    except Invalid as refusal:
        return _page(queries.find(mentorship_id), form, status=blame(form, refusal))
    flash(_("Asked. Until they accept, everything stays as it is."), "success")
    return go_to(done)


@bp.post("/goals")
@access(Rule.OBJECT, action="set_goals")
def set_goal(mentorship_id: int) -> ResponseReturnValue:
    """Set a goal, or another target for one."""
    row = _allowed(mentorship_id, policy.why_not_set_goals)
    form, actor, done = GoalForm(), current.actor(), _here(mentorship_id)
    _offer(None, form, row)
    if not form.validate_on_submit():
        return _page(row, form, status=422)
    with once(f"{done}#goals") as now:
        goal_services.set_goal(actor, mentorship_id, form.item.data, int(form.target.data), now=now)
    flash(_("The goal stands."), "success")
    return go_to(f"{done}#goals")


DEEDS = ("reached", "open", "drop")


@bp.post("/goals/<int:goal_id>")
@access(Rule.OBJECT, action="set_goals")
def change_goal(mentorship_id: int, goal_id: int) -> ResponseReturnValue:
    """Say that a goal is reached or open again, or take it off the list."""
    queries.get_visible(_me(), mentorship_id)
    queries.goal(mentorship_id, goal_id)
    _allowed(mentorship_id, policy.why_not_set_goals)
    deed, actor, done = request.form.get("deed", ""), current.actor(), f"{_here(mentorship_id)}#goals"
    if deed not in DEEDS:
        raise Invalid(Message("Press one of the buttons beside the goal."))
    with once(done) as now:
        if deed == "drop":
            goal_services.drop_goal(actor, mentorship_id, goal_id, now=now)
        else:
            goal_services.settle_goal(actor, mentorship_id, goal_id, reached=deed == "reached", now=now)
    return go_to(done)
