"""Double marking: what a round allows, from what its documents are. Pure: facts in, what is allowed out.

A round is one person, assessed by two members who do not see each other's scores until both have locked theirs. How
far it is, is never stored: it follows from the documents, so that two locks at once cannot leave it half revealed.
Source: Tech:Mentoring/Standard (the form) and the draft policy's "double-marked assessment" with a second assessor.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

from portal.assessments.entries import Entry
from portal.assessments.models import AssessmentState, Score, Seat
from portal.assessments.summary import POINTS
from portal.errors import Message
from portal.people.facts import PersonFacts

MARKINGS = (Seat.MENTOR, Seat.SECOND)
COMPARED = (Seat.OWN, *MARKINGS)
FAR_APART = 2  # scores that differ by so much want a sentence


@dataclass(frozen=True, slots=True)
class Paper:
    """One document of a round, without what is on it."""

    id: int
    seat: Seat
    state: AssessmentState
    marker_id: int
    supersedes_id: int | None = None

    @property
    def locked(self) -> bool:
        return self.state is AssessmentState.LOCKED


@dataclass(frozen=True, slots=True)
class Round:
    """The documents of one round: originals, corrections, and those that were declined."""

    person_id: int
    papers: tuple[Paper, ...] = ()
    closed: bool = False

    def original(self, seat: Seat) -> Paper | None:
        """The document that took this seat; None while it is free."""
        return next((paper for paper in self._live(seat) if paper.supersedes_id is None), None)

    def newest(self, seat: Seat) -> Paper | None:
        """The locked document of this seat that counts: no other locked one corrects it."""
        locked = [paper for paper in self._live(seat) if paper.locked]
        corrected = {paper.supersedes_id for paper in locked}
        return next((paper for paper in locked if paper.id not in corrected), None)

    def draft(self, seat: Seat) -> Paper | None:
        """What is being written in this seat: the original, or a correction."""
        return next((paper for paper in self._live(seat) if paper.state is AssessmentState.DRAFT), None)

    def _live(self, seat: Seat) -> list[Paper]:
        return [paper for paper in self.papers if paper.seat is seat and paper.state is not AssessmentState.DECLINED]

    @property
    def markers(self) -> frozenset[int]:
        """The mentor and the second marker, as far as they are named now."""
        return frozenset(paper.marker_id for seat in MARKINGS if (paper := self.original(seat)))

    @property
    def declined_by(self) -> frozenset[int]:
        """Who said that they cannot mark this."""
        return frozenset(paper.marker_id for paper in self.papers if paper.state is AssessmentState.DECLINED)

    @property
    def revealed(self) -> bool:
        """Whether both markings are in. From then on the markers, the person and those who decide read all of it."""
        return all(self.newest(seat) for seat in MARKINGS)

    @property
    def blind_to(self) -> frozenset[int]:
        """Who marks without having read any other scores of this person."""
        return frozenset() if self.revealed else self.markers

    def is_blind(self, seat: Seat) -> bool:
        """Whether a document of this seat is read by nobody but its marker."""
        return seat in MARKINGS and not self.revealed

    @property
    def readers(self) -> frozenset[int]:
        """Who reads the finished documents of this round beside those who decide; nobody more before the reveal."""
        return self.markers | {self.person_id} if self.revealed else frozenset()

    @property
    def vacant(self) -> tuple[Seat, ...]:
        """The seats of markers that nobody has taken."""
        return tuple(seat for seat in MARKINGS if self.original(seat) is None)


def why_not_marker(of: Round, seat: Seat, marker: PersonFacts, vouching: frozenset[int]) -> Message | None:
    """Why this person cannot take this seat, or None. ``vouching``: who sponsors the person on an open request."""
    if marker.id == of.person_id:
        return Message("Nobody marks their own work. Name another member.")
    if marker.locked or not marker.is_member:
        return Message("Work is marked by members of the team. Name a member.")
    if marker.id in of.markers:
        return Message("The two markers are two different members. Name somebody else.")
    if marker.id in of.declined_by:
        return Message("They said that they cannot mark this. Name somebody else.")
    if seat is Seat.SECOND and marker.id in vouching:
        return Message("They sponsor this person on an open request, so they are not the second marker.")
    return None


def may_name(actor: PersonFacts, of: Round) -> bool:
    """Open a round and name its markers: the person it is about, the Director and the Deputy."""
    return not actor.locked and not of.closed and (actor.id == of.person_id or actor.decides)


def may_follow(reader: PersonFacts, of: Round) -> bool:
    """See how far the round is; its scores only once it is revealed."""
    return not reader.locked and (reader.decides or reader.id in of.markers | {of.person_id})


def may_begin_final(actor: PersonFacts, of: Round) -> bool:
    """Begin the final check: one of its two markers, once both markings are in."""
    if actor.locked or not actor.is_member or actor.id not in of.markers:
        return False
    return of.revealed and not of.closed and of.original(Seat.FINAL) is None


def points(score: Score | None) -> int | None:
    """The number of a score; None for N/A and for none."""
    return POINTS.get(score) if score is not None else None


def far_apart(scores: Iterable[Score | None]) -> bool:
    """Whether any two of these scores differ by 2 or more. N/A is no number, so it is no distance."""
    numbers = [number for score in scores if (number := points(score)) is not None]
    return any(abs(one - other) >= FAR_APART for one, other in combinations(numbers, 2))


def agreed_already(mentor: Mapping[str, Entry], second: Mapping[str, Entry]) -> dict[str, Score]:
    """The items, by key, to which both markers gave the same score: what the final check begins with."""
    return {
        key: entry.score
        for key, entry in mentor.items()
        if entry.score is not None and key in second and second[key].score is entry.score
    }


def want_a_sentence(*documents: Mapping[str, Entry]) -> frozenset[str]:
    """The items on which any two of own scores, mentor and second marker are far apart.

    The final check says in a sentence how it is meant.
    """
    keys = frozenset[str]().union(*documents)
    return frozenset(key for key in keys if far_apart(one[key].score for one in documents if key in one))


@dataclass(frozen=True, slots=True)
class Missing:
    """What a final check lacks before anybody can agree to it, as keys of items in their order."""

    scores: tuple[str, ...]
    sentences: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.scores or self.sentences)


def missing(final: Mapping[str, Entry], wanting: frozenset[str]) -> Missing:
    """What is still missing. ``final`` has every item of the standard."""
    return Missing(
        scores=tuple(key for key, entry in final.items() if entry.score is None),
        sentences=tuple(key for key, entry in final.items() if key in wanting and not entry.remark.strip()),
    )
