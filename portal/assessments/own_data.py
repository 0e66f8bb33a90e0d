"""Assessments in the file about oneself: about this person or marked by them, as far as they read them."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from portal.assessments import policy, queries, rounds
from portal.assessments.models import Assessment
from portal.extensions import db
from portal.people.facts import PersonFacts


def readable(reader: PersonFacts) -> list[dict[str, Any]]:
    """Every assessment about this person or marked by them that its page would show them, as plain values."""
    me = (Assessment.person_id, Assessment.marker_id, Assessment.co_marker_id)
    query = select(Assessment).where(or_(*(column == reader.id for column in me))).order_by(Assessment.id)
    found = list(db.session.scalars(query.options(joinedload(Assessment.standard), joinedload(Assessment.marker))))
    facts = rounds.facts_of_many(found)
    by_standard: dict[int, list[Assessment]] = defaultdict(list)
    for assessment in found:
        if policy.may_read(reader, facts[assessment.id]):
            by_standard[assessment.standard_id].append(assessment)
    return [row for id, own in by_standard.items() for row in _rows(id, own)]


def _rows(standard_id: int, assessments: list[Assessment]) -> list[dict[str, Any]]:
    items = queries.items_of(standard_id)
    entries = queries.entries_of_many([assessment.id for assessment in assessments], items)
    return [
        {
            "id": assessment.id,
            "type": assessment.type.value,
            "state": assessment.state.value,
            "of": assessment.username,
            "marked_by": assessment.marker.name,
            "standard": assessment.standard.version,
            "role_focus": assessment.role_focus,
            "mentoring_type": assessment.mentoring_type,
            "assessed_on": assessment.assessed_on.isoformat(),
            "items": {
                key: {"score": entry.score, "remark": entry.remark, "link": entry.link}
                for key, entry in entries[assessment.id].items()
                if not entry.is_empty
            },
        }
        for assessment in assessments
    ]
