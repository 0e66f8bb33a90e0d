"""Who decides a request now, in which capacity, and why. Pure, and total: every set of facts has an answer.

Sources: Tech:Organization/2024 (Director: final approval; Deputy: while the Director is unavailable, never fiscal).
What no source says - who decides what concerns the Director - is the portal's own rule: the Deputy, then the Board.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from portal.errors import Message
from portal.people.facts import PersonFacts
from portal.requests.facts import RequestFacts
from portal.requests.workflow import State


class DecidesAs(StrEnum):
    DIRECTOR = "director"
    DEPUTY = "deputy"
    BOARD = "board"


@dataclass(frozen=True, slots=True)
class Authority:
    """Who may decide: the first is expected to, the others may as well. Empty when nobody can.

    While the Deputy acts, the absent Director still may decide; doing so ends the acting.
    """

    deciders: tuple[tuple[int, DecidesAs], ...]
    why: Message

    @property
    def capacity(self) -> DecidesAs | None:
        """In which capacity it is expected to be decided; None when nobody can."""
        return self.deciders[0][1] if self.deciders else None

    def capacity_of(self, person_id: int) -> DecidesAs | None:
        """In which capacity this person may decide; None when they may not."""
        return next((capacity for id, capacity in self.deciders if id == person_id), None)


def excluded(person: PersonFacts, team_request: RequestFacts) -> Message | None:
    """Why this person has no say in the decision, whatever their role; None when nothing keeps them out."""
    return Message("The wiki account is blocked or locked.") if person.locked else involved(person, team_request)


def involved(person: PersonFacts, team_request: RequestFacts) -> Message | None:
    """How this person is part of the request itself, so that they do not decide it; None when they are not."""
    tests = (
        (person.id == team_request.candidate_id, "This request is about you."),
        (person.id == team_request.requester_id, "You filed this request."),
        (person.id in team_request.sponsors_ever, "You sponsored this request."),
        (person.id in team_request.markers, "You marked an assessment that is linked here."),
        (person.id in team_request.recused, "You recused yourself."),
    )
    return next((Message(sentence) for applies, sentence in tests if applies), None)


def authority(team_request: RequestFacts) -> Authority:
    """Who may decide this request at this moment."""
    lead = team_request.leadership
    may_direct = lead.director is not None and excluded(lead.director, team_request) is None
    if lead.director and may_direct and not lead.acting_open:
        return Authority(((lead.director.id, DecidesAs.DIRECTOR),), Message("The Director decides."))
    director = ((lead.director.id, DecidesAs.DIRECTOR),) if lead.director and may_direct else ()
    if lead.deputy and _deputy_counts(team_request) and excluded(lead.deputy, team_request) is None:
        why = (
            Message("The Director is away, so the Deputy decides.")
            if lead.acting_open
            else Message("The Director is involved, so the Deputy decides.")
        )
        return Authority(((lead.deputy.id, DecidesAs.DEPUTY), *director), why)
    board = tuple(entry for entry in _free_board(team_request) if not director or entry[0] != director[0][0])
    if board:
        return Authority((*board, *director), _why_board(team_request))
    if director:
        return Authority(
            director, Message("The Director is away, and nobody else may decide. It waits for the Director.")
        )
    return Authority((), Message("Nobody may decide this now. The Board has to appoint somebody who can."))


def deciding_now(team_request: RequestFacts) -> Authority:
    """As `authority`, but what was referred waits for the Board's outcome."""
    if team_request.state is State.WITH_BOARD:
        return Authority(_free_board(team_request), Message("It was referred to the Board, so the Board decides."))
    return authority(team_request)


def _free_board(team_request: RequestFacts) -> tuple[tuple[int, DecidesAs], ...]:
    """The members of the Board whom nothing keeps out."""
    board = team_request.leadership.board
    return tuple((person.id, DecidesAs.BOARD) for person in board if excluded(person, team_request) is None)


def _deputy_counts(team_request: RequestFacts) -> bool:
    """Only while acting, or where the Director is kept out by the request itself; never for money."""
    lead = team_request.leadership
    if team_request.fiscal:
        return False
    if lead.acting_open:
        return True
    return lead.director is not None and involved(lead.director, team_request) is not None


def _why_board(team_request: RequestFacts) -> Message:
    lead = team_request.leadership
    if lead.director is None:
        return Message("There is no Director now, so the Board decides.")
    if lead.director.locked:
        return Message("The Director's wiki account is locked, so the Board decides.")
    if team_request.fiscal:
        return Message("It involves money and the Director cannot decide, so the Board decides.")
    return Message("Neither the Director nor the Deputy may decide this, so the Board decides.")


def why_not(person: PersonFacts, team_request: RequestFacts) -> Message | None:
    """Why this person may not decide now; None when they may."""
    found = deciding_now(team_request)
    if found.capacity_of(person.id):
        return None
    if team_request.state is State.WITH_BOARD and not person.is_board:
        return found.why
    kept_out = excluded(person, team_request)
    if kept_out and (person.decides or person.is_board):
        return kept_out
    if person.is_deputy and team_request.fiscal:
        return Message("The Deputy never decides on money.")
    if person.is_deputy:
        return Message("The Deputy decides only while the Director is away or involved.")
    if person.is_board:
        return Message("The Board decides when a request is referred to it, or when nobody else may.")
    return found.why
