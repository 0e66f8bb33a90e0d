"""A tree of hashes over the timeline, so that one entry can be proved with a few hashes (RFC 6962, RFC 9162). Pure.

The leaves are the hashes of the events in order. `BLOCK` of them have one hash that is kept, so that neither a
checkpoint nor a proof has to read the whole timeline.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

BLOCK = 256  # leaves: a power of two, or the tree over blocks is another one


def leaf(event_hash: str) -> bytes:
    """The leaf of an event, from its hash as it stands in the timeline."""
    return hashlib.sha256(b"\0" + bytes.fromhex(event_hash)).digest()


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def root(nodes: Sequence[bytes]) -> bytes:
    """The root over these nodes, of which each but the last covers equally many leaves. Needs at least one."""
    if len(nodes) == 1:
        return nodes[0]
    split = _split(len(nodes))
    return node(root(nodes[:split]), root(nodes[split:]))


def path(index: int, nodes: Sequence[bytes]) -> list[bytes]:
    """The hashes that lead from the node at this index to the root, the nearest first."""
    if len(nodes) == 1:
        return []
    split = _split(len(nodes))
    if index < split:
        return [*path(index, nodes[:split]), root(nodes[split:])]
    return [*path(index - split, nodes[split:]), root(nodes[:split])]


def _split(count: int) -> int:
    """The largest power of two that is smaller than this."""
    return 1 << (count - 1).bit_length() - 1


@dataclass(slots=True)
class Growing:
    """The tree while leaves are added one by one: for walking along a whole timeline."""

    size: int = 0
    peaks: list[bytes] = field(default_factory=list)  # roots of whole subtrees, the largest first

    def add(self, event_hash: str) -> None:
        self.peaks.append(leaf(event_hash))
        self.size += 1
        for _level in range((self.size & -self.size).bit_length() - 1):
            right, left = self.peaks.pop(), self.peaks.pop()
            self.peaks.append(node(left, right))

    def root(self) -> bytes:
        """The root over what was added so far. Needs at least one leaf."""
        found = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            found = node(peak, found)
        return found


def root_of(event_hashes: Iterable[str]) -> bytes:
    """The root over these events."""
    return root([leaf(found) for found in event_hashes])
