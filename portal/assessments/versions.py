"""What is the same item in two versions of a standard, and what changed between them. Pure."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Protocol

from portal.assessments.exchange.standard import Item, ReadItem, same_words
from portal.assessments.models import Section

ALIKE = 0.8  # of a description: from here on it is taken for the same item reworded
LONGEST_KEY = 64  # the width of the column
TEXTS = ("title", "description", "stack_area", "role_focus")


class VersionItem(Item, Protocol):
    """An item of a version: its texts, and the key that it keeps across versions."""

    @property
    def key(self) -> str: ...


@dataclass(frozen=True, slots=True)
class KeyedItem:
    """An item that was read, with the key it has or gets."""

    key: str
    section: Section
    title: str
    description: str
    stack_area: str
    role_focus: str


def keyed(read: Sequence[ReadItem], known: Sequence[VersionItem]) -> list[KeyedItem]:
    """Give every item that was read its key.

    ``known``: items of earlier versions, those of the newest first. The same title keeps its key; so does the same
    description, or one very much like it, under another title; everything else is new and named after its title.
    """
    newest: dict[str, VersionItem] = {}
    for earlier in known:
        newest.setdefault(earlier.key, earlier)
    keys = _by_title(read, newest)
    keys |= _by_description(read, keys, newest)
    taken = set(newest) | set(keys.values())
    for place, item in enumerate(read):
        if place not in keys:
            keys[place] = _new_key(item.title, taken)
            taken.add(keys[place])
    return [
        KeyedItem(keys[place], item.section, *(getattr(item, name) for name in TEXTS))
        for place, item in enumerate(read)
    ]


def _by_title(read: Sequence[ReadItem], known: Mapping[str, VersionItem]) -> dict[int, str]:
    titles: dict[str, str] = {}
    for key, item in known.items():
        titles.setdefault(same_words(item.title), key)
    return {
        place: titles[same_words(item.title)] for place, item in enumerate(read) if same_words(item.title) in titles
    }


def _by_description(
    read: Sequence[ReadItem], keys: Mapping[int, str], known: Mapping[str, VersionItem]
) -> dict[int, str]:
    """The most alike first, so that a close rewording never takes the key of the very same words."""
    free = [(key, item) for key, item in known.items() if key not in keys.values()]
    pairs = [
        (likeness, place, key)
        for place, item in enumerate(read)
        if place not in keys
        for key, other in free
        if (likeness := _likeness(item.description, other.description)) >= ALIKE
    ]
    found: dict[int, str] = {}
    for _likeness_of, place, key in sorted(pairs, key=lambda pair: (-pair[0], pair[1])):
        if place not in found and key not in found.values():
            found[place] = key
    return found


def _likeness(one: str, other: str) -> float:
    matcher = SequenceMatcher(None, same_words(one), same_words(other), autojunk=False)
    if matcher.real_quick_ratio() < ALIKE or matcher.quick_ratio() < ALIKE:
        return 0.0  # the exact figure is slow, and cannot reach it
    return matcher.ratio()


def _new_key(title: str, taken: set[str]) -> str:
    bare = unicodedata.normalize("NFKD", title.replace("&", " and ")).encode("ascii", "ignore").decode().casefold()
    slug = re.sub(r"[^a-z0-9]+", "-", bare).strip("-")[:LONGEST_KEY].strip("-") or "item"
    key, number = slug, 2
    while key in taken:
        key, number = f"{slug[: LONGEST_KEY - 4]}-{number}", number + 1
    return key


@dataclass(frozen=True, slots=True)
class Reworded:
    """An item whose words changed. ``texts``: which, by name, each before and now."""

    before: VersionItem
    now: VersionItem
    texts: Mapping[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Moved:
    """An item in another section, or in another place among those that both versions have."""

    before: VersionItem
    now: VersionItem

    @property
    def changed_section(self) -> bool:
        return self.before.section is not self.now.section


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed from one version to another. An item can be reworded and moved."""

    added: Sequence[VersionItem]
    removed: Sequence[VersionItem]
    reworded: Sequence[Reworded]
    moved: Sequence[Moved]

    @property
    def is_none(self) -> bool:
        return not (self.added or self.removed or self.reworded or self.moved)


def changes(before: Sequence[VersionItem], now: Sequence[VersionItem]) -> Changes:
    """Compare two versions, each in the order of its items."""
    old, new = {item.key: item for item in before}, {item.key: item for item in now}
    both = [(old[key], item) for key, item in new.items() if key in old]
    reworded = [Reworded(was, item, texts) for was, item in both if (texts := _changed_texts(was, item))]
    places = {key: place for place, key in enumerate(old)}
    stayed = _longest_rise([places[was.key] for was, _item in both])
    moved = [Moved(was, item) for was, item in both if was.section is not item.section or places[was.key] not in stayed]
    return Changes(
        added=[item for key, item in new.items() if key not in old],
        removed=[item for key, item in old.items() if key not in new],
        reworded=reworded,
        moved=moved,
    )


def _changed_texts(before: VersionItem, now: VersionItem) -> dict[str, tuple[str, str]]:
    texts = {name: (str(getattr(before, name)), str(getattr(now, name))) for name in TEXTS}
    return {name: (was, text) for name, (was, text) in texts.items() if was != text}


def _longest_rise(numbers: Iterable[int]) -> set[int]:
    """The most of these numbers that rise from left to right: what kept its place when the others moved."""
    ends: list[int] = []  # the smallest last number of a rise of each length
    before: dict[int, int | None] = {}
    for number in numbers:
        place = bisect_left(ends, number)
        before[number] = ends[place - 1] if place else None
        ends[place : place + 1] = [number]
    found: set[int] = set()
    last = ends[-1] if ends else None
    while last is not None:
        found.add(last)
        last = before[last]
    return found
