"""What decides who may do what, against the timeline: decisions, access, roles, capacities, acting, rules.

The events are played back into what the rows should hold. A value that an event of an earlier release lacks is not
asked for. A person who became part of another counts as that other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from portal.access.models import Grant, GrantStep
from portal.audit.models import Event, Text
from portal.audit.services import stamp, text_hash
from portal.audit.verification import in_bulk
from portal.people.models import ActingPeriod, CapacityAssignment, RoleAssignment
from portal.requests.models import Decision, DecisionItem, RequestedItem
from portal.rules.models import RuleChange
from portal.rules.services import NOTICE

Values = dict[str, Any]
Rows = dict[tuple[str, int], Values]  # by what it is and its id
WORDS = ("reason", "anyway", "statement")  # values that are the hash of a text
PEOPLE = {"person", "by"}  # values that are a person's id


def differences(session: Session) -> Iterator[str]:
    """Each row that is missing, that no event made, or that holds something else than its events say."""
    said, merged = _played_back(session)
    found = _found(session)
    for (what, id), values in said.items():
        row = found.get((what, id))
        if row is None:
            yield f"{what} {id} is missing"
            continue
        for name, value in values.items():
            if name in WORDS and row[name] is None:
                continue  # its text was removed, which is looked at where the texts are
            if _plain(name, row[name], merged) != _plain(name, value, merged):
                yield f"{what} {id} was changed: {name}"
    yield from (f"{what} {id} was made past the portal" for what, id in found if (what, id) not in said)


def _plain(name: str, value: Any, merged: dict[int, int]) -> Any:
    while name in PEOPLE and value in merged:
        value = merged[value]
    return value


def _played_back(session: Session) -> tuple[Rows, dict[int, int]]:
    """What the rows should hold, and who became part of whom."""
    said: Rows = {}
    merged: dict[int, int] = {}
    query = select(Event).where(Event.code.in_([*PLAYED, "person.merged"])).order_by(Event.id)
    with in_bulk(session, query) as events:
        for event in events:
            if event.code == "person.merged" and event.subject_id and event.person_id:
                merged[event.subject_id] = event.person_id
            elif event.subject_id is not None:
                PLAYED[event.code](said, event, event.subject_id)
    return said, merged


def _named(event: Event, **columns: str) -> Values:
    """The values of the event's data under the names of the row, as far as it has them."""
    return {name: event.data[key] for name, key in columns.items() if key in event.data}


def _hashes(event: Event) -> Values:
    return {name: event.data[name] or "" for name in WORDS if name in event.data}


def _decided(said: Rows, event: Event, id: int) -> None:
    said["decision", id] = {
        "request": event.request_id,
        "by": event.actor_id,
        "at": event.at,
        "approved": event.code == "request.approved",
        **_named(event, capacity="capacity", acting="acting"),
        **_hashes(event),
    }
    if "ends" in event.data:
        given = zip(event.data["items"], event.data["ends"], strict=True)
        said["decision", id]["items"] = sorted(f"{item} {end}" for item, end in given)


def _stepped(said: Rows, event: Event, id: int) -> None:
    access = {"person": event.person_id, "request": event.request_id}
    access |= _named(event, type="item_type", item="item", origin="origin", decision="decision")
    said.setdefault(("access", id), access)
    said["access", id] |= {"standing": event.code.removeprefix("grant."), **_named(event, until="until")}
    number = 1
    while (f"step of access {id}", number) in said:
        number += 1
    said[f"step of access {id}", number] = {
        "step": event.code.removeprefix("grant."),
        "by": event.actor_id,
        **_named(event, until="until", decision="decision"),
        **({} if event.data.get("origin") == "before_portal" else {"at": event.at}),
        **_hashes(event),
    }


def _began(what: str, key: str) -> Callable[[Rows, Event, int], None]:
    def play(said: Rows, event: Event, id: int) -> None:
        names = {"kind": key, "origin": "origin", "decision": "decision", "since": "since", "until": "until"}
        open_end = {"ended": None} if what == "acting" else {"until": None}
        said[what, id] = {"person": event.person_id, **open_end, **_named(event, **names)}

    return play


def _ended(what: str, name: str) -> Callable[[Rows, Event, int], None]:
    def play(said: Rows, event: Event, id: int) -> None:
        if (what, id) in said:
            said[what, id][name] = stamp(event.at)

    return play


def _extended(said: Rows, event: Event, id: int) -> None:
    if ("role", id) in said:
        said["role", id] |= _named(event, until="until")


def _changed_rule(said: Rows, event: Event, id: int) -> None:
    said["rule change", id] = {
        "by": event.actor_id,
        "at": event.at,
        "counts from": event.at + NOTICE,
        **_named(event, rule="rule", kind="kind", value="value"),
        **_hashes(event),
    }


PLAYED: dict[str, Callable[[Rows, Event, int], None]] = {
    "request.approved": _decided,
    "request.declined": _decided,
    "grant.approved": _stepped,
    "grant.granted": _stepped,
    "grant.renewed": _stepped,
    "grant.revoked": _stepped,
    "role.assigned": _began("role", "role"),
    "role.extended": _extended,
    "role.ended": _ended("role", "until"),
    "capacity.assigned": _began("capacity", "capacity"),
    "capacity.ended": _ended("capacity", "until"),
    "acting.started": _began("acting", "reason"),
    "acting.ended": _ended("acting", "ended"),
    "rule.changed": _changed_rule,
}


def _found(session: Session) -> Rows:
    """The rows as they are, under the names of `_played_back`."""
    parts = (_decisions, _access, _terms, _acting, _rule_changes)
    return {key: values for part in parts for key, values in part(session)}


Found = Iterator[tuple[tuple[str, int], Values]]


def _decisions(session: Session) -> Found:
    items = selectinload(Decision.items).joinedload(DecisionItem.requested_item)
    words = (joinedload(Decision.reason), joinedload(Decision.anyway), joinedload(Decision.statement))
    for decision in session.scalars(select(Decision).options(items, *words)):
        yield (
            ("decision", decision.id),
            {
                "request": decision.request_id,
                "by": decision.decided_by_id,
                "at": decision.decided_at,
                "approved": decision.approved,
                "capacity": decision.capacity,
                "acting": decision.acting,
                "items": sorted(_given(item) for item in decision.items),
                "reason": _words(decision.reason_id, decision.reason),
                "anyway": _words(decision.anyway_id, decision.anyway),
                "statement": _words(decision.statement_id, decision.statement),
            },
        )


def _words(id: int | None, text: Text | None) -> str | None:
    """The hash of a reason; empty where there is none, None where it was removed."""
    if id is None:
        return ""
    return text_hash(text) if text else "missing"


def _given(item: DecisionItem) -> str:
    asked: RequestedItem | None = item.requested_item  # nothing, where an owner moved the pointer
    if asked is None:
        return ""
    return f"{asked.action}:{asked.item_type}:{asked.item_key} {item.until}"


def _access(session: Session) -> Found:
    for grant in session.scalars(select(Grant).options(selectinload(Grant.steps))):
        values: Values = {
            "person": grant.person_id,
            "type": grant.item_type,
            "item": grant.item_key,
            "origin": grant.origin,
        }
        values |= {"request": grant.request_id, "decision": grant.decision_id}
        yield ("access", grant.id), {**values, "standing": grant.standing, "until": stamp(grant.until)}
        for number, step in enumerate(grant.steps, start=1):
            yield (f"step of access {grant.id}", number), _step(grant, step)


def _step(grant: Grant, step: GrantStep) -> Values:
    return {
        "step": step.step,
        "by": step.by_id,
        "at": step.at,
        "until": stamp(step.until),
        "decision": step.decision_id or grant.decision_id,
        "reason": _words(step.reason_id, step.reason),
    }


def _terms(session: Session) -> Found:
    for role in session.scalars(select(RoleAssignment)):
        yield ("role", role.id), {**_term(role), "kind": role.role_key, "decision": role.decision_id}
    for held in session.scalars(select(CapacityAssignment)):
        yield ("capacity", held.id), {**_term(held), "kind": held.capacity}


def _term(row: RoleAssignment | CapacityAssignment) -> Values:
    return {"person": row.person_id, "origin": row.origin, "since": stamp(row.from_at), "until": stamp(row.to_at)}


def _acting(session: Session) -> Found:
    for row in session.scalars(select(ActingPeriod)):
        values = {"person": row.director_id, "kind": row.reason, "since": stamp(row.from_at), "until": stamp(row.to_at)}
        yield ("acting", row.id), {**values, "ended": stamp(row.ended_at)}


def _rule_changes(session: Session) -> Found:
    for row in session.scalars(select(RuleChange)):
        yield (
            ("rule change", row.id),
            {
                "by": row.changed_by_id,
                "at": row.changed_at,
                "counts from": row.effective_at,
                "rule": row.rule_key,
                "kind": row.kind,
                "value": row.value.get("value"),
                "reason": _words(row.reason_id, row.reason),
            },
        )
