"""Filing a request: the draft, its submission, the candidate's agreement, changes, withdrawal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from portal.audit import services as audit
from portal.errors import Conflict, Invalid, Message, NotPermitted
from portal.extensions import db
from portal.people import queries as people_queries
from portal.people.facts import PersonFacts
from portal.requests import filing_checks, queries, services
from portal.requests.filing_checks import AskedItem, Details, KeyOffer
from portal.requests.kinds import registry
from portal.requests.kinds.base import KindSpec
from portal.requests.models import Answer, RequestedItem, Revision, SshKey, TeamRequest
from portal.requests.workflow import Action, State, submitted_state
from portal.rules import queries as rules

MOST_DRAFTS = 5  # of one person at a time; as many as the pages list
DRAFT_LIMIT = 100_000  # characters in all fields of a draft together


class DraftConflict(Conflict):
    """The draft was saved elsewhere in the meantime; ``saved`` is what stands there now."""

    def __init__(self, saved: dict[str, Any], version: int) -> None:
        super().__init__("This draft was changed in another window. Nothing was overwritten.")
        self.saved, self.version = saved, version


class EditConflict(Conflict):
    """Somebody else changed the request while it was edited."""


def start_draft(actor_id: int, kind: str, submission_id: str, *, now: datetime) -> TeamRequest:
    """Begin a draft about oneself. The same submission id gives the same draft. Raises NotPermitted, Invalid."""
    if kind not in registry.KINDS:
        raise Invalid("There is no such kind of request.", "kind")
    existing = db.session.scalars(select(TeamRequest).where(TeamRequest.submission_id == submission_id)).one_or_none()
    if existing is not None:
        if existing.requester_id != actor_id:
            raise Invalid("Open the form anew.")
        return existing
    if len(queries.drafts_of(actor_id)) >= MOST_DRAFTS:
        raise Invalid(Message("You have %(count)s drafts. Submit or delete one first.", count=MOST_DRAFTS))
    why_not = why_not_file(registry.kind(kind), people_queries.facts(actor_id, now))
    if why_not:
        raise NotPermitted(why_not)
    draft = TeamRequest(
        kind=kind,
        state=State.DRAFT,
        state_since=now,
        requester_id=actor_id,
        candidate_id=actor_id,
        created_at=now,
        updated_at=now,
        submission_id=submission_id,
        draft={},
    )
    db.session.add(draft)
    db.session.flush()
    return draft


def why_not_file(spec: KindSpec, actor: PersonFacts) -> Message | None:
    """Why this person may not file this kind for anybody at all; None if they may for somebody."""
    newcomer = PersonFacts(id=-1)
    member = PersonFacts(id=-1, roles=frozenset({"any"}))
    reasons = [spec.may_file(actor, candidate) for candidate in (actor, newcomer, member)]
    return reasons[0] if all(reasons) else None


def save_draft(
    actor_id: int, request_id: int, fields: Mapping[str, Any], *, base_version: int, now: datetime
) -> TeamRequest:
    """Keep what was typed so far. Raises DraftConflict when another window saved something else meanwhile."""
    row = services.open_for(actor_id, request_id, Action.SUBMIT, now=now).row
    kept = {**row.draft, **fields}
    if sum(len(str(value)) for value in kept.values()) > DRAFT_LIMIT:
        raise Invalid("This is longer than the portal takes. Shorten your answers.")
    if kept == row.draft:
        return row
    if base_version != row.draft_version:
        raise DraftConflict(dict(row.draft), row.draft_version)
    row.draft, row.draft_version, row.updated_at = kept, row.draft_version + 1, now
    return row


def submit(actor_id: int, request_id: int, details: Details, *, now: datetime) -> TeamRequest:
    """Put the draft to the team. Submitting twice is submitting once. Raises Invalid, DuplicateRequest."""
    row = services.lock(request_id)
    if row.state is not State.DRAFT and row.requester_id == actor_id and row.submitted_at:
        return row
    opened = services.open_for(actor_id, request_id, Action.SUBMIT, now=now)
    filing_checks.check(opened.row.kind, opened.actor, details, own_id=row.id, now=now)
    row.candidate_id, row.submitted_at, row.draft = details.candidate_id, now, {}
    state = submitted_state(filed_for_oneself=details.candidate_id == actor_id)
    row.discussion_at = now if state is State.DISCUSSION else None
    services.set_state(row, state, now=now)
    _add_revision(row, actor_id, details, now=now)
    _save_answers(row, actor_id, details, now=now)
    services.note(
        row, "request.filed", actor_id, now=now, person_id=details.candidate_id, kind=row.kind, items=_codes(details)
    )
    return row


def agree(actor_id: int, request_id: int, *, now: datetime) -> TeamRequest:
    """The candidate's "I agree": the discussion begins, or goes on where it was."""
    opened = services.open_for(actor_id, request_id, Action.AGREE, now=now)
    row = opened.row
    row.agreed_at = row.discussion_at = now
    boards = opened.facts.decided_by_board or queries.newest_referral(row.id) is not None
    services.move(row, Action.AGREE_REFERRED if boards else Action.AGREE, now=now)
    services.note(row, "request.agreed", actor_id, now=now)
    return row


def revise(actor_id: int, request_id: int, details: Details, *, base: str, now: datetime) -> TeamRequest:
    """Change an open request. Items or end date make a new revision; other changes are kept as an edit.

    ``base`` is `queries.edit_base` of what the form was filled from. Raises EditConflict when somebody changed it
    since, Invalid for another person: what the team said was about this one (docs/adr/0008).
    """
    opened = services.open_for(actor_id, request_id, Action.EDIT, now=now)
    row = opened.row
    current = queries.current_revision(row)
    asked = {AskedItem(item.action, item.item_type, item.item_key, item.until) for item in current.items}
    differs = asked != set(details.items) or _differing(row, details)
    if differs and base != queries.edit_base(row.id, row.revision_number):
        raise EditConflict("The request was changed while you edited it. Compare both versions and save again.")
    if details.candidate_id != row.candidate_id:
        raise Invalid("A request stays about the same person. Withdraw it and file a new one.", "candidate_name")
    filing_checks.check(row.kind, opened.actor, details, own_id=row.id, now=now)
    if asked != set(details.items):
        _new_revision(row, actor_id, details, now=now)
    changed = _save_answers(row, actor_id, details, now=now)
    if changed:
        services.note(row, "request.edited", actor_id, now=now, fields=changed)
    return row


def _new_revision(row: TeamRequest, actor_id: int, details: Details, *, now: datetime) -> None:
    """What is asked for now. The candidate agrees anew to what somebody else changed."""
    if actor_id != row.candidate_id:
        row.agreed_at = None
        services.move(row, Action.ASK_AGREEMENT, now=now)
    row.discussion_at = None if row.state is State.AGREEMENT else now
    _add_revision(row, actor_id, details, now=now)
    services.note(
        row,
        "request.revised",
        actor_id,
        now=now,
        person_id=row.candidate_id,
        revision=row.revision_number,
        items=_codes(details),
    )


def offer_key(actor_id: int, request_id: int, offer: KeyOffer, *, now: datetime) -> TeamRequest:
    """The candidate adds or replaces the key of an open request. Raises NotPermitted, Invalid."""
    opened = services.open_for(actor_id, request_id, Action.OFFER_KEY, now=now)
    filing_checks.check_key(offer, request_id)
    if _save_key(opened.row, actor_id, offer, now=now):
        services.note(opened.row, "request.edited", actor_id, now=now, fields=["key"])
    return opened.row


def withdraw(actor_id: int, request_id: int, *, now: datetime) -> TeamRequest:
    """Take back an open request; a draft is deleted."""
    row = services.open_for(actor_id, request_id, Action.WITHDRAW, now=now).row
    if row.state is State.DRAFT:
        db.session.delete(row)  # nobody else ever saw it
        return row
    services.move(row, Action.WITHDRAW, now=now)
    services.note(row, "request.withdrawn", actor_id, now=now)
    return row


def _codes(details: Details) -> list[str]:
    return [f"{item.action}:{item.type}:{item.key}" for item in details.items]


def _add_revision(row: TeamRequest, actor_id: int, details: Details, *, now: datetime) -> Revision:
    row.revision_number += 1
    revision = Revision(
        request_id=row.id,
        number=row.revision_number,
        candidate_id=row.candidate_id,
        created_by_id=actor_id,
        created_at=now,
        rules=rules.values_for(row.kind, now),
        items=[
            RequestedItem(action=item.action, item_type=item.type, item_key=item.key, until=item.until)
            for item in details.items
        ],
    )
    db.session.add(revision)
    db.session.flush()
    return revision


def _save_answers(row: TeamRequest, actor_id: int, details: Details, *, now: datetime) -> list[str]:
    """Write the answers, task and key that differ from what stands there. Returns the names of the changed fields."""
    newest, changed = queries.answers(row.id), _differing(row, details)
    for name in changed:
        if name in details.answers:
            before = newest[name].text if name in newest else None
            text = audit.write_text(actor_id, details.answers[name], at=now, previous=before)
            db.session.add(Answer(request_id=row.id, field=name, text_id=text.id, created_at=now, by_id=actor_id))
    row.phorge_task = details.phorge_task
    if details.key and _save_key(row, actor_id, details.key, now=now):
        changed.append("key")
    db.session.flush()
    return changed


def _differing(row: TeamRequest, details: Details) -> list[str]:
    """The names of the answers that differ from what stands there, and of the task if it does."""
    stands = {name: answer.text.body or "" for name, answer in queries.answers(row.id).items()}
    differing = [name for name, body in details.answers.items() if stands.get(name, "") != body]
    return differing + (["phorge_task"] if row.phorge_task != details.phorge_task else [])


def _save_key(row: TeamRequest, actor_id: int, offer: KeyOffer, *, now: datetime) -> bool:
    current = queries.ssh_key(row.id)
    same = current is not None and (
        current.fingerprint,
        current.shell_name,
        current.github_name,
        current.wiki_proof,
        current.github_proof,
    ) == (offer.key.fingerprint, offer.shell_name, offer.github_name, offer.wiki_proof, offer.github_proof)
    if same:
        return False
    db.session.execute(
        update(SshKey).where(SshKey.request_id == row.id, SshKey.replaced_at.is_(None)).values(replaced_at=now)
    )
    db.session.add(
        SshKey(
            request_id=row.id,
            person_id=row.candidate_id,
            key_id=audit.write_text(actor_id, offer.key.text, at=now).id,
            fingerprint=offer.key.fingerprint,
            algorithm=offer.key.algorithm,
            bits=offer.key.bits,
            shell_name=offer.shell_name,
            github_name=offer.github_name,
            wiki_proof=offer.wiki_proof,
            github_proof=offer.github_proof,
            created_at=now,
        )
    )
    return True
