"""The forms on the request page: empty, kept from an expired sign-in, or as they were just sent."""

from __future__ import annotations

from typing import Any, TypeVar

from wtforms import SelectChoice  # type: ignore[attr-defined]  # the types lag behind WTForms 3.3

from portal.people import held_forms
from portal.requests import forms, page, words
from portal.requests.page import RequestPage
from portal.requests.workflow import Action
from portal.web.filters import day, say

F = TypeVar("F", forms.DecisionForm, forms.DeclineForm)


class PageForms:
    """Makes each form when the page asks for it. ``sent`` are forms to show as they came back, by name."""

    def __init__(self, shown: RequestPage, **sent: Any) -> None:
        self._page = shown
        self._sent = sent

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in self._sent:
            self._sent[name] = getattr(type(self), f"_make_{name}")(self)
        return _named(name, self._sent[name])

    def answer(self, question_id: int) -> forms.AnswerForm:
        """The form under one question."""
        form: forms.AnswerForm = self._one_of(f"answer_{question_id}", forms.AnswerForm, "requests.answer")
        return form

    def resolve(self, concern_id: int) -> forms.ResolveForm:
        """The form under one open concern of the reader."""
        form: forms.ResolveForm = self._one_of(f"resolve_{concern_id}", forms.ResolveForm, "requests.resolve_concern")
        return form

    def _one_of(self, name: str, form: type[Any], endpoint: str) -> Any:
        """A form that stands on the page more than once: its name ends in a number."""
        if name not in self._sent:
            number = name.rsplit("_", 1)[1]
            kept = held_forms.kept_fields(endpoint)
            self._sent[name] = form(formdata=kept if kept and kept.get("about") == number else None)
            self._sent[name].about.data = number
        return _named(name, self._sent[name])

    def _make_comment(self) -> forms.CommentForm:
        return comment_form(self._page.seen.actions, formdata=held_forms.kept_fields("requests.comment"))

    def _make_question(self) -> forms.QuestionForm:
        return forms.QuestionForm(formdata=held_forms.kept_fields("requests.ask"))

    def _make_position(self) -> forms.PositionForm:
        kept = held_forms.kept_fields("requests.take_position")
        mine = self._page.my_position()
        return forms.PositionForm.filled(
            formdata=kept,
            revision=self._page.row.revision_number,
            relation=mine.more if mine else None,
            sentence=mine.text.body if mine and mine.text else None,
        )

    def _make_concern(self) -> forms.ConcernForm:
        return forms.ConcernForm(formdata=held_forms.kept_fields("requests.raise_concern"))

    def _make_sponsor(self) -> forms.OptionalReasonForm:
        return forms.OptionalReasonForm(formdata=held_forms.kept_fields("requests.sponsor"))

    def _make_recusal(self) -> forms.OptionalReasonForm:
        return forms.OptionalReasonForm(formdata=held_forms.kept_fields("requests.recuse"))

    def _make_note(self) -> forms.NoteForm:
        return forms.NoteForm(formdata=held_forms.kept_fields("requests.write_note"))

    def _make_refer(self) -> forms.ReasonForm:
        return forms.ReasonForm(formdata=held_forms.kept_fields("requests.refer"))

    def _make_page_link(self) -> forms.PageLinkForm:
        return forms.PageLinkForm(formdata=held_forms.kept_fields("requests.link_page"))

    def _make_assessment_link(self) -> forms.AssessmentLinkForm | None:
        form = assessment_link_form(self._page, formdata=None)
        return form if form.assessment_id.choices else None

    def _make_approve(self) -> forms.DecisionForm:
        kept = held_forms.kept_fields("requests.approve") or held_forms.kept_fields("requests.record_approval")
        form = approve_form(self._page, formdata=kept)
        form.grounds.data = self._page.grounds
        return form

    def _make_decline(self) -> forms.DeclineForm:
        kept = held_forms.kept_fields("requests.decline") or held_forms.kept_fields("requests.record_decline")
        form = decline_form(self._page, formdata=kept)
        form.grounds.data = self._page.grounds
        return form


def _named(name: str, form: Any) -> Any:
    """The form with ids that begin with its name: many forms of the page have a field of the same name."""
    for field in form or ():
        field.id = f"{name}-{field.short_name}"
    return form


def comment_form(actions: frozenset[Action], **kwargs: Any) -> forms.CommentForm:
    """The composer with the audiences open to who may do this."""
    may_team, may_share = Action.COMMENT_TEAM in actions, Action.COMMENT in actions
    return forms.CommentForm.for_readers(may_team=may_team, may_share=may_share, **kwargs)


def assessment_link_form(shown: RequestPage, **kwargs: Any) -> forms.AssessmentLinkForm:
    """The finished assessments of the candidate that the reader may link and that are not linked yet."""
    form = forms.AssessmentLinkForm(**kwargs)
    form.assessment_id.choices = [
        SelectChoice(str(found.assessment_id), f"{found.marker_name}, {day(found.assessed_on)}")
        for found in reversed(shown.linkable)
    ]
    return form


def approve_form(shown: RequestPage, **kwargs: Any) -> forms.DecisionForm:
    """The approval form of this request, with everything asked for chosen and the ready sentence filled in."""
    items = [(item.id, say(words.change(item.action, item.item_type, item.item_key))) for item in shown.revision.items]
    concerns = [concern.id for concern in shown.open_concerns]
    kwargs.setdefault("items", [id for id, _name in items])
    kwargs.setdefault("reason", say(page.ready_reason(shown.row.kind)))
    for item in shown.revision.items:
        kwargs.setdefault(f"until_{item.id}", item.until)
    return _with_minutes(shown, forms.decision_form(items, concerns, **kwargs))


def decline_form(shown: RequestPage, **kwargs: Any) -> forms.DeclineForm:
    """The "not yet" form of this request."""
    return _with_minutes(shown, forms.DeclineForm(prefix="decline-", **kwargs))


def _with_minutes(shown: RequestPage, form: F) -> F:
    """The form, which asks for the Board's meeting and minutes only where the Board's outcome is recorded."""
    if not shown.may(Action.RECORD_APPROVAL):
        del form.met_on, form.minutes_url
    return form
