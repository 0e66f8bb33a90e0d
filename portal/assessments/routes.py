"""Pages of assessments: the list, asking for a mentor review, and the standards."""

from __future__ import annotations

from flask import Blueprint, Flask, flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.assessments import (
    attention,
    cli,
    evidence,
    exchange_routes,
    marking_routes,
    picture_views,
    policy,
    profile_routes,
    profiles,
    queries,
    rounds,
    services,
    sheet_routes,
    standard_routes,
    summary,
    told,
    views,
    words,
)
from portal.assessments.forms import ReviewForm, StartForm, assessed, review_form
from portal.assessments.models import Assessment
from portal.assessments.portfolio import routes as portfolio_routes
from portal.errors import Invalid, Message, NotVisible
from portal.notifications import registry
from portal.notifications.duties import add_duties
from portal.people import current
from portal.people import queries as people
from portal.people.removals import add_place
from portal.people.sent_forms import once
from portal.web import clock
from portal.web.access import Rule, access
from portal.web.attention import add_source
from portal.web.filters import say
from portal.web.fragments import go_to, render
from portal.web.navigation import NavigationEntry, add_navigation
from portal.web.paging import before_id, page_of
from portal.web.unit_of_work import unit_of_work

bp = Blueprint("assessments", __name__)
MOST_COMPARED = 40  # documents of one person, the newest


@access(Rule.SIGNED_IN)
@bp.get("/assessments")
def index() -> ResponseReturnValue:
    """My drafts, what I was asked to mark, and everything finished that I am part of."""
    me = current.actor()
    facts = people.facts(me.id, clock.now())
    drafts = [draft for draft in queries.drafts_to_fill(me.id) if policy.may_open_draft(facts, draft)]
    return render(
        "assessments/index.html",
        drafts=drafts,
        progress=queries.progress_of(draft.id for draft in drafts),
        awaited=queries.reviews_awaited(me.id),
        markings=rounds.followed(me.id),
        finished=page_of(queries.finished(me.id), Assessment.id, before=before_id()),
        standard=queries.current_standard(),
        form=StartForm(),
    )


@access(Rule.SIGNED_IN, action="self_assess")
@bp.post("/assessments/start")
def start() -> ResponseReturnValue:
    """Begin a self-assessment, or go on with the draft that is open."""
    form = StartForm()
    if not form.validate_on_submit():
        raise Invalid(Message("This form was incomplete. Go back and press the button once more."))
    actor, submission_id = current.actor(), str(form.submission_id.data)
    with unit_of_work() as now:
        found = services.start_self_assessment(actor, submission_id=submission_id, now=now)
    return go_to(url_for("assessment.show", assessment_id=found))


@access(Rule.SIGNED_IN, action="name_marker")
@bp.get("/assessments/reviews/new")
def ask() -> ResponseReturnValue:
    """Who shall review the work, and of whom."""
    return _ask_page(_review_form())


@access(Rule.SIGNED_IN, action="name_marker")
@bp.post("/assessments/reviews/new")
def ask_post() -> ResponseReturnValue:
    """Name a member for a mentor review."""
    form = _review_form()
    person = assessed(form) if form.validate_on_submit() else None
    if person is None:
        return _ask_page(form, status=422)
    actor, person_id, marker_id = current.actor(), person.id, int(form.marker.data)
    submission_id = str(form.submission_id.data)
    try:
        with once(url_for("assessments.index")) as now:
            services.ask_for_review(actor, person_id, marker_id=marker_id, submission_id=submission_id, now=now)
    except Invalid as refusal:
        form.marker.errors = [say(refusal.message)]
        return _ask_page(form, status=422)
    flash(_("Asked. They find it under “Needs your attention”; you read it here when it is finished."), "success")
    return go_to(url_for("assessments.index"))


def _review_form() -> ReviewForm:
    """Deciders may ask on behalf of anybody; everybody else asks for themselves."""
    facts = current.actor_facts()
    decides = facts is not None and facts.decides
    form = review_form(queries.possible_markers(0 if decides else current.actor().id, clock.now()))
    if not decides:
        del form.person
    return form


def _ask_page(form: ReviewForm, status: int = 200) -> ResponseReturnValue:
    return render("assessments/ask.html", form=form, status=status)


@access(Rule.SIGNED_IN, action="read_assessment")
@bp.get("/assessments/of/<int:person_id>")
def of_person(person_id: int) -> ResponseReturnValue:
    """Everything finished about one person: for themselves and for those who decide."""
    reader, person = current.actor_facts(), people.get(min(person_id, rounds.LARGEST_ID))
    if reader is None or person is None or not policy.may_read_all_of(reader, person.id):
        raise NotVisible
    documents = evidence.linkable(person.id, reader_id=reader.id)
    summaries = list(evidence.summaries([document.id for document in documents[:MOST_COMPARED]]).values())
    return render(
        "assessments/of_person.html",
        person=person,
        documents=documents,
        summaries=summaries,
        over_time=picture_views.over_time(summaries),
    )


@access(Rule.PUBLIC)
@bp.get("/standards/<int:version>")
def standard(version: int) -> ResponseReturnValue:
    """The items of one version of the standard."""
    found = queries.published_standard(version)
    return render(
        "assessments/standard.html",
        standard=found,
        sections=views.by_section(queries.items_of(found.id)),
        **standard_routes.around(found),
    )


def init_app(app: Flask) -> None:
    """Bind the pages of this feature."""
    app.register_blueprint(bp)
    app.register_blueprint(sheet_routes.bp)
    app.register_blueprint(profile_routes.bp)
    standard_routes.init_app(app)
    exchange_routes.init_app(app)
    app.register_blueprint(marking_routes.bp)
    portfolio_routes.init_app(app)
    app.jinja_env.globals.update(
        assessment_words=words, assessment_focuses=summary.focuses_of, assessment_reached=profiles.reached
    )
    app.extensions.setdefault(rounds.VOUCHING, [])
    add_source(app, attention.of_person)
    add_place(app, Assessment.declined_id, lambda row: url_for("assessments.index"))
    registry.add_source(app, told.SOURCE)
    add_duties(app, told.duties, told.DUTIES)
    add_navigation(app, NavigationEntry("assessments.index", Message("Assessments"), 30, shown=current.is_signed_in))
    cli.init_app(app)
