"""For `flask audit verify`: checkpoints against the timeline, and decisions against what the record says of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from portal.audit.models import Event
from portal.audit.verification import in_bulk
from portal.record import signing
from portal.record.merkle import BLOCK, Growing, root_of
from portal.record.models import Checkpoint, TreeBlock
from portal.requests import statement
from portal.requests.models import Decision, DecisionItem, Revision


def differences(session: Session) -> Iterator[str]:
    """Each checkpoint and block that the timeline does not bear out, each decision that is not as it was stated."""
    yield from _tree(session)
    yield from _stated(session)


def _stated(session: Session) -> Iterator[str]:
    query = select(Decision).where(Decision.statement_id.is_not(None)).order_by(Decision.id)
    items = selectinload(Decision.items).joinedload(DecisionItem.requested_item)
    asked = joinedload(Decision.revision).selectinload(Revision.items)
    needed = (joinedload(Decision.statement), joinedload(Decision.team_request), items, asked)
    with in_bulk(session, query.options(*needed)) as decisions:
        for decision in decisions:
            text = decision.statement
            if text is None or text.body is None:
                continue  # removed, or missing: looked at where the texts are
            said, found = json.loads(text.body), _facts(decision)
            yield from (
                f"decision {decision.id} is not as it was stated: {name}"
                for name, value in found.items()
                if said.get(name) != value
            )


def _facts(decision: Decision) -> dict[str, Any]:
    """What the rows say now; nothing fits where an owner moved a pointer."""
    try:
        return statement.facts(decision)
    except AttributeError:
        return {"rows": "missing"}


def _tree(session: Session) -> Iterator[str]:
    """Walk along the timeline once, with the tree growing beside."""
    waiting = {checkpoint.size: checkpoint for checkpoint in session.scalars(select(Checkpoint))}
    blocks = {block.number: block.hash for block in session.scalars(select(TreeBlock))}
    tree, hashes = Growing(), []
    with in_bulk(session, select(Event.hash).order_by(Event.id)) as events:
        for found in events:
            tree.add(found)
            hashes.append(found)
            if len(hashes) == BLOCK:
                kept = blocks.pop(tree.size // BLOCK - 1, None)
                if kept is not None and kept != root_of(hashes).hex():
                    yield f"block {tree.size // BLOCK - 1} of the tree was changed"
                hashes.clear()
            checkpoint = waiting.pop(tree.size, None)
            if checkpoint is not None and not _holds(checkpoint, tree, found):
                yield f"checkpoint {checkpoint.size} is not what was signed, or the timeline is another"
    yield from (f"checkpoint {size} covers more than there is" for size in sorted(waiting))
    yield from (f"block {number} of the tree covers more than there is" for number in sorted(blocks))


def _holds(checkpoint: Checkpoint, tree: Growing, head_hash: str) -> bool:
    claim = signing.Claim(tree.size, tree.root(), head_hash, checkpoint.at)
    columns = (checkpoint.root, checkpoint.head_hash) == (claim.root.hex(), head_hash)
    return columns and signing.is_signed(checkpoint.note, checkpoint.key, claim)
