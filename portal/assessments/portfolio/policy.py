"""Who may do what with somebody's evidence, and what counts as shown. Pure; deny comes first.

Source: the permission matrix, row "evidence": the person, the named markers, the Director and the Deputy.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from portal.assessments.entries import Entry
from portal.assessments.models import Score, Section
from portal.people.facts import PersonFacts

TO_BE_SHOWN = (Score.INDEPENDENT, Score.TEACHES)
MOST_PIECES = 100  # in a portfolio at a time: more than anybody reads


@dataclass(frozen=True, slots=True)
class Standing:
    """What one person is to the evidence of another.

    ``marks``: was named and has not finished. ``finished_at``: when they last finished a marking of this person.
    ``blind``: somebody marks this person in a round of which not both markings are in. ``markers``: whose word counts:
    they mark, or have marked, and did not decline.
    """

    person_id: int
    marks: bool = False
    finished_at: datetime | None = None
    blind: bool = False
    markers: frozenset[int] = frozenset()


def may_read(reader: PersonFacts, standing: Standing) -> bool:
    """Read the evidence: whose work it is, members who were named to mark it, the Director and the Deputy."""
    if reader.locked:
        return False
    if reader.id == standing.person_id or reader.decides:
        return True
    return reader.is_member and (standing.marks or standing.finished_at is not None)


def reads_all(reader: PersonFacts, standing: Standing) -> bool:
    """Read every piece: not a marker who has finished, who reads what was there when they finished."""
    return may_read(reader, standing) and (reader.id == standing.person_id or reader.decides or standing.marks)


def reads_piece(reader: PersonFacts, standing: Standing, added_at: datetime) -> bool:
    """Read one piece."""
    if reads_all(reader, standing):
        return True
    return may_read(reader, standing) and standing.finished_at is not None and added_at <= standing.finished_at


def reads_answer(reader: PersonFacts, standing: Standing, marker_id: int) -> bool:
    """Read what a marker said of a piece, if they may read the piece.

    While a double marking of the person is blind, that is for the two alone, as scores are: a question is of no use
    otherwise. Everybody else waits, whoever they are, because any of them may be named in the place of who declines.
    """
    if marker_id not in standing.markers:
        return False
    return not standing.blind or reader.id in (marker_id, standing.person_id)


def may_write(actor: PersonFacts, person_id: int) -> bool:
    """Add a piece or withdraw one: whose work it is."""
    return not actor.locked and actor.id == person_id


def may_answer(actor: PersonFacts, standing: Standing) -> bool:
    """Accept or question a piece: who was named to mark this person and has not finished."""
    return not actor.locked and standing.marks and actor.is_member and actor.id != standing.person_id


def needs_link(sections: Collection[Section]) -> bool:
    """Whether a piece for items of these sections needs a link: for behaviours a sentence is enough."""
    return any(section is not Section.BEHAVIOUR for section in sections)


def not_shown(
    entries: Mapping[str, Entry], sections: Mapping[str, Section], shown: Collection[str], advised: Collection[str]
) -> frozenset[str]:
    """The items a profile advises that have a score of 2 or 3 and nothing that shows it.

    What shows it: a piece of evidence, a link beside the score, or for a behaviour the remark beside it.
    """
    return frozenset(
        key
        for key, entry in entries.items()
        if key in advised and entry.score in TO_BE_SHOWN and key not in shown and not shows(entry, sections[key])
    )


def shows(entry: Entry, section: Section) -> bool:
    """Whether what stands beside a score shows it: a link, or for a behaviour a sentence."""
    return bool(entry.link or (section is Section.BEHAVIOUR and entry.remark.strip()))
