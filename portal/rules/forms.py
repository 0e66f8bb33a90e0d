"""The form that changes a rule: a number for a rule that counts, on or off for one that does not.

Which numbers a rule can have is for the service to say; it answers Invalid naming the field.
"""

from __future__ import annotations

import re
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, RadioField, SelectChoice  # type: ignore[attr-defined]  # the types lag behind WTForms 3.3
from wtforms.validators import DataRequired, InputRequired, ValidationError

from portal.org.catalogue import RuleDefault, Unit
from portal.web.forms import LineField, PortalForm, TextField

ON, OFF = "on", "off"
NUMBER = re.compile(r"[0-9]{1,9}")


class RuleChangeForm(PortalForm):
    """What both have: why, and which change was the newest when the form was opened."""

    reason = TextField(_l("Why does it change?"), [DataRequired(_l("Say why the rule changes."))], limit=1000)
    based_on = HiddenField()

    @property
    def based_on_id(self) -> int | None:
        """The newest change the person saw. What cannot be read is a change that does not exist, so a conflict."""
        raw = self.based_on.data or ""
        if not raw:
            return None
        return int(raw) if NUMBER.fullmatch(raw) else -1


class NumberForm(RuleChangeForm):
    """A rule that counts something."""

    value = LineField(_l("New value"), [InputRequired(_l("Enter a whole number."))], render_kw={"inputmode": "numeric"})

    def validate_value(self, field: LineField) -> None:
        if not NUMBER.fullmatch(field.data or ""):
            raise ValidationError(_l("Enter a whole number."))

    @property
    def chosen(self) -> int:
        return int(self.value.data or "")


class SwitchForm(RuleChangeForm):
    """A rule that is on or off."""

    value = RadioField(
        _l("New value"),
        [InputRequired(_l("Choose on or off."))],
        choices=[SelectChoice(ON, _l("On")), SelectChoice(OFF, _l("Off"))],
    )

    @property
    def chosen(self) -> bool:
        return bool(self.value.data == ON)


def form_for(rule: RuleDefault, *, value: int | bool, based_on: int | None, **kwargs: Any) -> NumberForm | SwitchForm:
    """The form of this rule, filled with what stands now; ``kwargs`` as for any form."""
    filled: dict[str, Any] = {"based_on": str(based_on or "")}
    if rule.unit is Unit.SWITCH:
        return SwitchForm(data={"value": ON if value else OFF, **filled}, **kwargs)
    return NumberForm(data={"value": str(value), **filled}, **kwargs)
