"""The decision: approve, not yet, referral to the Board, its outcome, reopening, review on return."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from portal.assessments.links import link_fault
from portal.audit import services as audit
from portal.audit.models import Audience
from portal.errors import Invalid, NotVisible, WrongState
from portal.extensions import db
from portal.people import services as people
from portal.requests import decision_checks, filing_checks, objection_services, policy, queries, services, statement
from portal.requests.authority import DecidesAs, authority
from portal.requests.decision_checks import (
    AlreadyDecided,
    ChangedSinceSeen,
    Choice,
    Chosen,
    Ruling,
    checks,
    grounds_now,
)
from portal.requests.discussion_models import ConcernOutcome
from portal.requests.kinds import effects, registry
from portal.requests.models import Decision, DecisionItem, Referral, RequestedItem, Revision, TeamRequest
from portal.requests.readiness import Check
from portal.requests.services import Opened
from portal.requests.workflow import Action
from portal.rules import queries as rules

__all__ = [
    "AlreadyDecided",
    "ChangedSinceSeen",
    "Choice",
    "Ruling",
    "checks",
    "decide",
    "grounds_now",
    "record_outcome",
    "refer",
    "reopen",
    "review",
]


def decide(actor_id: int, request_id: int, ruling: Ruling, *, now: datetime) -> Decision:
    """Approve or decline as Director or Deputy.

    Raises AlreadyDecided, NotPermitted, WrongState, ChangedSinceSeen, Invalid; then nothing was changed.
    """
    return _rule(actor_id, request_id, ruling, Action.APPROVE if ruling.approve else Action.DECLINE, now=now)


def record_outcome(actor_id: int, request_id: int, ruling: Ruling, *, now: datetime) -> Decision:
    """Record what the Board decided: the date of its meeting and a link to the minutes are needed."""
    if ruling.met_on is None or ruling.met_on > now.date():
        raise Invalid("Give the day on which the Board decided; it cannot be in the future.", "met_on")
    if not ruling.minutes_url:
        raise Invalid("Link the minutes, so that everybody can check.", "minutes_url")
    fault = link_fault(ruling.minutes_url)
    if fault:
        raise Invalid(fault, "minutes_url")
    action = Action.RECORD_APPROVAL if ruling.approve else Action.RECORD_DECLINE
    return _rule(actor_id, request_id, ruling, action, now=now)


def _rule(actor_id: int, request_id: int, ruling: Ruling, action: Action, *, now: datetime) -> Decision:
    opened = services.open_only(actor_id, request_id, now=now)
    policy.require(opened.actor, Action.READ, opened.facts)
    revision = queries.current_revision(opened.row)
    decision_checks.refuse_second(opened, revision)
    policy.require(opened.actor, action, opened.facts)
    decision_checks.refuse_changed(opened, ruling)
    if ruling.ask_again_on is not None and ruling.ask_again_on <= now.date():
        raise Invalid("Give a day in the future, or leave it empty.", "ask_again_on")
    if not ruling.reason:
        raise Invalid("Give a reason: people rely on knowing why.", "reason")
    found = checks(opened)
    if ruling.approve:
        decision = _approve(opened, revision, ruling, found, action=action, now=now)
    else:
        decision = _write(opened, revision, ruling, found, action=action, now=now)
    _after(opened, decision, action, now=now)
    return decision


def _approve(
    opened: Opened, revision: Revision, ruling: Ruling, found: tuple[Check, ...], *, action: Action, now: datetime
) -> Decision:
    needs_role = registry.kind(opened.row.kind).needs_role
    given = decision_checks.chosen(revision, ruling, needs_role=needs_role, now=now)
    missing = decision_checks.lacking(opened, found, given)
    decision_checks.refuse_unanswered(opened, ruling, missing)
    ruling = ruling if missing or opened.facts.open_concerns else replace(ruling, anyway=None)
    _override(opened, ruling, now=now)
    decision = _write(opened, revision, ruling, found, given, action=action, now=now)
    effects.apply(opened.row, decision, now=now)
    return decision


def _override(opened: Opened, ruling: Ruling, *, now: datetime) -> None:
    for concern in objection_services.open_concerns(opened.row.id):
        reason = ruling.overrides[concern.id]
        objection_services.close_concern(opened, concern, ConcernOutcome.OVERRIDDEN, reason, now=now)


def _write(
    opened: Opened,
    revision: Revision,
    ruling: Ruling,
    found: tuple[Check, ...],
    given: Chosen = (),
    *,
    action: Action,
    now: datetime,
) -> Decision:
    actor_id = opened.actor.id

    def text_id(body: str | None) -> int | None:
        return audit.write_text(actor_id, body, at=now).id if body else None

    capacity = DecidesAs.BOARD
    if action in (Action.APPROVE, Action.DECLINE):
        capacity = authority(opened.facts).capacity_of(actor_id) or capacity
    decision = Decision(
        request_id=opened.row.id,
        revision_id=revision.id,
        approved=ruling.approve,
        capacity=str(capacity),
        decided_by_id=actor_id,
        decided_at=now,
        reason_id=audit.write_text(actor_id, ruling.reason, at=now).id,
        would_help_id=None if ruling.approve else text_id(ruling.would_help),
        ask_again_on=None if ruling.approve else ruling.ask_again_on,
        anyway_id=text_id(ruling.anyway) if ruling.approve else None,
        checks=[_snapshot(check) for check in found],
        acting=capacity is DecidesAs.DEPUTY and opened.facts.leadership.acting_open,
        met_on=ruling.met_on if capacity is DecidesAs.BOARD else None,
        minutes_url=ruling.minutes_url if capacity is DecidesAs.BOARD else None,
        items=[DecisionItem(requested_item_id=item.id, until=until) for item, until in given],
    )
    db.session.add(decision)
    db.session.flush()
    return decision


def _snapshot(check: Check) -> dict[str, Any]:
    return {
        "rule": check.rule,
        "met": check.met,
        "weight": str(check.weight),
        "says": check.says.id,
        "values": {key: value if isinstance(value, int) else str(value) for key, value in check.says.values.items()},
    }


def _after(opened: Opened, decision: Decision, action: Action, *, now: datetime) -> None:
    row = opened.row
    services.move(row, action, now=now)
    director = opened.facts.leadership.director
    if decision.capacity == DecidesAs.DIRECTOR and director is not None and opened.facts.leadership.acting_open:
        people.end_acting(director.id, by_id=director.id, now=now)
    items = [
        f"{item.requested_item.action}:{item.requested_item.item_type}:{item.requested_item.item_key}"
        for item in decision.items
    ]
    if decision.approved:
        said = statement.body(decision)
        decision.statement_id = audit.write_text(opened.actor.id, said, at=now).id
        db.session.flush()
    services.note(
        row,
        "request.approved" if decision.approved else "request.declined",
        opened.actor.id,
        now=now,
        audience=Audience.PUBLIC if decision.approved else Audience.SHARED,
        subject_id=decision.id,
        person_id=row.candidate_id,
        capacity=decision.capacity,
        acting=decision.acting,
        items=items,
        ends=[str(item.until) if item.until else None for item in decision.items],
        reason=audit.text_hash(decision.reason),
        anyway=audit.text_hash(decision.anyway),
        statement=audit.text_hash(decision.statement),
        unmet=[check["rule"] for check in decision.checks if not check["met"]],
    )


def refer(actor_id: int, request_id: int, reason: str, *, now: datetime) -> Referral:
    """Hand the decision to the Board."""
    opened = services.open_only(actor_id, request_id, now=now)
    policy.require(opened.actor, Action.READ, opened.facts)
    decision_checks.refuse_second(opened, queries.current_revision(opened.row))
    policy.require(opened.actor, Action.REFER, opened.facts)
    text = audit.write_text(actor_id, reason, at=now)
    referral = Referral(request_id=opened.row.id, by_id=actor_id, at=now, reason_id=text.id)
    db.session.add(referral)
    services.move(opened.row, Action.REFER, now=now)
    services.note(opened.row, "request.referred", actor_id, now=now, text=audit.text_hash(text))
    return referral


def reopen(actor_id: int, request_id: int, *, now: datetime) -> TeamRequest:
    """Take a declined request up again, as a new revision of the same text. An approval is never reopened.

    Raises DuplicateRequest when the same was asked anew in the meantime.
    """
    opened = services.open_for(actor_id, request_id, Action.REOPEN, now=now)
    row, former = opened.row, queries.current_revision(opened.row)
    filing_checks.refuse_duplicate(row, former)
    row.revision_number += 1
    db.session.add(
        Revision(
            request_id=row.id,
            number=row.revision_number,
            candidate_id=row.candidate_id,
            created_by_id=actor_id,
            created_at=now,
            rules=rules.values_for(row.kind, now),
            items=[
                RequestedItem(action=item.action, item_type=item.item_type, item_key=item.item_key, until=item.until)
                for item in former.items
            ],
        )
    )
    row.discussion_at = now
    services.move(row, Action.REOPEN_REFERRED if opened.facts.decided_by_board else Action.REOPEN, now=now)
    services.note(row, "request.reopened", actor_id, now=now, revision=row.revision_number)
    return row


def review(actor_id: int, request_id: int, decision_id: int, *, now: datetime) -> Decision:
    """The Director has read what the acting Deputy decided."""
    opened = services.open_for(actor_id, request_id, Action.REVIEW, now=now)
    decision = db.session.get(Decision, decision_id)
    if decision is None or decision.request_id != opened.row.id:
        raise NotVisible()
    if not decision.acting or decision.reviewed_at is not None:
        raise WrongState("This was reviewed already.")
    decision.reviewed_at, decision.reviewed_by_id = now, actor_id
    services.note(opened.row, "decision.reviewed", actor_id, now=now, audience=Audience.TEAM, subject_id=decision.id)
    return decision
