"""What the pure core knows of a request at one moment: frozen values that `portal.requests.queries` builds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from portal.people.facts import Leadership
from portal.requests.workflow import State


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """One requested item, with what the catalogue says of it. ``known`` is False when it has left the catalogue."""

    id: int
    action: str  # add | remove
    type: str  # role | access_group | system
    key: str
    until: date | None = None
    known: bool = True
    retired: bool = False
    leading: bool = False
    high_trust: bool = False
    shell: bool = False
    requires: tuple[frozenset[str], ...] = ()

    @property
    def adds(self) -> bool:
        return self.action == "add"


@dataclass(frozen=True, slots=True)
class PositionFacts:
    """A person's newest position on the current revision."""

    person_id: int
    stance: str


@dataclass(frozen=True, slots=True)
class AssessmentFacts:
    """A linked, locked assessment."""

    marker_id: int
    current_standard: bool
    locked_at: datetime


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """A request at one moment. Ids only; no names, no texts.

    ``sponsors_ever`` and ``markers_ever`` also have those whose word was taken back: who once vouched does not decide.
    ``candidate_fits``: the kind is still for somebody of their standing. ``shell_waits``: approved shell access of this
    request waits to be set up. ``decided_by_board``: the newest decision was the Board's.
    ``fiscal``: the kind says that money is involved. ``would_*``: what the candidate's roles amount to once everything
    asked for is given.
    """

    id: int
    kind: str
    state: State
    requester_id: int
    candidate_id: int
    leadership: Leadership
    now: datetime
    revision_number: int = 1
    fiscal: bool = False
    agreed: bool = True
    discussion_at: datetime | None = None
    closed_at: datetime | None = None
    sponsors: frozenset[int] = frozenset()
    sponsors_ever: frozenset[int] = frozenset()
    markers_ever: frozenset[int] = frozenset()
    recused: frozenset[int] = frozenset()
    assessments: tuple[AssessmentFacts, ...] = ()
    items: tuple[ItemFacts, ...] = ()
    positions: tuple[PositionFacts, ...] = ()
    open_concerns: int = 0
    open_questions: int = 0
    awaits_review: bool = False
    decided_by_board: bool = False
    members: frozenset[int] = frozenset()
    members_not_away: frozenset[int] = frozenset()
    candidate_fits: bool = True
    candidate_locked: bool = False
    would_develop: bool = False
    would_liaise: bool = False
    groups_held: frozenset[str] = frozenset()
    held_requires: tuple[tuple[str, tuple[frozenset[str], ...]], ...] = ()  # of each group held: what it builds on
    key_offered: bool = False
    shell_waits: bool = False
    rules: dict[str, int | bool] = field(default_factory=dict)

    @property
    def markers(self) -> frozenset[int]:
        """Who marked an assessment that is or was linked here; a self-assessment makes nobody a marker of others."""
        return (self.markers_ever | {found.marker_id for found in self.assessments}) - {self.candidate_id}
