"""Rows against the timeline: what was changed past the portal while the chain of events stayed whole.

The texts that events vouch for are compared here; a higher feature adds a comparison of its rows to the list
`COMPARISONS` of the app.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from portal.audit.models import Event, Text
from portal.audit.services import SALT_LENGTH, text_hash
from portal.audit.verification import UNREADABLE, in_bulk, one_moment
from portal.extensions import app_value, db

Comparison = Callable[[Session], Iterator[str]]  # names each row that the timeline does not bear out; no private text
COMPARISONS = "audit_comparisons"


def disagreements(engine: Engine | None = None) -> Iterator[str]:
    """Everything that is otherwise than the timeline says. Ask when the chain itself is whole."""
    comparisons: list[Comparison] = app_value(COMPARISONS)
    with one_moment(engine or db.engine) as session:
        for comparison in (_texts, *comparisons):
            try:
                yield from comparison(session)
            except UNREADABLE as error:
                yield f"a row holds what it cannot hold ({type(error).__name__})"


def _texts(session: Session) -> Iterator[str]:
    """A text stands as it was written, or was emptied by the portal."""
    vouched, emptied = _vouched_for(session)
    there = set()
    with in_bulk(session, select(Text).order_by(Text.id)) as texts:
        for text in texts:
            there.add(text.id)
            if text.id in vouched and text.id not in emptied and not _is_as_written(text, vouched[text.id]):
                yield f"text {text.id} is not what was written" if text.body else f"text {text.id} was emptied"
            elif text.id in emptied and not (text.body is None and text.salt is None):
                yield f"text {text.id} was removed and is there again"
    yield from (f"text {id} is missing" for id in sorted(vouched.keys() - there))


def _is_as_written(text: Text, digest: str) -> bool:
    """Of the same hash, and nothing moved between salt and body, which are hashed as one."""
    return text_hash(text) == digest and len(text.salt or "") == SALT_LENGTH


def _vouched_for(session: Session) -> tuple[dict[int, str], set[int]]:
    """The hash of each text by its id, and the texts that were emptied."""
    vouched: dict[int, str] = {}
    emptied: set[int] = set()
    with in_bulk(session, select(Event.data).order_by(Event.id)) as rows:
        for data in rows:
            for entry in data.get("texts", ()):
                id, _, digest = entry.partition(":")
                vouched[int(id)] = digest
            emptied.update(data.get("emptied", ()))
    return vouched, emptied
