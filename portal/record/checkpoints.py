"""Making checkpoints: once a day, and whenever enough has happened. And what proves one event against one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select

from portal.audit import services as audit
from portal.audit.models import Event
from portal.errors import NotVisible
from portal.extensions import db
from portal.record import merkle, signing
from portal.record.merkle import BLOCK
from portal.record.models import Checkpoint, TreeBlock
from portal.record.signing import Claim

EVENTS = 100
DAY = timedelta(hours=24)


def tick(now: datetime) -> int:
    """Sign where the timeline stands, if a day or `EVENTS` events have passed and anything happened since.

    Returns how many checkpoints were made: none without a key.
    """
    signer, (size, head_hash) = signing.signer(), audit.chain_head()
    last = newest()
    grown = size - (last.size if last else 0)
    if signer is None or grown <= 0:
        return 0
    if last is not None and grown < EVENTS and now - last.at < DAY:
        return 0
    _keep_blocks(size)
    claim = Claim(size, merkle.root(_nodes(size)), head_hash, now)
    db.session.add(
        Checkpoint(
            size=size, root=claim.root.hex(), head_hash=head_hash, at=now, key=signer.key, note=signer.sign(claim)
        )
    )
    return 1


def newest() -> Checkpoint | None:
    """The newest checkpoint, if there is one."""
    return db.session.scalars(select(Checkpoint).order_by(Checkpoint.size.desc()).limit(1)).first()


def of_size(size: int) -> Checkpoint:
    """The checkpoint that covers so many events. Raises NotVisible."""
    found = db.session.get(Checkpoint, size)
    if found is None:
        raise NotVisible("There is no such checkpoint.")
    return found


def path(place: int, size: int) -> list[str]:
    """The hashes that lead from the event at this place (from 1) to the root over the first ``size`` events."""
    number, index = divmod(place - 1, BLOCK)
    leaves = _leaves(number * BLOCK, min(size, (number + 1) * BLOCK))
    found = merkle.path(index, leaves) + merkle.path(number, _nodes(size))
    return [step.hex() for step in found]


def _nodes(size: int) -> list[bytes]:
    """The kept hashes of the whole blocks of so many events, then the root over the rest."""
    whole, rest = divmod(size, BLOCK)
    kept = db.session.scalars(select(TreeBlock.hash).where(TreeBlock.number < whole).order_by(TreeBlock.number))
    nodes = [bytes.fromhex(found) for found in kept]
    return [*nodes, merkle.root(_leaves(whole * BLOCK, size))] if rest else nodes


def _leaves(after: int, up_to: int) -> Sequence[bytes]:
    hashes = db.session.scalars(select(Event.hash).where(Event.id > after, Event.id <= up_to).order_by(Event.id))
    return [merkle.leaf(found) for found in hashes]


def _keep_blocks(size: int) -> None:
    """Keep the hash of every whole block that is not kept yet."""
    there = db.session.scalar(select(func.count()).select_from(TreeBlock)) or 0
    for number in range(there, size // BLOCK):
        found = merkle.root(_leaves(number * BLOCK, (number + 1) * BLOCK))
        db.session.add(TreeBlock(number=number, hash=found.hex()))
    db.session.flush()
