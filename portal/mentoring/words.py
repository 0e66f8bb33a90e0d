"""The words of mentoring. Kinds as on the participant form (Tech:Mentoring/Standard, "Mentoring Type")."""

from __future__ import annotations

from portal.errors import Message
from portal.mentoring.models import MentorshipKind, MentorshipState

KINDS = {
    MentorshipKind.MENTORING: Message("Mentoring"),
    MentorshipKind.PEER: Message("Peer Support"),
}
MEANINGS = {
    MentorshipKind.MENTORING: Message("Somebody with more experience helps you on. One mentor at a time."),
    MentorshipKind.PEER: Message("Two people help each other on."),
}
STATES = {
    MentorshipState.ASKED: (Message("Asked"), "clock"),
    MentorshipState.ACTIVE: (Message("Active"), "progress"),
    MentorshipState.DECLINED: (Message("Not now"), "notyet"),
    MentorshipState.ENDED: (Message("Ended"), "closed"),
}
KIND_DECLINE = Message(
    "Thank you for asking. I cannot give you the time you deserve just now. Please ask somebody else."
)
