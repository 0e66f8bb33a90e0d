"""Forms of double marking: who marks, and why somebody does not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import HiddenField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.validators import Length

from portal.assessments.models import Seat
from portal.people.models import Person
from portal.web.forms import LineField, PortalForm, TextField

REASON_LIMIT = 500  # characters


class RoundForm(PortalForm):
    """Open a round: two members who mark the same work."""

    person = LineField(_("Whose work is marked"), limit=255)
    mentor = SelectField(_("Mentor"), coerce=int)
    second = SelectField(_("Second marker"), coerce=int)


class NameForm(PortalForm):
    """Name who takes a free seat."""

    marker = SelectField(_("Who is asked"), coerce=int)
    seat = HiddenField(validators=[Length(max=16)])


class DeclineForm(PortalForm):
    """Say that one cannot mark this."""

    reason = TextField(_("Why you cannot mark this"), limit=REASON_LIMIT)


class AgreeForm(PortalForm):
    """Agree to a final check exactly as it is shown."""

    token = HiddenField(validators=[Length(max=64)])


def _choices(members: Iterable[Person]) -> list[SelectChoice]:
    return [SelectChoice(str(person.id), person.name) for person in members]


def round_form(members: Iterable[Person]) -> RoundForm:
    """The form with the members who can be named."""
    form = RoundForm()
    form.mentor.choices = form.second.choices = _choices(members)
    return form


def name_form(seat: Seat, members: Sequence[Person], **kwargs: Any) -> NameForm:
    """The form for one seat; its fields have ids of their own, because two can stand on one page."""
    form = NameForm(data={"seat": seat.value}, **kwargs)
    form.marker.choices = _choices(members)
    form.marker.id, form.seat.id = f"{seat.value}-marker", f"{seat.value}-seat"
    return form
