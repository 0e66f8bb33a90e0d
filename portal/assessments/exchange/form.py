"""A filled form: what all its files have in common, and what of one fits a standard. Pure.

Source: "Participant KSB Assessment" (seed 002): a list of five facts, then a table with a score per item. Remark and
link are columns that the paper form lacks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from portal.assessments import words
from portal.assessments.entries import REMARK_LIMIT, Entry, Header
from portal.assessments.exchange.standard import same_words
from portal.assessments.links import link_fault
from portal.assessments.models import AssessmentType, MentoringType, Score, Section
from portal.errors import Message
from portal.web.text import clean_text

USERNAME, FOCUS, MENTORING, TYPE, DATE = LABELS = (
    *("Username", "Preferred Role Focus", "Mentoring Type", "Assessment Type", "Date"),
)
TITLE, AREA, ITEM_FOCUS, SCORE, REMARK, LINK = COLUMNS = (
    *("Title", "Stack Area", "Role Focus", "Score (0–3 or N/A)", "Remark", "Link"),  # verbatim
)
DAY = "%d/%m/%Y"
SCORES = {**{str(label).casefold(): score for score, label in words.SCORES.items()}, "na": Score.NOT_APPLICABLE}
MENTORINGS = {str(label).casefold(): code for code, label in words.MENTORING.items()}
HINTS = ("(e.g. ", "(Enter your ", "(DD/MM/YYYY)")  # what the paper form has where nothing is filled in
QUOTED = 60  # characters of what somebody typed that a sentence repeats


@dataclass(frozen=True, slots=True)
class FormItem:
    """One item with what stands beside it."""

    key: str
    title: str
    section: Section
    stack_area: str
    role_focus: str
    entry: Entry


@dataclass(frozen=True, slots=True)
class FilledForm:
    """An assessment as it leaves the portal."""

    standard: str
    version: int
    username: str
    type: AssessmentType
    header: Header
    items: tuple[FormItem, ...]

    @property
    def facts(self) -> dict[str, str]:
        """The five lines above the table."""
        day = self.header.assessed_on
        return {
            USERNAME: self.username,
            FOCUS: self.header.role_focus,
            MENTORING: str(words.MENTORING[self.header.mentoring_type]),
            TYPE: str(words.TYPES[self.type]),
            DATE: f"{day:%d/%m}/{day.year:04}",
        }


def cells(item: FormItem) -> tuple[str, ...]:
    """An item as a row under `COLUMNS`."""
    entry = item.entry
    score = str(words.SCORES[entry.score]) if entry.score else ""
    return (item.title, item.stack_area, item.role_focus, score, entry.remark, entry.link)


@dataclass(frozen=True, slots=True)
class Line:
    """What a file says of one item, as it was typed there. ``place`` says where: "Line 12"."""

    place: Message
    title: str
    score: str = ""
    remark: str = ""
    link: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class RawForm:
    """What a file says, before it is held against a standard. ``facts``: by label, where and what."""

    facts: Mapping[str, tuple[Message, str]]
    lines: Sequence[Line]


class Known(Protocol):
    """What has to be known of the items of a standard."""

    @property
    def key(self) -> str: ...
    @property
    def title(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a file that was not taken, and where it stands."""

    place: Message
    reason: Message


@dataclass(slots=True)
class Fitted:
    """What of a file can be taken into a draft, and what cannot."""

    entries: dict[str, Entry] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)  # titles of items that the file does not name
    username: str = ""
    type: str = ""
    role_focus: str | None = None
    mentoring_type: MentoringType | None = None
    assessed_on: date | None = None

    def header(self, stored: Header) -> Header:
        """The header with what the file says of it."""
        return Header(
            self.role_focus or stored.role_focus,
            self.mentoring_type or stored.mentoring_type,
            self.assessed_on or stored.assessed_on,
        )


def fit(raw: RawForm, items: Iterable[Known], focuses: Collection[str]) -> Fitted:
    """Hold what a file says against the items of a standard and the role focuses that can be chosen."""
    fitted, known = Fitted(), list(items)
    by_name = {same_words(item.title): item.key for item in known} | {item.key: item.key for item in known}
    found: set[str] = set()
    for line in raw.lines:
        key = by_name.get(line.key) or by_name.get(same_words(line.title))
        fault = _unknown(line, key, found)
        if key is not None:
            found.add(key)
        entry = None if fault else _entry(line, fitted)
        if fault:
            fitted.problems.append(Problem(line.place, fault))
        elif key is not None and entry is not None and not entry.is_empty:
            fitted.entries[key] = entry
    fitted.missing = [item.title for item in known if item.key not in found]
    _fit_facts(raw, focuses, fitted)
    return fitted


def _quoted(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= QUOTED else f"{line[:QUOTED]}…"


def _unknown(line: Line, key: str | None, found: set[str]) -> Message | None:
    if key is None:
        return Message("“%(title)s” is no item of this standard.", title=_quoted(line.title))
    if key in found:
        return Message("“%(title)s” stands here once more. Only the first counts.", title=_quoted(line.title))
    return None


def _entry(line: Line, fitted: Fitted) -> Entry | None:
    """What stands beside the item, or None with a problem noted: then nothing of its line is taken."""
    typed, remark, link = line.score.strip(), clean_text(line.remark), clean_text(line.link)
    title, fault = _quoted(line.title or line.key), None
    if typed and typed.casefold() not in SCORES:
        fault = Message(
            "“%(title)s”: “%(score)s” is no score. Use 0, 1, 2, 3 or N/A.", title=title, score=_quoted(typed)
        )
    elif len(remark) > REMARK_LIMIT:
        fault = Message("“%(title)s”: the remark is longer than %(most)s characters.", title=title, most=REMARK_LIMIT)
    elif wrong := link_fault(link):
        fault = Message("“%(title)s”: %(reason)s", title=title, reason=wrong)
    if fault:
        fitted.problems.append(Problem(line.place, fault))
        return None
    return Entry(SCORES.get(typed.casefold()), remark, link)


def _fit_facts(raw: RawForm, focuses: Collection[str], fitted: Fitted) -> None:
    facts = {label: clean_text(value) for label, (_place, value) in raw.facts.items()}
    facts = {label: "" if value.startswith(HINTS) else value for label, value in facts.items()}
    fitted.username, fitted.type = facts.get(USERNAME, ""), facts.get(TYPE, "")
    focus, mentoring, day = facts.get(FOCUS, ""), facts.get(MENTORING, ""), facts.get(DATE, "")
    fitted.role_focus = next((name for name in focuses if same_words(name) == same_words(focus)), None)
    fitted.mentoring_type = MENTORINGS.get(same_words(mentoring))
    fitted.assessed_on = _day(day)
    for label, typed, taken in (
        (FOCUS, focus, fitted.role_focus),
        (MENTORING, mentoring, fitted.mentoring_type),
        (DATE, day, fitted.assessed_on),
    ):
        if typed and taken is None:
            wrong = Message("“%(value)s” cannot be taken as %(label)s.", value=_quoted(typed), label=label)
            fitted.problems.append(Problem(raw.facts[label][0], wrong))


def _day(text: str) -> date | None:
    for shape in (DAY, "%Y-%m-%d"):
        try:
            return datetime.strptime(text, shape).date()  # noqa: DTZ007  # a day has no time zone
        except ValueError:
            continue
    return None
