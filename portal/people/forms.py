"""Forms about people. Days are days in UTC, and the last day away counts whole."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from flask_babel import lazy_gettext as _
from wtforms import DateField, HiddenField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.validators import InputRequired, Optional

from portal.errors import PortalError
from portal.people.models import Person
from portal.people.policy import Post
from portal.web.filters import say
from portal.web.forms import LineField, PortalForm, TextField

POST_NAMES = {
    Post.DIRECTOR: _("Director"),
    Post.DEPUTY: _("Deputy Director"),
    Post.BOARD: _("Member of the Board"),
    Post.TREASURER: _("Treasurer"),
    Post.OPERATOR: _("Operator of this portal"),
}


class AbsenceForm(PortalForm):
    """I will be away."""

    from_day = DateField(_("First day away"), [InputRequired(_("Give the first day, or today."))])
    to_day = DateField(_("Last day away"), [Optional()])
    reason = LineField(_("Why"))

    def from_at(self, now: datetime) -> datetime:
        """When it begins: this moment when the first day is today."""
        day: date | None = self.from_day.data
        return now if day is None or day == now.date() else datetime.combine(day, time(), UTC)

    def to_at(self) -> datetime | None:
        """When it ends: after the last day, or not known."""
        day: date | None = self.to_day.data
        return datetime.combine(day + timedelta(days=1), time(), UTC) if day and day < date.max else None


class NoteForm(PortalForm):
    """Why the Board says that the Deputy acts."""

    note = TextField(_("What the Board decided, and where that is written"), [InputRequired(_("Say why."))])


class AppointForm(PortalForm):
    """Somebody and a post."""

    name = LineField(_("User name on the wiki"), [InputRequired(_("Name somebody who has signed in here."))])
    post = SelectField(_("Appoint as"), [InputRequired(_("Choose a post."))])
    leaders = HiddenField()  # who led when the page was shown

    def offer(self, posts: list[Post]) -> None:
        """The posts this person may fill."""
        self.post.choices = [SelectChoice(value=post.value, label=POST_NAMES[post]) for post in posts]


class EndForm(PortalForm):
    """End what somebody holds. Whether a reason is owed depends on who asks: the service says."""

    reason = TextField(_("Why"), limit=2000)


class NdaForm(PortalForm):
    """The day of a signed agreement, and for the Director who of the Board confirmed it."""

    signed_on = DateField(_("Signed on"), [InputRequired(_("Give the day."))])
    confirmed_by_id = SelectField(_("Confirmed by"))

    def offer(self, board: list[Person]) -> None:
        """The members of the Board who may have confirmed it."""
        choices = [SelectChoice(value="", label=_("Choose"))]
        choices += [SelectChoice(value=str(person.id), label=person.name) for person in board]
        self.confirmed_by_id.choices = choices

    def needs_no_confirmation(self) -> None:
        """A member of the Board knows by themselves: the form does not ask."""
        del self.confirmed_by_id

    def confirming_id(self) -> int | None:
        """The chosen member of the Board."""
        chosen: str = (self.confirmed_by_id.data or "") if "confirmed_by_id" in self else ""
        return int(chosen) if chosen.isascii() and chosen.isdecimal() else None


def blame(form: PortalForm, error: PortalError) -> int:
    """Show a refusal of the service in the form, at its field where it has one. Returns the answer's status."""
    field = form._fields.get(getattr(error, "field", None) or "")
    if field is None:
        form.form_errors = [*form.form_errors, say(error.message)]
    else:
        field.errors = [*field.errors, say(error.message)]
    return error.status
