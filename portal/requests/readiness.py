"""The checks: each rule, whether it is met, and what that means for the decision. Pure.

Checks say nothing of who: the candidate reads them too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from portal.errors import Message
from portal.org.catalogue import Weight
from portal.requests.authority import authority
from portal.requests.facts import RequestFacts
from portal.requests.workflow import UNDER_DISCUSSION


@dataclass(frozen=True, slots=True)
class Check:
    """One rule, met or not. ``says`` tells how far it is; ``anchor`` names the part of the page to go to."""

    rule: str
    met: bool
    weight: Weight
    says: Message
    anchor: str = ""


Outcome = tuple[bool, Message]


def involved(r: RequestFacts) -> frozenset[int]:
    """Whose word is not independent: parties, sponsors, markers, who stepped aside, and who may decide."""
    parties = frozenset({r.requester_id, r.candidate_id})
    return parties | r.sponsors_ever | r.markers | r.recused | {id for id, _ in authority(r).deciders}


def counted_positions(team_request: RequestFacts) -> frozenset[int]:
    """Members who took a position and are not involved."""
    spoke = frozenset(position.person_id for position in team_request.positions)
    return (spoke & team_request.members) - involved(team_request)


def _agreed(r: RequestFacts) -> Outcome:
    return r.agreed, Message("The candidate has agreed.") if r.agreed else Message("The candidate has not agreed yet.")


def _fits(r: RequestFacts) -> Outcome:
    if r.candidate_fits:
        return True, Message("The kind of request fits the candidate.")
    return False, Message("The candidate has joined or left the team since: this kind of request no longer fits.")


def _not_locked(r: RequestFacts) -> Outcome:
    if r.candidate_locked:
        return False, Message("The candidate's wiki account is blocked or locked.")
    return True, Message("The candidate's wiki account is in good standing.")


def _items_available(r: RequestFacts) -> Outcome:
    today = r.now.date()
    if not r.items:
        return False, Message("Nothing is asked for.")
    if any(item.leading or not item.known or (item.adds and item.retired) for item in r.items):
        return False, Message("Something asked for is no longer in the catalogue.")
    if any(item.until is not None and item.until < today for item in r.items):
        return False, Message("An end date that was asked for has passed.")
    return True, Message("Everything asked for can be given.")


def days_needed(r: RequestFacts) -> int:
    """Days the discussion stays open: more for high-trust items."""
    days = int(r.rules.get("discussion_days", 0))
    if any(item.adds and item.high_trust for item in r.items):
        days = max(days, int(r.rules.get("high_trust_days", 0)))
    return days


OVERDUE = timedelta(days=7)  # after the discussion could have ended


def is_overdue(r: RequestFacts) -> bool:
    """Whether it still waits a week after its discussion could have ended."""
    if r.state not in UNDER_DISCUSSION or r.discussion_at is None:
        return False
    return r.now - r.discussion_at >= timedelta(days=days_needed(r)) + OVERDUE


def _discussion_days(r: RequestFacts) -> Outcome:
    needed = days_needed(r)
    if r.discussion_at is None:
        return False, Message("The discussion has not begun.")
    passed = r.now - r.discussion_at
    met = passed >= timedelta(days=needed)
    done = min(max(passed.days, 0), needed)
    return met, Message("Discussion open for %(done)s of %(needed)s days.", done=done, needed=needed)


def _positions(r: RequestFacts) -> Outcome:
    needed, found = int(r.rules["positions"]), len(counted_positions(r))
    return found >= needed, Message(
        "%(found)s of %(needed)s needed members who are not involved have spoken.", found=found, needed=needed
    )


def _positions_advised(r: RequestFacts) -> Outcome:
    half = math.ceil(len(r.members_not_away - involved(r)) / 2)
    needed = min(int(r.rules["positions_advised"]), half)
    found = len(counted_positions(r))
    return found >= needed, Message("%(found)s of %(needed)s positions that are advised.", found=found, needed=needed)


def _no_open_concern(r: RequestFacts) -> Outcome:
    if r.open_concerns:
        return False, Message("Open concerns: %(count)s.", count=r.open_concerns)
    return True, Message("No concern is open.")


def _no_open_question(r: RequestFacts) -> Outcome:
    if r.open_questions:
        return False, Message("Questions without an answer: %(count)s.", count=r.open_questions)
    return True, Message("No question waits for an answer.")


def _sponsor(r: RequestFacts) -> Outcome:
    if (r.sponsors & r.members) - r.recused - {r.candidate_id}:
        return True, Message("A member sponsors this.")
    return False, Message("No member sponsors this yet.")


def asks_new_shell(r: RequestFacts) -> bool:
    """Shell access is asked for and the candidate has none."""
    return any(item.adds and item.shell for item in r.items) and not r.groups_held


def _key_and_identity(r: RequestFacts) -> Outcome:
    if not asks_new_shell(r):
        return True, Message("No new shell access is asked for.")
    if r.key_offered:
        return True, Message("A fresh key and the proof of identity are there.")
    return False, Message("New shell access needs a fresh key and proof of identity.")


def groups_after(r: RequestFacts) -> frozenset[str]:
    """The access groups held once everything asked for is given."""
    added = {item.key for item in r.items if item.adds and item.type == "access_group"}
    removed = {item.key for item in r.items if not item.adds and item.type == "access_group"}
    return frozenset((r.groups_held | added) - removed)


def _prerequisites(r: RequestFacts) -> Outcome:
    after = groups_after(r)
    needs = {item.key: item.requires for item in r.items if item.adds}
    if any(not item.adds for item in r.items):  # what is given up may carry what stays
        needs |= {key: requires for key, requires in r.held_requires if key in after}
    lacking = sorted(key for key, requires in needs.items() if any(not (any_of & after) for any_of in requires))
    if lacking:
        return False, Message("Something it builds on is missing: %(items)s.", items=", ".join(lacking))
    return True, Message("What it builds on is held or asked for.")


def _liaison(r: RequestFacts) -> Outcome:
    if r.would_liaise and r.would_develop:
        return False, Message("This joins community liaison with development duties.")
    return True, Message("No conflict between roles.")


def _assessment(r: RequestFacts) -> Outcome:
    days = int(r.rules["assessment"])
    fresh = [a for a in r.assessments if a.current_standard and r.now - a.locked_at <= timedelta(days=days)]
    if fresh:
        return True, Message("A recent assessment is linked.")
    return False, Message("No assessment of the last %(days)s days is linked.", days=days)


PREDICATES: Mapping[str, tuple[Callable[[RequestFacts], Outcome], str]] = {
    "candidate_agreed": (_agreed, ""),
    "candidate_not_locked": (_not_locked, ""),
    "candidate_fits": (_fits, ""),
    "items_available": (_items_available, "what-is-asked"),
    "discussion_days": (_discussion_days, "discussion"),
    "positions": (_positions, "positions"),
    "positions_advised": (_positions_advised, "positions"),
    "no_open_concern": (_no_open_concern, "concerns"),
    "no_open_question": (_no_open_question, "discussion"),
    "sponsor": (_sponsor, "people"),
    "key_and_identity": (_key_and_identity, "what-is-asked"),
    "prerequisites": (_prerequisites, "what-is-asked"),
    "liaison_without_development": (_liaison, "what-is-asked"),
    "assessment": (_assessment, "evidence"),
}
VALUES_ONLY = frozenset({"high_trust_days"})  # feeds another check


def checks(team_request: RequestFacts, weights: Mapping[str, Weight]) -> tuple[Check, ...]:
    """Every check of the rules this revision was submitted under, the heaviest first.

    ``weights`` has the weight of each rule. A rule that is switched off (value False) is not checked. Raises KeyError
    for a rule without a predicate: the data and the code then do not belong together.
    """
    found = []
    for rule, value in team_request.rules.items():
        if value is False or rule in VALUES_ONLY:
            continue
        predicate, anchor = PREDICATES[rule]
        met, says = predicate(team_request)
        found.append(Check(rule, met, weights[rule], says, anchor))
    order = [Weight.ABSOLUTE, Weight.REQUIRED, Weight.ADVISED]
    return tuple(sorted(found, key=lambda check: order.index(check.weight)))


def unmet(found: Iterable[Check], weight: Weight) -> tuple[Check, ...]:
    """The checks of this weight that are not met."""
    return tuple(check for check in found if check.weight is weight and not check.met)


def is_ready(found: Iterable[Check]) -> bool:
    """Ready to decide: nothing absolute or required is missing."""
    return all(check.met for check in found if check.weight is not Weight.ADVISED)
