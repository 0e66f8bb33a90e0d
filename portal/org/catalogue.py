"""What an organisation is made of: frozen values, filled by `portal.org.loader`. No tables, no framework."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Weight(StrEnum):
    """What an unmet rule does: ABSOLUTE blocks, REQUIRED needs "Decide anyway" with a reason, ADVISED never blocks."""

    ABSOLUTE = "absolute"
    REQUIRED = "required"
    ADVISED = "advised"


class Leads(StrEnum):
    """What makes a role one of the two that decide."""

    DIRECTOR = "director"
    DEPUTY = "deputy"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact comes from: shown beside rules and roles."""

    key: str
    title: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Tier:
    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Role:
    """A title of the catalogue. A role with ``leads`` is appointed, never requested."""

    key: str
    name: str
    tier: str
    summary: str
    source: str
    powers: tuple[str, ...] = ()
    duties: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    appointed_by: str = ""
    leads: Leads | None = None
    development: bool = False
    excludes_development: bool = False
    high_trust: bool = False
    needs_nda: bool = False
    retired: bool = False


@dataclass(frozen=True, slots=True)
class AccessItem:
    """An access group or a system: what it gives in one plain sentence, and what must be true before.

    ``requires`` names access groups; each entry is a set of alternatives of which one is enough.
    """

    key: str
    type: str  # access_group | system
    name: str
    summary: str
    source: str
    trust: str = ""
    privileges: str = ""
    applies_to: str = ""
    who: str = ""
    grant: str = ""
    offboard: str = ""
    url: str = ""
    requires: tuple[frozenset[str], ...] = ()
    shell: bool = False
    high_trust: bool = False
    needs_nda: bool = False
    retired: bool = False


@dataclass(frozen=True, slots=True)
class RuleDefault:
    """A rule as the organisation ships it. ``values`` has a value per kind; a kind it lacks is not under the rule.

    ``unit`` is "days", "count", "percent" or "" for a rule that is simply on (value True) or off.
    """

    key: str
    weight: Weight
    sentence: str
    source: str
    values: Mapping[str, int | bool]
    unit: str = ""
    editable: bool = True


@dataclass(frozen=True, slots=True)
class Kind:
    """The words of one kind of request. What it does stands in portal/requests/kinds."""

    key: str
    name: str
    purpose: str
    usual_days: str = ""


@dataclass(frozen=True, slots=True)
class Organisation:
    key: str
    name: str
    team: str
    board: str
    wiki_name: str
    wiki_url: str
    tracker_url: str
    tracker_name: str
    contact: str
    what_the_team_does: str
    steps_to_join: tuple[str, ...]
    public: tuple[str, ...]
    never_asked: tuple[str, ...]
    sources: Mapping[str, Source]
    tiers: Mapping[str, Tier]
    roles: Mapping[str, Role]
    access_groups: Mapping[str, AccessItem]
    systems: Mapping[str, AccessItem]
    kinds: Mapping[str, Kind]
    rules: Mapping[str, RuleDefault]
    standards: tuple[Mapping[str, object], ...] = ()

    def item(self, item_type: str, key: str) -> Role | AccessItem | None:
        """The catalogue entry of a requested item, or None."""
        catalogue: Mapping[str, Role] | Mapping[str, AccessItem]
        catalogue = {"role": self.roles, "access_group": self.access_groups, "system": self.systems}.get(
            item_type, {}
        )
        return catalogue.get(key)

    def access_items(self) -> Iterator[AccessItem]:
        """All access groups, then all systems."""
        yield from self.access_groups.values()
        yield from self.systems.values()

    def leading_role(self, leads: Leads) -> Role | None:
        """The role of the Director or the Deputy."""
        return next((role for role in self.roles.values() if role.leads is leads), None)
