"""The decision: approve, not yet, referral to the Board, its outcome, reopening, review on return."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from portal.assessments.links import link_fault
from portal.audit import services as audit
from portal.audit.models import Audience
from portal.errors import Conflict, Invalid, Message, NotVisible, WrongState
from portal.extensions import db
from portal.org.catalogue import Weight
from portal.people import services as people
from portal.requests import fact_queries, filing_checks, objection_services, policy, queries, readiness, seen, services
from portal.requests.authority import DecidesAs, authority
from portal.requests.discussion_models import ConcernOutcome
from portal.requests.kinds import effects
from portal.requests.models import (
    Decision,
    DecisionItem,
    Referral,
    RequestedItem,
    Revision,
    TeamRequest,
)
from portal.requests.readiness import Check
from portal.requests.services import Opened
from portal.requests.workflow import Action
from portal.rules import queries as rules


NO_MINUTES = "Link the minutes, so that everybody can check."


class AlreadyDecided(Conflict):
    """Somebody decided this revision first."""

    def __init__(self, decision: Decision) -> None:
        moment = decision.decided_at.strftime("%Y-%m-%d %H:%M UTC")
        super().__init__(Message("Already decided by %(name)s at %(at)s.", name=decision.decided_by.name, at=moment))


class ChangedSinceSeen(Conflict):
    """The grounds changed since the decider opened the page; ``differences`` has one sentence each."""

    def __init__(self, differences: list[Message]) -> None:
        super().__init__("Something changed since you opened this page. Read what is new, then decide.")
        self.differences = differences


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the asked items as the decider wants it."""

    item_id: int
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the decider filled in. ``grounds`` is `seen.grounds` of what they looked at."""

    approve: bool
    grounds: str
    reason: str
    choices: tuple[Choice, ...] = ()
    anyway: str | None = None
    overrides: Mapping[int, str] = field(default_factory=dict)
    would_help: str | None = None
    ask_again_on: date | None = None
    met_on: date | None = None
    minutes_url: str | None = None


def decide(actor_id: int, request_id: int, ruling: Ruling, *, now: datetime) -> Decision:
    """Approve or decline as Director or Deputy.

    Raises AlreadyDecided, NotPermitted, WrongState, ChangedSinceSeen, Invalid; then nothing was changed.
    """
    return _rule(actor_id, request_id, ruling, Action.APPROVE if ruling.approve else Action.DECLINE, now=now)


def record_outcome(actor_id: int, request_id: int, ruling: Ruling, *, now: datetime) -> Decision:
    """Record what the Board decided: the date of its meeting and a link to the minutes are needed."""
    if ruling.met_on is None or ruling.met_on > now.date():
        raise Invalid("Give the day on which the Board decided; it cannot be in the future.", "met_on")
    fault = link_fault(ruling.minutes_url) if ruling.minutes_url else Message(NO_MINUTES)
    if fault:
        raise Invalid(fault, "minutes_url")
    action = Action.RECORD_APPROVAL if ruling.approve else Action.RECORD_DECLINE
    return _rule(actor_id, request_id, ruling, action, now=now)


def _rule(actor_id: int, request_id: int, ruling: Ruling, action: Action, *, now: datetime) -> Decision:
    opened = services.open_only(actor_id, request_id, now=now)
    policy.require(opened.actor, Action.READ, opened.facts)
    revision = queries.current_revision(opened.row)
    _refuse_second(opened, revision)
    policy.require(opened.actor, action, opened.facts)
    _refuse_changed(opened, ruling)
    if not ruling.reason:
        raise Invalid("Give a reason: people rely on knowing why.", "reason")
    chosen = _chosen(revision, ruling, now=now) if ruling.approve else ()
    found = checks(opened)
    if ruling.approve:
        _refuse_unmet(opened, ruling, found)
        _refuse_incomplete(opened, ruling, chosen)
        _override(opened, ruling, now=now)
    decision = _write(opened, revision, ruling, found, chosen, action=action, now=now)
    if ruling.approve:
        effects.apply(opened.row, decision, now=now)
    _after(opened, decision, action, now=now)
    return decision


def checks(opened: Opened) -> tuple[Check, ...]:
    """The checks of a locked request, as they stand now."""
    return readiness.checks(opened.facts, fact_queries.weights())


def _refuse_second(opened: Opened, revision: Revision) -> None:
    decided = queries.decision_on(revision.id)
    if decided is not None:
        raise AlreadyDecided(decided)


def grounds_now(opened: Opened) -> str:
    """The grounds as they stand under the lock."""
    return seen.grounds(
        opened.facts,
        checks(opened),
        [concern.id for concern in objection_services.open_concerns(opened.row.id)],
        queries.evidence_ids(opened.row.id),
    )


def _refuse_changed(opened: Opened, ruling: Ruling) -> None:
    differences = seen.differences(ruling.grounds, grounds_now(opened))
    if differences:
        raise ChangedSinceSeen(differences)


def _chosen(revision: Revision, ruling: Ruling, *, now: datetime) -> tuple[tuple[RequestedItem, date | None], ...]:
    """The items to give; never more or longer than was asked."""
    asked = {item.id: item for item in revision.items}
    if not ruling.choices:
        raise Invalid("Choose at least one of the things asked for, or answer with not yet.", "items")
    chosen = []
    for choice in {choice.item_id: choice for choice in ruling.choices}.values():
        item = asked.get(choice.item_id)
        if item is None:
            raise Invalid("Only what was asked for can be approved.", "items")
        until = choice.until or item.until
        if until is not None and until < now.date():
            raise Invalid("The end date cannot lie in the past.", "until")
        if item.until is not None and until is not None and until > item.until:
            raise Invalid("An approval cannot run longer than was asked for.", "until")
        chosen.append((item, until))
    return tuple(chosen)


def _refuse_unmet(opened: Opened, ruling: Ruling, found: tuple[Check, ...]) -> None:
    absolute = readiness.unmet(found, Weight.ABSOLUTE)
    if absolute:
        raise WrongState(absolute[0].says)
    concerns = objection_services.open_concerns(opened.row.id)
    for concern in concerns:
        if not ruling.overrides.get(concern.id):
            raise Invalid("Answer each open concern, or wait until its author resolves it.", f"override-{concern.id}")
    lacking = [check for check in readiness.unmet(found, Weight.REQUIRED) if check.rule != "no_open_concern"]
    if lacking and not ruling.anyway:
        raise Invalid(
            Message("A required check is not met: %(says)s Say why you decide anyway.", says=lacking[0].says), "anyway"
        )


def _refuse_incomplete(opened: Opened, ruling: Ruling, chosen: tuple[tuple[RequestedItem, date | None], ...]) -> None:
    """Some of the items alone may lack what the others would bring: what one builds on, the role one gives up."""
    items = tuple(fact_queries.item_facts(item) for item, _until in chosen)
    given = fact_queries.facts_of(opened.row, opened.facts.now, items=items)
    lacking = readiness.unmet(readiness.checks(given, fact_queries.weights()), Weight.REQUIRED)
    new = [check for check in lacking if check.rule in ("prerequisites", "liaison_without_development")]
    if new and not ruling.anyway:
        raise Invalid(
            Message("What you give is not complete: %(says)s Give the rest too, or say why.", says=new[0].says),
            "anyway",
        )


def _override(opened: Opened, ruling: Ruling, *, now: datetime) -> None:
    for concern in objection_services.open_concerns(opened.row.id):
        reason = ruling.overrides[concern.id]
        objection_services.close_concern(opened, concern, ConcernOutcome.OVERRIDDEN, reason, now=now)


def _write(
    opened: Opened,
    revision: Revision,
    ruling: Ruling,
    found: tuple[Check, ...],
    chosen: tuple[tuple[RequestedItem, date | None], ...],
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
        met_on=ruling.met_on,
        minutes_url=ruling.minutes_url,
        items=[DecisionItem(requested_item_id=item.id, until=until) for item, until in chosen],
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
        reason=audit.text_hash(decision.reason),
        unmet=[check["rule"] for check in decision.checks if not check["met"]],
    )


def refer(actor_id: int, request_id: int, reason: str, *, now: datetime) -> Referral:
    """Hand the decision to the Board."""
    opened = services.open_only(actor_id, request_id, now=now)
    policy.require(opened.actor, Action.READ, opened.facts)
    _refuse_second(opened, queries.current_revision(opened.row))
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
    services.move(row, Action.REOPEN, now=now)
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
