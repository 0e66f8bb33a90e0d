"""Who may do what about people: pure predicates over facts, deny first. Each answers why not, or None for yes.

Buttons, routes and services ask the same function. Source: the permission matrix, part B; Tech:Organization/2024 for
who appoints whom.
"""

from __future__ import annotations

from enum import StrEnum

from portal.errors import Message, NotPermitted
from portal.org.catalogue import Leads
from portal.people.facts import PersonFacts
from portal.people.models import Capacity


class Post(StrEnum):
    """What people are appointed to. Every other role is asked for in a request."""

    DIRECTOR = "director"
    DEPUTY = "deputy"
    BOARD = "board"
    TREASURER = "treasurer"
    OPERATOR = "operator"

    @property
    def leads(self) -> Leads | None:
        """The leading role this post is, if it is a role."""
        return Leads(self.value) if self in (Post.DIRECTOR, Post.DEPUTY) else None

    @property
    def capacity(self) -> Capacity | None:
        """The capacity this post is, if it is one."""
        return None if self.leads else Capacity(self.value)


LOCKED = Message("Your wiki account is blocked or locked, so you can only read what is public.")
BY_BOARD = Message("Only a member of the Board may do this.")
BY_DIRECTOR = Message("Only the Director may do this.")
BY_DECIDERS = Message("Only the Director or the Deputy may end somebody else's role.")


def require(why_not: Message | None) -> None:
    """Raises NotPermitted with the reason, if there is one."""
    if why_not is not None:
        raise NotPermitted(why_not)


def why_not_appoint(actor: PersonFacts, post: Post, person_id: int | None) -> Message | None:
    """Nobody appoints themselves; the Director appoints the Deputy, the Board everybody else.

    ``person_id`` is None when only the door is asked for: who, is not chosen yet.
    """
    if actor.locked:
        return LOCKED
    if person_id == actor.id:
        return Message("Nobody appoints themselves. Ask somebody else who may appoint.")
    if post is Post.DEPUTY:
        return None if actor.is_director else BY_DIRECTOR
    return None if actor.is_board else BY_BOARD


def posts_to_fill(actor: PersonFacts) -> list[Post]:
    """The posts this person may appoint somebody to."""
    return [post for post in Post if why_not_appoint(actor, post, None) is None]


def why_not_end_role(actor: PersonFacts, leads: Leads | None, person_id: int) -> Message | None:
    """Everybody may resign; leading roles are ended by who appoints, others by Director or Deputy."""
    if actor.locked:
        return LOCKED
    if person_id == actor.id:
        return None
    if leads is Leads.DIRECTOR:
        return None if actor.is_board else BY_BOARD
    if leads is Leads.DEPUTY:
        return None if actor.is_director else BY_DIRECTOR
    return None if actor.decides else BY_DECIDERS


def why_not_end_capacity(actor: PersonFacts, capacity: Capacity, person_id: int) -> Message | None:
    """An operator may resign; all else is for another member of the Board, so that the Board never empties itself."""
    if actor.locked:
        return LOCKED
    if person_id == actor.id:
        if capacity is Capacity.OPERATOR:
            return None
        return Message("You cannot end this yourself. Ask another member of the Board.")
    return None if actor.is_board else BY_BOARD


def why_not_declare_absence(actor: PersonFacts) -> Message | None:
    return LOCKED if actor.locked else None


def why_not_report_unreachable(actor: PersonFacts) -> Message | None:
    """Members and the Board report and confirm; never the Deputy, who would gain by it, nor the Director."""
    if actor.locked:
        return LOCKED
    if actor.is_deputy:
        return Message("You are the Deputy and would decide in the Director's place, so others must report this.")
    if actor.is_director:
        return Message("You are the Director: if you are here, you can be reached.")
    if not (actor.is_member or actor.is_board):
        return Message("Only members of the team and of the Board may report this.")
    return None


def why_not_start_acting(actor: PersonFacts) -> Message | None:
    """The Board puts it on record; a Board member who is the Deputy leaves it to the others."""
    if actor.locked:
        return LOCKED
    if actor.is_deputy:
        return Message("You are the Deputy and would decide in the Director's place, so another must record this.")
    return None if actor.is_board else BY_BOARD


def why_not_end_acting(actor: PersonFacts) -> Message | None:
    """The Board ends it on record; the Director says "I am back"."""
    if actor.locked:
        return LOCKED
    if actor.is_board or actor.is_director:
        return None
    return Message("Only the Director or a member of the Board may end this.")


def why_not_note_nda(actor: PersonFacts, person_id: int) -> Message | None:
    """The Board notes it, or the Director with the name of the Board member who confirmed it; never for oneself."""
    if actor.locked:
        return LOCKED
    if person_id == actor.id:
        return Message("Nobody notes their own non-disclosure agreement. Ask a member of the Board.")
    if actor.is_board or actor.is_director:
        return None
    return Message("Only a member of the Board, or the Director, may note a non-disclosure agreement.")


def reads_team_pages(actor: PersonFacts | None) -> bool:
    """Absences, linked accounts and who waits for a first sign-in: for members and the Board."""
    return actor is not None and not actor.locked and (actor.is_member or actor.is_board)


def reads_reasons(actor: PersonFacts | None, person_id: int) -> bool:
    """The reason of an absence or of the end of a role: the person's own and the deciders'."""
    return actor is not None and not actor.locked and (actor.id == person_id or actor.decides)


def may_remove_reason(actor: PersonFacts, author_id: int | None) -> bool:
    """A reason that somebody wrote, of an absence, an end or a change: its author and the deciders."""
    return not actor.locked and (actor.id == author_id or actor.decides)


def reads_nda(actor: PersonFacts | None, person_id: int) -> bool:
    """The date of a non-disclosure agreement: the person's own, the deciders' and the Board's."""
    return reads_reasons(actor, person_id) or (actor is not None and not actor.locked and actor.is_board)
