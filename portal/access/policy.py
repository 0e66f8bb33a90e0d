"""Who may do what with access somebody holds: pure predicates over facts, deny first. Each answers why not, or None.

Buttons, routes and services ask the same function. Source: the permission matrix (mark as granted; revoke access).
"""

from __future__ import annotations

from portal.errors import Message
from portal.people.facts import PersonFacts

LOCKED = Message("Your wiki account is blocked or locked, so you can only read what is public.")


def why_not_mark(actor: PersonFacts, holder_id: int) -> Message | None:
    """Mark as granted: a member other than the holder. A capacity (Board, treasurer, operator) is not enough."""
    if actor.locked:
        return LOCKED
    if actor.id == holder_id:
        return Message("This is your own access. Another member sets it up and marks it as granted.")
    if not actor.is_member:
        return Message("Only members of the team set up access and mark it as granted.")
    return None


def why_not_end(actor: PersonFacts, holder_id: int) -> Message | None:
    """End access: everybody may give up their own; somebody else's is for the Director and the Deputy."""
    if actor.locked:
        return LOCKED
    if actor.id == holder_id or actor.decides:
        return None
    return Message("Only the Director or the Deputy may revoke somebody else's access.")


def reads_team_part(actor: PersonFacts | None) -> bool:
    """Who marked and who ended, and what waits to be set up: for members and the Board."""
    return actor is not None and not actor.locked and (actor.is_member or actor.is_board)


def reads_names(actor: PersonFacts | None, *, public: bool) -> bool:
    """Who holds what, by name: for everybody if the organisation's rule says so, else for members and the Board."""
    return public or reads_team_part(actor)


def reads_grant(actor: PersonFacts | None, holder_id: int, *, public: bool) -> bool:
    """The page of one access: as `reads_names`, and always the holder."""
    return reads_names(actor, public=public) or (actor is not None and actor.id == holder_id)


def reads_reason(actor: PersonFacts | None, holder_id: int) -> bool:
    """Why access was ended: for the holder and those who decide."""
    return actor is not None and not actor.locked and (actor.id == holder_id or actor.decides)
