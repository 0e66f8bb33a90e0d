"""Forms about mail: the address, and what goes out when."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, RadioField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.validators import InputRequired

from portal.notifications.wishes import CHOICES, KINDS, Choice, Kind, choices
from portal.people.facts import PersonFacts
from portal.web.filters import say
from portal.web.forms import LineField, PortalForm


class AddressForm(PortalForm):
    """Where mail goes."""

    address = LineField(_("Mail address"), [InputRequired(_("Type the address."))], limit=254)


class WishesForm(PortalForm):
    """When each kind goes out by mail."""

    turn = RadioField()
    result = RadioField()
    own = RadioField()
    talk = RadioField()
    team = RadioField()
    quiet = BooleanField(_("Send nothing while I am on record as away; what waited comes in one mail when I am back"))

    def offer(self, person: PersonFacts) -> None:
        """What this person may choose."""
        for kind in Kind:
            field = self[kind.value]
            field.label.text = say(KINDS[kind])
            field.choices = [SelectChoice(value=c.value, label=say(CHOICES[c])) for c in choices(kind, person)]

    def wishes(self) -> dict[Kind, Choice]:
        """What was chosen."""
        return {kind: Choice(self[kind.value].data) for kind in Kind}
