"""Pages: "I will be away", "I am back", "The Director cannot be reached"."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint, Flask, flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.errors import Conflict, Invalid, Message, WrongState
from portal.people import absence_queries, current, policy, queries, services
from portal.people.absence_queries import CONFIRMATIONS, silence
from portal.people.facts import Leadership, PersonFacts
from portal.people.forms import AbsenceForm, NoteForm, blame
from portal.people.held_forms import kept_fields
from portal.people.models import Absence, ActingPeriod, Person, UnreachableReport
from portal.people.sent_forms import once
from portal.web import clock
from portal.web.access import Rule, access
from portal.web.attention import Attention
from portal.web.fragments import go_to, render

bp = Blueprint("absence", __name__)
ENDS_SOON = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class MyAbsence:
    """What the fragment people/_absence.html shows of the person who is signed in."""

    absence: Absence | None
    acted_for: bool
    is_director: bool


def my_absence() -> MyAbsence:
    """The signed-in person's absence, and whether the Deputy acts for them."""
    now, facts = clock.now(), current.actor_facts()
    is_director = facts is not None and facts.is_director
    acted_for = facts is not None and facts.id in queries.standing(now).acted_for
    return MyAbsence(absence_queries.absence_of(current.actor().id, now), acted_for, is_director)


@bp.get("/people/me/absence")
@access(Rule.SIGNED_IN)
def show() -> ResponseReturnValue:
    """One's own absence, or the form to declare one."""
    form = AbsenceForm(formdata=kept_fields("absence.declare"), data={"from_day": clock.now().date()})
    return _absence_page(form)


def _absence_page(form: AbsenceForm, status: int = 200) -> ResponseReturnValue:
    return render("people/absence.html", form=form, mine=my_absence(), status=status)


@bp.post("/people/me/absence")
@access(Rule.SIGNED_IN, action="declare_absence")
def declare() -> ResponseReturnValue:
    """I will be away."""
    form, actor = AbsenceForm(), current.actor()
    if not form.validate_on_submit():
        return _absence_page(form, status=422)
    try:
        with once(url_for(".show")) as now:
            services.declare_absence(actor, form.from_at(now), to_at=form.to_at(), reason=form.reason.data, now=now)
    except (Invalid, Conflict) as error:
        return _absence_page(form, status=blame(form, error))
    flash(_("You are on record as away. Press “I am back” when you are."), "success")
    return go_to(url_for(".show"))


@bp.post("/people/me/absence/end")
@access(Rule.SIGNED_IN, action="end_absence")
def end() -> ResponseReturnValue:
    """I am back."""
    actor = current.actor()
    done = url_for("people.person", person_id=actor.id)
    with once(done) as now:
        services.end_absence(actor, now=now)
    flash(_("Welcome back. You are no longer on record as away."), "success")
    return go_to(done)


@dataclass(frozen=True, slots=True)
class Unreachable:
    """What the page "The Director cannot be reached" shows."""

    leadership: Leadership
    director: Person | None
    deputy: Person | None
    last_act: datetime | None
    report: UnreachableReport | None
    needed: int
    why_not_report: Message | None
    why_not_confirm: Message | None
    why_not_start: Message | None
    acting: ActingPeriod | None


@bp.get("/people/director-unreachable")
@access(Rule.MEMBER_OR_BOARD)
def unreachable() -> ResponseReturnValue:
    """Whether the Director can be reached, who says not, and what follows."""
    return _unreachable_page(NoteForm(formdata=kept_fields("absence.start_acting")))


def _unreachable_page(form: NoteForm, status: int = 200) -> ResponseReturnValue:
    facts, now = current.actor_facts(), clock.now()
    assert facts is not None  # noqa: S101  # the rule of these routes lets nobody else in
    return render("people/unreachable.html", state=_unreachable(facts, now), form=form, status=status)


def _unreachable(facts: PersonFacts, now: datetime) -> Unreachable:
    leadership = queries.leadership(now)
    director = leadership.director
    report = absence_queries.unreachable_report(director.id, now) if director else None
    last_act = absence_queries.last_act(director.id, now) if director else None
    why_not = policy.why_not_report_unreachable(facts) or _not_yet(last_act, now)
    return Unreachable(
        leadership=leadership,
        director=queries.get(director.id) if director else None,
        deputy=queries.get(leadership.deputy.id) if leadership.deputy else None,
        last_act=last_act,
        report=report,
        needed=CONFIRMATIONS - len(report.confirmations) if report else CONFIRMATIONS,
        why_not_report=why_not,
        why_not_confirm=why_not or (_said(facts.id, report) if report else None),
        why_not_start=policy.why_not_start_acting(facts),
        acting=queries.acting_period(director.id, now) if director else None,
    )


def _not_yet(last_act: datetime | None, now: datetime) -> Message | None:
    if last_act is None or now - last_act >= silence():
        return None
    return Message("The Director was active here in the last 72 hours, so this cannot be reported yet.")


def _said(person_id: int, report: UnreachableReport) -> Message | None:
    """Whether this person has spoken already: each of the three is somebody else."""
    if report.reported_by_id == person_id:
        return Message("You reported this. Two others must confirm it.")
    if person_id in {row.person_id for row in report.confirmations}:
        return Message("You have confirmed this. It needs somebody else.")
    return None


@bp.post("/people/director-unreachable")
@access(Rule.MEMBER_OR_BOARD, action="report_unreachable")
def report_unreachable() -> ResponseReturnValue:
    """Report it."""
    actor = current.actor()
    with once(url_for(".unreachable")) as now:
        services.report_unreachable(actor, now=now)
    flash(_("Reported. When two others confirm it, the Deputy decides in the Director's place."), "success")
    return go_to(url_for(".unreachable"))


@bp.post("/people/director-unreachable/confirm")
@access(Rule.MEMBER_OR_BOARD, action="confirm_unreachable")
def confirm_unreachable() -> ResponseReturnValue:
    """Confirm what somebody else reported."""
    actor = current.actor()
    with once(url_for(".unreachable")) as now:
        report = services.confirm_unreachable(actor, now=now)
        led_to_acting = report.closed_at is not None
    flash(
        _("Confirmed. The Deputy decides in the Director's place from now on.") if led_to_acting else _("Confirmed."),
        "success",
    )
    return go_to(url_for(".unreachable"))


@bp.post("/people/acting")
@access(Rule.BOARD, action="start_acting")
def start_acting() -> ResponseReturnValue:
    """The Board puts on record that the Deputy acts."""
    form, actor = NoteForm(), current.actor()
    if not form.validate_on_submit():
        return _unreachable_page(form, status=422)
    current.require_fresh()
    try:
        with once(url_for(".unreachable")) as now:
            services.start_acting_by_board(actor, form.note.data or "", now=now)
    except (Invalid, WrongState) as error:
        return _unreachable_page(form, status=blame(form, error))
    flash(_("On record: the Deputy decides in the Director's place."), "success")
    return go_to(url_for(".unreachable"))


@bp.post("/people/acting/end")
@access(Rule.BOARD, action="end_acting")
def end_acting() -> ResponseReturnValue:
    """The Board ends it."""
    actor = current.actor()
    with once(url_for(".unreachable")) as now:
        services.end_acting_by_hand(actor, now=now)
    flash(_("On record: the Deputy no longer acts."), "success")
    return go_to(url_for(".unreachable"))


def waiting(person_id: int, now: datetime) -> Iterable[Attention]:
    """An absence of the Director that ends soon; a report that this person may confirm."""
    facts = queries.facts(person_id, now)
    absence = absence_queries.absence_of(person_id, now) if facts.is_director else None
    if absence is not None and absence.to_at is not None and absence.to_at - now < ENDS_SOON:
        yield Attention(
            url=url_for("absence.show"),
            title=Message("Your absence ends soon"),
            reason=Message("From then on the Deputy decides in your place no longer."),
            since=absence.declared_at,
        )
    if policy.why_not_report_unreachable(facts) is None:
        yield from _to_confirm(person_id, now)


def _to_confirm(person_id: int, now: datetime) -> Iterable[Attention]:
    director = queries.leadership(now).director
    report = absence_queries.unreachable_report(director.id, now) if director else None
    if report is not None and _said(person_id, report) is None:
        yield Attention(
            url=url_for("absence.unreachable"),
            title=Message("Can the Director be reached?"),
            reason=Message("%(name)s reports that the Director cannot be reached.", name=report.reported_by.name),
            since=report.reported_at,
        )


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)
    app.jinja_env.globals["my_absence"] = my_absence
