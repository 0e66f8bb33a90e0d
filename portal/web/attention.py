"""What needs a person's attention: each feature registers a source, the dashboard shows them together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from flask import Flask, current_app

from portal.errors import Message


@dataclass(frozen=True, slots=True)
class Attention:
    """One thing that waits for this person: where, what, why, and since when."""

    url: str
    title: Message | str
    reason: Message
    since: datetime


Source = Callable[[int, datetime], Iterable[Attention]]


def add_source(app: Flask, source: Source) -> None:
    """Register a function that tells what waits for the person with this id at this moment."""
    app.extensions.setdefault("attention", []).append(source)


def of_person(person_id: int, now: datetime) -> list[Attention]:
    """Everything that waits for this person, the longest waiting first."""
    sources: list[Source] = current_app.extensions.get("attention", [])
    return sorted((item for source in sources for item in source(person_id, now)), key=lambda item: item.since)
