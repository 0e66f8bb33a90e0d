"""The discussion of a request: what people say, ask, think, object to and link."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.errors import Invalid
from portal.people import current, held_forms
from portal.people.sent_forms import once
from portal.requests import discussion_services, forms, objection_services, page_forms, policy, queries
from portal.requests.blueprint import bp
from portal.requests.discussion_models import Comment, CommentAudience, Relation, Stance
from portal.requests.discussion_services import RevisedSinceRead, TextConflict
from portal.requests.page_routes import declared_action, load_page, me, put_error, render_request
from portal.requests.workflow import Action
from portal.web import clock
from portal.web.access import Rule, access
from portal.web.fragments import go_to, is_fragment_request, render

AFTER_TALK = ("header", "checks", "people", "timeline")  # panels that change when somebody spoke


def _act(
    request_id: int,
    name: str,
    form: Any,
    act: Callable[[int, datetime], object],
    *,
    panel: str = "discussion",
    also: tuple[str, ...] = AFTER_TALK,
    anchor: str = "discussion",
) -> ResponseReturnValue:
    """The life of a POST on the request page: ask the policy, check the form, act in one unit of work, show the panel.

    A form that does not hold, and an Invalid of the service, come back with what was typed and status 422; a position
    on what is no longer asked for comes back beside what is asked for now.
    """
    _require(request_id, declared_action())
    if not form.validate_on_submit():
        return render_request(request_id, panel=panel, status=422, **{name: form})
    actor_id, done = current.actor().id, url_for(".show", request_id=request_id, _anchor=anchor)
    try:
        with once(done) as now:
            act(actor_id, now)
    except Invalid as error:
        put_error(form, error)
        return render_request(request_id, panel=panel, status=422, **{name: form})
    except RevisedSinceRead as error:
        put_error(form, error)
        form.revision.data = str(error.revision)  # what is asked for now is shown with it
        return render_request(request_id, panel=panel, also=("asked", *AFTER_TALK), status=409, **{name: form})
    return render_request(request_id, panel=panel, also=also) if is_fragment_request() else go_to(done)


def _require(request_id: int, action: Action) -> None:
    """Refuse aloud what the person may not do, whatever the form holds. Raises NotVisible, NotPermitted, WrongState."""
    seen = queries.get_visible(me(), request_id, clock.now())
    policy.require(me(), action, seen.facts)


@bp.post("/<int:request_id>/comments")
@access(Rule.OBJECT, action="comment")
def comment(request_id: int) -> ResponseReturnValue:
    seen = queries.get_visible(me(), request_id, clock.now())
    if request.form.get("audience") == CommentAudience.TEAM:
        policy.require(me(), Action.COMMENT_TEAM, seen.facts)
    form = page_forms.comment_form(seen.actions)
    return _act(
        request_id,
        "comment",
        form,
        lambda actor_id, now: discussion_services.comment(
            actor_id,
            request_id,
            form.body.data or "",
            audience=CommentAudience(form.audience.data),
            now=now,
        ),
    )


@bp.post("/<int:request_id>/questions")
@access(Rule.OBJECT, action="ask")
def ask(request_id: int) -> ResponseReturnValue:
    form = forms.QuestionForm()
    return _act(
        request_id,
        "question",
        form,
        lambda actor_id, now: discussion_services.ask(actor_id, request_id, form.body.data or "", now=now),
        panel="ask",
        also=("questions", "discussion", *AFTER_TALK),
    )


@bp.post("/<int:request_id>/questions/<int:question_id>/answers")
@access(Rule.OBJECT, action="answer")
def answer(request_id: int, question_id: int) -> ResponseReturnValue:
    form = forms.AnswerForm()
    return _act(
        request_id,
        f"answer_{question_id}",
        form,
        lambda actor_id, now: discussion_services.answer(
            actor_id, request_id, question_id, form.body.data or "", now=now
        ),
        panel="questions",
        also=("discussion", *AFTER_TALK),
    )


def _own_comment(request_id: int, comment_id: int) -> Comment:
    """The comment to edit. Raises NotVisible, NotPermitted, WrongState."""
    seen = queries.get_visible(me(), request_id, clock.now())
    return discussion_services.editable_comment(me(), seen.facts, comment_id)


@bp.get("/<int:request_id>/comments/<int:comment_id>/edit")
@access(Rule.OBJECT, action="edit_comment")
def edit_comment(request_id: int, comment_id: int) -> ResponseReturnValue:
    row = _own_comment(request_id, comment_id)
    kept = held_forms.kept_fields("requests.save_comment")
    form = forms.EditTextForm(formdata=kept, body=row.text.body, base_text_id=row.text_id)
    return render("requests/edit_comment.html", request_id=request_id, comment=row, form=form)


@bp.post("/<int:request_id>/comments/<int:comment_id>/edit")
@access(Rule.OBJECT, action="edit_comment")
def save_comment(request_id: int, comment_id: int) -> ResponseReturnValue:
    row = _own_comment(request_id, comment_id)
    form = forms.EditTextForm()
    if not form.validate_on_submit():
        return render("requests/edit_comment.html", status=422, request_id=request_id, comment=row, form=form)
    actor_id, base = current.actor().id, int(form.base_text_id.data or 0)
    done = url_for(".show", request_id=request_id, _anchor=f"comment-{comment_id}")
    try:
        with once(done) as now:
            discussion_services.edit_comment(
                actor_id, request_id, comment_id, form.body.data or "", base_text_id=base, now=now
            )
    except TextConflict as error:
        row = _own_comment(request_id, comment_id)
        typed = form.body.data
        form.base_text_id.data = str(row.text_id)
        return render(
            "requests/edit_comment.html",
            status=409,
            request_id=request_id,
            comment=row,
            form=form,
            conflict=(error.current, typed),
            says=error.message,
        )
    return go_to(done)


@bp.post("/<int:request_id>/positions")
@access(Rule.OBJECT, action="take_position")
def take_position(request_id: int) -> ResponseReturnValue:
    form = forms.PositionForm.filled()
    return _act(
        request_id,
        "position",
        form,
        lambda actor_id, now: discussion_services.take_position(
            actor_id,
            request_id,
            Stance(form.stance.data),
            sentence=form.sentence.data or None,
            relation=Relation(form.relation.data) if form.relation.data else None,
            revision_number=int(form.revision.data or 0),
            now=now,
        ),
        panel="positions",
        anchor="positions",
    )


@bp.post("/<int:request_id>/concerns")
@access(Rule.OBJECT, action="raise_concern")
def raise_concern(request_id: int) -> ResponseReturnValue:
    form = forms.ConcernForm()
    return _act(
        request_id,
        "concern",
        form,
        lambda actor_id, now: objection_services.raise_concern(
            actor_id, request_id, form.name.data or "", form.body.data or "", now=now
        ),
        panel="concerns",
        anchor="concerns",
    )


@bp.post("/<int:request_id>/concerns/<int:concern_id>/resolve")
@access(Rule.OBJECT, action="resolve_concern")
def resolve_concern(request_id: int, concern_id: int) -> ResponseReturnValue:
    objection_services.resolvable(me(), queries.get_visible(me(), request_id, clock.now()).facts, concern_id)
    form = forms.ResolveForm()
    return _act(
        request_id,
        f"resolve_{concern_id}",
        form,
        lambda actor_id, now: objection_services.resolve_concern(
            actor_id, request_id, concern_id, form.reason.data or "", now=now
        ),
        panel="concerns",
        anchor="concerns",
    )


@bp.post("/<int:request_id>/sponsorship")
@access(Rule.OBJECT, action="sponsor")
def sponsor(request_id: int) -> ResponseReturnValue:
    form = forms.OptionalReasonForm()
    return _act(
        request_id,
        "sponsor",
        form,
        lambda actor_id, now: discussion_services.sponsor(actor_id, request_id, form.reason.data or None, now=now),
        panel="people",
        also=("header", "checks", "timeline"),
        anchor="people",
    )


@bp.post("/<int:request_id>/sponsorship/withdraw")
@access(Rule.OBJECT, action="withdraw_sponsorship")
def withdraw_sponsorship(request_id: int) -> ResponseReturnValue:
    return _act(
        request_id,
        "unsponsor",
        forms.EmptyForm(),
        lambda actor_id, now: discussion_services.withdraw_sponsorship(actor_id, request_id, now=now),
        panel="people",
        also=("header", "checks", "timeline"),
        anchor="people",
    )


@bp.post("/<int:request_id>/recusal")
@access(Rule.OBJECT, action="recuse")
def recuse(request_id: int) -> ResponseReturnValue:
    form = forms.OptionalReasonForm()
    return _act(
        request_id,
        "recusal",
        form,
        lambda actor_id, now: discussion_services.recuse(actor_id, request_id, form.reason.data or None, now=now),
        panel="people",
        also=("header", "checks", "positions", "concerns", "discussion", "ask", "decision", "timeline"),
        anchor="people",
    )


@bp.post("/<int:request_id>/evidence/assessments")
@access(Rule.OBJECT, action="link_evidence")
def link_assessment(request_id: int) -> ResponseReturnValue:
    form = page_forms.assessment_link_form(load_page(request_id))
    return _act(
        request_id,
        "assessment_link",
        form,
        lambda actor_id, now: objection_services.link_assessment(
            actor_id, request_id, form.assessment_id.data, now=now
        ),
        panel="evidence",
        also=("checks", "decision", "timeline"),
        anchor="evidence",
    )


@bp.post("/<int:request_id>/evidence/links")
@access(Rule.OBJECT, action="link_evidence")
def link_page(request_id: int) -> ResponseReturnValue:
    form = forms.PageLinkForm()
    return _act(
        request_id,
        "page_link",
        form,
        lambda actor_id, now: objection_services.link_page(
            actor_id, request_id, form.url.data or "", form.title.data or "", now=now
        ),
        panel="evidence",
        also=("decision", "timeline"),
        anchor="evidence",
    )


@bp.post("/<int:request_id>/evidence/<int:evidence_id>/unlink")
@access(Rule.OBJECT, action="unlink_evidence")
def unlink(request_id: int, evidence_id: int) -> ResponseReturnValue:
    return _act(
        request_id,
        "unlink",
        forms.EmptyForm(),
        lambda actor_id, now: objection_services.unlink(actor_id, request_id, evidence_id, now=now),
        panel="evidence",
        also=("checks", "decision", "timeline"),
        anchor="evidence",
    )


@bp.get("/<int:request_id>/texts/<int:text_id>/remove")
@access(Rule.OBJECT, action="redact")
def confirm_redact(request_id: int, text_id: int) -> ResponseReturnValue:
    seen = queries.get_visible(me(), request_id, clock.now())
    text = objection_services.redactable(me(), seen.facts, text_id)
    return render("requests/redact.html", request_id=request_id, text=text)


@bp.post("/<int:request_id>/texts/<int:text_id>/remove")
@access(Rule.OBJECT, action="redact")
def redact(request_id: int, text_id: int) -> ResponseReturnValue:
    actor_id, done = current.actor().id, url_for(".show", request_id=request_id)
    with once(done) as now:
        objection_services.redact(actor_id, request_id, text_id, now=now)
    flash(_("The text was removed in all its versions."), "success")
    return go_to(done)
