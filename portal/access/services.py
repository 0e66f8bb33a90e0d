"""Changing access. A grant is never altered: each change adds a step, and an event in the same unit of work."""

from __future__ import annotations

from datetime import datetime

from portal.access import policy, queries
from portal.access.models import Grant, GrantStep, ItemType, Step
from portal.access.standing import HeldAccess, Status
from portal.audit import services as audit
from portal.audit.models import ActorKind, Audience, Text
from portal.errors import Invalid, Message, NotPermitted, WrongState
from portal.extensions import db
from portal.org import organisation
from portal.people import queries as people
from portal.people.models import Origin, Person


def approve(
    person_id: int,
    item_type: ItemType,
    item_key: str,
    *,
    decision_id: int,
    request_id: int,
    until: datetime | None,
    by_id: int,
    now: datetime,
) -> Grant:
    """Put approved access on record, by a decision, which is the permission. It still has to be granted.

    Access that is held already goes on until the later of the two ends: approving never shortens it. Raises Invalid for
    what the catalogue lacks or has retired, WrongState when the asked end has passed.
    """
    entry = organisation().item(item_type, item_key)
    if item_type is ItemType.ROLE or entry is None or entry.retired:
        raise Invalid(Message("There is no such access in the catalogue, or it is retired."))
    if until is not None and until <= now:
        raise WrongState(Message("The end date that was asked for has passed."))
    held = queries.held_item(person_id, item_type, item_key, now)
    if held is not None:
        return _renew(held, until, decision_id=decision_id, request_id=request_id, by_id=by_id, now=now)
    grant = _begin(person_id, item_type, item_key, Origin.DECISION, now, decision_id=decision_id, request_id=request_id)
    _step(grant, Step.APPROVED, by_id=by_id, now=now, until=until, decision_id=decision_id, request_id=request_id)
    return grant


def _renew(
    held: HeldAccess, until: datetime | None, *, decision_id: int, request_id: int, by_id: int, now: datetime
) -> Grant:
    """Prolong access that is held, if that is longer than what is in force."""
    grant = _grant(held.grant_id)
    if held.until is None or (until is not None and until <= held.until):
        return grant
    _step(grant, Step.RENEWED, by_id=by_id, now=now, until=until, decision_id=decision_id, request_id=request_id)
    return grant


def revoke_for(
    person_id: int,
    item_type: ItemType,
    item_key: str,
    *,
    by_id: int,
    reason: str | None,
    now: datetime,
    request_id: int | None = None,
    decision_id: int | None = None,
) -> Grant | None:
    """End access by a decision, which is the permission; None if it is not held."""
    held = queries.held_item(person_id, item_type, item_key, now)
    if held is None:
        return None
    return _revoke(held, by_id=by_id, reason=reason, now=now, request_id=request_id, decision_id=decision_id)


def mark_granted(actor: Person, grant_id: int, *, now: datetime) -> Grant:
    """Say that approved access has been set up. Raises NotVisible, NotPermitted, WrongState.

    A member other than the holder does; where the access needs a non-disclosure agreement, that comes first.
    """
    access = queries.get(grant_id, now)
    refuse_if(policy.why_not_mark(people.facts(actor.id, now), access.person_id))
    blocked = why_not_yet(access, has_nda=access.person_id in queries.nda_dates([access.person_id], now))
    if blocked is not None:
        raise WrongState(blocked)
    grant = _grant(grant_id)
    _step(grant, Step.GRANTED, by_id=actor.id, now=now, until=access.until)
    return grant


def why_not_yet(access: HeldAccess, *, has_nda: bool) -> Message | None:
    """What keeps this access from being marked as granted now, whoever asks; None when nothing does."""
    if access.status is Status.GRANTED:
        return _already_granted(access)
    ended = why_ended_already(access)
    if ended is not None:
        return ended
    if queries.needs_nda(access.item_type, access.item_key) and not has_nda:
        return Message(
            "This access needs a non-disclosure agreement, and none of %(name)s is on record. A member of the Board "
            "notes it, or the Director with the name of the Board member who confirmed it.",
            name=access.person_name,
        )
    return None


def why_ended_already(access: HeldAccess) -> Message | None:
    """Why there is nothing left to grant or to end; None while the access is live."""
    if access.status is Status.ENDED:
        return Message("This access ended by its date. A new request can ask for it again.")
    if access.status is not Status.REVOKED:
        return None
    name, at = _who_and_when(access.grant_id, Step.REVOKED)
    return Message("This access was already ended by %(name)s at %(at)s.", name=name, at=at)


def _already_granted(access: HeldAccess) -> Message:
    if access.origin is Origin.BEFORE_PORTAL:
        return Message("This access was granted before the portal.")
    name, at = _who_and_when(access.grant_id, Step.GRANTED)
    return Message("This was already marked as granted by %(name)s at %(at)s.", name=name, at=at)


def _who_and_when(grant_id: int, step: Step) -> tuple[str, str]:
    taken = next(found for found in reversed(queries.steps(grant_id)) if found.step is step)
    return taken.by.name if taken.by else "-", taken.at.strftime("%Y-%m-%d %H:%M UTC")


def revoke(actor: Person, grant_id: int, *, reason: str | None, now: datetime) -> Grant:
    """Give up one's own access, or end somebody else's with a reason: Director or Deputy.

    Raises NotVisible, NotPermitted, Invalid, WrongState.
    """
    access = queries.get(grant_id, now)
    refuse_if(policy.why_not_end(people.facts(actor.id, now), access.person_id))
    ended = why_ended_already(access)
    if ended is not None:
        raise WrongState(ended)
    if actor.id != access.person_id and not (reason and reason.strip()):
        raise Invalid(Message("Say why. The person and those who decide can read it."), field="reason")
    return _revoke(access, by_id=actor.id, reason=reason, now=now)


def hold_from_before(person_id: int, item_type: ItemType, item_key: str, *, since: datetime, now: datetime) -> Grant:
    """Put access on record that somebody had before the portal. By command only. Raises WrongState if it is there."""
    if queries.held_item(person_id, item_type, item_key, now) is not None:
        raise WrongState(Message("This access is on record already."))
    grant = _begin(person_id, item_type, item_key, Origin.BEFORE_PORTAL, now)
    _step(grant, Step.GRANTED, by_id=None, now=since, recorded_at=now)
    return grant


def refuse_if(why_not: Message | None) -> None:
    """Raises NotPermitted with the reason, if there is one."""
    if why_not is not None:
        raise NotPermitted(why_not)


def _grant(grant_id: int) -> Grant:
    return db.session.get_one(Grant, grant_id)


def _revoke(
    held: HeldAccess,
    *,
    by_id: int,
    reason: str | None,
    now: datetime,
    request_id: int | None = None,
    decision_id: int | None = None,
) -> Grant:
    grant = _grant(held.grant_id)
    text = audit.write_text(by_id, reason.strip(), at=now) if reason and reason.strip() else None
    _step(grant, Step.REVOKED, by_id=by_id, now=now, reason=text, decision_id=decision_id, request_id=request_id)
    return grant


def _begin(
    person_id: int,
    item_type: ItemType,
    item_key: str,
    origin: Origin,
    now: datetime,
    *,
    decision_id: int | None = None,
    request_id: int | None = None,
) -> Grant:
    grant = Grant(
        person_id=person_id,
        item_type=item_type,
        item_key=item_key,
        origin=origin,
        decision_id=decision_id,
        request_id=request_id,
        created_at=now,
        standing=Step.GRANTED if origin is Origin.BEFORE_PORTAL else Step.APPROVED,
    )
    db.session.add(grant)
    db.session.flush()
    return grant


def _step(
    grant: Grant,
    step: Step,
    *,
    by_id: int | None,
    now: datetime,
    until: datetime | None = None,
    reason: Text | None = None,
    decision_id: int | None = None,
    request_id: int | None = None,
    recorded_at: datetime | None = None,
) -> None:
    """Add a step and its event: public, as the decision behind it is, and without the words of a reason."""
    db.session.add(
        GrantStep(
            grant_id=grant.id,
            step=step,
            by_id=by_id,
            at=now,
            until=until,
            reason_id=reason.id if reason else None,
            decision_id=decision_id,
        )
    )
    grant.standing, grant.until = step, until
    db.session.flush()
    audit.record(
        f"grant.{step.value}",
        actor_id=by_id,
        actor_kind=None if by_id else ActorKind.COMMAND,
        at=recorded_at or now,
        request_id=request_id or grant.request_id,
        person_id=grant.person_id,
        subject_id=grant.id,
        audience=Audience.PUBLIC,
        item_type=grant.item_type.value,
        item=grant.item_key,
        origin=grant.origin.value,
        decision=decision_id or grant.decision_id,
        until=audit.stamp(until),
        reason=audit.text_hash(reason),
    )
