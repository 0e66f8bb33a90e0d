"""One assessment: the form while it is a draft, the document once it is locked."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.assessments import comparison, evidence, policy, queries, services, views
from portal.assessments.entries import Entry, Header
from portal.assessments.finishing import Unscored
from portal.assessments.forms import HeaderForm, assessment_form, header_form, item_form, typed
from portal.assessments.marking_forms import DeclineForm
from portal.assessments.models import AssessmentState, StandardItem
from portal.assessments.portfolio import queries as portfolio
from portal.assessments.services import LOCKED, EntriesConflict
from portal.assessments.views import Sheet
from portal.errors import Invalid, NotPermitted, NotVisible, WrongState
from portal.org import organisation
from portal.people import current
from portal.people.facts import PersonFacts
from portal.people.sent_forms import once
from portal.web.access import Rule, access
from portal.web.filters import say
from portal.web.forms import PortalForm
from portal.web.fragments import go_to, is_fragment_request, render
from portal.web.unit_of_work import unit_of_work

bp = Blueprint("assessment", __name__)


@access(Rule.OBJECT, action="read_assessment")
@bp.get("/assessments/<int:assessment_id>", endpoint="show")
def show(assessment_id: int) -> ResponseReturnValue:
    """The form for its marker, the document for those who may read it."""
    facts = _facts()
    whole = views.sheet(facts, assessment_id)
    if views.may_write(facts, whole):
        return _form_page(whole, _form(whole))
    correction = queries.correction_of(assessment_id) if whole.facts.corrected else None
    profile = organisation().profiles.get(request.args.get("profile", ""))
    advised, found = views.advised_for(whole, profile), portfolio.for_sheet(facts, whole.assessment.person_id)
    return render(
        "assessments/show.html",
        whole=whole,
        correction=correction if correction and (whole.facts.superseded or facts.id in whole.facts.markers) else None,
        may_correct=policy.may_correct(facts, whole.facts),
        summary=evidence.summary(assessment_id),
        is_current=queries.is_current(whole.assessment.standard),
        may_redact=views.may_redact(facts, whole),
        shown=found,
        not_shown=views.not_shown(whole, found, advised),
        profile=profile,
    )


@access(Rule.OBJECT, action="write_assessment")
@bp.post("/assessments/<int:assessment_id>")
def save(assessment_id: int) -> ResponseReturnValue:
    """Save the whole draft: works without JavaScript."""
    whole = _writable(assessment_id)
    form = _form(whole)
    actor = current.actor()
    if not form.validate_on_submit():
        return _form_page(whole, form, status=422)
    try:
        with unit_of_work() as now:
            services.save(actor, assessment_id, typed(form, whole.entries), now=now)
    except EntriesConflict as conflict:
        return _conflict_page(assessment_id, form, conflict)
    except Invalid as refusal:
        return _refused(whole, form, refusal)
    saved = views.sheet(_facts(), assessment_id)
    done = _("Saved. %(done)s of %(total)s items have a score.", done=saved.progress.done, total=saved.progress.total)
    flash(done, "success")
    return go_to(url_for("assessment.show", assessment_id=assessment_id))


@access(Rule.OBJECT, action="write_assessment")
@bp.post("/assessments/<int:assessment_id>/lock")
def lock(assessment_id: int) -> ResponseReturnValue:
    """Finish and lock: everything on the form is saved with it, or nothing is."""
    whole = _writable(assessment_id)
    form = _form(whole)
    actor = current.actor()
    if not form.validate_on_submit():
        return _form_page(whole, form, status=422)
    try:
        with once(url_for("assessment.show", assessment_id=assessment_id)) as now:
            services.lock(actor, assessment_id, typed(form, whole.entries), now=now)
    except EntriesConflict as conflict:
        return _conflict_page(assessment_id, form, conflict)
    except Unscored as missing:
        for key in missing.keys:
            title = form[f"score-{key}"].label.text
            form[f"score-{key}"].errors = [_("Give “%(title)s” a score, or N/A.", title=title)]
        return _form_page(whole, form, status=422)
    except Invalid as refusal:
        return _refused(whole, form, refusal)
    flash(_("Finished and locked. It can now be linked to a request as evidence."), "success")
    return go_to(url_for("assessment.show", assessment_id=assessment_id))


@access(Rule.OBJECT, action="write_assessment")
@bp.post("/assessments/<int:assessment_id>/items/<key>")
def save_item(assessment_id: int, key: str) -> ResponseReturnValue:
    """Save one item while the person goes on typing; answers with its status and the progress."""
    whole = _writable(assessment_id)
    item = _item(whole, key)
    form = item_form(item, whole.entries[key])
    actor = current.actor()
    if not form.validate_on_submit():
        return _item_status(whole, item, form, status=422)
    try:
        with unit_of_work() as now:
            services.save(actor, assessment_id, typed(form, [key]), now=now)
    except EntriesConflict as conflict:
        return _item_status(whole, item, form, status=409, theirs=conflict.entries[key])
    if not is_fragment_request():
        return go_to(url_for("assessment.show", assessment_id=assessment_id, _anchor=f"item-{key}"))
    saved = views.sheet(_facts(), assessment_id)
    return _item_status(saved, item, form, saved_at=now)


@access(Rule.OBJECT, action="write_assessment")
@bp.post("/assessments/<int:assessment_id>/header")
def save_header(assessment_id: int) -> ResponseReturnValue:
    """Save the header by itself; the order of the items follows when the page is next opened."""
    whole = _writable(assessment_id)
    form = header_form(whole.items, queries.header_of(whole.assessment))
    actor = current.actor()
    if not form.validate_on_submit():
        return _header_status(form, status=422)
    try:
        with unit_of_work() as now:
            services.save(actor, assessment_id, typed(form, []), now=now)
    except EntriesConflict as conflict:
        return _header_status(form, status=409, theirs=conflict.header)
    if not is_fragment_request():
        return go_to(url_for("assessment.show", assessment_id=assessment_id))
    return _header_status(form, saved_at=now, header=queries.header_of(whole.assessment))


@access(Rule.OBJECT, action="discard_assessment")
@bp.post("/assessments/<int:assessment_id>/discard")
def discard(assessment_id: int) -> ResponseReturnValue:
    """Throw a draft away, or take back the request for a review."""
    actor = current.actor()
    with once(url_for("assessments.index")) as now:
        services.discard(actor, assessment_id, now=now)
    flash(_("The draft is gone, with everything that was typed into it."), "success")
    return go_to(url_for("assessments.index"))


@access(Rule.OBJECT, action="redact_remark")
@bp.post("/assessments/<int:assessment_id>/items/<key>/redact")
def redact(assessment_id: int, key: str) -> ResponseReturnValue:
    """Remove the words of one remark from a locked assessment."""
    actor = current.actor()
    with once(url_for("assessment.show", assessment_id=assessment_id, _anchor=f"item-{key}")) as now:
        services.redact_remark(actor, assessment_id, key, now=now)
    flash(_("The remark is removed. The score stays."), "success")
    return go_to(url_for("assessment.show", assessment_id=assessment_id, _anchor=f"item-{key}"))


def _facts() -> PersonFacts:
    facts = current.actor_facts()
    if facts is None:
        raise NotVisible
    return facts


def _writable(assessment_id: int) -> Sheet:
    """The assessment as it stands, refused early where nothing can be written. Services ask once more."""
    facts = _facts()
    whole = views.sheet(facts, assessment_id)
    if whole.assessment.state is AssessmentState.LOCKED:
        raise WrongState(LOCKED)
    if not views.may_write(facts, whole):
        raise NotPermitted(services.BEFORE_MARKING)
    return whole


def _item(whole: Sheet, key: str) -> StandardItem:
    found = next((item for item in whole.items if item.key == key), None)
    if found is None:
        raise NotVisible
    return found


def _form(whole: Sheet) -> HeaderForm:
    return assessment_form(whole.items, queries.header_of(whole.assessment), dict(whole.entries))


def _form_page(
    whole: Sheet, form: HeaderForm, *, status: int = 200, conflict: EntriesConflict | None = None
) -> ResponseReturnValue:
    return render(
        "assessments/form.html",
        whole=whole,
        form=form,
        conflict=conflict,
        beside=comparison.beside(whole.assessment),
        shown=(found := portfolio.for_sheet(_facts(), whole.assessment.person_id)),
        not_shown=views.not_shown(whole, found, views.advised_for(whole, None)),
        may_lock=policy.may_lock(_facts(), whole.facts),
        decline=DeclineForm(formdata=None) if policy.may_decline(_facts(), whole.facts) else None,
        may_discard=policy.may_discard(_facts(), whole.facts),
        status=status,
    )


def _refused(whole: Sheet, form: HeaderForm, refusal: Invalid) -> ResponseReturnValue:
    if refusal.field not in form:
        raise refusal
    form[refusal.field].errors = [say(refusal.message)]
    return _form_page(whole, form, status=422)


def _conflict_page(assessment_id: int, form: HeaderForm, conflict: EntriesConflict) -> ResponseReturnValue:
    """Both versions. The tokens move on, so that saving again is a choice made with both in view."""
    whole = views.sheet(_facts(), assessment_id)
    for key, entry in conflict.entries.items():
        form[f"seen-{key}"].data = entry.token
        form[f"seen-{key}"].raw_data = None
    if conflict.header:
        form.seen.data = conflict.header.token
    return _form_page(whole, form, status=409, conflict=conflict)


def _header_status(
    form: HeaderForm,
    *,
    status: int = 200,
    header: Header | None = None,
    theirs: Header | None = None,
    saved_at: datetime | None = None,
) -> ResponseReturnValue:
    newest = theirs or header
    return render(
        "assessments/header.html",
        "assessments/_header_status.html",
        status=status,
        form=form,
        theirs=theirs,
        token=newest.token if newest else form.seen.data,
        saved_at=saved_at,
    )


def _item_status(
    whole: Sheet,
    item: StandardItem,
    form: PortalForm,
    *,
    status: int = 200,
    theirs: Entry | None = None,
    saved_at: datetime | None = None,
) -> ResponseReturnValue:
    """The status of one item. The token moves on only with what the person sees: saved here, or shown as theirs."""
    newest = theirs or (whole.entries[item.key] if saved_at else None)
    return render(
        "assessments/item.html",
        "assessments/_item_status.html",
        status=status,
        whole=whole,
        item=item,
        form=form,
        theirs=theirs,
        token=newest.token if newest else form[f"seen-{item.key}"].data,
        saved_at=saved_at,
        not_shown=views.not_shown(
            whole, portfolio.for_sheet(_facts(), whole.assessment.person_id), views.advised_for(whole, None)
        ),
    )
