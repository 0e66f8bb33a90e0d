"""Reading rules: the value in force is the newest recorded change that has taken effect, else the organisation's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from portal.audit.models import Text
from portal.errors import NotVisible
from portal.extensions import db
from portal.org import organisation
from portal.org.catalogue import WHOLE, RuleDefault, Unit
from portal.people.models import Person
from portal.rules.models import RuleChange

Value = int | bool


@dataclass(frozen=True, slots=True)
class ShownChange:
    """A recorded change as the page shows it."""

    id: int
    value: Value
    by: str
    announced_at: datetime
    effective_at: datetime
    reason: Text


@dataclass(frozen=True, slots=True)
class Standing:
    """How one rule stands for one kind at one moment. ``since`` is None for the organisation's default."""

    rule: RuleDefault
    kind: str
    value: Value
    since: ShownChange | None
    pending: tuple[ShownChange, ...]

    @property
    def newest_id(self) -> int | None:
        """The newest change, in force or not: what the next change is based on."""
        changes = [change.id for change in (self.since, *self.pending) if change]
        return max(changes, default=None)


def values_for(kind: str, at: datetime) -> dict[str, Value]:
    """Rule key -> value for what is submitted at this moment; kind ``portal`` (`WHOLE`): for the portal as a whole."""
    rules = organisation().rules_of(kind)
    values: dict[str, Value] = {rule.key: rule.values[kind] for rule in rules}
    changes = select(RuleChange).where(
        or_(RuleChange.kind == kind, RuleChange.kind.is_(None)), RuleChange.effective_at <= at
    )
    for change in db.session.scalars(changes.order_by(RuleChange.effective_at, RuleChange.id)):
        rule = organisation().rules.get(change.rule_key)
        if rule and rule.key in values and fits(rule, value_of(change)):
            values[rule.key] = value_of(change)
    return values


def value_of(change: RuleChange) -> Value:
    """The recorded value."""
    return cast(Value, change.value["value"])


def fits(rule: RuleDefault, value: object) -> bool:
    """Whether a value is of the rule's kind. A rule may have got a unit since an old change was recorded."""
    if rule.unit is Unit.SWITCH:
        return isinstance(value, bool)
    return isinstance(value, int) and not isinstance(value, bool) and value >= rule.least


def get(rule_key: str, kind: str) -> RuleDefault:
    """The rule, if this kind is under it. Raises NotVisible."""
    rule = organisation().rules.get(rule_key)
    if rule is None or kind not in rule.values:
        raise NotVisible("There is no such rule for this kind of request.")
    return rule


def standing(rule: RuleDefault, kind: str, now: datetime) -> Standing:
    """How one rule stands for one kind."""
    return _standing(rule, kind, _changes(now, rule.key), now)


def standings(now: datetime) -> dict[str, tuple[Standing, ...]]:
    """How every rule stands, per kind in the order of the data, then for the portal as a whole. One statement."""
    changes = _changes(now)
    return {
        kind: tuple(_standing(rule, kind, changes, now) for rule in organisation().rules_of(kind))
        for kind in (*organisation().kinds, WHOLE)
    }


Recorded = list[tuple[RuleChange, str]]


def _changes(now: datetime, rule_key: str | None = None) -> Recorded:
    """Every recorded change with the name of who made it, in the order in which they take effect."""
    query = select(RuleChange, Person.name).join(Person, RuleChange.changed_by_id == Person.id)
    if rule_key is not None:
        query = query.where(RuleChange.rule_key == rule_key)
    query = query.where(RuleChange.changed_at <= now).options(joinedload(RuleChange.reason))
    return [(row[0], row[1]) for row in db.session.execute(query.order_by(RuleChange.effective_at, RuleChange.id))]


def _standing(rule: RuleDefault, kind: str, changes: Iterable[tuple[RuleChange, str]], now: datetime) -> Standing:
    shown = [
        _shown(change, name)
        for change, name in changes
        if change.rule_key == rule.key and change.kind in (kind, None) and fits(rule, value_of(change))
    ]
    past = [change for change in shown if change.effective_at <= now]
    pending = tuple(change for change in shown if change.effective_at > now)
    since = past[-1] if past else None
    return Standing(rule, kind, since.value if since else rule.values[kind], since, pending)


def _shown(change: RuleChange, name: str) -> ShownChange:
    return ShownChange(
        id=change.id,
        value=value_of(change),
        by=name,
        announced_at=change.changed_at,
        effective_at=change.effective_at,
        reason=change.reason,
    )
