"""Filled forms out of the portal and into it, and a finished one taken on into a new draft."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import BooleanField

from portal.assessments import carrying, filling, queries, services, views
from portal.assessments.exchange.form_files import write_csv, write_json
from portal.assessments.exchange.form_tables import write_wikitext
from portal.assessments.exchange.tables import LARGEST_TEXT
from portal.assessments.filling import Filling
from portal.assessments.forms import StartForm
from portal.assessments.models import AssessmentState
from portal.assessments.services import EntriesConflict
from portal.assessments.views import Sheet
from portal.errors import Invalid, Message, NotPermitted, NotVisible, WrongState
from portal.people import current
from portal.people.facts import PersonFacts
from portal.people.sent_forms import once
from portal.web.access import Rule, access
from portal.web.filters import say
from portal.web.fragments import go_to, render
from portal.web.unit_of_work import unit_of_work
from portal.web.uploads import PastedForm

bp = Blueprint("exchange", __name__, url_prefix="/assessments/<int:assessment_id>")
MOST_PROBLEMS = 50  # lines that a page lists; whoever has more brought something else
LAYOUTS = {
    "json": (write_json, "application/json", "json"),
    "csv": (write_csv, "text/csv; charset=utf-8", "csv"),
    "wikitext": (write_wikitext, "text/plain; charset=utf-8", "wikitext.txt"),
}


class FillForm(PastedForm):
    """A filled form that is brought. ``replace``: also where the draft says something else."""

    replace = BooleanField(lazy_gettext("Replace what stands in the draft with what the file says"))


def _facts() -> PersonFacts:
    facts = current.actor_facts()
    if facts is None:
        raise NotVisible
    return facts


@access(Rule.OBJECT, action="read_assessment")
@bp.get("/export/<layout>")
def export(assessment_id: int, layout: str) -> ResponseReturnValue:
    """The filled form as a file, for who may read it."""
    whole = views.sheet(_facts(), assessment_id)
    if layout not in LAYOUTS:
        raise NotVisible
    write, content_type, ending = LAYOUTS[layout]
    answer = Response(write(filling.filled_form(whole)), content_type=content_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="assessment-{assessment_id}.{ending}"'
    return answer


def _writable(assessment_id: int) -> Sheet:
    facts = _facts()
    whole = views.sheet(facts, assessment_id)
    if whole.assessment.state is AssessmentState.LOCKED:
        raise WrongState(services.LOCKED)
    if not views.may_write(facts, whole):
        raise NotPermitted(services.BEFORE_MARKING)
    return whole


@access(Rule.OBJECT, action="write_assessment")
@bp.get("/import")
def fill(assessment_id: int) -> ResponseReturnValue:
    """Where a filled form is pasted."""
    return _fill_page(_writable(assessment_id), FillForm())


@access(Rule.OBJECT, action="write_assessment")
@bp.post("/import")
def fill_post(assessment_id: int) -> ResponseReturnValue:
    """Show what the file would do to the draft; where that was looked at already, do it."""
    whole, form, actor = _writable(assessment_id), FillForm(), current.actor()
    if not form.validate_on_submit():
        return _fill_page(whole, form, status=422)
    done = url_for("assessment.show", assessment_id=assessment_id)
    try:
        text = form.read(LARGEST_TEXT)
        found = filling.filling(whole, text)
        if "take" not in request.form or not form.was_previewed(text, _state(whole)):
            form.mark_previewed(text, _state(whole))
            return _fill_page(whole, form, found)
        with once(done) as now:
            filling.take(actor, assessment_id, found, replace=bool(form.replace.data), now=now)
    except EntriesConflict as conflict:
        form.text.errors = [say(conflict.message)]
        return _fill_page(views.sheet(_facts(), assessment_id), form, status=409)
    except Invalid as fault:
        (form.file if fault.field == "file" else form.text).errors = [say(fault.message)]
        return _fill_page(whole, form, status=422)
    _say_what_was_taken(found, replaced=bool(form.replace.data))
    return go_to(done)


def _state(whole: Sheet) -> str:
    """Names what stands in the draft: what was looked at is what is changed."""
    header = queries.header_of(whole.assessment).token
    return " ".join([header, *(f"{key}:{entry.token}" for key, entry in sorted(whole.entries.items()))])


def _say_what_was_taken(found: Filling, *, replaced: bool) -> None:
    taken = len(found.new) + (len(found.changed) if replaced else 0)
    kept = 0 if replaced else len(found.changed)
    flash(_("Taken from the file: %(taken)s items. Left as they stood: %(kept)s.", taken=taken, kept=kept), "success")


def _fill_page(whole: Sheet, form: FillForm, found: Filling | None = None, *, status: int = 200) -> ResponseReturnValue:
    return render(
        "assessments/fill.html", whole=whole, form=form, found=found, most_problems=MOST_PROBLEMS, status=status
    )


@access(Rule.OBJECT, action="carry_assessment")
@bp.get("/carry")
def carry(assessment_id: int) -> ResponseReturnValue:
    """What would come along into a new draft, and what would not."""
    finished = carrying.find(_facts(), assessment_id)
    return render(
        "assessments/carry.html",
        finished=finished,
        carried=carrying.carried(finished),
        open_draft=queries.open_self_assessment(current.actor().id),
        form=StartForm(),
    )


@access(Rule.OBJECT, action="carry_assessment")
@bp.post("/carry")
def carry_post(assessment_id: int) -> ResponseReturnValue:
    """Begin the draft."""
    form, actor = StartForm(), current.actor()
    if not form.validate_on_submit():
        raise Invalid(Message("This form was incomplete. Go back and press the button once more."))
    submission_id = str(form.submission_id.data)
    with unit_of_work() as now:
        draft_id = carrying.carry(actor, assessment_id, submission_id=submission_id, now=now)
    flash(_("The draft holds what was scored before. Look at each score once more."), "success")
    return go_to(url_for("assessment.show", assessment_id=draft_id))


def may_carry(whole: Sheet) -> bool:
    """Whether the page of a finished assessment offers it."""
    return carrying.may_carry(_facts(), whole.assessment)


def init_app(app: Flask) -> None:
    """Bind the pages."""
    app.register_blueprint(bp)
    app.jinja_env.globals.update(may_carry_assessment=may_carry)
