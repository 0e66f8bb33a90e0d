"""Concerns, evidence, private notes and redaction."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from portal.assessments import policy as assessment_policy
from portal.assessments import rounds
from portal.assessments.links import link_fault
from portal.assessments.models import Assessment
from portal.audit import services as audit
from portal.audit.models import Audience, Text
from portal.errors import Invalid, Message, NotPermitted, NotVisible, WrongState
from portal.extensions import db
from portal.people.facts import PersonFacts
from portal.requests import policy, services, texts
from portal.requests.discussion_models import Concern, ConcernOutcome, DecisionNote, Evidence, EvidenceType
from portal.requests.facts import RequestFacts
from portal.requests.models import SshKey
from portal.requests.services import Opened
from portal.requests.workflow import Action


def raise_concern(actor_id: int, request_id: int, name: str, body: str, *, now: datetime) -> Concern:
    """Object, under a name of a few words. It stays open until resolved or overridden, across revisions."""
    row = services.open_for(actor_id, request_id, Action.RAISE_CONCERN, now=now).row
    text = audit.write_text(actor_id, body, at=now)
    concern = Concern(
        request_id=row.id,
        author_id=actor_id,
        name_id=audit.write_text(actor_id, name, at=now).id,
        text_id=text.id,
        created_at=now,
    )
    db.session.add(concern)
    db.session.flush()
    services.note(
        row,
        "concern.raised",
        actor_id,
        now=now,
        audience=Audience.TEAM,
        subject_id=concern.id,
        text=audit.text_hash(text),
    )
    return concern


def resolve_concern(actor_id: int, request_id: int, concern_id: int, reason: str, *, now: datetime) -> Concern:
    """The author says why it no longer stands."""
    opened = services.open_only(actor_id, request_id, now=now)
    concern = resolvable(opened.actor, opened.facts, concern_id)
    close_concern(opened, concern, ConcernOutcome.RESOLVED, reason, now=now)
    return concern


def resolvable(actor: PersonFacts, facts: RequestFacts, concern_id: int) -> Concern:
    """A concern of this request that this person may resolve. Raises NotVisible, NotPermitted, WrongState."""
    policy.require(actor, Action.RESOLVE_CONCERN, facts)
    concern = db.session.get(Concern, concern_id)
    if concern is None or concern.request_id != facts.id:
        raise NotVisible()
    if concern.author_id != actor.id:
        raise NotPermitted("Only the person who raised a concern can resolve it. The decider can override it.")
    return concern


def close_concern(opened: Opened, concern: Concern, outcome: ConcernOutcome, reason: str, *, now: datetime) -> None:
    """Resolve or override an open concern. Raises WrongState when it is closed already."""
    if concern.closed_at is not None:
        raise WrongState("This concern is closed already.")
    text = audit.write_text(opened.actor.id, reason, at=now)
    concern.outcome, concern.closed_at, concern.closed_by_id = outcome, now, opened.actor.id
    concern.closing_id = text.id
    services.note(
        opened.row,
        f"concern.{outcome}",
        opened.actor.id,
        now=now,
        audience=Audience.TEAM,
        subject_id=concern.id,
        text=audit.text_hash(text),
    )


def open_concerns(request_id: int) -> list[Concern]:
    """The open concerns, the oldest first."""
    query = select(Concern).where(Concern.request_id == request_id, Concern.closed_at.is_(None))
    return list(db.session.scalars(query.order_by(Concern.id)))


def link_assessment(actor_id: int, request_id: int, assessment_id: int, *, now: datetime) -> Evidence:
    """Pin a finished assessment of the candidate. Raises Invalid, NotVisible."""
    opened = services.open_for(actor_id, request_id, Action.LINK_EVIDENCE, now=now)
    assessment = db.session.get(Assessment, assessment_id)
    if assessment is None:
        raise NotVisible()
    facts = rounds.facts_of(assessment)
    if not (opened.actor.decides or actor_id in facts.markers | {facts.person_id}):
        raise NotVisible()
    if facts.person_id != opened.row.candidate_id:
        raise Invalid("Only an assessment of the candidate can be linked.", "assessment_id")
    if not facts.locked:
        raise Invalid("Finish and lock the assessment first.", "assessment_id")
    if facts.superseded:
        raise Invalid("A correction of this assessment exists. Link the correction.", "assessment_id")
    if not assessment_policy.may_link(opened.actor, facts):
        raise Invalid("It can be linked once both markings of this double marking are in.", "assessment_id")
    linked = db.session.scalars(
        select(Evidence).where(
            Evidence.request_id == opened.row.id,
            Evidence.assessment_id == assessment_id,
            Evidence.removed_at.is_(None),
        )
    ).first()
    if linked:
        return linked
    evidence = Evidence(
        request_id=opened.row.id,
        type=EvidenceType.ASSESSMENT,
        assessment_id=assessment_id,
        added_by_id=actor_id,
        added_at=now,
    )
    return _add(opened, evidence, now=now)


def link_page(actor_id: int, request_id: int, url: str, title: str, *, now: datetime) -> Evidence:
    """Link a task, a commit or a wiki page. Raises Invalid."""
    opened = services.open_for(actor_id, request_id, Action.LINK_EVIDENCE, now=now)
    fault = link_fault(url) if url else Message("Give a full address that begins with https://.")
    if fault:
        raise Invalid(fault, "url")
    evidence = Evidence(
        request_id=opened.row.id,
        type=EvidenceType.LINK,
        url=url,
        title_id=audit.write_text(actor_id, title, at=now).id,
        added_by_id=actor_id,
        added_at=now,
    )
    return _add(opened, evidence, now=now)


def _add(opened: Opened, evidence: Evidence, *, now: datetime) -> Evidence:
    db.session.add(evidence)
    db.session.flush()
    services.note(
        opened.row,
        "evidence.linked",
        opened.actor.id,
        now=now,
        subject_id=evidence.id,
        type=str(evidence.type),
        assessment=evidence.assessment_id,
    )
    return evidence


def unlink(actor_id: int, request_id: int, evidence_id: int, *, now: datetime) -> None:
    """Take a link back, until the decision: whoever linked it, or the person an assessment is about."""
    opened = services.open_for(actor_id, request_id, Action.UNLINK_EVIDENCE, now=now)
    evidence = db.session.get(Evidence, evidence_id)
    if evidence is None or evidence.request_id != opened.row.id:
        raise NotVisible()
    owners = {evidence.added_by_id, evidence.assessment.person_id if evidence.assessment else None}
    if actor_id not in owners:
        raise NotPermitted("Only the person who linked it, or whom it is about, can take it back.")
    if evidence.removed_at is not None:
        raise WrongState("This was taken back already.")
    evidence.removed_at = now
    services.note(opened.row, "evidence.unlinked", actor_id, now=now, subject_id=evidence.id)


def write_note(actor_id: int, request_id: int, body: str, *, now: datetime) -> DecisionNote:
    """A private note for those who decide."""
    row = services.open_for(actor_id, request_id, Action.NOTE, now=now).row
    text = audit.write_text(actor_id, body, at=now)
    written = DecisionNote(request_id=row.id, author_id=actor_id, text_id=text.id, created_at=now)
    db.session.add(written)
    db.session.flush()
    services.note(
        row,
        "note.written",
        actor_id,
        now=now,
        audience=Audience.DECIDERS,
        subject_id=written.id,
        text=audit.text_hash(text),
    )
    return written


def redact(actor_id: int, request_id: int, text_id: int, *, now: datetime) -> None:
    """Remove a text in all its versions: its author, or a decider. Raises NotVisible, NotPermitted, WrongState."""
    opened = services.open_only(actor_id, request_id, now=now)
    text = redactable(opened.actor, opened.facts, text_id)
    versions = audit.erase_text(text, by_id=actor_id, at=now)
    for key in db.session.scalars(select(SshKey).where(SshKey.key_id == text_id, SshKey.replaced_at.is_(None))):
        key.replaced_at = now  # a key without its text proves nothing
    services.note(
        opened.row, "text.redacted", actor_id, now=now, audience=Audience.TEAM, subject_id=text_id, versions=versions
    )


def redactable(actor: PersonFacts, facts: RequestFacts, text_id: int) -> Text:
    """A text of this request that this person may remove. Raises NotVisible, NotPermitted, WrongState."""
    policy.require(actor, Action.READ, facts)
    text = db.session.get(Text, text_id)
    needed = _readers(facts.id).get(text_id)
    if text is None or needed is None:
        raise NotVisible()
    if text.author_id != actor.id:
        if not policy.may(actor, needed, facts):
            raise NotVisible()  # a text they may not know of
        policy.require(actor, Action.REDACT, facts)
    if text.is_redacted:
        raise WrongState("This text was removed already.")
    return text


def _readers(request_id: int) -> dict[int, Action]:
    """Every text that belongs to this request, and what one must be allowed to do to read it."""
    rows = db.session.execute(texts.of_request(), {"id": request_id})
    return {text_id: Action(action) for text_id, action in rows if text_id is not None}
