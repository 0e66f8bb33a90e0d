"""Forms of the portfolio."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import lazy_gettext as _
from wtforms import HiddenField, RadioField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.validators import InputRequired, Regexp

from portal.assessments.links import LINK_LIMIT
from portal.assessments.models import StandardItem
from portal.assessments.portfolio.models import Verdict
from portal.assessments.portfolio.services import TypedPiece
from portal.web.forms import CheckboxesField, LineField, PortalForm, TextField

SENTENCES = 2000  # characters: a few sentences


class PieceForm(PortalForm):
    """A piece of evidence. ``replaces``: the id of the one in whose place it stands, or empty."""

    link = LineField(_("Link"), limit=LINK_LIMIT)
    sentence = TextField(_("What it shows, in a sentence"), limit=SENTENCES)
    items = CheckboxesField(_("Items it shows"))
    replaces = HiddenField(validators=[Regexp(r"[0-9]{0,9}\Z")])

    def offer(self, items: Sequence[StandardItem]) -> None:
        """The items that can be chosen."""
        self.items.choices = [SelectChoice(value=item.key, label=item.title) for item in items]

    @property
    def typed(self) -> TypedPiece:
        return TypedPiece(self.items.data or (), self.sentence.data or "", self.link.data or "")

    @property
    def replaces_id(self) -> int | None:
        """The piece in whose place this one stands."""
        return int(self.replaces.data) if self.replaces.data else None

    def stand_alone(self) -> None:
        """In nobody's place any more: sent once more, it is a piece of its own."""
        self.replaces.data, self.replaces.raw_data = "", None


class AnswerForm(PortalForm):
    """What a marker says of a piece: one of two buttons, with a sentence or without."""

    verdict = RadioField(
        _("Your answer"),
        [InputRequired(_("Press one of the two buttons."))],
        choices=[SelectChoice(value=verdict.value, label=verdict.value) for verdict in Verdict],
    )
    sentence = TextField(_("What is unclear"), limit=SENTENCES)
