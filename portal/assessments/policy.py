"""Who may do what with an assessment. Pure predicates over facts; deny comes first.

Source: the permission matrix, rows "self-assess; read an assessment in full" and "mentor review of somebody else".
"""

from __future__ import annotations

from dataclasses import dataclass

from portal.assessments.models import Assessment, AssessmentType
from portal.people.facts import PersonFacts


@dataclass(frozen=True, slots=True)
class AssessmentFacts:
    """What the policy knows of an assessment."""

    person_id: int
    marker_id: int
    type: AssessmentType
    locked: bool
    begun: bool = False  # whether anything has been filled in
    declined: bool = False  # its marker said that they cannot do it
    co_marker_id: int | None = None  # on a final check: the other of the two
    in_round: bool = False  # belongs to a double marking
    is_correction: bool = False
    corrected: bool = False  # a correction of it was begun
    superseded: bool = False  # a correction of it is locked
    blind: bool = False  # the other marking of its round is not in yet
    hidden_from: frozenset[int] = frozenset()  # who marks the person without having read it
    readers: frozenset[int] = frozenset()  # who reads all of its round, both markings being in

    @property
    def markers(self) -> frozenset[int]:
        """Who gives the scores: one, or two on a final check."""
        return frozenset({self.marker_id}) | ({self.co_marker_id} if self.co_marker_id else frozenset())


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
    """Fill in: only its marker, on a final check both, and only while it is a draft."""
    if assessment.locked or assessment.declined or actor.locked or actor.id not in assessment.markers:
        return False
    if assessment.type is AssessmentType.SELF:
        return actor.id == assessment.person_id
    return may_mark(actor, assessment.person_id)


def may_open_draft(marker: PersonFacts, draft: Assessment) -> bool:
    """Whether a draft that names them is still theirs to fill in: who has left the team marks nobody else."""
    return draft.person_id == marker.id or may_mark(marker, draft.person_id)


def may_lock(actor: PersonFacts, assessment: AssessmentFacts) -> bool:
    """Lock it by oneself. A final check locks when both of its markers have agreed to it."""
    return may_write(actor, assessment) and assessment.type is not AssessmentType.FINAL


def may_read(reader: PersonFacts, assessment: AssessmentFacts) -> bool:
    """Read item scores, remarks and links. A draft is only for who fills it in.

    In a double marking, a marking is read by nobody but its marker until both are in, and its markers read no
    self-assessment of the person until then; whoever they are.
    """
    if reader.locked or assessment.declined:
        return False
    if not assessment.locked:
        return may_write(reader, assessment)
    if reader.id in assessment.markers:
        return True
    if assessment.blind or reader.id in assessment.hidden_from:
        return False
    return reader.id == assessment.person_id or reader.id in assessment.readers or reader.decides


def may_link(actor: PersonFacts, assessment: AssessmentFacts) -> bool:
    """Link it to a request: a finished one that one may read and is part of, that is neither blind nor superseded."""
    if not assessment.locked or assessment.blind or assessment.superseded or not may_read(actor, assessment):
        return False
    return actor.decides or actor.id in assessment.markers | {assessment.person_id}


def may_discard(actor: PersonFacts, assessment: AssessmentFacts) -> bool:
    """Throw a draft away: its marker at any time; who may name markers, while nothing is filled in.

    A marking of a round is declined by its marker, not thrown away. A final check is thrown away by nobody: it is
    agreed in the end; a correction of it is like any other.
    """
    if assessment.locked or assessment.declined or actor.locked:
        return False
    if actor.id in assessment.markers:
        return assessment.is_correction or not (assessment.co_marker_id or may_decline(actor, assessment))
    theirs = assessment.begun or assessment.is_correction or assessment.co_marker_id
    return may_name_marker(actor, assessment.person_id) and not theirs


def may_decline(actor: PersonFacts, assessment: AssessmentFacts) -> bool:
    """Say "I cannot mark this": who was named for a marking, before it is locked."""
    if assessment.locked or assessment.declined or actor.locked or assessment.is_correction:
        return False
    return actor.id == assessment.marker_id and assessment.in_round and assessment.type is AssessmentType.MENTOR


def may_correct(actor: PersonFacts, assessment: AssessmentFacts) -> bool:
    """Begin a correction: who gave the scores, of the newest locked document, one at a time."""
    if not assessment.locked or assessment.corrected or actor.locked or actor.id not in assessment.markers:
        return False
    return actor.id == assessment.person_id or may_mark(actor, assessment.person_id)


def may_redact(actor: PersonFacts, assessment: AssessmentFacts) -> bool:
    """Remove a remark from a locked assessment: who wrote it, the Director and the Deputy."""
    return assessment.locked and may_read(actor, assessment) and (actor.id in assessment.markers or actor.decides)


def may_read_all_of(reader: PersonFacts, person_id: int) -> bool:
    """Find every finished assessment about a person: they themselves, the Director and the Deputy."""
    return not reader.locked and (reader.id == person_id or reader.decides)
