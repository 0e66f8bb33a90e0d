"""The words of the participant form: sections, types and the meaning of each score.

Source: Tech:Mentoring/Standard, "Participant KSB Assessment". The labels are verbatim.
"""

from __future__ import annotations

from portal.assessments.models import AssessmentType, MentoringType, Score, Seat, Section
from portal.assessments.profiles import Reached
from portal.errors import Message

SECTIONS = {
    Section.KNOWLEDGE: Message("Knowledge"),
    Section.SKILL: Message("Skills"),
    Section.BEHAVIOUR: Message("Behaviours"),
}
TYPES = {
    AssessmentType.SELF: Message("Self-assessment"),
    AssessmentType.MENTOR: Message("Mentor review"),
    AssessmentType.FINAL: Message("Final check"),
}
MENTORING = {
    MentoringType.MENTEE: Message("Mentee"),
    MentoringType.MENTOR: Message("Mentor"),
    MentoringType.PEER: Message("Peer Support"),
}
SCORES = {
    Score.NONE: Message("0"),
    Score.BASIC: Message("1"),
    Score.INDEPENDENT: Message("2"),
    Score.TEACHES: Message("3"),
    Score.NOT_APPLICABLE: Message("N/A"),
}
MEANINGS = {
    Score.NONE: Message("No understanding or experience"),
    Score.BASIC: Message("Basic familiarity or supervised participation"),
    Score.INDEPENDENT: Message("Confident performing independently"),
    Score.TEACHES: Message("Can teach or lead others in this area"),
    Score.NOT_APPLICABLE: Message("Not relevant to current role"),
}
REACHED = {
    Reached.MET: Message("met"),
    Reached.BELOW: Message("below"),
    Reached.NOT_APPLICABLE: Message("not applicable"),
    Reached.UNSCORED: Message("no score"),
}
SEATS = {
    Seat.OWN: Message("Own scores"),
    Seat.MENTOR: Message("Mentor"),
    Seat.SECOND: Message("Second marker"),
    Seat.FINAL: Message("Final check"),
}
