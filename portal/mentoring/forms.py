"""Forms of mentoring."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flask_babel import lazy_gettext as _
from wtforms import DateField, IntegerField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.validators import InputRequired, NumberRange, Optional

from portal.assessments import words as assessment_words
from portal.assessments.models import Score, StandardItem
from portal.errors import Message
from portal.mentoring.models import MentorshipKind
from portal.mentoring.policy import MOST_PLACES, Mentor
from portal.web.filters import say
from portal.web.forms import PortalForm, TextField

SENTENCES = 2000  # characters: a few sentences
TARGETS = (Score.BASIC, Score.INDEPENDENT, Score.TEACHES)


class AskForm(PortalForm):
    """Ask a member for mentoring or peer support."""

    mentor = SelectField(_("Whom you ask"), coerce=int)
    note = TextField(_("What you would like to learn, in a sentence"), limit=SENTENCES)
    until = DateField(_("Until"), [Optional()])

    def offer(self, mentors: Iterable[Mentor]) -> None:
        """Who can be asked."""
        self.mentor.choices = _choices(mentors)


class DeclineForm(PortalForm):
    """Say no, kindly."""

    answer = TextField(_("What you answer"), limit=SENTENCES)


class EndForm(PortalForm):
    """End it. Whether a reason is owed depends on whether it was accepted: the service says."""

    reason = TextField(_("Why it ends"), limit=SENTENCES)


class HandOverForm(PortalForm):
    """Ask another member to go on with it."""

    mentor = SelectField(_("Who takes over"), coerce=int)
    note = TextField(_("A sentence to them"), limit=SENTENCES)

    def offer(self, mentors: Iterable[Mentor]) -> None:
        """Who can be asked."""
        self.mentor.choices = _choices(mentors)


class GoalForm(PortalForm):
    """An item of the current standard, and the score to reach."""

    item = SelectField(_("Item"), [InputRequired(_("Choose an item of the standard."))])
    target = RadioField(_("The score to reach"), [InputRequired(_("Choose a score."))])

    def offer(self, items: Sequence[StandardItem]) -> None:
        """The items by section, and the scores with their meanings."""
        names = {section: say(name) for section, name in assessment_words.SECTIONS.items()}
        self.item.choices = [
            SelectChoice(value=item.key, label=item.title, optgroup=names[item.section]) for item in items
        ]
        self.target.choices = [SelectChoice(value=score.value, label=_meaning(score)) for score in TARGETS]


class OfferForm(PortalForm):
    """How many people one can mentor."""

    places = IntegerField(
        _("How many people you can mentor at a time"),
        [
            InputRequired(_("Enter a number. 0 is fine.")),
            NumberRange(0, MOST_PLACES, _("Enter a whole number from 0 to %(most)s.", most=MOST_PLACES)),
        ],
    )


def _meaning(score: Score) -> str:
    return f"{score.value}: {say(assessment_words.MEANINGS[score])}"


def _choices(mentors: Iterable[Mentor]) -> list[SelectChoice]:
    return [SelectChoice(value=found.person.id, label=_described(found)) for found in mentors]


def _described(mentor: Mentor) -> str:
    if mentor.free is None:
        return mentor.name
    return say(Message("%(name)s (free places: %(free)s)", name=mentor.name, free=mentor.free))


def chosen_kind(value: str) -> MentorshipKind:
    """The kind of a form or an address; mentoring where it says something else."""
    return MentorshipKind(value) if value in set(MentorshipKind) else MentorshipKind.MENTORING
