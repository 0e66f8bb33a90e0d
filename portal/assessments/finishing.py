"""What happens when a document is locked: it is vouched for, and where it was the second of two, both are revealed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update

from portal.assessments import queries, rounds
from portal.assessments.marking import Round
from portal.assessments.models import Agreement, Assessment, AssessmentState, AssessmentType, Marking
from portal.audit import services as audit
from portal.audit.models import Audience
from portal.errors import Invalid, Message
from portal.extensions import db


class Unscored(Invalid):
    """It cannot be locked: these items, by key, have no score."""

    def __init__(self, keys: list[str]) -> None:
        super().__init__(Message("Give every item a score, or N/A, before you lock it."))
        self.keys = keys


def lock(actor_id: int, assessment: Assessment, *, now: datetime) -> None:
    """Make a document immutable. Raises Invalid for a day that lies ahead, Unscored.

    The one that brings in the second of two markings says so in one event more, whichever of them it is: the unit of
    work has the one lock there is, so of two at once the second finds the first.
    """
    _require_past(assessment.assessed_on, now)
    rows = queries.score_rows(assessment.id)
    items = queries.items_of(assessment.standard_id)
    if missing := [item.key for item in items if queries.entry_of(rows.get(item.id)).score is None]:
        raise Unscored(missing)
    marking = rounds.find(assessment.marking_id) if assessment.marking_id else None
    before = rounds.state_of(marking) if marking else None
    assessment.state, assessment.locked_at = AssessmentState.LOCKED, now
    assessment.others_in_view = before is not None and before.revealed and assessment.type is not AssessmentType.FINAL
    db.session.flush()
    for scored in rows.values():
        if scored.remark is not None:
            audit.vouch(scored.remark)
    _record_locked(actor_id, assessment, now=now)
    if marking and before:
        _tell_of_the_reveal(actor_id, marking, before, now=now)


def _record_locked(actor_id: int, assessment: Assessment, *, now: datetime) -> None:
    more: dict[str, Any] = {"seat": assessment.seat.value, "marking": assessment.marking_id} if assessment.seat else {}
    more |= {"supersedes": assessment.supersedes_id} if assessment.supersedes_id else {}
    final = assessment.type is AssessmentType.FINAL
    audit.record(
        "assessment.corrected"
        if assessment.supersedes_id
        else ("assessment.settled" if final else "assessment.locked"),
        actor_id=actor_id,
        at=now,
        person_id=assessment.person_id,
        subject_id=assessment.id,
        audience=Audience.DECIDERS,
        type=assessment.type.value,
        standard=assessment.standard_id,
        marker=assessment.marker_id,
        **more,
    )


def _tell_of_the_reveal(actor_id: int, marking: Marking, before: Round, *, now: datetime) -> None:
    if before.revealed or not rounds.state_of(marking).revealed:
        return
    audit.record(
        "marking.revealed",
        actor_id=actor_id,
        at=now,
        person_id=marking.person_id,
        subject_id=marking.id,
        audience=Audience.DECIDERS,
    )


def _require_past(day: date, now: datetime) -> None:
    # East of Greenwich the day has already changed while it is still yesterday in UTC.
    if (day - now.date()).days > 1:
        raise Invalid(Message("The date lies in the future. Enter the day of the assessment."), field="assessed_on")


def agreements(assessment_id: int) -> dict[int, Agreement]:
    """Who agreed to a final check, by person, also what was cleared since."""
    query = select(Agreement).where(Agreement.assessment_id == assessment_id)
    return {row.person_id: row for row in db.session.scalars(query)}


def clear_agreements(assessment_id: int, *, by_id: int, now: datetime) -> None:
    """What was agreed to has changed: nobody has agreed to it as it stands now."""
    standing = update(Agreement).where(Agreement.assessment_id == assessment_id, Agreement.cleared_at.is_(None))
    statement = standing.values(cleared_at=now, cleared_by_id=by_id)
    db.session.execute(statement.execution_options(synchronize_session="fetch"))
