"""What the decider filled in, and what refuses it: decided already, changed since, not met, more than was asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from portal.access.models import ItemType
from portal.errors import Conflict, Invalid, Message, WrongState
from portal.org.catalogue import Weight
from portal.requests import fact_queries, filing_checks, objection_services, queries, readiness, seen
from portal.requests.models import Decision, RequestedItem, Revision
from portal.requests.readiness import Check
from portal.requests.services import Opened

Chosen = tuple[tuple[RequestedItem, date | None], ...]
OF_ITEMS = frozenset({"prerequisites", "liaison_without_development"})  # checks that some of the items may not meet


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


def checks(opened: Opened) -> tuple[Check, ...]:
    """The checks of a locked request, as they stand now."""
    return readiness.checks(opened.facts, fact_queries.weights())


def refuse_second(opened: Opened, revision: Revision) -> None:
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


def refuse_changed(opened: Opened, ruling: Ruling) -> None:
    differences = seen.differences(ruling.grounds, grounds_now(opened))
    if differences:
        raise ChangedSinceSeen(differences)


def chosen(revision: Revision, ruling: Ruling, *, needs_role: bool, now: datetime) -> Chosen:
    """The items to give and until when; never more or longer than was asked. Raises Invalid."""
    asked = {item.id: item for item in revision.items}
    if not ruling.choices:
        raise Invalid("Choose at least one of the things asked for, or answer with not yet.", "items")
    found = []
    for choice in {choice.item_id: choice for choice in ruling.choices}.values():
        item = asked.get(choice.item_id)
        if item is None:
            raise Invalid("Only what was asked for can be approved.", "items")
        until = choice.until or item.until
        if until is not None and until > filing_checks.latest_end(now):
            raise Invalid("Nothing can be given for longer than ten years.", "until")
        if until is not None and until < now.date():
            raise Invalid("The end date cannot lie in the past.", "until")
        if item.until is not None and until is not None and until > item.until:
            raise Invalid("An approval cannot run longer than was asked for.", "until")
        found.append((item, until))
    if needs_role and not any(item.item_type is ItemType.ROLE for item, _until in found):
        raise Invalid("Whoever joins needs a role: give it, or answer with not yet.", "items")
    return tuple(found)


def lacking(opened: Opened, found: tuple[Check, ...], given: Chosen) -> tuple[Check, ...]:
    """What "Decide anyway" has to answer. Raises WrongState for what nobody may decide without.

    Some of the items alone may lack what the others would bring: what one builds on, the role that is given up.
    """
    absolute = readiness.unmet(found, Weight.ABSOLUTE)
    if absolute:
        raise WrongState(absolute[0].says)
    required = [check for check in readiness.unmet(found, Weight.REQUIRED) if check.rule != "no_open_concern"]
    items = tuple(fact_queries.item_facts(item) for item, _until in given)
    partly = readiness.checks(fact_queries.facts_of(opened.row, opened.facts.now, items=items), fact_queries.weights())
    named = {check.rule for check in required}
    return (*required, *(c for c in readiness.unmet(partly, Weight.REQUIRED) if c.rule in OF_ITEMS - named))


def refuse_unanswered(opened: Opened, ruling: Ruling, missing: tuple[Check, ...]) -> None:
    """Each open concern and what is lacking has its answer. Raises Invalid naming the field."""
    for concern in objection_services.open_concerns(opened.row.id):
        if not ruling.overrides.get(concern.id):
            raise Invalid("Answer each open concern, or wait until its author resolves it.", f"override-{concern.id}")
    if missing and not ruling.anyway:
        raise Invalid(
            Message("A required check is not met: %(says)s Say why you decide anyway.", says=missing[0].says), "anyway"
        )
