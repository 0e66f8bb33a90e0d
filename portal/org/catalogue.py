"""What an organisation is made of: frozen values, filled by `portal.org.loader`. No tables, no framework."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

WHOLE = "portal"  # stands where a kind of request could: the rule is for the portal as a whole


class Weight(StrEnum):
    """What an unmet rule does: ABSOLUTE blocks, REQUIRED needs "Decide anyway" with a reason, ADVISED never blocks."""

    ABSOLUTE = "absolute"
    REQUIRED = "required"
    ADVISED = "advised"


class Leads(StrEnum):
    """What makes a role one of the two that decide."""

    DIRECTOR = "director"
    DEPUTY = "deputy"


class Unit(StrEnum):
    """What the value of a rule counts. SWITCH: nothing, the rule is on or off."""

    SWITCH = ""
    HOURS = "hours"
    DAYS = "days"
    COUNT = "count"


class Section(StrEnum):
    """The three parts of a mentoring standard."""

    KNOWLEDGE = "knowledge"
    SKILL = "skill"
    BEHAVIOUR = "behaviour"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact comes from: shown beside rules and roles."""

    key: str
    title: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A sentence for the reader, where it comes from, and a page to go to if there is one."""

    text: str
    source: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class JoinStep:
    """One step on the way into the team, and how long it usually takes."""

    title: str
    text: str
    usual_days: str
    source: str


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

    ``requires`` names access groups; each entry is a set of alternatives of which one is enough. ``usually_after``
    and ``replaces`` name groups too: they advise whoever files, and block nothing. An item that is not
    ``requestable`` comes with another one; it is listed for the steps of giving and taking back.
    """

    key: str
    type: str  # access_group | system
    name: str
    summary: str
    source: str
    more_sources: tuple[str, ...] = ()
    trust: str = ""
    privileges: str = ""
    applies_to: str = ""
    who: str = ""
    grant: str = ""
    offboard: str = ""
    url: str = ""
    requires: tuple[frozenset[str], ...] = ()
    usually_after: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    requestable: bool = True
    shell: bool = False
    high_trust: bool = False
    needs_nda: bool = False
    retired: bool = False


@dataclass(frozen=True, slots=True)
class RuleDefault:
    """A rule as the organisation ships it.

    ``values`` has a value per kind of request, or one for ``portal`` (`WHOLE`); a kind it lacks is not under the rule.
    A rule with a unit has whole numbers from ``least`` on, a rule without one is simply on or off. ``note`` tells what
    the source says and what is the portal's own default.
    """

    key: str
    weight: Weight
    sentence: str
    source: str
    values: Mapping[str, int | bool]
    unit: Unit = Unit.SWITCH
    least: int = 0
    note: str = ""
    editable: bool = True


@dataclass(frozen=True, slots=True)
class Principle:
    """What holds for every request and cannot be changed in the portal."""

    key: str
    sentence: str
    source: str


@dataclass(frozen=True, slots=True)
class Kind:
    """The words of one kind of request. What it does stands in portal/requests/kinds."""

    key: str
    name: str
    purpose: str
    source: str
    usual_days: str = ""


@dataclass(frozen=True, slots=True)
class StandardItem:
    """One line of a mentoring standard. The same item keeps its key in every version."""

    key: str
    position: int
    section: Section
    title: str
    description: str
    stack_area: str
    role_focus: str


@dataclass(frozen=True, slots=True)
class StandardVersion:
    """A version of the mentoring standard, as it is seeded into the database once."""

    version: int
    title: str
    source: str
    items: tuple[StandardItem, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """Which items of the standard matter for some roles or access, and the score advised for each: 0 to 3.

    It advises and gates nothing. ``note`` tells what the source says and what is the portal's own default.
    """

    key: str
    source: str
    advised: Mapping[str, int]
    for_roles: tuple[str, ...] = ()
    for_access_groups: tuple[str, ...] = ()
    for_systems: tuple[str, ...] = ()
    note: str = ""

    def holders(self) -> Iterator[tuple[str, str]]:
        """What it is a profile of, each as (type of item, key)."""
        yield from (("role", key) for key in self.for_roles)
        yield from (("access_group", key) for key in self.for_access_groups)
        yield from (("system", key) for key in self.for_systems)


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
    what_the_team_does: tuple[Fact, ...]
    steps_to_join: tuple[JoinStep, ...]
    public: tuple[Fact, ...]
    never_asked: tuple[Fact, ...]
    ask_first: tuple[Fact, ...]
    sources: Mapping[str, Source]
    tiers: Mapping[str, Tier]
    roles: Mapping[str, Role]
    access_groups: Mapping[str, AccessItem]
    systems: Mapping[str, AccessItem]
    kinds: Mapping[str, Kind]
    rules: Mapping[str, RuleDefault]
    principles: Mapping[str, Principle]
    mentoring: tuple[Fact, ...] = ()
    standards: tuple[StandardVersion, ...] = ()
    profiles: Mapping[str, Profile] = field(default_factory=dict)

    def profile_of(self, item_type: str, key: str) -> Profile | None:
        """The profile of a role, an access group or a system; None where the organisation has none for it."""
        return next((found for found in self.profiles.values() if (item_type, key) in found.holders()), None)

    def names_of(self, profile: Profile) -> tuple[str, ...]:
        """What a profile is for, by name."""
        found = (self.item(*holder) for holder in profile.holders())
        return tuple(item.name for item in found if item is not None)

    def item(self, item_type: str, key: str) -> Role | AccessItem | None:
        """The catalogue entry of a requested item, or None."""
        if item_type == "role":
            return self.roles.get(key)
        items = {"access_group": self.access_groups, "system": self.systems}
        return items[item_type].get(key) if item_type in items else None

    def access_items(self) -> Iterator[AccessItem]:
        """All access groups, then all systems."""
        yield from self.access_groups.values()
        yield from self.systems.values()

    def requestable_items(self) -> Iterator[AccessItem]:
        """The access groups, then the systems, that a new request may name."""
        return (item for item in self.access_items() if item.requestable and not item.retired)

    def leading_role(self, leads: Leads) -> Role | None:
        """The role of the Director or the Deputy."""
        return next((role for role in self.roles.values() if role.leads is leads), None)

    def roles_by_tier(self) -> Iterator[tuple[Tier, tuple[Role, ...]]]:
        """Each tier that has roles, in the order of the data, with those that are not retired."""
        for tier in self.tiers.values():
            roles = tuple(role for role in self.roles.values() if role.tier == tier.key and not role.retired)
            if roles:
                yield tier, roles

    def rules_of(self, kind: str) -> tuple[RuleDefault, ...]:
        """The rules a kind of request is under, or those of the portal as a whole (`WHOLE`)."""
        return tuple(rule for rule in self.rules.values() if kind in rule.values)
