"""Who may change a rule: pure, deny first. Answers why not, or None for yes."""

from __future__ import annotations

from portal.errors import Message
from portal.org.catalogue import RuleDefault
from portal.people.facts import PersonFacts
from portal.people.policy import BY_DIRECTOR, LOCKED

FIXED = Message("This rule is fixed: nobody can change it in the portal.")


def why_not_change(actor: PersonFacts | None, rule: RuleDefault) -> Message | None:
    """Only the Director, and only a rule that is not fixed. Source: Tech:Organization/2024, Director."""
    if actor is None or not actor.is_director:
        return BY_DIRECTOR
    if actor.locked:
        return LOCKED
    return None if rule.editable else FIXED
