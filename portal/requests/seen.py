"""What the decider saw: carried by the decision form, compared under the lock. Pure.

A decision on other grounds than the page showed is refused with the difference; a new comment alone is only announced.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from portal.errors import Message
from portal.people.facts import Leadership, PersonFacts
from portal.requests.facts import RequestFacts
from portal.requests.readiness import Check
from portal.requests.workflow import Action

LONGEST = 4000  # characters
# What a reader may, and mostly somebody else takes or gives: by ending a role, or by what the Board is asked.
OF_OTHERS = frozenset({Action.READ_TEAM, Action.READ_EVIDENCE, Action.READ_REASONS, Action.NOTE, Action.COMMENT_TEAM})


def grounds(
    team_request: RequestFacts, checks: Iterable[Check], concern_ids: Iterable[int], evidence_ids: Iterable[int]
) -> str:
    """The grounds of a decision in one short text."""
    return json.dumps(
        {
            "revision": team_request.revision_number,
            "checks": {check.rule: check.met for check in checks},
            "concerns": sorted(concern_ids),
            "evidence": sorted(evidence_ids),
        },
        sort_keys=True,
        separators=(",", ":"),
    )


def news_tag(newest: int, actions: frozenset[Action]) -> str:
    """Names how far the timeline was read, and what the reader reads and takes part in: others may change either."""
    return _short(f"{newest} {sorted(actions & OF_OTHERS)}")


def quick_tag(newest: int, reader: PersonFacts, leads: Leadership) -> str:
    """Names what `news_tag` is computed from: where this is as before, so is that."""
    people = (leads.director, leads.deputy, *leads.board)
    stands = (sorted(reader.roles), sorted(reader.capacities), reader.is_director, reader.is_deputy)
    return _short(f"{newest} {stands} {[person and person.id for person in people]} {leads.acting_open}")


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def differences(before: str, now: str) -> list[Message]:
    """What changed, in words; empty when nothing did. Anything unreadable counts as changed."""
    if before == now:
        return []
    new = json.loads(now)
    try:
        old = json.loads(before[:LONGEST])
        if old["revision"] != new["revision"]:
            return [Message("What is asked for was changed.")]
        found = _checks(old["checks"], new["checks"])
        found += _lists(set(old["concerns"]), set(new["concerns"]), set(old["evidence"]), set(new["evidence"]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return [Message("The page was out of date.")]
    return found or [Message("The page was out of date.")]


def _checks(old: dict[str, bool], new: dict[str, bool]) -> list[Message]:
    met = [rule for rule in new if new[rule] and not old.get(rule)]
    lost = [rule for rule in new if not new[rule] and old.get(rule)]
    found = []
    if met:
        found.append(Message("Now met: %(count)s of the checks.", count=len(met)))
    if lost:
        found.append(Message("No longer met: %(count)s of the checks.", count=len(lost)))
    return found


def _lists(old_concerns: set[int], concerns: set[int], old_evidence: set[int], evidence: set[int]) -> list[Message]:
    found = []
    if concerns - old_concerns:
        found.append(Message("New concerns: %(count)s.", count=len(concerns - old_concerns)))
    if old_concerns - concerns:
        found.append(Message("Concerns closed: %(count)s.", count=len(old_concerns - concerns)))
    if old_evidence != evidence:
        found.append(Message("The linked evidence changed."))
    return found
