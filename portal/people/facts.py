"""What the pure core knows of a person at one moment: a frozen value, no row."""

from __future__ import annotations

from dataclasses import dataclass, field

from portal.people.models import Capacity


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """A person's standing at one moment. ``away`` is declared leave; ``locked`` a blocked or locked wiki account."""

    id: int
    roles: frozenset[str] = field(default_factory=frozenset)
    capacities: frozenset[Capacity] = field(default_factory=frozenset)
    is_director: bool = False
    is_deputy: bool = False
    locked: bool = False
    away: bool = False

    @property
    def is_member(self) -> bool:
        """A member has an active role. A capacity alone makes nobody a member."""
        return bool(self.roles)

    @property
    def is_board(self) -> bool:
        return Capacity.BOARD in self.capacities

    @property
    def decides(self) -> bool:
        """Director or Deputy: whether they may decide a given request is for `portal.requests.authority`."""
        return self.is_director or self.is_deputy


@dataclass(frozen=True, slots=True)
class Leadership:
    """Who leads at one moment. ``acting_open``: the Deputy acts for an absent Director."""

    director: PersonFacts | None
    deputy: PersonFacts | None
    board: tuple[PersonFacts, ...]
    acting_open: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """Everybody's standing at one moment. ``acted_for``: the Directors whose Deputy acts.

    ``names``: of those with a role or a capacity.
    """

    people: dict[int, PersonFacts]
    acted_for: frozenset[int] = frozenset()
    names: dict[int, str] = field(default_factory=dict)

    def of(self, person_id: int) -> PersonFacts:
        """The standing of this person, who may have no role at all."""
        return self.people.get(person_id) or PersonFacts(person_id)

    @property
    def leadership(self) -> Leadership:
        """Who leads."""
        everybody = self.people.values()
        director = next((person for person in everybody if person.is_director), None)
        return Leadership(
            director=director,
            deputy=next((person for person in everybody if person.is_deputy), None),
            board=tuple(sorted((person for person in everybody if person.is_board), key=lambda person: person.id)),
            acting_open=director is not None and director.id in self.acted_for,
        )
