"""Who is told of an event, as sets of people. Pure: no framework, no database.

`recipients` is the one rule; what differs between events is a `Row` of the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from portal.errors import Message


class Group(StrEnum):
    """A set of people beside one event. Being in it is the reason to be told ("why you")."""

    TURN = "turn"  # whose turn it becomes
    CANDIDATE = "candidate"
    REQUESTER = "requester"
    PERSON = "person"  # whom the event is about
    NAMED = "named"  # who is named in it: the marker, the author of what was removed
    SPOKE = "spoke"
    WATCHING = "watching"
    DIRECTOR = "director"
    DECIDERS = "deciders"
    BOARD = "board"
    TEAM = "team"
    ROOM = "room"  # nobody in particular: a room of a chat


WHY: dict[Group, Message] = {
    Group.TURN: Message("It is your turn."),
    Group.CANDIDATE: Message("The request is about you."),
    Group.REQUESTER: Message("You filed the request."),
    Group.PERSON: Message("It is about you."),
    Group.NAMED: Message("You are named in it."),
    Group.SPOKE: Message("You took part in the discussion."),
    Group.WATCHING: Message("You watch this request."),
    Group.DIRECTOR: Message("You are the Director."),
    Group.DECIDERS: Message("You are Director or Deputy."),
    Group.BOARD: Message("You are on the Board."),
    Group.TEAM: Message("You are in the team."),
    Group.ROOM: Message(""),
}
GROUPS: dict[Group, Message] = {
    Group.TURN: Message("whose turn it becomes"),
    Group.CANDIDATE: Message("the candidate"),
    Group.REQUESTER: Message("who filed it"),
    Group.PERSON: Message("whom it is about"),
    Group.NAMED: Message("who is named in it"),
    Group.SPOKE: Message("who spoke"),
    Group.WATCHING: Message("who watches it"),
    Group.DIRECTOR: Message("the Director"),
    Group.DECIDERS: Message("Director and Deputy"),
    Group.BOARD: Message("the Board"),
    Group.TEAM: Message("the team"),
    Group.ROOM: Message(""),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: who is told of events with this code, and in which words.

    ``says`` may hold %(who)s, the person who did it. ``says_to`` has other words for some groups. ``to`` names the
    groups, the strongest reason first; whose turn it becomes is always told. ``result``: how something ended, which
    reaches also those who muted it. ``silent`` says why nobody is told, where ``to`` is empty.
    """

    says: Message
    to: tuple[Group, ...] = ()
    says_to: Mapping[Group, Message] = field(default_factory=dict)
    result: bool = False
    silent: Message | None = None

    @property
    def example(self) -> Message:
        """What happens, with "Somebody" in the place of a name."""
        return _by_somebody(self.says)

    @property
    def examples(self) -> tuple[tuple[Group, Message], ...]:
        """The words of each group that has its own, with "Somebody" in the place of a name."""
        return tuple((group, _by_somebody(words)) for group, words in self.says_to.items())

    def words_for(self, group: Group) -> Message:
        """The sentence for somebody who is told because of this group."""
        return self.says_to.get(group, self.says)


def _by_somebody(words: Message) -> Message:
    return Message(words.id, **{**words.values, "who": Message("Somebody")})


Nobody = frozenset[int]()


@dataclass(frozen=True, slots=True)
class Circle:
    """The people around one event, by id. ``readers``: who of them may read it now."""

    groups: Mapping[Group, frozenset[int]]
    readers: frozenset[int]
    actor: int | None = None
    recused: frozenset[int] = Nobody
    muted: frozenset[int] = Nobody


def recipients(row: Row, circle: Circle) -> dict[int, Group]:
    """Who is told, and why: the strongest reason of each.

    Nobody is told of their own act, of what they may not read, or after recusing themselves. Who muted a request is
    told only of their turn and of results.
    """
    told: dict[int, Group] = {}
    for group in (Group.TURN, *row.to):
        for person_id in circle.groups.get(group, Nobody):
            told.setdefault(person_id, group)
    kept_out = circle.recused | {circle.actor}
    return {
        person_id: group
        for person_id, group in told.items()
        if person_id in circle.readers
        and person_id not in kept_out
        and (person_id not in circle.muted or row.result or group is Group.TURN)
    }
