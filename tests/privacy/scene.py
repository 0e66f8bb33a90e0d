"""One portal in which much was said, each text with a word of its own, and who may read which of these words.

The readers are the permission matrix (docs/permissions.md) written down once more, by names of actors. Nothing here
asks the policy of the portal: the tests hold the portal against this.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from portal.extensions import db
from portal.people.models import Capacity, Person
from portal.web.unit_of_work import unit_of_work
from tests import factories

T = TypeVar("T")

MEMBERS = frozenset(
    ("candidate", "requester", "member", "author", "recused", "marker", "sponsor", "holder", "deputy", "director")
)
DECIDERS = frozenset(("director", "deputy"))
ACTORS: dict[str, Callable[[], Person] | None] = {
    "anonymous": None,
    "outsider": lambda: factories.person("Olga Outsider"),
    "newcomer": lambda: factories.person("Nell Newcomer"),
    "former": lambda: factories.member("Fred Former"),
    "treasurer": lambda: factories.person("Tom Treasurer", capacity=Capacity.TREASURER),
    "operator": lambda: factories.person("Opal Operator", capacity=Capacity.OPERATOR),
    "locked": lambda: factories.person("Lars Locked", "software_engineer", locked=True),
    "board": lambda: factories.board_member("Bea Board"),
    "candidate": lambda: factories.member("Ann Candidate"),
    "requester": lambda: factories.member("Rita Requester"),
    "member": lambda: factories.member("Mia Member"),
    "author": lambda: factories.member("Ben Author"),
    "recused": lambda: factories.member("Carl Recused"),
    "marker": lambda: factories.member("Max Marker"),
    "sponsor": lambda: factories.member("Sue Sponsor"),
    "holder": lambda: factories.member("Hal Holder"),
    "deputy": lambda: factories.deputy("Dep Deputy"),
    "director": lambda: factories.director("Dora Director"),
}
EVERYBODY = frozenset(ACTORS)


@dataclass(frozen=True, slots=True)
class Canary:
    """A word that stands in one text. ``hidden`` says why no page shows it, even to its readers."""

    word: str
    column: str
    readers: frozenset[str]
    hidden: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """A request, by the actors who are party to it; ``board``: whether the Board has the word."""

    id: int
    candidate: str
    requester: str
    board: bool = False

    @property
    def shared(self) -> frozenset[str]:
        """Who reads the request and what is shared with the candidate."""
        return MEMBERS | {"board", self.candidate, self.requester}

    @property
    def team(self) -> frozenset[str]:
        """Who reads what is for the team alone: never the candidate."""
        return (MEMBERS | ({"board"} if self.board else set())) - {self.candidate}

    @property
    def notes(self) -> frozenset[str]:
        """Who reads the private notes of those who decide."""
        return (DECIDERS | ({"board"} if self.board else set())) - {self.candidate}


@dataclass(slots=True)
class Scene:
    """The people by actor, the requests by name, and every canary."""

    ids: dict[str, int] = field(default_factory=dict)
    requests: dict[str, Told] = field(default_factory=dict)
    canaries: list[Canary] = field(default_factory=list)
    assessment_id: int = 0
    draft_assessment_id: int = 0
    markings: dict[str, int] = field(default_factory=dict)

    def word(self, name: str, column: str, readers: frozenset[str], *, hidden: str = "") -> str:
        """A new word to write into a text, with those who may read it."""
        found = Canary(f"zq{len(self.canaries):03}-{name}", column, readers, hidden)
        self.canaries.append(found)
        return found.word

    def known(self, text: str, column: str, readers: frozenset[str]) -> str:
        """A text that is a canary as it is: a key."""
        self.canaries.append(Canary(text, column, readers))
        return text

    def person(self, actor: str) -> Person:
        return db.session.get_one(Person, self.ids[actor])

    def do(self, service: Callable[..., T], actor: str, *args: Any, **kwargs: Any) -> T:
        """Run a service of requests as this actor, in a unit of work of its own."""
        with unit_of_work() as now:
            return service(self.ids[actor], *args, now=now, **kwargs)

    def act(self, service: Callable[..., T], actor: str, *args: Any, **kwargs: Any) -> T:
        """Run a service that takes the person's row."""
        person = self.person(actor)
        with unit_of_work() as now:
            return service(person, *args, now=now, **kwargs)

    def readable(self, actor: str) -> set[str]:
        """The words this actor may read, and has a page to read them on."""
        return {canary.word for canary in self.canaries if actor in canary.readers and not canary.hidden}

    def forbidden(self, actor: str) -> set[str]:
        """The words that must never reach this actor."""
        return {canary.word for canary in self.canaries if actor not in canary.readers}

    def columns(self) -> set[str]:
        """Every column that some canary stands in."""
        return {canary.column for canary in self.canaries}


def people(scene: Scene) -> None:
    """Everybody comes in."""
    for actor, make in ACTORS.items():
        if make is not None:
            scene.ids[actor] = make().id
