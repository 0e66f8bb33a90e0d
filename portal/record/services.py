"""Taking an approval off the public record when the person whom it is about asks for it."""

from __future__ import annotations

from datetime import datetime

from portal.audit import services as audit
from portal.audit.models import Audience, Text
from portal.errors import Message, NotPermitted, WrongState
from portal.extensions import db
from portal.people.facts import PersonFacts
from portal.people.policy import LOCKED
from portal.record import queries
from portal.record.page import is_removed
from portal.requests.models import Decision


def why_not_remove(actor: PersonFacts | None, candidate_id: int) -> Message | None:
    """Director and Deputy, never from the record about themselves."""
    if actor is None or not actor.decides:
        return Message("Only the Director or the Deputy may remove something from the public record.")
    if actor.locked:
        return LOCKED
    if actor.id == candidate_id:
        return Message("This record is about you, so somebody else has to remove it.")
    return None


def removable(actor: PersonFacts | None, decision_id: int) -> Decision:
    """An approval that this person may remove. Raises NotVisible, NotPermitted, WrongState."""
    decision = queries.approval(decision_id)
    why_not = why_not_remove(actor, decision.team_request.candidate_id)
    if why_not is not None:
        raise NotPermitted(why_not)
    if is_removed(decision):
        raise WrongState("This was removed from the public record already.")
    return decision


def remove(actor: PersonFacts, decision_id: int, *, now: datetime) -> None:
    """Empty what the public record says of it; its place in the timeline stays, and the request stays with the team.

    Raises NotVisible, NotPermitted, WrongState.
    """
    decision = removable(actor, decision_id)
    if decision.statement is None:  # decided before statements were kept
        decision.statement = Text(author_id=decision.decided_by_id, created_at=decision.decided_at)
        db.session.flush()
    audit.erase_text(decision.statement, by_id=actor.id, at=now)
    audit.record(
        "record.removed",
        actor_id=actor.id,
        at=now,
        request_id=decision.request_id,
        person_id=decision.team_request.candidate_id,
        subject_id=decision.id,
        audience=Audience.SHARED,  # in a public room it would name whom it was about
    )
