"""What can be asked: a filled form checked against catalogue, holdings and open requests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import select

from portal.access import queries as access_queries
from portal.access.models import ItemType
from portal.assessments.links import link_fault
from portal.errors import Conflict, Invalid, Message
from portal.extensions import db
from portal.org import organisation
from portal.org.catalogue import AccessItem, Role
from portal.people import queries as people_queries
from portal.people.facts import PersonFacts
from portal.requests import queries
from portal.requests.kinds import registry
from portal.requests.kinds.base import KindSpec
from portal.requests.models import ItemAction, Revision, SshKey, TeamRequest
from portal.requests.ssh_keys import PublicKey

LONGEST_TERM = timedelta(days=3652)  # ten years; "for ever" is an empty field


class DuplicateRequest(Conflict):
    """An open request already asks the same for the same person; ``request_id`` names it."""

    def __init__(self, request_id: int) -> None:
        super().__init__(Message("Request #%(id)s already asks for this and is still open.", id=request_id))
        self.request_id = request_id


@dataclass(frozen=True, slots=True, order=True)
class AskedItem:
    action: ItemAction
    type: ItemType
    key: str
    until: date | None = None


@dataclass(frozen=True, slots=True)
class KeyOffer:
    """A public key with the proof that wiki and GitHub account belong to the same person."""

    key: PublicKey
    shell_name: str
    github_name: str
    wiki_proof: str
    github_proof: str


@dataclass(frozen=True, slots=True)
class Details:
    """What a filled form says."""

    candidate_id: int
    items: tuple[AskedItem, ...]
    answers: Mapping[str, str] = field(default_factory=dict)
    phorge_task: int | None = None
    key: KeyOffer | None = None


def check(kind: str, actor: PersonFacts, details: Details, *, own_id: int, now: datetime) -> None:
    """Refuse what cannot be asked. Raises Invalid naming the field, NotPermitted, DuplicateRequest."""
    spec = registry.kind(kind)
    candidate = people_queries.facts(details.candidate_id, now)
    reason = spec.may_file(actor, candidate)
    if reason:
        raise Invalid(reason, "candidate_name")
    if not details.items:
        raise Invalid("Choose at least one thing to ask for.", "items")
    if spec.needs_role and not any(item.type is ItemType.ROLE for item in details.items):
        raise Invalid("Choose the role you would like to take on.", "items")
    for question in spec.questions:
        if question.needed and not details.answers.get(question.field):
            raise Invalid(Message("Answer this question: %(label)s", label=question.label), question.field)
    held, lasting = held_items(candidate, now)
    for item in details.items:
        _check_item(spec, item, lasting if item.action is ItemAction.ADD else held, now=now)
    if details.key:
        check_key(details.key, own_id)
    asked = [(item.action, item.type, item.key) for item in details.items]
    _refuse_duplicate(details.candidate_id, asked, own_id)


def refuse_duplicate(row: TeamRequest, revision: Revision) -> None:
    """A request that opens again must not stand beside another that asks the same. Raises DuplicateRequest."""
    _refuse_duplicate(row.candidate_id, [(i.action, i.item_type, i.item_key) for i in revision.items], row.id)


def _refuse_duplicate(candidate_id: int, asked: Iterable[tuple[str, str, str]], own_id: int) -> None:
    duplicate = queries.open_duplicate(candidate_id, asked, own_id)
    if duplicate is not None:
        raise DuplicateRequest(duplicate)


def _check_item(spec: KindSpec, item: AskedItem, held: set[tuple[str, str]], *, now: datetime) -> None:
    entry = organisation().item(item.type, item.key)
    adds = item.action is ItemAction.ADD
    if entry is None or item.type not in (spec.adds if adds else spec.removes):
        raise Invalid("Choose from the list: something asked for is not in the catalogue.", "items")
    if isinstance(entry, Role) and entry.leads:
        raise Invalid(Message("%(name)s is appointed, not requested.", name=entry.name), "items")
    if adds and isinstance(entry, AccessItem) and not entry.requestable:
        raise Invalid(Message("%(name)s cannot be asked for by itself.", name=entry.name), "items")
    if adds and entry.retired:
        raise Invalid(Message("%(name)s is no longer given.", name=entry.name), "items")
    if adds and (item.type, item.key) in held:
        raise Invalid(Message("%(name)s is held already.", name=entry.name), "items")
    if not adds and (item.type, item.key) not in held:
        raise Invalid(Message("%(name)s is not held, so it cannot be given up.", name=entry.name), "items")
    if item.until and item.until <= now.date():
        raise Invalid("The end date has to be in the future.", "until")
    if item.until and item.until > latest_end(now):
        raise Invalid("Choose an end within ten years, or none.", "until")


def latest_end(now: datetime) -> date:
    """The last day somebody can ask for."""
    return now.date() + LONGEST_TERM


def held_items(candidate: PersonFacts, now: datetime) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """(type, key) of every role and access the person holds, and of those among them that have no end."""
    ending = {(str(ItemType.ROLE), key) for key in people_queries.roles_with_end(candidate.id, now)}
    held = {(str(ItemType.ROLE), key) for key in candidate.roles}
    for access in access_queries.held(candidate.id, now):
        held.add((str(access.item_type), access.item_key))
        if access.until:
            ending.add((str(access.item_type), access.item_key))
    return held, held - ending


def refuse_bad_proofs(offer: KeyOffer) -> None:
    """The proofs are addresses on the web, because people will press them. Raises Invalid naming the field."""
    for name in ("wiki_proof", "github_proof"):
        fault = link_fault(getattr(offer, name))
        if fault:
            raise Invalid(fault, name)


def check_key(offer: KeyOffer, request_id: int) -> None:
    """A key is used once: one that was ever offered elsewhere, by anybody, is refused."""
    refuse_bad_proofs(offer)
    seen = db.session.scalars(
        select(SshKey.id).where(SshKey.fingerprint == offer.key.fingerprint, SshKey.request_id != request_id).limit(1)
    ).first()
    if seen is not None:
        raise Invalid("This key was offered here before. Make a fresh one that is used nowhere else.", "key")
