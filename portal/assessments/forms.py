"""The participant form: a header, and a score, a remark and a link for every item of one standard."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, TypeVar

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import DateField, Field, HiddenField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.validators import Length, Optional, ValidationError

from portal.assessments import words
from portal.assessments.entries import REMARK_LIMIT, Entry, Header, Typed
from portal.assessments.links import LINK_LIMIT, link_fault
from portal.assessments.models import MentoringType, Score, StandardItem
from portal.org import organisation
from portal.people import current
from portal.people import queries as people
from portal.people.models import Person
from portal.web.filters import say
from portal.web.forms import LineField, PortalForm, SubmissionField, TextField


class HeaderForm(PortalForm):
    """The header. `assessment_form` adds the items of one standard."""

    role_focus = SelectField(_("Preferred Role Focus"))
    mentoring_type = SelectField(_("Mentoring Type"))
    assessed_on = DateField(  # type: ignore[call-arg]  # newer than the stubs
        _("Date"),
        format=["%Y-%m-%d", "%d/%m/%Y"],  # as browsers send it, and as it is typed on the paper form
        invalid_value_message=_("Enter a day as DD/MM/YYYY."),
    )
    seen = HiddenField(validators=[Length(max=64)])


class ReviewForm(PortalForm):
    """Ask a member for a mentor review."""

    person = LineField(_("Whose work is reviewed"), limit=255)
    marker = SelectField(_("Who is asked"), coerce=int)
    submission_id = SubmissionField()


class StartForm(PortalForm):
    """Start a self-assessment: nothing to fill in, sent once."""

    submission_id = SubmissionField()


def _check_link(_form: PortalForm, field: Field) -> None:
    if fault := link_fault(field.data or ""):
        raise ValidationError(say(fault))


def _item_fields(item: StandardItem, meanings: list[SelectChoice]) -> dict[str, Any]:
    return {
        f"score-{item.key}": RadioField(item.title, choices=meanings, validators=[Optional()]),
        f"remark-{item.key}": TextField(_("Remark"), limit=REMARK_LIMIT),
        f"link-{item.key}": LineField(_("Link"), [_check_link], limit=LINK_LIMIT),
        f"seen-{item.key}": HiddenField(validators=[Length(max=64)]),
    }


def assessment_form(items: Sequence[StandardItem], header: Header, entries: dict[str, Entry]) -> HeaderForm:
    """The whole form as it stands: header and items."""
    return _with_choices(_with_items(HeaderForm, items, {**_header_values(header), **_values(entries)}), items, header)


def header_form(items: Sequence[StandardItem], header: Header) -> HeaderForm:
    """The header by itself."""
    return _with_choices(HeaderForm(data=_header_values(header)), items, header)


def _with_choices(form: HeaderForm, items: Sequence[StandardItem], header: Header) -> HeaderForm:
    form.role_focus.choices = [SelectChoice(name, name) for name in focuses(items, header.role_focus)]
    form.mentoring_type.choices = [SelectChoice(code.value, say(label)) for code, label in words.MENTORING.items()]
    return form


def item_form(item: StandardItem, entry: Entry) -> PortalForm:
    """One item of the form by itself."""
    return _with_items(PortalForm, [item], _values({item.key: entry}))


F = TypeVar("F", bound=PortalForm)


def _with_items(base: type[F], items: Iterable[StandardItem], values: dict[str, Any]) -> F:
    scores = [SelectChoice(score.value, say(label)) for score, label in words.SCORES.items()]
    fields: dict[str, Any] = {}
    for item in items:
        fields.update(_item_fields(item, scores))
    form: F = type(base.__name__, (base,), fields)(data=values)
    return form


def _header_values(header: Header) -> dict[str, Any]:
    return {
        "role_focus": header.role_focus,
        "mentoring_type": header.mentoring_type.value,
        "assessed_on": header.assessed_on,
        "seen": header.token,
    }


def _values(entries: dict[str, Entry]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, entry in entries.items():
        values |= {
            f"score-{key}": entry.score.value if entry.score else None,
            f"remark-{key}": entry.remark,
            f"link-{key}": entry.link,
            f"seen-{key}": entry.token,
        }
    return values


def focuses(items: Iterable[StandardItem], chosen: str) -> list[str]:
    """What can be the preferred role focus: those of the standard, then the other roles of the catalogue."""
    roles = (role.name for role in organisation().roles.values() if not role.leads and not role.retired)
    return list(dict.fromkeys([*(item.role_focus for item in items), *roles, chosen]))


def typed_item(form: PortalForm, key: str) -> Entry:
    """What was typed beside one item. What was not sent at all counts as it stands."""
    score = form[f"score-{key}"].data
    return Entry(
        score=Score(score) if score else None,
        remark=form[f"remark-{key}"].data or "",
        link=form[f"link-{key}"].data or "",
    )


def _sent_token(field: Field) -> str:
    """The token as it was sent; a form that sends none has seen nothing."""
    return str(field.raw_data[0]) if field.raw_data else ""


def typed(form: PortalForm, keys: Iterable[str]) -> Typed:
    """Everything a valid form sent, as values: these items, and the header where it is on the form."""
    entries = {key: typed_item(form, key) for key in keys}
    seen = {key: _sent_token(form[f"seen-{key}"]) for key in entries}
    if not isinstance(form, HeaderForm):
        return Typed(entries, seen)
    day: date = form.assessed_on.data  # type: ignore[assignment]  # a valid form has a date
    header = Header(form.role_focus.data, MentoringType(form.mentoring_type.data), day)
    return Typed(entries, {**seen, "": _sent_token(form.seen)}, header)


def assessed(form: PortalForm) -> Person | None:
    """Whose work it is about: who is named, else who fills it in. Puts the fault into the form where nobody is."""
    if "person" not in form or not form.person.data:
        return current.actor()
    person = people.find_by_name(form.person.data)
    if person is None:
        form.person.errors = [gettext("Nobody is known under this name. Check the spelling of the wiki user name.")]
    return person


def review_form(markers: Iterable[Person]) -> ReviewForm:
    """The form with the members who can be asked."""
    form = ReviewForm()
    form.marker.choices = [SelectChoice(str(person.id), person.name) for person in markers]
    return form
