"""Versions of the standard: the wikitext of one, what changed between two, and preparing the next."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, Response, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import HiddenField
from wtforms.validators import Length

from portal.assessments import drafting, queries, standard_policy, versions, views
from portal.assessments.drafting import Proposal
from portal.assessments.exchange.standard import write_standard
from portal.assessments.exchange.tables import LARGEST_TEXT
from portal.assessments.models import Standard
from portal.errors import Invalid, Message, NotVisible
from portal.people import current
from portal.people.policy import require
from portal.people.sent_forms import once
from portal.web import wording
from portal.web.access import Rule, access
from portal.web.filters import say
from portal.web.forms import PortalForm
from portal.web.fragments import go_to, render
from portal.web.uploads import PastedForm

bp = Blueprint("standards", __name__, url_prefix="/standards")


class PublishForm(PortalForm):
    """Publish a draft; ``seen`` names the draft that was read."""

    seen = HiddenField(validators=[Length(min=64, max=64)])


def around(standard: Standard) -> dict[str, Any]:
    """What the page of one version shows beside its items: the other versions, and what a drafter may do."""
    published = queries.published_standards()
    may_draft = standard_policy.why_not_draft(current.actor_facts()) is None
    return {
        "versions": published,
        "former": next((other for other in published if other.version < standard.version), None),
        "may_draft": may_draft,
        "draft": drafting.draft() if may_draft else None,
    }


@access(Rule.PUBLIC)
@bp.get("/<int:version>/wikitext")
def wikitext(version: int) -> ResponseReturnValue:
    """One version as the table it stands in on the wiki."""
    found = queries.published_standard(version)
    answer = Response(write_standard(queries.items_of(found.id)), content_type="text/plain; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="standard-{version}.wikitext.txt"'
    return answer


@access(Rule.PUBLIC)
@bp.get("/<int:version>/changes/<int:since>")
def changes(version: int, since: int) -> ResponseReturnValue:
    """What this version has that the other had not, and the other way round."""
    now, before = queries.published_standard(version), queries.published_standard(since)
    if now.version == before.version:
        raise NotVisible
    return render(
        "assessments/changes.html",
        standard=now,
        before=before,
        changes=versions.changes(queries.items_of(before.id), queries.items_of(now.id)),
    )


@access(Rule.DECIDER, action="import_standard")
@bp.get("/import")
def import_() -> ResponseReturnValue:
    """Where a new version is pasted."""
    require(standard_policy.why_not_draft(current.actor_facts()))
    return _import_page(PastedForm())


@access(Rule.DECIDER, action="import_standard")
@bp.post("/import")
def import_post() -> ResponseReturnValue:
    """Show what the text would become; where that was looked at already, keep it as a draft."""
    require(standard_policy.why_not_draft(current.actor_facts()))
    form, actor, done = PastedForm(), current.actor(), url_for("standards.draft")
    if not form.validate_on_submit():
        return _import_page(form, status=422)
    try:
        text = form.read(LARGEST_TEXT)
        proposal = drafting.propose(text)
        if "take" not in request.form or not form.was_previewed(text):
            form.mark_previewed(text)
            return _import_page(form, proposal)
        with once(done) as now:
            drafting.import_draft(actor, text, now=now)
    except Invalid as fault:
        (form.file if fault.field == "file" else form.text).errors = [say(fault.message)]
        return _import_page(form, status=422)
    flash(_("Imported as a draft. Read it through; it holds once it is published."), "success")
    return go_to(done)


def _import_page(form: PastedForm, proposal: Proposal | None = None, *, status: int = 200) -> ResponseReturnValue:
    return render(
        "assessments/import_standard.html", form=form, proposal=proposal, draft=drafting.draft(), status=status
    )


@access(Rule.DECIDER, action="read_draft_standard")
@bp.get("/draft")
def draft() -> ResponseReturnValue:
    """The draft as it would hold, and what it changes."""
    facts = current.actor_facts()
    require(standard_policy.why_not_draft(facts))
    found, now = drafting.draft(), queries.current_standard()
    items = queries.items_of(found.id) if found else []
    return render(
        "assessments/draft.html",
        standard=found,
        before=now,
        changes=versions.changes(queries.items_of(now.id) if now else [], items),
        sections=views.by_section(items),
        form=PublishForm(data={"seen": drafting.digest(items)}),
        may_publish=standard_policy.why_not_publish(facts) is None,
    )


@access(Rule.DECIDER, action="publish_standard")
@bp.post("/<int:version>/publish")
def publish(version: int) -> ResponseReturnValue:
    """Let the draft hold, as it was read."""
    require(standard_policy.why_not_publish(current.actor_facts()))
    form, actor = PublishForm(), current.actor()
    if not form.validate_on_submit():
        raise Invalid(Message("This form was incomplete. Go back and press the button once more."))
    done = url_for("assessments.standard", version=version)
    with once(done) as now:
        drafting.publish(actor, version, seen=str(form.seen.data), now=now)
    flash(
        _("Version %(version)s holds from now on. Assessments made before stay as they are.", version=version),
        "success",
    )
    return go_to(done)


@access(Rule.DECIDER, action="discard_standard")
@bp.post("/<int:version>/discard")
def discard(version: int) -> ResponseReturnValue:
    """Throw the draft away."""
    require(standard_policy.why_not_draft(current.actor_facts()))
    actor = current.actor()
    with once(url_for("assessments.index")) as now:
        drafting.discard(actor, version, now=now)
    flash(_("The draft of the standard is gone."), "success")
    return go_to(url_for("assessments.index"))


def init_app(app: Flask) -> None:
    """Bind the pages."""
    app.register_blueprint(bp)
    app.jinja_env.globals.update(word_diff=wording.word_diff)
