"""The rules of a request, read anew from docs/permissions.md and the project's design: plain sets and words.

It imports nothing of what it is compared with, so that a mistake there is not repeated here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

OPEN = {"agreement", "discussion", "needs_information", "with_board"}
TALK = {"discussion", "needs_information", "with_board"}
UNDECIDED = {"discussion", "needs_information"}
DAYS = {"access_expansion": 3, "new_member": 7}  # a discussion stays open that long
DAY = timedelta(days=1)


@dataclass
class Question:
    asked_at: datetime
    answered: bool = False
    reminded_at: datetime | None = None


@dataclass
class Decided:
    revision: int
    approved: bool
    capacity: str
    acting: bool
    reviewed: bool = False


@dataclass
class Asked:
    """One request."""

    kind: str
    requester: str
    candidate: str
    item: str
    state: str
    state_since: datetime
    discussed_since: datetime | None
    agreed: bool
    revision: int = 1
    closed_at: datetime | None = None
    boards: bool = False  # the Board was given it, and keeps it
    sponsors: set[str] = field(default_factory=set)
    once_sponsors: set[str] = field(default_factory=set)
    recused: set[str] = field(default_factory=set)
    positions: dict[str, str] = field(default_factory=dict)  # on what is asked now
    positions_ever: int = 0
    concerns: list[str] = field(default_factory=list)  # who raised it
    closed_concerns: set[int] = field(default_factory=set)
    questions: list[Question] = field(default_factory=list)
    decisions: list[Decided] = field(default_factory=list)
    grants: int = 0
    events: int = 1

    def become(self, state: str, now: datetime) -> None:
        if state != self.state:
            self.state, self.state_since = state, now
        self.closed_at = None if state in OPEN else now
        self.boards = self.boards or state == "with_board"

    @property
    def parties(self) -> set[str]:
        return {self.requester, self.candidate}

    @property
    def open_questions(self) -> list[Question]:
        return [question for question in self.questions if not question.answered]

    @property
    def open_concerns(self) -> list[int]:
        return [number for number in range(len(self.concerns)) if number not in self.closed_concerns]


@dataclass
class Rulebook:
    """The team, what is asked of it, and what it may do about it. Nobody's standing changes but by a rule here."""

    now: datetime
    director: str
    deputy: str
    board: set[str]
    members: set[str]
    locked: set[str]
    acting: bool = False
    away: bool = False
    asked: list[Asked] = field(default_factory=list)
    held: set[tuple[str, str]] = field(default_factory=set)

    # Who decides: the first of Director, Deputy and Board whom nothing keeps out.

    def kept_out(self, who: str, asked: Asked) -> bool:
        return who in self.locked | asked.parties | asked.once_sponsors | asked.recused

    def deciders(self, asked: Asked) -> list[tuple[str, str]]:
        director = [] if self.kept_out(self.director, asked) else [(self.director, "director")]
        if director and not self.acting:
            return director
        if not self.kept_out(self.deputy, asked):
            return [(self.deputy, "deputy"), *director]
        return [(who, "board") for who in sorted(self.board) if not self.kept_out(who, asked)] + director

    def decides_as(self, who: str, asked: Asked) -> str:
        return dict(reversed(self.deciders(asked))).get(who, "")

    def board_has_the_word(self, asked: Asked) -> bool:
        if asked.state == "with_board":
            return True
        return asked.state in UNDECIDED and [capacity for _, capacity in self.deciders(asked)][:1] == ["board"]

    # Who may what.

    def reads(self, who: str, asked: Asked) -> bool:
        return who not in self.locked and who in asked.parties | self.members | self.board

    def on_the_team(self, who: str, asked: Asked) -> bool:
        if who == asked.candidate or who in asked.recused:
            return False
        return who in self.members or (who in self.board and self.board_has_the_word(asked))

    def advises(self, who: str, asked: Asked) -> bool:
        if who not in self.members or who == self.director or not self.on_the_team(who, asked):
            return False
        return not self.decides_as(who, asked) and not (who in self.board and self.board_has_the_word(asked))

    def may(self, who: str, action: str, asked: Asked) -> bool:
        """Whether this person may do this to this request as it stands."""
        state, team = asked.state, self.on_the_team(who, asked)
        party, free = who in asked.parties, not self.kept_out(who, asked)
        as_leader = self.decides_as(who, asked) in ("director", "deputy")
        rules = {
            "agree": state == "agreement" and who == asked.candidate,
            "edit": state in OPEN and party,
            "withdraw": state in OPEN and party,
            "comment": party or team,
            "comment_team": team,
            "ask": state in TALK and team,
            "answer": state in TALK | {"closed"} and (party or team),
            "position": state in TALK and self.advises(who, asked),
            "concern": state in TALK and self.advises(who, asked),
            "resolve": state in TALK and team,
            "sponsor": state in TALK and team and who in self.members - asked.parties - {self.director},
            "unsponsor": state in TALK and who in asked.sponsors,
            "recuse": state in TALK and who in (self.members | self.board) - asked.parties,
            "link": state in OPEN and (party or (team and who in self.members)),
            "decide": state in UNDECIDED and as_leader,
            "refer": state in UNDECIDED and as_leader,
            "record": state in TALK and who in self.board and free and self.board_has_the_word(asked),
            "reopen": state == "declined" and self.reopens(who, asked),
            "note": who not in asked.parties | asked.recused and self.notes(who, asked),
            "review": who == self.director != asked.candidate and self.unreviewed(asked) is not None,
        }
        return self.reads(who, asked) and rules[action]

    def reopens(self, who: str, asked: Asked) -> bool:
        if asked.decisions and asked.decisions[-1].capacity == "board":
            return who in self.board and not self.kept_out(who, asked)
        return self.decides_as(who, asked) in ("director", "deputy")

    def notes(self, who: str, asked: Asked) -> bool:
        return who in (self.director, self.deputy) or (who in self.board and self.board_has_the_word(asked))

    @staticmethod
    def unreviewed(asked: Asked) -> Decided | None:
        return next((found for found in asked.decisions if found.acting and not found.reviewed), None)

    # What can be asked, and what can be approved.

    def can_be_asked(self, by: str, candidate: str, kind: str, item: str, own: Asked | None = None) -> bool:
        joins = kind == "new_member"
        if joins == (candidate in self.members) or by in self.locked:
            return False
        if by not in self.members and not (joins and by == candidate):
            return False
        return (candidate, item) not in self.held and not self.asked_already(candidate, item, own)

    def asked_already(self, candidate: str, item: str, own: Asked | None) -> bool:
        return any(
            other is not own and other.state in OPEN and (other.candidate, other.item) == (candidate, item)
            for other in self.asked
        )

    def forbidden(self, asked: Asked) -> bool:
        """What nobody decides without."""
        fits = (asked.candidate in self.members) == (asked.kind != "new_member")
        return not asked.agreed or asked.candidate in self.locked or not fits

    def lacking(self, asked: Asked) -> bool:
        """What the decider may decide without, and says why."""
        deciders = {who for who, _ in self.deciders(asked)}
        involved = asked.parties | asked.once_sponsors | asked.recused | deciders | self.locked
        spoke = (set(asked.positions) & self.members) - involved
        vouch = (asked.sponsors & self.members) - self.locked - asked.recused - {asked.candidate}
        since = asked.discussed_since
        too_soon = since is None or self.now - since < DAYS[asked.kind] * DAY
        unsponsored = asked.kind == "new_member" and not vouch
        return too_soon or not spoke or bool(asked.open_questions) or unsponsored
