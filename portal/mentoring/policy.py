"""Who may do what in mentoring. Pure predicates over facts; deny comes first. Each "why not" is None for yes.

Source: docs/permissions.md; the access policy's draft of 2025 (a mentor has been a member for three months).
"""

from __future__ import annotations

from dataclasses import dataclass

from portal.errors import Message
from portal.mentoring.models import MentorshipKind, MentorshipState
from portal.people.facts import PersonFacts
from portal.people.policy import LOCKED

MOST_PLACES = 20
MOVED_ON = {
    MentorshipState.ASKED: Message("This has not been accepted yet."),
    MentorshipState.ACTIVE: Message("This was accepted already."),
    MentorshipState.DECLINED: Message("This was declined already."),
    MentorshipState.ENDED: Message("This has ended already."),
}


@dataclass(frozen=True, slots=True)
class MentorshipFacts:
    """What the policy knows of a mentorship. ``began``: it was accepted once."""

    mentee_id: int
    mentor_id: int
    asked_by_id: int
    state: MentorshipState
    began: bool

    @property
    def pair(self) -> tuple[int, int]:
        return self.mentee_id, self.mentor_id


@dataclass(frozen=True, slots=True)
class Mentor:
    """A member as a mentor. ``days``: a member for so long; ``places``: None where they have said no number."""

    person: PersonFacts
    name: str
    days: int
    places: int | None = None
    taken: int = 0

    @property
    def free(self) -> int | None:
        return None if self.places is None else max(self.places - self.taken, 0)

    @property
    def is_full(self) -> bool:
        return self.free == 0


def why_not_ask(actor: PersonFacts) -> Message | None:
    """Anyone signed in, on their way into the team or in it, except with a blocked or locked wiki account."""
    return LOCKED if actor.locked else None


def why_not_member_long_enough(mentor: Mentor, needed: int) -> Message | None:
    """The rule about how long a mentor has been in the team."""
    if mentor.days >= needed:
        return None
    return Message(
        "A mentor has been a member for at least %(needed)s days; for %(name)s it is %(days)s.",
        needed=needed,
        name=mentor.name,
        days=mentor.days,
    )


def why_not_mentor(mentor: Mentor, mentee_id: int, kind: MentorshipKind, needed: int) -> Message | None:
    """Be asked for it and accept it. Peer support takes no place, and any member may give it."""
    if mentor.person.id == mentee_id:
        return Message("Nobody mentors themselves. Choose somebody else.")
    if mentor.person.locked or not mentor.person.is_member:
        return Message("Mentoring is done by members of the team, and %(name)s is none now.", name=mentor.name)
    if kind is MentorshipKind.PEER:
        return None
    if too_new := why_not_member_long_enough(mentor, needed):
        return too_new
    if mentor.is_full:
        return Message(
            "%(name)s is full: %(places)s is as many as they can mentor. Ask somebody else, or again later.",
            name=mentor.name,
            places=mentor.places,
        )
    return None


def why_not_offer(actor: Mentor, needed: int) -> Message | None:
    """Say how many one can mentor."""
    if actor.person.locked:
        return LOCKED
    if not actor.person.is_member:
        return Message("Mentoring is done by members of the team.")
    return why_not_member_long_enough(actor, needed)


def may_see(reader: PersonFacts | None, found: MentorshipFacts) -> bool:
    """That it is there: the two, who asked, and who decides; what was accepted also the team and the Board."""
    if reader is None or reader.locked:
        return False
    if reader.id in (*found.pair, found.asked_by_id) or reader.decides:
        return True
    return found.began and (reader.is_member or reader.is_board)


def may_see_all(reader: PersonFacts | None) -> bool:
    """Who mentors whom: the team and the Board."""
    return reader is not None and not reader.locked and (reader.is_member or reader.is_board)


def why_not_share(actor: PersonFacts) -> Message | None:
    """Let the team count one's agreed scores, and stop that: members, each for themselves."""
    if actor.locked:
        return LOCKED
    return None if actor.is_member else Message("This is about what the team can do, so it is for its members.")


def reads_inside(reader: PersonFacts | None, found: MentorshipFacts) -> bool:
    """Goals, and what was said: the two, the Director and the Deputy. What one wrote oneself stays readable."""
    return reader is not None and not reader.locked and (reader.id in found.pair or reader.decides)


def sees_quiet_mentors(reader: PersonFacts | None) -> bool:
    """Which mentors are away or silent: the Director and the Deputy."""
    return reader is not None and not reader.locked and reader.decides


def why_not_answer(actor: PersonFacts, found: MentorshipFacts) -> Message | None:
    """Accept or decline: who was asked."""
    if actor.locked:
        return LOCKED
    if actor.id != found.mentor_id:
        return Message("Only the member who was asked can answer.")
    return None


def why_not_end(actor: PersonFacts, found: MentorshipFacts) -> Message | None:
    """End it, or take back what was asked: the mentee, the Director and the Deputy; the mentor what they accepted.

    Who asked to hand it over can take that back. A mentor who was asked answers instead.
    """
    if actor.locked:
        return LOCKED
    if actor.id == found.mentee_id or actor.decides:
        return None
    if actor.id == (found.mentor_id if found.began else found.asked_by_id):
        return None
    return Message("Only the two of them, the Director and the Deputy can end this.")


def why_not_hand_over(actor: PersonFacts, found: MentorshipFacts) -> Message | None:
    """Ask another member to go on with it: the mentor, the Director and the Deputy."""
    if actor.locked:
        return LOCKED
    if actor.id == found.mentor_id or actor.decides:
        return None
    return Message("Only the mentor, the Director and the Deputy can hand this over.")


def why_not_set_goals(actor: PersonFacts, found: MentorshipFacts) -> Message | None:
    """Set goals and say that they are reached: the two."""
    if actor.locked:
        return LOCKED
    return None if actor.id in found.pair else Message("Goals are set by the two of them alone.")
