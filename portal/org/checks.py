"""What has to fit together in an organisation beyond the shape of each entry. Where it stands, the loader says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from portal.org.catalogue import WHOLE, Leads, RuleDefault, Unit

HIGHEST_SCORE = 3
LONGEST_KIND = 32  # characters, as in its column
Entries = Mapping[str, Mapping[str, Any]]  # file -> key -> entry


class Misfit(NamedTuple):
    """One field of one entry that does not fit; ``entry`` is empty where the file as a whole lacks something."""

    file: str
    entry: str
    field: str
    says: str


def misfits(entries: Entries) -> Iterator[Misfit]:
    """Everything that does not fit together, in no particular order."""
    yield from _rules(entries.get("rules", {}))
    yield from _kinds(entries.get("kinds", {}))
    for file in ("access_groups", "systems"):
        yield from _requirements(file, entries.get(file, {}))
    yield from _leaders(entries.get("roles", {}))
    yield from _standards(entries.get("standards", {}))
    yield from _profiles(entries)


def _rules(rules: Mapping[str, Any]) -> Iterator[Misfit]:
    for rule in rules.values():
        for says in _values(rule):
            yield Misfit("rules", rule.key, "values", f"{rule.key}: {says}")


def _values(rule: RuleDefault) -> Iterator[str]:
    if not rule.values:
        yield "name at least one kind"
    if WHOLE in rule.values and len(rule.values) > 1:
        yield f"a rule is for kinds of request or for {WHOLE!r}, not for both"
    for kind, value in rule.values.items():
        if rule.unit is Unit.SWITCH and not isinstance(value, bool):
            yield f"{kind} needs true or false, because the rule has no unit"
        elif rule.unit is not Unit.SWITCH and (isinstance(value, bool) or value < rule.least):
            yield f"{kind} needs a whole number ({rule.unit}), {rule.least} or more"


def _kinds(kinds: Mapping[str, Any]) -> Iterator[Misfit]:
    for key in kinds:
        if key == WHOLE or len(key) > LONGEST_KIND:
            yield Misfit(
                "kinds", key, "key", f"{key!r} cannot name a kind: {LONGEST_KIND} letters at most, not {WHOLE!r}"
            )


def _requirements(file: str, items: Mapping[str, Any]) -> Iterator[Misfit]:
    for item in items.values():
        if any(not alternatives or item.key in alternatives for alternatives in item.requires):
            yield Misfit(file, item.key, "requires", f"{item.key} requires itself, or nothing: name other groups")


def _leaders(roles: Mapping[str, Any]) -> Iterator[Misfit]:
    for leads in Leads:
        found = [role.key for role in roles.values() if role.leads is leads]
        for key in found[1:]:
            yield Misfit("roles", key, "leads", f"{found[0]!r} is {leads} already; only one role can be")
        if roles and not found and leads is Leads.DIRECTOR:
            yield Misfit("roles", "", "leads", "no role has 'leads: director': nobody could decide")
    for role in roles.values():
        if role.leads and role.retired:
            yield Misfit("roles", role.key, "retired", f"{role.key} leads, so it cannot be retired")


def _standards(standards: Mapping[str, Any]) -> Iterator[Misfit]:
    for version, standard in standards.items():
        for field in ("key", "position"):
            if len({getattr(item, field) for item in standard.items}) < len(standard.items):
                yield Misfit("standards", version, "items", f"two items of version {version} have the same {field}")


def _profiles(entries: Entries) -> Iterator[Misfit]:
    known = {item.key for standard in entries.get("standards", {}).values() for item in standard.items}
    taken: dict[tuple[str, str], str] = {}
    for profile in entries.get("profiles", {}).values():
        for says in _advice(profile.advised, known):
            yield Misfit("profiles", profile.key, "advised", f"{profile.key}: {says}")
        for holder in profile.holders():
            first = taken.setdefault(holder, profile.key)
            if first != profile.key:
                yield Misfit(
                    "profiles", profile.key, f"for_{holder[0]}s", f"{holder[1]!r} has the profile {first!r} already"
                )
        if not any(profile.holders()):
            yield Misfit("profiles", profile.key, "key", f"{profile.key} is for no role, group or system: name one")


def _advice(advised: Mapping[str, int], known: set[str]) -> Iterator[str]:
    if not advised:
        yield "advise a score for at least one item"
    for key, score in advised.items():
        if key not in known:
            yield f"no standard has the item {key!r}"
        if not 1 <= score <= HIGHEST_SCORE:
            yield f"{key} needs a score from 1 to {HIGHEST_SCORE}"
