"""Changing a rule: announced at once, in force 72 hours later, never for what was submitted before."""

from __future__ import annotations

from datetime import datetime, timedelta

from portal.audit import services as audit
from portal.audit.models import Audience
from portal.errors import Conflict, Invalid, Message, NotPermitted
from portal.extensions import db
from portal.org.catalogue import RuleDefault, Unit
from portal.people import queries as people
from portal.people.models import Person
from portal.rules import policy, queries
from portal.rules.models import RuleChange
from portal.rules.queries import Value

NOTICE = timedelta(hours=72)  # between the announcement and the moment it counts
LARGEST = {Unit.HOURS: 720, Unit.DAYS: 365, Unit.COUNT: 50}  # beyond these a request could never be decided


def change_rule(
    actor: Person, rule_key: str, kind: str, *, value: Value, reason: str, based_on: int | None, now: datetime
) -> RuleChange:
    """Record a new value of a rule for one kind of request.

    ``based_on`` is the id of the newest change the actor saw, None if there was none. Raises NotVisible, NotPermitted,
    Conflict when another change came in between, Invalid naming the field.
    """
    rule = queries.get(rule_key, kind)
    why_not = policy.why_not_change(people.facts(actor.id, now), rule)
    if why_not is not None:
        raise NotPermitted(why_not)
    standing = queries.standing(rule, kind, now)
    if standing.newest_id != based_on:
        raise Conflict("Another change of this rule came in while you were writing. Nothing was saved.")
    _require_new_value(rule, value, coming=standing.pending[-1].value if standing.pending else standing.value)
    if not reason.strip():
        raise Invalid("Say why the rule changes: everybody can read it.", "reason")
    return _record(actor, rule, kind, value=value, reason=reason.strip(), now=now)


def _require_new_value(rule: RuleDefault, value: Value, *, coming: Value) -> None:
    """Raises Invalid for a value the rule cannot have, or has already."""
    largest = LARGEST.get(rule.unit, 0)
    if not queries.fits(rule, value) or (rule.unit is not Unit.SWITCH and value > largest):
        if rule.unit is Unit.SWITCH:
            raise Invalid("Choose on or off.", "value")
        raise Invalid(
            Message("Enter a whole number from %(least)s to %(largest)s.", least=rule.least, largest=largest), "value"
        )
    if value == coming:
        raise Invalid("The rule has this value already, or will have it.", "value")


def _record(actor: Person, rule: RuleDefault, kind: str, *, value: Value, reason: str, now: datetime) -> RuleChange:
    text = audit.write_text(actor.id, reason, at=now)
    change = RuleChange(
        rule_key=rule.key,
        kind=kind,
        value={"value": value},
        changed_by_id=actor.id,
        changed_at=now,
        effective_at=now + NOTICE,
        reason_id=text.id,
    )
    db.session.add(change)
    db.session.flush()
    audit.record(
        "rule.changed",
        actor_id=actor.id,
        at=now,
        subject_id=change.id,
        audience=Audience.PUBLIC,
        rule=rule.key,
        kind=kind,
        value=value,
        reason=audit.text_hash(text),
    )
    return change
