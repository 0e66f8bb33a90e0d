"""A record as a file that can be checked without the portal (tools/verify_record.py; docs/adr/0014)."""

from __future__ import annotations

from typing import Any

from portal.audit.chain import canonical
from portal.audit.models import Text
from portal.errors import NotVisible
from portal.record import checkpoints, queries
from portal.record.page import is_removed
from portal.requests.models import Decision

FORMAT = "portal-record/1"


def record_file(decision_id: int, size: int | None = None) -> dict[str, Any]:
    """The record of one approval with its proof. Raises NotVisible.

    ``size`` names the checkpoint to prove it against; without it the newest. Of a removed one the entry itself is left
    out, since it names the person by number: its hash, and that it is in the tree, stay provable.
    """
    decision = queries.approval(decision_id)
    event = queries.event_of(decision)
    if event is None:
        raise NotVisible("No entry of this decision is in the timeline.")
    checkpoint = checkpoints.newest() if size is None else checkpoints.of_size(size)
    covers, removed = checkpoint is not None and event.id <= checkpoint.size, is_removed(decision)
    return {
        "format": FORMAT,
        "place": event.id,
        "hash": event.hash,
        "event": None if removed else canonical(event),
        **{name: None if removed else _words(text) for name, text in _texts(decision).items()},
        "path": checkpoints.path(event.id, checkpoint.size) if checkpoint and covers else [],
        "checkpoint": checkpoint.note if checkpoint and covers else None,
    }


def _texts(decision: Decision) -> dict[str, Text | None]:
    return {"statement": decision.statement, "reason": decision.reason, "anyway": decision.anyway}


def _words(text: Text | None) -> dict[str, str] | None:
    if text is None or text.body is None or text.salt is None:
        return None
    return {"salt": text.salt, "body": text.body}
