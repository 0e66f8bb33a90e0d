"""What the page of a round shows: how far it is, and once both markings are in, all of it side by side."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from portal.assessments import finishing, queries, rounds
from portal.assessments import marking as rules
from portal.assessments.entries import EMPTY, Entry
from portal.assessments.final_services import Final
from portal.assessments.marking import COMPARED, Round
from portal.assessments.models import Agreement, Assessment, Marking, Score, Seat, Section, StandardItem
from portal.assessments.portfolio.policy import not_shown, shows
from portal.assessments.summary import Count, Tally, tallies
from portal.errors import NotVisible
from portal.people.facts import PersonFacts


@dataclass(frozen=True, slots=True)
class Column:
    """One document beside the others. ``is_draft``: the final check, which its two markers still write."""

    document: Assessment
    entries: Mapping[str, Entry]
    sections: Mapping[Section, Tally]
    is_draft: bool = False

    @property
    def seat(self) -> Seat | None:
        return self.document.seat


@dataclass(frozen=True, slots=True)
class Row:
    """One item: what stands beside it in each seat. ``apart``: any two of own, mentor and second by 2 or more."""

    item: StandardItem
    entries: Mapping[Seat, Entry]
    apart: bool

    @property
    def has_words(self) -> bool:
        return any(entry.remark or entry.link for entry in self.entries.values())

    @property
    def is_shown(self) -> bool:
        """Whether any of the documents has something beside the score that shows it."""
        return any(shows(entry, self.item.section) for entry in self.entries.values())

    @property
    def dots(self) -> list[tuple[str, int | None]]:
        """The score of each seat as a number, by the look of its dot."""
        return [(str(seat), rules.points(entry.score)) for seat, entry in self.entries.items()]


@dataclass(slots=True)
class Comparison:
    """A round for one reader."""

    marking: Marking
    of: Round
    me: PersonFacts
    documents: Sequence[Assessment]
    columns: list[Column] = field(default_factory=list)
    rows: dict[Section, list[Row]] = field(default_factory=dict)
    final: Final | None = None
    agreements: dict[int, Agreement] = field(default_factory=dict)

    def original(self, seat: Seat) -> Assessment | None:
        """What took this seat."""
        paper = self.of.original(seat)
        return self._document(paper.id) if paper else None

    def draft(self, seat: Seat) -> Assessment | None:
        """What is being written in this seat."""
        paper = self.of.draft(seat)
        return self._document(paper.id) if paper else None

    def _document(self, id: int) -> Assessment:
        return next(found for found in self.documents if found.id == id)

    @property
    def declined(self) -> list[Assessment]:
        """The markings that their markers declined, the oldest first."""
        by = [paper.id for paper in self.of.papers if paper.marker_id in self.of.declined_by]
        return [found for found in self.documents if found.id in by and found.state == "declined"]

    @property
    def apart(self) -> list[Row]:
        """The items on which any two are far apart."""
        return [row for rows in self.rows.values() for row in rows if row.apart]

    def not_shown(self, shown: Collection[str], advised: Collection[str]) -> frozenset[str]:
        """The advised items to which somebody gave 2 or 3, and nothing on any document or in ``shown`` shows it."""
        sections = {row.item.key: section for section, rows in self.rows.items() for row in rows}
        lacking = [not_shown(column.entries, sections, shown, advised) for column in self.columns]
        linked = {row.item.key for rows in self.rows.values() for row in rows if row.is_shown}
        return frozenset[str]().union(*lacking) - linked

    @property
    def titles(self) -> Mapping[str, str]:
        """The title of each item by its key."""
        return {row.item.key: row.item.title for rows in self.rows.values() for row in rows}

    @property
    def may_name(self) -> bool:
        return rules.may_name(self.me, self.of) and bool(self.of.vacant)

    @property
    def may_begin_final(self) -> bool:
        return rules.may_begin_final(self.me, self.of)

    @property
    def may_agree(self) -> bool:
        """Whether the reader is one of those whose agreement is asked for; it may still be incomplete."""
        return self.final is not None and not self.has_agreed(self.me.id)

    def has_agreed(self, person_id: int) -> bool:
        """Whether this marker agreed to the final check as it stands."""
        row = self.agreements.get(person_id)
        return row is not None and row.cleared_at is None


def of_marking(reader: PersonFacts, marking_id: int) -> Comparison:
    """The round as this reader may see it. Raises NotVisible."""
    marking = rounds.find(marking_id)
    of = rounds.state_of(marking)
    if not rules.may_follow(reader, of):
        raise NotVisible
    found = Comparison(marking, of, reader, rounds.documents(marking_id))
    if of.revealed:
        _fill(found)
    return found


def _fill(found: Comparison) -> None:
    """Both markings are in: load what stands on every document that counts."""
    items = queries.items_of(found.marking.standard_id)
    shown = {document.id for seat in Seat if (document := _shown(found, seat))}
    given = queries.entries_of_many(shown, items)
    for seat in Seat:
        document = _shown(found, seat)
        if document is not None:
            entries = given[document.id]
            is_draft = document.locked_at is None
            found.columns.append(Column(document, entries, _sums(items, entries), is_draft))
    by_seat = {column.seat: column.entries for column in found.columns if column.seat}
    for section in Section:
        own = [item for item in items if item.section is section]
        if own:
            found.rows[section] = [_row(item, by_seat) for item in own]
    draft = found.draft(Seat.FINAL)
    if draft is not None and draft.id in shown:
        wanting = rules.want_a_sentence(*(by_seat[seat] for seat in COMPARED if seat in by_seat))
        found.final = Final(draft, given[draft.id], wanting)
        found.agreements = finishing.agreements(draft.id)


def _shown(found: Comparison, seat: Seat) -> Assessment | None:
    """The document that stands for a seat: what counts; for its two markers also the final check they write."""
    draft = found.draft(Seat.FINAL)
    if seat is Seat.FINAL and draft is not None and found.me.id in {draft.marker_id, draft.co_marker_id}:
        return draft
    paper = found.of.newest(seat)
    return next(document for document in found.documents if document.id == paper.id) if paper else None


def _row(item: StandardItem, by_seat: Mapping[Seat, Mapping[str, Entry]]) -> Row:
    entries = {seat: entries.get(item.key, EMPTY) for seat, entries in by_seat.items()}
    return Row(item, entries, rules.far_apart(entries[seat].score for seat in COMPARED if seat in entries))


def _sums(items: Sequence[StandardItem], entries: Mapping[str, Entry]) -> Mapping[Section, Tally]:
    counts = [
        Count(item.section, item.role_focus, Score(score), 1)
        for item in items
        if (score := entries.get(item.key, EMPTY).score) is not None
    ]
    return tallies(counts)[1]


@dataclass(frozen=True, slots=True)
class Beside:
    """What was given, by seat, beside the form of the final check; ``wanting``: where a sentence is wanted."""

    given: Mapping[Seat, Mapping[str, Entry]]
    wanting: frozenset[str]


def beside(assessment: Assessment) -> Beside | None:
    """For who writes a final check: what everybody gave. None for any other document."""
    if assessment.seat is not Seat.FINAL or assessment.marking_id is None:
        return None
    of = rounds.of_people([assessment.person_id]).by_id[assessment.marking_id]
    papers = {seat: paper.id for seat in COMPARED if (paper := of.newest(seat))}
    found = queries.entries_of_many(papers.values(), queries.items_of(assessment.standard_id))
    given = {seat: found[id] for seat, id in papers.items()}
    return Beside(given, rules.want_a_sentence(*given.values()))
