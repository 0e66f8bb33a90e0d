"""Facts for the pure core: no framework, no database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from portal.people.facts import Leadership, PersonFacts
from portal.people.models import Capacity
from portal.requests.facts import ItemFacts, PositionFacts, RequestFacts
from portal.requests.workflow import State

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
CANDIDATE, REQUESTER, DIRECTOR, DEPUTY, BOARD = 1, 2, 3, 4, 5
SECOND = timedelta(seconds=1)


def member(id: int, *capacities: Capacity, **changes: Any) -> PersonFacts:
    return PersonFacts(id, frozenset({"software_engineer"}), frozenset(capacities), **changes)


def outsider(id: int, *capacities: Capacity, **changes: Any) -> PersonFacts:
    return PersonFacts(id, frozenset(), frozenset(capacities), **changes)


def director(id: int = DIRECTOR, **changes: Any) -> PersonFacts:
    return PersonFacts(id, frozenset({"director"}), is_director=True, **changes)


def deputy(id: int = DEPUTY, **changes: Any) -> PersonFacts:
    return PersonFacts(id, frozenset({"deputy_director"}), is_deputy=True, **changes)


def board(id: int = BOARD, **changes: Any) -> PersonFacts:
    return PersonFacts(id, capacities=frozenset({Capacity.BOARD}), **changes)


def leadership(**changes: Any) -> Leadership:
    """Director, Deputy and one member of the Board, nobody away."""
    parts: dict[str, Any] = {"director": director(), "deputy": deputy(), "board": (board(),), "acting_open": False}
    return Leadership(**{**parts, **changes})


def request(**changes: Any) -> RequestFacts:
    """A request that a member filed for somebody else, in its fourth day of discussion."""
    parts: dict[str, Any] = {
        "id": 1,
        "kind": "access_expansion",
        "state": State.DISCUSSION,
        "requester_id": REQUESTER,
        "candidate_id": CANDIDATE,
        "leadership": leadership(),
        "now": NOON,
        "discussion_at": NOON - timedelta(days=4),
        "items": (item("grafana", type="system"),),
        "members": frozenset(range(1, 100)),
    }
    return RequestFacts(**{**parts, **changes})


def item(key: str, action: str = "add", type: str = "access_group", **changes: Any) -> ItemFacts:
    return ItemFacts(1, action, type, key, **changes)


def said(*person_ids: int) -> tuple[PositionFacts, ...]:
    return tuple(PositionFacts(id, "support") for id in person_ids)
