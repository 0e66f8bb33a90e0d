"""The forms of requests. Choices come from the catalogue and from what is there, so nothing else can be sent."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import (
    DateField,
    HiddenField,
    RadioField,
    SelectField,
)
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # the types lag behind WTForms 3.3
from wtforms.validators import URL, DataRequired, Length, Optional, Regexp, StopValidation

from portal.org import organisation
from portal.org.catalogue import AccessItem, Role
from portal.requests.discussion_models import CommentAudience, Stance
from portal.requests.kinds.base import KindSpec
from portal.requests.seen import LONGEST
from portal.requests.words import RELATIONS
from portal.web.filters import say
from portal.web.forms import CheckboxesField, LineField, PortalForm, SubmissionField, TextField

NEEDED = DataRequired(message=_("Write something here."))
TASK = re.compile(r"(?:https?://[^\s/]+/)?T?(\d{1,7})/?")
NAME = 255


class OptionalDate(DateField):
    def __init__(self, label: Any = None, **kwargs: Any) -> None:
        super().__init__(label, validators=[Optional()], **kwargs)

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(str(_("Give a day like 2026-12-31, or leave it empty."))) from None


class StartForm(PortalForm):
    kind = HiddenField(validators=[DataRequired()])
    submission_id = SubmissionField()


class DetailsForm(PortalForm):
    """What is asked for and why; `details_form` adds the questions of the kind."""

    for_whom = RadioField(_("Who is it for?"), default="me")
    candidate_name = LineField(_("Their user name on the wiki"), limit=NAME)
    items = CheckboxesField(_("What do you ask for?"))
    removals = CheckboxesField(_("What is no longer needed?"))
    until = OptionalDate(_("Until when?"))
    phorge_task = LineField(_("Task number"), limit=120)
    draft_version = HiddenField(default="0", validators=[Regexp(r"\d{1,9}\Z")])
    base = HiddenField(validators=[Length(max=64)])

    def validate_candidate_name(self, field: LineField) -> None:
        if self.for_whom.data == "other" and not field.data:
            raise StopValidation(_("Say who it is for: their user name on the wiki."))

    def validate_phorge_task(self, field: LineField) -> None:
        if field.data and not TASK.fullmatch(field.data):
            raise StopValidation(_("Write the task as T123, or leave it empty."))

    def task(self) -> int | None:
        """The task number, if one was given."""
        match = TASK.fullmatch(self.phorge_task.data or "")
        return int(match[1]) if match else None


def details_form(
    spec: KindSpec,
    held: Iterable[tuple[str, str]],
    lasting: Iterable[tuple[str, str]],
    *,
    may_name_others: bool,
    **kwargs: Any,
) -> DetailsForm:
    """The form of a kind. What the candidate holds can be given up; what has no end cannot be asked for again."""
    fields: dict[str, Any] = {
        question.field: TextField(say(question.label), [NEEDED] if question.needed else [Optional()])
        for question in spec.questions
    }
    form: DetailsForm = type("DetailsFormOfKind", (DetailsForm,), fields)(**kwargs)
    lasts = set(lasting)
    form.items.choices = [choice for choice in item_choices(spec) if tuple(choice.value.split(":", 1)) not in lasts]
    form.removals.choices = [
        SelectChoice(f"{type_}:{key}", entry.name)
        for type_, key in sorted(set(held))
        if type_ in spec.removes and (entry := organisation().item(type_, key)) is not None and not _leads(entry)
    ]
    form.for_whom.choices = [SelectChoice("me", str(_("Me")))]
    if may_name_others:
        form.for_whom.choices.append(SelectChoice("other", str(_("Somebody else, who then agrees"))))
    return form


def _leads(entry: Role | AccessItem) -> bool:
    return isinstance(entry, Role) and entry.leads is not None


def item_choices(spec: KindSpec) -> list[SelectChoice]:
    """Everything of the catalogue that this kind can ask for."""
    catalogue = organisation()
    roles = [role for role in catalogue.roles.values() if not role.leads and not role.retired]
    found = [SelectChoice(f"role:{role.key}", role.name) for role in roles] if "role" in spec.adds else []
    for item in catalogue.requestable_items():
        if item.type in spec.adds:
            found.append(SelectChoice(f"{item.type}:{item.key}", item.name))
    return found


class KeyForm(PortalForm):
    """A fresh public key and the proof that wiki and GitHub account are the same person."""

    shell_name = LineField(
        _("Preferred shell user name"),
        [
            DataRequired(message=_("Choose a shell user name.")),
            Regexp(r"[a-z][a-z0-9-]{1,30}\Z", message=_("Use small letters, digits and hyphens; begin with a letter.")),
        ],
        limit=32,
    )
    github_name = LineField(
        _("GitHub user name"),
        [
            DataRequired(message=_("Give your GitHub user name.")),
            Regexp(r"@?[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})\Z", message=_("This is not a GitHub user name.")),
        ],
        limit=64,
    )
    key = TextField(_("Public SSH key"), [DataRequired(message=_("Paste your public key."))], limit=4000)
    wiki_proof = LineField(
        _("Where the key stands on your wiki user page"),
        [DataRequired(message=_("Link the page on which you posted the key.")), URL(message=_("Give a full address."))],
        limit=2000,
    )
    github_proof = LineField(
        _("Where the key stands in a GitHub repository of yours"),
        [DataRequired(message=_("Link the file in your repository.")), URL(message=_("Give a full address."))],
        limit=2000,
    )
    draft_version = HiddenField(default="0", validators=[Regexp(r"\d{1,9}\Z")])


class EmptyForm(PortalForm):
    """A button."""


class CommentForm(PortalForm):
    audience = RadioField(_("Who will read this?"), validators=[DataRequired(message=_("Choose who will read this."))])
    body = TextField(_("Comment"), [NEEDED])

    @classmethod
    def for_readers(cls, *, may_team: bool, may_share: bool, **kwargs: Any) -> CommentForm:
        """The form with the audiences this person may write to; the narrower one is chosen first."""
        form = cls(**kwargs)
        choices = []
        if may_team:
            choices.append(SelectChoice(CommentAudience.TEAM.value, str(_("Team only"))))
        if may_share:
            choices.append(SelectChoice(CommentAudience.SHARED.value, str(_("Team and candidate"))))
        form.audience.choices = choices
        if form.audience.data is None and choices:
            form.audience.data = choices[0].value
        return form


class QuestionForm(PortalForm):
    body = TextField(_("Question to the candidate"), [NEEDED])


class AnswerForm(PortalForm):
    body = TextField(_("Your answer"), [NEEDED])
    about = HiddenField(validators=[Length(max=20)])  # which question: what was typed comes back under it alone


class EditTextForm(PortalForm):
    body = TextField(_("Text"), [NEEDED])
    base_text_id = HiddenField(validators=[Regexp(r"\d{1,18}\Z")])


class PositionForm(PortalForm):
    stance = SelectField(choices=[SelectChoice(stance.value) for stance in Stance])
    relation = SelectField(_("How do you know them?"), validators=[Optional()])
    sentence = TextField(_("Why, in a sentence"), [Optional()], limit=2000)
    revision = HiddenField(validators=[Regexp(r"\d{1,9}\Z")])

    @classmethod
    def filled(cls, **kwargs: Any) -> PositionForm:
        form = cls(**kwargs)
        form.relation.choices = [SelectChoice("", str(_("not from working together")))] + [
            SelectChoice(relation.value, say(message)) for relation, message in RELATIONS.items()
        ]
        return form


class ConcernForm(PortalForm):
    name = LineField(_("The concern in a few words"), [NEEDED], limit=80)
    body = TextField(_("What worries you, and what would settle it"), [NEEDED])


class ReasonForm(PortalForm):
    """A needed reason."""

    reason = TextField(_("Reason"), [NEEDED], limit=4000)


class ResolveForm(ReasonForm):
    about = HiddenField(validators=[Length(max=20)])


class OptionalReasonForm(PortalForm):
    reason = TextField(_("Reason"), [Optional()], limit=4000)


class AssessmentLinkForm(PortalForm):
    assessment_id = SelectField(_("Assessment"), coerce=int)


class PageLinkForm(PortalForm):
    url = LineField(
        _("Address"), [NEEDED, URL(message=_("Give a full address that begins with https://."))], limit=2000
    )
    title = LineField(_("What it shows"), [NEEDED])


class NoteForm(PortalForm):
    body = TextField(_("Private note"), [NEEDED])


class DecisionForm(PortalForm):
    """Approve or not yet. `decision_form` adds an end date per item and an answer per open concern."""

    items = CheckboxesField(_("What you give"), coerce=int)
    reason = TextField(_("Public reason"), [DataRequired(message=_("Give a reason: people rely on knowing why."))])
    anyway = TextField(_("Why do you decide anyway?"), [Optional()], limit=4000)
    grounds = HiddenField(validators=[Length(max=LONGEST)])
    met_on = OptionalDate(_("Day of the Board's decision"))
    minutes_url = LineField(_("Link to the minutes"), [Optional(), URL(message=_("Give a full address."))], limit=2000)


class DeclineForm(PortalForm):
    reason = TextField(_("Why not yet"), [DataRequired(message=_("Give a reason: people rely on knowing why."))])
    would_help = TextField(_("What would help"), [Optional()])
    ask_again_on = OptionalDate(_("Ask again from"))
    grounds = HiddenField(validators=[Length(max=LONGEST)])
    met_on = OptionalDate(_("Day of the Board's decision"))
    minutes_url = LineField(_("Link to the minutes"), [Optional(), URL(message=_("Give a full address."))], limit=2000)


def decision_form(items: Iterable[tuple[int, str]], concerns: Iterable[int], /, **kwargs: Any) -> DecisionForm:
    """The approval form for these items (id, name) and these open concerns."""
    items = list(items)
    fields: dict[str, Any] = {f"until_{id}": OptionalDate(_("End date")) for id, _name in items}
    fields |= {
        f"override_{id}": TextField(_("Your answer to this concern"), [Optional()], limit=4000) for id in concerns
    }
    form: DecisionForm = type("DecisionFormOfRequest", (DecisionForm,), fields)(**kwargs)
    form.items.choices = [SelectChoice(str(id), name) for id, name in items]
    return form
