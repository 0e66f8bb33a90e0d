"""Who may do what with an assessment. Pure predicates over facts; deny comes first.

Source: the permission matrix, rows "self-assess; read an assessment in full" and "mentor review of somebody else".
"""

from __future__ import annotations

from dataclasses import dataclass

from portal.assessments.models import AssessmentType
from portal.people.facts import PersonFacts


@dataclass(frozen=True, slots=True)
class AssessmentFacts:
    """What the policy knows of an assessment."""

    person_id: int
    marker_id: int
    type: AssessmentType
    locked: bool
    begun: bool = False  # whether anything has been filled in


def may_self_assess(person: PersonFacts) -> bool:
    """Anyone signed in, except with a blocked or locked wiki account."""
    return not person.locked


def may_name_marker(actor: PersonFacts, person_id: int) -> bool:
    """Name a member for a mentor review: the person it is about, the Director and the Deputy."""
    return not actor.locked and (actor.id == person_id or actor.decides)


def may_mark(marker: PersonFacts, person_id: int) -> bool:
    """Be named for, and fill in, a mentor review: a member, never the assessed person."""
    return marker.id != person_id and not marker.locked and marker.is_member


def may_write(actor: PersonFacts, assessment: AssessmentFacts) -> bool:
    """Fill in and lock: only its marker, and only while it is a draft."""
    if assessment.locked or actor.locked or actor.id != assessment.marker_id:
        return False
    if assessment.type is AssessmentType.SELF:
        return actor.id == assessment.person_id
    return may_mark(actor, assessment.person_id)


def may_read(reader: PersonFacts, assessment: AssessmentFacts) -> bool:
    """Read item scores, remarks and links. A draft is only for who fills it in."""
    if reader.locked:
        return False
    if not assessment.locked:
        return may_write(reader, assessment)
    return reader.id in (assessment.person_id, assessment.marker_id) or reader.decides


def may_discard(actor: PersonFacts, assessment: AssessmentFacts) -> bool:
    """Throw a draft away: its marker at any time; who may name markers, while nothing is filled in."""
    if assessment.locked or actor.locked:
        return False
    if actor.id == assessment.marker_id:
        return True
    return may_name_marker(actor, assessment.person_id) and not assessment.begun


def may_redact(actor: PersonFacts, assessment: AssessmentFacts) -> bool:
    """Remove a remark from a locked assessment: who wrote it, the Director and the Deputy."""
    return assessment.locked and may_read(actor, assessment) and (actor.id == assessment.marker_id or actor.decides)


def may_read_all_of(reader: PersonFacts, person_id: int) -> bool:
    """Find every finished assessment about a person: they themselves, the Director and the Deputy."""
    return not reader.locked and (reader.id == person_id or reader.decides)
