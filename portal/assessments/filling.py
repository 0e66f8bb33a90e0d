"""A filled form that somebody brings, held against their draft: what would be new, what would change, what is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.assessments import queries, services, words
from portal.assessments.entries import EMPTY, Entry, Header, Typed
from portal.assessments.exchange.form import FilledForm, Fitted, FormItem, fit
from portal.assessments.exchange.form_files import read_form
from portal.assessments.exchange.standard import same_words
from portal.assessments.forms import focuses
from portal.assessments.models import StandardItem
from portal.assessments.views import Sheet
from portal.errors import Message
from portal.people.models import Person


@dataclass(frozen=True, slots=True)
class Change:
    """One item of the draft, as it stands and as the file has it."""

    item: StandardItem
    stored: Entry
    typed: Entry


@dataclass(frozen=True, slots=True)
class Filling:
    """What a file would do to a draft."""

    fitted: Fitted
    new: Sequence[Change]  # nothing stands there yet
    changed: Sequence[Change]  # something else stands there
    same: int
    header: Header
    stored_header: Header
    is_fresh: bool  # nothing is filled in yet: the header of the file counts
    warnings: Sequence[Message]

    @property
    def header_changes(self) -> bool:
        return self.header != self.stored_header

    @property
    def replaces(self) -> bool:
        """Whether anything that is in the draft would be replaced."""
        return bool(self.changed) or (self.header_changes and not self.is_fresh)

    @property
    def does_something(self) -> bool:
        return bool(self.new or self.changed) or self.header_changes

    def typed(self, *, replace: bool) -> Typed:
        """What is saved: all that is new; what stands there already only if it shall be replaced."""
        taken = [*self.new, *(self.changed if replace else ())]
        header = self.header if self.header_changes and (replace or self.is_fresh) else None
        seen = {change.item.key: change.stored.token for change in taken} | {"": self.stored_header.token}
        return Typed({change.item.key: change.typed for change in taken}, seen, header)


def filling(whole: Sheet, text: str) -> Filling:
    """Hold the text against the draft; changes nothing. Raises Unreadable."""
    stored_header = queries.header_of(whole.assessment)
    fitted = fit(read_form(text), whole.items, focuses(whole.items, stored_header.role_focus))
    items = {item.key: item for item in whole.items}
    changes = [Change(items[key], whole.entries[key], typed) for key, typed in fitted.entries.items()]
    return Filling(
        fitted,
        [change for change in changes if change.stored == EMPTY],
        [change for change in changes if change.stored not in (EMPTY, change.typed)],
        sum(change.stored == change.typed for change in changes),
        fitted.header(stored_header),
        stored_header,
        all(entry.is_empty for entry in whole.entries.values()),
        _warnings(whole, fitted),
    )


def _warnings(whole: Sheet, fitted: Fitted) -> list[Message]:
    """Where the file says that it is about somebody else, or another sort of assessment."""
    found = []
    expected = str(words.TYPES[whole.assessment.type])
    if fitted.username and same_words(fitted.username) != same_words(whole.assessment.username):
        found.append(
            Message(
                "The file names %(name)s; this assessment is about %(person)s.",
                name=fitted.username[:80],
                person=whole.assessment.username,
            )
        )
    if fitted.type and same_words(fitted.type) != same_words(expected):
        found.append(
            Message("The file says “%(type)s”; this is: %(expected)s.", type=fitted.type[:80], expected=expected)
        )
    return found


def take(actor: Person, assessment_id: int, found: Filling, *, replace: bool, now: datetime) -> None:
    """Put it into the draft. Raises what `services.save` does: EntriesConflict where the draft changed meanwhile."""
    services.save(actor, assessment_id, found.typed(replace=replace), now=now)


def filled_form(whole: Sheet) -> FilledForm:
    """An assessment as it leaves the portal."""
    assessment = whole.assessment
    entries: Mapping[str, Entry] = whole.entries
    return FilledForm(
        assessment.standard.title,
        assessment.standard.version,
        assessment.username,
        assessment.type,
        queries.header_of(assessment),
        tuple(
            FormItem(item.key, item.title, item.section, item.stack_area, item.role_focus, entries[item.key])
            for item in whole.items
        ),
    )
