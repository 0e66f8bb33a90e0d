"""Filing a request, step by step; every step works without JavaScript and keeps what was typed."""

from __future__ import annotations

from typing import Any

from flask import flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from portal.errors import Invalid, PortalError
from portal.org import organisation
from portal.people import current, held_forms
from portal.requests import drafts, filing_services, forms, policy, queries, words
from portal.requests.blueprint import bp
from portal.requests.drafts import Draft
from portal.requests.filing_checks import DuplicateRequest
from portal.requests.filing_services import DraftConflict
from portal.requests.kinds import registry
from portal.requests.page_routes import me, put_error
from portal.requests.workflow import Action, State
from portal.rules import queries as rules
from portal.web import clock
from portal.web.access import Rule, access
from portal.web.fragments import go_to, is_fragment_request, render
from portal.web.unit_of_work import unit_of_work


@bp.get("/new")
@access(Rule.SIGNED_IN)
def new() -> ResponseReturnValue:
    """Choose a kind by what it is for; drafts that were begun are offered again."""
    person = me()
    shown = [
        (
            organisation().kinds[key],
            filing_services.why_not_file(spec, person),
            forms.StartForm(formdata=None, kind=key),
        )
        for key, spec in registry.KINDS.items()
    ]
    shown.sort(key=lambda kind: kind[1] is not None)  # what this person can file comes first
    return render(
        "requests/new.html", kinds=shown, drafts=queries.drafts_of(person.id), organisation_kinds=organisation().kinds
    )


@bp.post("/new")
@access(Rule.SIGNED_IN, action="file")
def start() -> ResponseReturnValue:
    form = forms.StartForm()
    if not form.validate_on_submit():
        raise Invalid("Open the page of new requests and choose a kind.")
    actor_id = current.actor().id
    with unit_of_work() as now:
        draft_id = filing_services.start_draft(
            actor_id, form.kind.data or "", form.submission_id.data or "", now=now
        ).id
    return go_to(url_for(".details", request_id=draft_id))


def _own_draft(request_id: int) -> Draft:
    """The draft, if it is still one and belongs to who asks. Raises NotVisible, WrongState."""
    now = clock.now()
    seen = queries.get_visible(me(), request_id, now)
    policy.require(me(), Action.SUBMIT, seen.facts)
    return drafts.read(seen.row, me(), now)


def _details_form(draft: Draft, **kwargs: Any) -> forms.DetailsForm:
    return forms.details_form(draft.spec, draft.held, draft.lasting, may_name_others=me().is_member, **kwargs)


@bp.get("/<int:request_id>/draft")
@access(Rule.OBJECT, action="submit")
def details(request_id: int) -> ResponseReturnValue:
    draft = _own_draft(request_id)
    kept = held_forms.kept_fields("requests.save_details") or draft.fields("details")
    return _show_details(draft, _details_form(draft, formdata=kept if kept else None))


def _show_details(draft: Draft, form: forms.DetailsForm, *, status: int = 200, **context: Any) -> ResponseReturnValue:
    if "conflict" not in context:
        form.draft_version.data = str(draft.row.draft_version)
    return render(
        "requests/details.html",
        status=status,
        draft=draft,
        form=form,
        kind=organisation().kinds[draft.row.kind],
        spec=draft.spec,
        words=words,
        action=url_for(".save_details", request_id=draft.row.id),
        **context,
    )


@bp.post("/<int:request_id>/draft")
@access(Rule.OBJECT, action="submit")
def save_details(request_id: int) -> ResponseReturnValue:
    """Save the draft; "Continue" also checks it and goes on."""
    draft = _own_draft(request_id)
    conflict = _save(draft, "details")
    if conflict:
        return conflict
    if "go_on" not in request.form:
        if is_fragment_request():
            return _saved(request_id, "details")
        flash(_("Draft saved."), "success")
        return go_to(url_for(".details", request_id=request_id))
    draft = _own_draft(request_id)
    form = _details_form(draft)
    if not form.validate_on_submit():
        return _show_details(draft, form, status=422)
    try:
        drafts.to_details(draft, form, None)
    except Invalid as error:
        put_error(form, error)
        return _show_details(draft, form, status=422)
    needs_key = drafts.needs_key(draft, form)
    return go_to(url_for(".key" if needs_key else ".check_answers", request_id=request_id))


def _save(draft: Draft, part: str) -> ResponseReturnValue | None:
    """Keep what was typed, or show both versions when another window was quicker."""
    actor_id = current.actor().id
    form = _details_form(draft) if part == "details" else forms.KeyForm()
    typed = drafts.typed(request.form, form)
    try:
        with unit_of_work() as now:
            filing_services.save_draft(actor_id, draft.row.id, {part: typed}, base_version=_seen_version(), now=now)
    except DraftConflict as error:
        both = drafts.compare(error.saved.get(part, {}), typed, form)
        if is_fragment_request():
            theirs = url_for(".details" if part == "details" else ".key", request_id=draft.row.id)
            return render("requests/_not_saved.html", status=409, conflict=both, version=error.version, theirs=theirs)
        form.draft_version.data = str(error.version)
        template = _show_details if part == "details" else _show_key
        return template(draft, form, status=409, conflict=both)
    return None


def _seen_version() -> int:
    """The version of the draft that the person has seen. Only a button says that they chose, with both in view."""
    chose = "save" in request.form or "go_on" in request.form
    version = (chose and request.form.get("shown_version")) or request.form.get("draft_version", "0")
    return int(version) if version.isascii() and version.isdecimal() and len(version) < 10 else 0


def _saved(request_id: int, part: str) -> ResponseReturnValue:
    """When it was saved, and on the page of the details what there is to know about them."""
    now = clock.now()
    draft = _own_draft(request_id)
    details = _details_form(draft, formdata=draft.fields("details"))
    return render(
        "requests/_saved.html",
        "requests/_saved.html",
        moment=now,
        version=draft.row.draft_version,
        hints=drafts.hints(draft, details, now) if part == "details" else None,
    )


@bp.get("/<int:request_id>/key")
@access(Rule.OBJECT, action="submit")
def key(request_id: int) -> ResponseReturnValue:
    draft = _own_draft(request_id)
    kept = held_forms.kept_fields("requests.save_key") or draft.fields("key")
    return _show_key(draft, forms.KeyForm(formdata=kept if kept else None))


def _show_key(draft: Draft, form: forms.KeyForm, *, status: int = 200, **context: Any) -> ResponseReturnValue:
    if "conflict" not in context:
        form.draft_version.data = str(draft.row.draft_version)
    return render(
        "requests/key.html",
        status=status,
        form=form,
        action=url_for(".save_key", request_id=draft.row.id),
        request_id=draft.row.id,
        drafting=True,
        **context,
    )


@bp.post("/<int:request_id>/key")
@access(Rule.OBJECT, action="submit")
def save_key(request_id: int) -> ResponseReturnValue:
    draft = _own_draft(request_id)
    conflict = _save(draft, "key")
    if conflict:
        return conflict
    if "later" in request.form:
        return go_to(url_for(".check_answers", request_id=request_id))
    if "go_on" not in request.form:
        if is_fragment_request():
            return _saved(request_id, "key")
        flash(_("Draft saved."), "success")
        return go_to(url_for(".key", request_id=request_id))
    form = forms.KeyForm()
    if not form.validate_on_submit():
        return _show_key(draft, form, status=422)
    try:
        drafts.to_key(form)
    except Invalid as error:
        put_error(form, error)
        return _show_key(draft, form, status=422)
    return go_to(url_for(".check_answers", request_id=request_id))


@bp.post("/<int:request_id>/fingerprint")
@access(Rule.OBJECT, action="check_key")
def fingerprint(request_id: int) -> ResponseReturnValue:
    """The fingerprint of a key that was pasted; writes nothing."""
    seen = queries.get_visible(me(), request_id, clock.now())
    policy.require(me(), Action.CHECK_KEY, seen.facts)
    found, fault = drafts.fingerprint(request.form.get("key", ""))
    return render("requests/_fingerprint.html", "requests/_fingerprint.html", found=found, fault=fault)


@bp.get("/<int:request_id>/check-answers")
@access(Rule.OBJECT, action="submit")
def check_answers(request_id: int) -> ResponseReturnValue:
    return _show_check(_own_draft(request_id))


def _show_check(draft: Draft, *, error: PortalError | None = None, status: int = 200) -> ResponseReturnValue:
    form = _details_form(draft, formdata=draft.fields("details") or None)
    now = clock.now()
    return render(
        "requests/check_answers.html",
        status=status,
        draft=draft,
        form=form,
        asked=drafts.items_in_words(form),
        hints=drafts.hints(draft, form, now),
        key=drafts.fingerprint(draft.first("key", "key"))[0],
        needs_key=drafts.needs_key(draft, form),
        kind=organisation().kinds[draft.row.kind],
        error=error,
        duplicate=error.request_id if isinstance(error, DuplicateRequest) else None,
        days=drafts.usual_days(form, rules.values_for(draft.row.kind, now)),
        words=words,
    )


@bp.post("/<int:request_id>/submit")
@access(Rule.OBJECT, action="submit")
def submit(request_id: int) -> ResponseReturnValue:
    """Submit the draft as it was saved. Sending this twice submits once."""
    person = me()
    seen = queries.get_visible(person, request_id, clock.now())
    if seen.row.state is not State.DRAFT and seen.row.requester_id == person.id:
        return go_to(url_for(".filed", request_id=request_id))
    draft = _own_draft(request_id)
    form = _details_form(draft, formdata=draft.fields("details") or MultiDict({"x": ""}), meta={"csrf": False})
    if not form.validate():
        return _show_details(draft, form, status=422)
    try:
        filled = drafts.to_details(
            draft,
            form,
            drafts.key_offer(draft, form, forms.KeyForm(formdata=draft.fields("key"), meta={"csrf": False})),
        )
        with unit_of_work() as now:
            filing_services.submit(person.id, request_id, filled, now=now)
    except (Invalid, DuplicateRequest) as error:
        return _show_check(_own_draft(request_id), error=error, status=error.status)
    return go_to(url_for(".filed", request_id=request_id))
