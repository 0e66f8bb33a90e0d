"""What the pages of one assessment show: items by section, those of the chosen focus first."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from portal.assessments import policy, profiles, queries, rounds
from portal.assessments.entries import EMPTY, Entry
from portal.assessments.models import Assessment, Section, StandardItem
from portal.assessments.policy import AssessmentFacts
from portal.assessments.portfolio import policy as portfolio_policy
from portal.assessments.queries import Progress
from portal.errors import NotVisible
from portal.org import organisation
from portal.org.catalogue import Profile
from portal.people.facts import PersonFacts


@dataclass(frozen=True, slots=True)
class SectionView:
    """One section of the form. ``in_focus`` counts the items at its head that belong to the chosen focus."""

    section: Section
    items: tuple[StandardItem, ...]
    in_focus: int


def by_section(items: Sequence[StandardItem], role_focus: str = "") -> list[SectionView]:
    """The items in the order of the form: by section, in each the chosen focus first."""
    found = []
    for section in Section:
        own = [item for item in items if item.section is section]
        first = [item for item in own if item.role_focus == role_focus]
        rest = [item for item in own if item.role_focus != role_focus]
        if own:
            found.append(SectionView(section, (*first, *rest), len(first)))
    return found


@dataclass(frozen=True, slots=True)
class Sheet:
    """An assessment with everything on it, as it is stored."""

    assessment: Assessment
    facts: AssessmentFacts
    items: Sequence[StandardItem]
    entries: Mapping[str, Entry]
    redacted: frozenset[str]

    @property
    def sections(self) -> list[SectionView]:
        return by_section(self.items, self.assessment.role_focus)

    @property
    def progress(self) -> Progress:
        done = sum(1 for entry in self.entries.values() if entry.score is not None)
        return Progress(done, len(self.items))

    @property
    def to_go_on(self) -> StandardItem | None:
        """The first item without a score, in the order of the form."""
        items = (item for part in self.sections for item in part.items)
        return next((item for item in items if self.entries[item.key].score is None), None)

    @property
    def has_focus_items(self) -> bool:
        """Whether the standard has items of the chosen focus at all."""
        return any(item.role_focus == self.assessment.role_focus for item in self.items)


def sheet(reader: PersonFacts, assessment_id: int) -> Sheet:
    """Read an assessment whole, in the same number of statements whatever is on it. Raises NotVisible."""
    assessment = queries.find(assessment_id)
    facts = rounds.facts_of(assessment)
    if not policy.may_read(reader, facts):
        raise NotVisible
    items = queries.items_of(assessment.standard_id)
    rows = queries.score_rows(assessment.id)
    return Sheet(
        assessment=assessment,
        facts=facts,
        items=items,
        entries={item.key: queries.entry_of(rows.get(item.id)) if item.id in rows else EMPTY for item in items},
        redacted=frozenset(
            item.key for item in items if (row := rows.get(item.id)) and row.remark and row.remark.is_redacted
        ),
    )


def advised_for(whole: Sheet, profile: Profile | None) -> Mapping[str, int]:
    """What this assessment is held against: the profile that was chosen, else that of the role of the form's focus."""
    return profile.advised if profile else profiles.advised_for_focus(organisation(), whole.assessment.role_focus)


def not_shown(whole: Sheet, shown: Collection[str], advised: Collection[str]) -> frozenset[str]:
    """The items that are advised, have a score of 2 or 3, and nothing shows it."""
    sections = {item.key: item.section for item in whole.items}
    return portfolio_policy.not_shown(whole.entries, sections, shown, advised)


def may_write(reader: PersonFacts, whole: Sheet) -> bool:
    """Whether the page is the form or the finished document."""
    return policy.may_write(reader, whole.facts)


def may_redact(reader: PersonFacts, whole: Sheet) -> bool:
    """Whether the reader may remove a remark from the finished document."""
    return policy.may_redact(reader, whole.facts)
