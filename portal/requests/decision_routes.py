"""Deciding: approve, not yet, refer, the Board's outcome, reopen, review on return, private notes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.audit.believing import ClockLooksWrong
from portal.errors import Invalid, Message
from portal.people import current
from portal.people.sent_forms import once
from portal.requests import decision_services, forms, objection_services, page_forms, policy, queries, seen
from portal.requests.blueprint import bp
from portal.requests.decision_checks import AlreadyDecided, ChangedSinceSeen, Choice, Ruling
from portal.requests.page import RequestPage
from portal.requests.page_routes import ALL, load_page, me, put_error, render_request
from portal.requests.workflow import Action
from portal.web import clock
from portal.web.access import Rule, access
from portal.web.filters import say
from portal.web.fragments import go_to, is_fragment_request, render


def _decide(
    request_id: int,
    name: str,
    action: Action,
    make: Callable[[RequestPage], Any],
    act: Callable[[Any, RequestPage, int, datetime], object],
    *,
    done: str,
) -> ResponseReturnValue:
    """The life of a decision: fresh sign-in, permission, grounds, form, unit of work.

    Every refusal brings the filled form back, made for the page as it is by then.
    """
    current.require_fresh()
    shown = load_page(request_id)
    _require(shown, action)
    form = make(shown)
    stale = seen.differences(form.grounds.data or "", shown.grounds) if "grounds" in form else []
    if stale:
        return _changed(request_id, name, make, stale)
    if not form.validate_on_submit():
        return render_request(request_id, panel="decision", status=422, **{name: form})
    actor_id, led_to = current.actor().id, url_for(".show", request_id=request_id, _anchor="decision")
    try:
        with once(led_to) as now:
            act(form, shown, actor_id, now)
    except (Invalid, ClockLooksWrong) as error:
        put_error(form, error)
        return render_request(request_id, panel="decision", status=error.status, **{name: form})
    except ChangedSinceSeen as error:
        return _changed(request_id, name, make, error.differences)
    if is_fragment_request():
        return render_request(request_id, panel="decision", also=ALL)
    flash(done, "success")
    return go_to(led_to)


def _require(shown: RequestPage, action: Action) -> None:
    """Raise what the service would, before the form is looked at; the slower of two is told who was quicker."""
    refused = policy.refusal(shown.me, action, shown.seen.facts)
    if refused and shown.decision:
        raise AlreadyDecided(shown.decision)
    if refused:
        raise refused


def _changed(
    request_id: int, name: str, make: Callable[[RequestPage], Any], differences: list[Message]
) -> ResponseReturnValue:
    """The grounds are not those the decider saw: what they typed in a form for the page as it is, and what changed."""
    shown = load_page(request_id)
    form = make(shown)
    form.form_errors = [say(ChangedSinceSeen(differences).message)]
    form.grounds.data = shown.grounds
    return render_request(
        request_id, panel="decision", also=ALL, status=409, differences=tuple(differences), **{name: form}
    )


def _approval(form: Any, shown: RequestPage) -> Ruling:
    """The filled approval form as a ruling."""
    chosen = form.items.data or []
    return Ruling(
        approve=True,
        grounds=form.grounds.data or "",
        reason=form.reason.data or "",
        choices=tuple(Choice(id, form[f"until_{id}"].data) for id in chosen if f"until_{id}" in form),
        anyway=form.anyway.data or None,
        overrides={
            concern.id: form[f"override_{concern.id}"].data
            for concern in shown.open_concerns
            if f"override_{concern.id}" in form and form[f"override_{concern.id}"].data
        },
        **_minutes(form),
    )


def _refusal(form: forms.DeclineForm) -> Ruling:
    """The filled "not yet" form as a ruling."""
    return Ruling(
        approve=False,
        grounds=form.grounds.data or "",
        reason=form.reason.data or "",
        would_help=form.would_help.data or None,
        ask_again_on=form.ask_again_on.data,
        **_minutes(form),
    )


def _minutes(form: Any) -> dict[str, Any]:
    """When the Board met and where that is written, on a form that asks for it."""
    if "met_on" not in form:
        return {}
    return {"met_on": form.met_on.data, "minutes_url": form.minutes_url.data or None}


@bp.post("/<int:request_id>/approve")
@access(Rule.OBJECT, action="approve")
def approve(request_id: int) -> ResponseReturnValue:
    return _decide(
        request_id,
        "approve",
        Action.APPROVE,
        page_forms.approve_form,
        lambda form, shown, actor_id, now: decision_services.decide(
            actor_id, request_id, _approval(form, shown), now=now
        ),
        done=_("Approved. Roles hold now; access waits to be set up."),
    )


@bp.post("/<int:request_id>/decline")
@access(Rule.OBJECT, action="decline")
def decline(request_id: int) -> ResponseReturnValue:
    return _decide(
        request_id,
        "decline",
        Action.DECLINE,
        page_forms.decline_form,
        lambda form, shown, actor_id, now: decision_services.decide(actor_id, request_id, _refusal(form), now=now),
        done=_("Answered: not yet."),
    )


@bp.post("/<int:request_id>/outcome/approve")
@access(Rule.OBJECT, action="record_approval")
def record_approval(request_id: int) -> ResponseReturnValue:
    return _decide(
        request_id,
        "approve",
        Action.RECORD_APPROVAL,
        page_forms.approve_form,
        lambda form, shown, actor_id, now: decision_services.record_outcome(
            actor_id, request_id, _approval(form, shown), now=now
        ),
        done=_("The Board's outcome is on record."),
    )


@bp.post("/<int:request_id>/outcome/decline")
@access(Rule.OBJECT, action="record_decline")
def record_decline(request_id: int) -> ResponseReturnValue:
    return _decide(
        request_id,
        "decline",
        Action.RECORD_DECLINE,
        page_forms.decline_form,
        lambda form, shown, actor_id, now: decision_services.record_outcome(
            actor_id, request_id, _refusal(form), now=now
        ),
        done=_("The Board's outcome is on record."),
    )


@bp.post("/<int:request_id>/decision/preview")
@access(Rule.OBJECT, action="preview")
def preview(request_id: int) -> ResponseReturnValue:
    """What the public will read of an approval; writes nothing."""
    found = queries.get_visible(me(), request_id, clock.now())
    policy.require(me(), Action.PREVIEW, found.facts)
    reason = request.form.get("reason", "")[:10_000]
    return render("requests/preview.html", "requests/_preview.html", reason=reason, request_id=request_id)


@bp.post("/<int:request_id>/refer")
@access(Rule.OBJECT, action="refer")
def refer(request_id: int) -> ResponseReturnValue:
    return _decide(
        request_id,
        "refer",
        Action.REFER,
        lambda shown: forms.ReasonForm(),
        lambda form, shown, actor_id, now: decision_services.refer(
            actor_id, request_id, form.reason.data or "", now=now
        ),
        done=_("Referred to the Board."),
    )


@bp.post("/<int:request_id>/reopen")
@access(Rule.OBJECT, action="reopen")
def reopen(request_id: int) -> ResponseReturnValue:
    current.require_fresh()
    actor_id, led_to = current.actor().id, url_for(".show", request_id=request_id)
    with once(led_to) as now:
        decision_services.reopen(actor_id, request_id, now=now)
    flash(_("The request is open again."), "success")
    return go_to(led_to)


@bp.post("/<int:request_id>/decisions/<int:decision_id>/review")
@access(Rule.OBJECT, action="review")
def review(request_id: int, decision_id: int) -> ResponseReturnValue:
    actor_id, led_to = current.actor().id, url_for(".show", request_id=request_id, _anchor="decision")
    with once(led_to) as now:
        decision_services.review(actor_id, request_id, decision_id, now=now)
    flash(_("Noted: you have reviewed this decision."), "success")
    return go_to(led_to)


@bp.post("/<int:request_id>/notes")
@access(Rule.OBJECT, action="note")
def write_note(request_id: int) -> ResponseReturnValue:
    shown = load_page(request_id)
    policy.require(shown.me, Action.NOTE, shown.seen.facts)
    form = forms.NoteForm()
    if not form.validate_on_submit():
        return render_request(request_id, panel="notes", status=422, note=form)
    actor_id, led_to = current.actor().id, url_for(".show", request_id=request_id, _anchor="notes")
    with once(led_to) as now:
        objection_services.write_note(actor_id, request_id, form.body.data or "", now=now)
    if is_fragment_request():
        return render_request(request_id, panel="notes", also=("timeline",))
    return go_to(led_to)
