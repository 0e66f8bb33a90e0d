"""Who may prepare and publish a version of the standard: pure, deny first. Each answers why not, or None for yes.

Source: Tech:Organization/2024: the Director approves additions or changes to Technology policy; the Deputy takes the
day-to-day duties. So both prepare a draft, and only the Director lets it hold.
"""

from __future__ import annotations

from portal.errors import Message
from portal.people.facts import PersonFacts
from portal.people.policy import BY_DIRECTOR, LOCKED

BY_DECIDERS = Message("Only the Director and the Deputy prepare a version of the standard.")


def why_not_draft(actor: PersonFacts | None) -> Message | None:
    """Import, read and discard a draft: the Director and the Deputy."""
    if actor is None or not actor.decides:
        return BY_DECIDERS
    return LOCKED if actor.locked else None


def why_not_publish(actor: PersonFacts | None) -> Message | None:
    """Let a draft hold from now on: the Director."""
    if actor is None or not actor.is_director:
        return BY_DIRECTOR
    return LOCKED if actor.locked else None
