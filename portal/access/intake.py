"""How access that was held before the portal comes on record, from the command line.

Nobody is signed in then, so what permits it is that the operator can run commands on the server. It is on the timeline
as done by command.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time

from portal.access import queries, services
from portal.access.importing import Entry
from portal.people import queries as people
from portal.people.entry_lists import ImportFault


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one line."""

    entry: Entry
    added: bool


def bring_in(entries: Sequence[Entry], *, now: datetime) -> list[Outcome]:
    """Put access on record as held before the portal. What is there already stays as it is.

    Raises ImportFault naming every line whose person is not known; the unit of work around it then keeps nothing.
    """
    faults: list[str] = []
    outcomes = [_bring_in(entry, faults, now=now) for entry in entries]
    if faults:
        raise ImportFault(faults)
    return [outcome for outcome in outcomes if outcome is not None]


def _bring_in(entry: Entry, faults: list[str], *, now: datetime) -> Outcome | None:
    person = people.find_by_name(entry.name)
    if person is None:
        faults.append(f"line {entry.line}: nobody called {entry.name!r} is known; bring them in with people import")
        return None
    if queries.held_item(person.id, entry.item_type, entry.item_key, now) is not None:
        return Outcome(entry, added=False)
    since = datetime.combine(entry.since, time(), UTC) if entry.since else now
    services.hold_from_before(person.id, entry.item_type, entry.item_key, since=since, now=now)
    return Outcome(entry, added=True)
