"""Requests for tests, made by the services the portal itself uses."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import select

from portal.access.models import ItemType
from portal.audit.models import Event
from portal.audit.services import verify_chain
from portal.extensions import db
from portal.people.models import Person
from portal.requests import (
    decision_services,
    discussion_services,
    fact_queries,
    filing_services,
    objection_services,
    queries,
    readiness,
    seen,
    ssh_keys,
)
from portal.requests.decision_services import Choice, Ruling
from portal.requests.discussion_models import Stance
from portal.requests.filing_checks import AskedItem, Details, KeyOffer
from portal.requests.kinds import registry
from portal.requests.models import Decision, ItemAction, TeamRequest
from portal.requests.workflow import State
from portal.web import clock
from portal.web.unit_of_work import unit_of_work

T = TypeVar("T")
CANARY = "zebra-crossing-at-midnight"  # a text that must not turn up where it does not belong


def asked(*items: str) -> tuple[AskedItem, ...]:
    """Items written as "role:security_specialist", or "-access_group:bastion" for what is given up."""
    found = []
    for item in items:
        action = ItemAction.REMOVE if item.startswith("-") else ItemAction.ADD
        type_, _, key = item.lstrip("-").partition(":")
        found.append(AskedItem(action, ItemType(type_), key))
    return tuple(found)


def draft(requester: Person, kind: str = "access_expansion", *, at: datetime | None = None) -> int:
    """The id of a new draft."""
    requester_id = requester.id
    with unit_of_work(at) as now:
        return filing_services.start_draft(requester_id, kind, uuid.uuid4().hex, now=now).id


def details(kind: str, candidate: Person, *items: str, key: KeyOffer | None = None) -> Details:
    """A fully answered form."""
    answers = {question.field: f"Because of {question.field}." for question in registry.kind(kind).questions}
    return Details(candidate.id, asked(*items), answers, None, key)


def team_request(
    requester: Person,
    *items: str,
    candidate: Person | None = None,
    kind: str = "access_expansion",
    days_ago: float = 0,
) -> int:
    """The id of a request submitted some days ago."""
    at = clock.now() - timedelta(days=days_ago)
    wanted = items or ("system:grafana",)
    requester_id = requester.id
    filled = details(kind, candidate or requester, *wanted)
    request_id = draft(requester, kind, at=at)
    with unit_of_work(at) as now:
        return filing_services.submit(requester_id, request_id, filled, now=now).id


def position(person: Person, request_id: int, stance: Stance = Stance.SUPPORT, *, revision: int = 1) -> None:
    person_id = person.id
    with unit_of_work() as now:
        discussion_services.take_position(
            person_id, request_id, stance, sentence=None, relation=None, revision_number=revision, now=now
        )


def get(request_id: int) -> TeamRequest:
    return db.session.get_one(TeamRequest, request_id)


def do(service: Callable[..., T], actor: Person, *args: Any, at: datetime | None = None, **kwargs: Any) -> T:
    """Run a service as this person, in a unit of work of its own."""
    actor_id = actor.id
    with unit_of_work(at) as now:
        return service(actor_id, *args, now=now, **kwargs)


def key_offer() -> KeyOffer:
    """A fresh key with its proofs."""
    public = Ed25519PrivateKey.generate().public_key()
    line = public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    proof = "https://meta.example.org/wiki/User:Ann"
    return KeyOffer(ssh_keys.parse(line), "ann", "ann-on-github", proof, "https://github.example.org/ann/keys")


def state(request_id: int) -> State:
    return get(request_id).state


def events(request_id: int | None = None) -> list[str]:
    """What is on the timeline, as "code/audience", in order; of one request if asked."""
    query = select(Event).order_by(Event.id)
    if request_id is not None:
        query = query.where(Event.request_id == request_id)
    return [f"{event.code}/{event.audience}" for event in db.session.scalars(query)]


def chain_is_whole() -> bool:
    """The timeline verifies, and no event holds anything but codes, numbers and hashes."""
    for event in db.session.scalars(select(Event)):
        for value in event.data.values():
            for part in value if isinstance(value, list) else [value]:
                assert part is None or isinstance(part, (bool, int)) or " " not in part, event.code
        assert CANARY not in json.dumps(event.data)
    return verify_chain().first_bad is None


def grounds(request_id: int, *, at: datetime | None = None) -> str:
    """What the decision form would carry now."""
    row, now = get(request_id), at or clock.now()
    facts = fact_queries.facts_of(row, now)
    concerns = [concern.id for concern in objection_services.open_concerns(request_id)]
    checks = readiness.checks(facts, fact_queries.weights())
    return seen.grounds(facts, checks, concerns, queries.evidence_ids(request_id))


def ruling(request_id: int, *, approve: bool = True, at: datetime | None = None, **changes: Any) -> Ruling:
    """A filled decision form: everything asked for, decided anyway where something is missing."""
    items = queries.current_revision(get(request_id)).items
    parts: dict[str, Any] = {
        "approve": approve,
        "grounds": grounds(request_id, at=at),
        "reason": f"It is needed. {CANARY}",
        "choices": tuple(Choice(item.id) for item in items),
        "anyway": "It cannot wait.",
    }
    return Ruling(**{**parts, **changes})


def decide(actor: Person, request_id: int, *, at: datetime | None = None, **changes: Any) -> Decision:
    """Decide the request as it stands."""
    return do(decision_services.decide, actor, request_id, ruling(request_id, at=at, **changes), at=at)
