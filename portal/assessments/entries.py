"""What is typed into an assessment, and how two tabs are brought together. Pure.

Each part of the form carries the token of what it was filled from. Saving compares three versions: that one, what is
stored now, and what was typed. Only where both sides changed is there a conflict, and then nothing is overwritten.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from portal.assessments.models import MentoringType, Score

REMARK_LIMIT = 2000  # characters: a few sentences


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands, or is typed, beside one item."""

    score: Score | None = None
    remark: str = ""
    link: str = ""

    @property
    def is_empty(self) -> bool:
        return self == EMPTY

    @property
    def token(self) -> str:
        return _token(self.score, self.remark, self.link)


@dataclass(frozen=True, slots=True)
class Header:
    """The part of the form's header that can be chosen."""

    role_focus: str
    mentoring_type: MentoringType
    assessed_on: date

    @property
    def token(self) -> str:
        return _token(self.role_focus, self.mentoring_type, self.assessed_on.isoformat())


def content_token(header: Header, entries: Mapping[str, Entry]) -> str:
    """Names everything on a form as it stands: what two people agree to."""
    return _token(header.token, *(part for key in sorted(entries) for part in (key, entries[key].token)))


EMPTY = Entry()
T = TypeVar("T", Entry, Header)


@dataclass(frozen=True, slots=True)
class Typed:
    """Everything one form sent. ``seen`` has the token each part was filled from, by item key; "" is the header's."""

    entries: dict[str, Entry]
    seen: dict[str, str]
    header: Header | None = None


def _token(*values: str | None) -> str:
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:16]


def merge(seen: str, stored: T, typed: T) -> T | None:
    """What to keep of one part, or None when it was changed here and elsewhere."""
    if typed == stored or seen == stored.token:
        return typed
    if seen == typed.token:
        return stored
    return None
