"""A finished self-assessment, taken on into a new draft of the standard that is current now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.assessments import policy, queries, services
from portal.assessments.entries import EMPTY, Entry, Typed
from portal.assessments.models import Assessment, AssessmentState, AssessmentType, Standard, StandardItem
from portal.errors import Message, NotPermitted, WrongState
from portal.extensions import db
from portal.people import queries as people
from portal.people.facts import PersonFacts
from portal.people.models import Person

NO_STANDARD = Message("There is no published standard yet, so nothing can be assessed.")


@dataclass(frozen=True, slots=True)
class Carried:
    """What of a finished assessment the current standard still has."""

    standard: Standard
    entries: Mapping[str, Entry]  # by key
    reworded: Sequence[StandardItem]  # carried, but the words are others now
    added: Sequence[StandardItem]  # to be scored anew
    dropped: Sequence[StandardItem]  # in the finished one alone


def may_carry(actor: PersonFacts, assessment: Assessment) -> bool:
    """Only one's own finished self-assessment, by who may begin one."""
    own = assessment.person_id == assessment.marker_id == actor.id
    finished = assessment.state is AssessmentState.LOCKED and assessment.type is AssessmentType.SELF
    return own and finished and policy.may_self_assess(actor)


def find(actor: PersonFacts, assessment_id: int) -> Assessment:
    """The assessment that is carried on. Raises NotVisible, NotPermitted."""
    found = queries.get_visible(actor, assessment_id)
    if not may_carry(actor, found):
        raise NotPermitted(Message("Only your own finished self-assessment can be taken on into a new draft."))
    return found


def carried(assessment: Assessment) -> Carried:
    """What would come along: score, remark and link of every item that the current standard has. Raises WrongState."""
    standard = queries.current_standard()
    if standard is None:
        raise WrongState(NO_STANDARD)
    before = queries.items_of(assessment.standard_id)
    now = {item.key: item for item in queries.items_of(standard.id)}
    known = {item.key for item in before}
    rows = queries.score_rows(assessment.id)
    entries = {item.key: queries.entry_of(rows.get(item.id)) for item in before if item.key in now}
    return Carried(
        standard,
        {key: entry for key, entry in entries.items() if not entry.is_empty},
        [now[item.key] for item in before if item.key in now and _texts(item) != _texts(now[item.key])],
        [item for item in now.values() if item.key not in known],
        [item for item in before if item.key not in now],
    )


def _texts(item: StandardItem) -> tuple[str, str]:
    return item.title, item.description


def carry(actor: Person, assessment_id: int, *, submission_id: str, now: datetime) -> int:
    """Begin a draft that holds what the current standard still has of this one, or find what this filling made.

    Returns its id.
    Raises NotVisible, NotPermitted, and WrongState where a draft is open already: nothing in it is overwritten.
    """
    finished = find(people.facts(actor.id, now), assessment_id)
    if (already := queries.by_submission(f"{actor.id}-{submission_id}")) is not None:
        return already.id
    if queries.open_self_assessment(actor.id) is not None:
        raise WrongState(Message("You have a draft already. Finish or discard it first."))
    found = carried(finished)
    draft_id = services.start_self_assessment(actor, submission_id=submission_id, now=now)
    draft = queries.find(draft_id)
    draft.role_focus, draft.mentoring_type = finished.role_focus, finished.mentoring_type
    db.session.flush()
    services.save(actor, draft_id, Typed(dict(found.entries), dict.fromkeys(found.entries, EMPTY.token)), now=now)
    return draft_id
