"""The register "Who has access to what", and the list of what waits to be set up: rows as the pages show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from portal.access import policy, queries, services, words
from portal.access.models import ItemType
from portal.access.standing import HeldAccess
from portal.access.words import ItemWords
from portal.errors import Message
from portal.org import organisation
from portal.people import policy as people_policy
from portal.people.facts import PersonFacts

TYPES = (ItemType.ACCESS_GROUP, ItemType.SYSTEM)


@dataclass(frozen=True, slots=True)
class Filters:
    """What the URL asks for. Anything unknown is left out, so no URL is an error."""

    type: str = ""
    item: str = ""
    person: str = ""

    @classmethod
    def read(cls, args: Mapping[str, str]) -> Filters:
        type, item = args.get("type", ""), args.get("item", "")
        known = {entry.key for entry in organisation().access_items()}
        return cls(
            type=type if type in TYPES else "",
            item=item if item in known else "",
            person=" ".join(args.get("person", "").replace("_", " ").split())[:100],
        )

    def as_args(self) -> dict[str, str]:
        """The filters as arguments of the URL."""
        args = {"type": self.type, "item": self.item, "person": self.person}
        return {name: value for name, value in args.items() if value}

    def without(self, name: str) -> dict[str, str]:
        """The arguments of the URL without this filter."""
        return {key: value for key, value in self.as_args().items() if key != name}

    def chips(self) -> list[tuple[str, Message]]:
        """The name of each filter that is set, and what it says."""
        found = []
        if self.type:
            found.append(("type", Message("Kind: %(what)s", what=words.TYPES[ItemType(self.type)])))
        if self.item:
            entry = next(entry for entry in organisation().access_items() if entry.key == self.item)
            found.append(("item", Message("Access: %(name)s", name=entry.name)))
        if self.person:
            found.append(("person", Message("Person: %(name)s", name=self.person)))
        return found


@dataclass(frozen=True, slots=True)
class Entry:
    """One group or system with everybody who holds it. Without names, only ``count`` is told."""

    item: ItemWords
    holders: tuple[HeldAccess, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """An access that may wait to be set up. ``not_yet``: what keeps it from being marked; ``why_not``: why not they."""

    access: HeldAccess
    item: ItemWords
    not_yet: Message | None
    why_not: Message | None
    notes_nda: bool


def register(filters: Filters, now: datetime, *, names: bool) -> list[Entry]:
    """Every group, then every system, that fits the filters. One statement, however many hold something.

    Where ``names`` is False the holders are left out here, and a person cannot be asked for.
    """
    found: dict[tuple[ItemType, str], list[HeldAccess]] = {
        (ItemType(entry.type), entry.key): [] for entry in organisation().access_items()
    }
    wanted = filters.person.casefold() if names else ""
    for access in queries.holders(now):
        holders = found.setdefault((access.item_type, access.item_key), [])
        if wanted in access.person_name.casefold():
            holders.append(access)
    entries = [_entry(*key, holders, names=names) for key, holders in found.items() if _fits(filters, *key)]
    return [entry for entry in entries if entry.count or (entry.item.listed and not wanted)]


def _fits(filters: Filters, item_type: ItemType, item_key: str) -> bool:
    return filters.type in ("", item_type) and filters.item in ("", item_key)


def _entry(item_type: ItemType, item_key: str, holders: list[HeldAccess], *, names: bool) -> Entry:
    return Entry(words.item_words(item_type, item_key), tuple(holders) if names else (), len(holders))


def waiting(now: datetime, reader: PersonFacts) -> list[Waiting]:
    """What is approved and not set up yet, the longest waiting first. One statement, however many wait."""
    return [waits(access, reader, has_nda=signed) for access, signed in queries.desk(reader.id, now).waiting]


def waits(access: HeldAccess, reader: PersonFacts, *, has_nda: bool) -> Waiting:
    """One access as this reader finds it."""
    return Waiting(
        access,
        words.item_words(access.item_type, access.item_key),
        not_yet=services.why_not_yet(access, has_nda=has_nda),
        why_not=policy.why_not_mark(reader, access.person_id),
        notes_nda=not has_nda and people_policy.why_not_note_nda(reader, access.person_id) is None,
    )
