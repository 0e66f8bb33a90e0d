"""After submission: what happens now, agreement, changes, withdrawal."""

from __future__ import annotations

from typing import Any

from flask import flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.errors import Invalid
from portal.org import organisation
from portal.people import current, held_forms
from portal.people.sent_forms import once
from portal.requests import drafts, fact_queries, filing_services, forms, policy, queries, readiness, words
from portal.requests.blueprint import bp
from portal.requests.drafts import Draft
from portal.requests.filing_checks import DuplicateRequest
from portal.requests.page_routes import me, put_error
from portal.requests.workflow import Action, State
from portal.web import clock
from portal.web.access import Rule, access
from portal.web.fragments import go_to, render


@bp.get("/<int:request_id>/filed")
@access(Rule.OBJECT, action="read")
def filed(request_id: int) -> ResponseReturnValue:
    """What happens now: who reads it, by when."""
    now = clock.now()
    seen = queries.get_visible(me(), request_id, now)
    if seen.row.state is State.DRAFT:
        return go_to(url_for(".details", request_id=request_id))
    checks = readiness.checks(seen.facts, fact_queries.weights())
    return render(
        "requests/filed.html",
        row=seen.row,
        facts=seen.facts,
        turn=words.turn(seen.facts, checks),
        checks=checks,
        days=readiness.days_needed(seen.facts),
        kind=organisation().kinds[seen.row.kind],
    )


@bp.post("/<int:request_id>/agree")
@access(Rule.OBJECT, action="agree")
def agree(request_id: int) -> ResponseReturnValue:
    actor_id, done = current.actor().id, url_for(".show", request_id=request_id)
    with once(done) as now:
        filing_services.agree(actor_id, request_id, now=now)
    flash(_("You agreed. The team now discusses the request."), "success")
    return go_to(done)


@bp.get("/<int:request_id>/withdraw")
@access(Rule.OBJECT, action="withdraw")
def confirm_withdraw(request_id: int) -> ResponseReturnValue:
    seen = queries.get_visible(me(), request_id, clock.now())
    policy.require(me(), Action.WITHDRAW, seen.facts)
    return render("requests/withdraw.html", row=seen.row)


@bp.post("/<int:request_id>/withdraw")
@access(Rule.OBJECT, action="withdraw")
def withdraw(request_id: int) -> ResponseReturnValue:
    actor_id, seen = current.actor().id, queries.get_visible(me(), request_id, clock.now())
    is_draft = seen.row.state is State.DRAFT
    done = url_for(".index") if is_draft else url_for(".show", request_id=request_id)
    with once(done) as now:
        filing_services.withdraw(actor_id, request_id, now=now)
    flash(_("The draft is gone.") if is_draft else _("The request was withdrawn."), "success")
    return go_to(done)


@bp.get("/<int:request_id>/edit")
@access(Rule.OBJECT, action="edit")
def edit(request_id: int) -> ResponseReturnValue:
    draft = _editable(request_id)
    form = _edit_form(draft, formdata=held_forms.kept_fields("requests.save_edit") or draft.fields("details"))
    form.base.data = queries.edit_base(request_id, draft.row.revision_number)
    return _show_edit(draft, form)


def _editable(request_id: int) -> Draft:
    """An open request as a filled form."""
    now = clock.now()
    seen = queries.get_visible(me(), request_id, now)
    policy.require(me(), Action.EDIT, seen.facts)
    return drafts.from_request(seen.row, now)


def _edit_form(draft: Draft, **kwargs: Any) -> forms.DetailsForm:
    return forms.details_form(draft.spec, draft.held, draft.lasting, may_name_others=False, **kwargs)


def _show_edit(draft: Draft, form: forms.DetailsForm, *, status: int = 200, **context: Any) -> ResponseReturnValue:
    return render(
        "requests/details.html",
        status=status,
        draft=draft,
        form=form,
        kind=organisation().kinds[draft.row.kind],
        spec=draft.spec,
        words=words,
        editing=True,
        action=url_for(".save_edit", request_id=draft.row.id),
        **context,
    )


@bp.post("/<int:request_id>/edit")
@access(Rule.OBJECT, action="edit")
def save_edit(request_id: int) -> ResponseReturnValue:
    draft = _editable(request_id)
    form = _edit_form(draft)
    if not form.validate_on_submit():
        return _show_edit(draft, form, status=422)
    actor_id, done = current.actor().id, url_for(".show", request_id=request_id)
    try:
        filled = drafts.to_details(draft, form, None)  # the key stays as it is
        with once(done) as now:
            filing_services.revise(actor_id, request_id, filled, base=form.base.data or "", now=now)
    except (Invalid, DuplicateRequest) as error:
        put_error(form, error)
        return _show_edit(draft, form, status=error.status)
    except filing_services.EditConflict as error:
        standing = _editable(request_id)
        both = drafts.compare(standing.data.get("details", {}), drafts.typed(request.form, form), form)
        form.base.data = queries.edit_base(request_id, standing.row.revision_number)
        put_error(form, error)
        return _show_edit(standing, form, status=409, conflict=both)
    flash(_("Your changes are saved."), "success")
    return go_to(done)


@bp.get("/<int:request_id>/own-key")
@access(Rule.OBJECT, action="offer_key")
def own_key(request_id: int) -> ResponseReturnValue:
    """The candidate adds or replaces the key of an open request."""
    _require_own_key(request_id)
    return _show_own_key(request_id, forms.KeyForm(formdata=held_forms.kept_fields("requests.save_own_key")))


def _require_own_key(request_id: int) -> None:
    seen = queries.get_visible(me(), request_id, clock.now())
    policy.require(me(), Action.OFFER_KEY, seen.facts)


def _show_own_key(request_id: int, form: forms.KeyForm, *, status: int = 200) -> ResponseReturnValue:
    action = url_for(".save_own_key", request_id=request_id)
    return render("requests/key.html", status=status, form=form, action=action, request_id=request_id)


@bp.post("/<int:request_id>/own-key")
@access(Rule.OBJECT, action="offer_key")
def save_own_key(request_id: int) -> ResponseReturnValue:
    _require_own_key(request_id)
    form, actor_id, done = forms.KeyForm(), current.actor().id, url_for(".show", request_id=request_id)
    if not form.validate_on_submit():
        return _show_own_key(request_id, form, status=422)
    try:
        offer = drafts.to_key(form)
        with once(done) as now:
            filing_services.offer_key(actor_id, request_id, offer, now=now)
    except Invalid as error:
        put_error(form, error)
        return _show_own_key(request_id, form, status=422)
    flash(_("Your key is with the request."), "success")
    return go_to(done)
