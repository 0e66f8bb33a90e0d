"""Changing assessments: start, ask for a mentor review, fill in, lock, discard."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import delete, select

from portal.assessments import policy, queries
from portal.assessments.entries import Entry, Header, Typed, merge
from portal.assessments.links import link_fault
from portal.assessments.models import (
    Assessment,
    AssessmentScore,
    AssessmentState,
    AssessmentType,
    MentoringType,
    StandardItem,
)
from portal.audit import services as audit
from portal.audit.models import Audience, Text
from portal.errors import Conflict, Invalid, Message, NotPermitted, NotVisible, WrongState
from portal.extensions import db
from portal.people import queries as people
from portal.people.facts import PersonFacts
from portal.people.models import Person

LOCKED = Message("This assessment is locked: nothing in it changes any more. Start a new one instead.")
BEFORE_MARKING = Message("Only the member who was named for this review fills it in.")


class EntriesConflict(Conflict):
    """Parts of the form were changed here and in another tab. Nothing was saved; both versions are shown."""

    def __init__(self, entries: dict[str, Entry], header: Header | None) -> None:
        super().__init__(
            Message("Some of this was changed in another tab meanwhile. Nothing was saved. Compare and save again.")
        )
        self.entries = entries
        self.header = header


class Unscored(Invalid):
    """It cannot be locked: these items, by key, have no score."""

    def __init__(self, keys: list[str]) -> None:
        super().__init__(Message("Give every item a score, or N/A, before you lock it."))
        self.keys = keys


def start_self_assessment(actor: Person, *, submission_id: str, now: datetime) -> int:
    """Begin a self-assessment, or find the draft that is open. Returns its id. Raises NotPermitted, WrongState."""
    if not policy.may_self_assess(people.facts(actor.id, now)):
        raise NotPermitted(Message("Your wiki account is blocked or locked, so you cannot start an assessment."))
    filling = f"{actor.id}-{submission_id}"
    if open_draft := queries.by_submission(filling) or queries.open_self_assessment(actor.id):
        return open_draft.id
    begun = _new(AssessmentType.SELF, actor, marker_id=actor.id, submission_id=filling, now=now)
    audit.record(
        "assessment.started",
        actor_id=actor.id,
        at=now,
        person_id=actor.id,
        subject_id=begun.id,
        audience=Audience.DECIDERS,
        standard=begun.standard_id,
    )
    return begun.id


def ask_for_review(actor: Person, person_id: int, *, marker_id: int, submission_id: str, now: datetime) -> int:
    """Name the member who reviews this person's work. Returns the id. Raises NotPermitted, Invalid, Conflict."""
    person = people.get(person_id)
    if person is None or not policy.may_name_marker(people.facts(actor.id, now), person.id):
        raise NotPermitted(Message("Only the person it is about, the Director and the Deputy ask for a mentor review."))
    filling = f"{actor.id}-{person.id}-{marker_id}-{submission_id}"[:64]  # another marker is another review
    if (already := queries.by_submission(filling)) is not None:
        return already.id
    _require_marker(people.facts(marker_id, now), person, now)
    if queries.open_review(person.id, marker_id):
        raise Invalid(Message("This member was asked already and has not finished yet."), field="marker")
    begun = _new(AssessmentType.MENTOR, person, marker_id=marker_id, submission_id=filling, now=now)
    audit.record(
        "assessment.marker_named",
        actor_id=actor.id,
        at=now,
        person_id=person.id,
        subject_id=begun.id,
        audience=Audience.DECIDERS,
        marker=marker_id,
        standard=begun.standard_id,
    )
    return begun.id


def _require_marker(marker: PersonFacts, person: Person, now: datetime) -> None:
    if marker.id == person.id:
        raise Invalid(Message("Nobody reviews their own work. Name another member."), field="marker")
    if not policy.may_mark(marker, person.id):
        raise Invalid(Message("A mentor review is written by a member of the team. Name a member."), field="marker")


def _new(type: AssessmentType, person: Person, *, marker_id: int, submission_id: str, now: datetime) -> Assessment:
    standard = queries.current_standard()
    if standard is None:
        raise WrongState(Message("There is no published standard yet, so nothing can be assessed."))
    begun = Assessment(
        standard_id=standard.id,
        person_id=person.id,
        marker_id=marker_id,
        type=type,
        state=AssessmentState.DRAFT,
        username=person.name,
        role_focus=queries.items_of(standard.id)[0].role_focus,
        mentoring_type=MentoringType.MENTEE,
        assessed_on=now.date(),
        created_at=now,
        updated_at=now,
        submission_id=submission_id,
    )
    db.session.add(begun)
    db.session.flush()
    return begun


def save(actor: Person, assessment_id: int, typed: Typed, *, now: datetime) -> Assessment:
    """Keep what was typed into a draft: some items or all, with or without the header.

    Raises NotVisible, NotPermitted, WrongState, Invalid, EntriesConflict.
    """
    assessment = _writable(actor, assessment_id, now)
    items = {item.key: item for item in queries.items_of(assessment.standard_id)}
    rows = queries.score_rows(assessment.id)
    stored = {key: queries.entry_of(rows.get(item.id)) for key, item in items.items()}
    entries, header = _merged(typed, stored, queries.header_of(assessment))
    for key, entry in entries.items():
        if entry != stored[key]:
            _write(assessment, items[key], rows.get(items[key].id), entry, now=now)
    if header is not None:
        assessment.role_focus = header.role_focus
        assessment.mentoring_type, assessment.assessed_on = header.mentoring_type, header.assessed_on
    assessment.updated_at = now
    db.session.flush()
    return assessment


def _writable(actor: Person, assessment_id: int, now: datetime) -> Assessment:
    facts = people.facts(actor.id, now)
    assessment = queries.get_visible(facts, assessment_id)
    if assessment.state is AssessmentState.LOCKED:
        raise WrongState(LOCKED)
    if not policy.may_write(facts, queries.facts_of(assessment)):
        raise NotPermitted(BEFORE_MARKING)
    return assessment


def _merged(typed: Typed, stored: dict[str, Entry], header: Header) -> tuple[dict[str, Entry], Header | None]:
    """What to keep of each part. Raises Invalid for a part that is not on the form, EntriesConflict."""
    kept: dict[str, Entry] = {}
    conflicts: dict[str, Entry] = {}
    for key, entry in typed.entries.items():
        if key not in stored:
            raise Invalid(Message("This item is not part of the standard that this assessment uses."))
        if fault := link_fault(entry.link):
            raise Invalid(fault, field=f"link-{key}")
        merged = merge(typed.seen.get(key, ""), stored[key], entry)
        if merged is None:
            conflicts[key] = stored[key]
        else:
            kept[key] = merged
    kept_header = merge(typed.seen.get("", ""), header, typed.header) if typed.header else None
    lost_header = typed.header is not None and kept_header is None
    if conflicts or lost_header:
        raise EntriesConflict(conflicts, header if lost_header else None)
    return kept, kept_header


def _write(
    assessment: Assessment, item: StandardItem, row: AssessmentScore | None, entry: Entry, *, now: datetime
) -> None:
    if row is None:
        row = AssessmentScore(assessment_id=assessment.id, item_id=item.id)
        db.session.add(row)
    row.score, row.link = entry.score, entry.link or None
    remark = row.remark
    if remark is not None and entry.remark:
        remark.body, remark.created_at = entry.remark, now  # a draft keeps no earlier versions
    elif remark is not None:
        row.remark = None
        db.session.flush()
        db.session.delete(remark)
    elif entry.remark:
        row.remark = audit.write_text(assessment.marker_id, entry.remark, at=now)


def lock(actor: Person, assessment_id: int, typed: Typed, *, now: datetime) -> Assessment:
    """Save what was typed and make the whole immutable. Raises what `save` does, and Unscored."""
    assessment = save(actor, assessment_id, typed, now=now)
    _require_past(assessment.assessed_on, now)
    rows = queries.score_rows(assessment.id)
    items = queries.items_of(assessment.standard_id)
    if missing := [item.key for item in items if queries.entry_of(rows.get(item.id)).score is None]:
        raise Unscored(missing)
    assessment.state, assessment.locked_at = AssessmentState.LOCKED, now
    db.session.flush()
    for scored in rows.values():
        if scored.remark is not None:
            audit.vouch(scored.remark)
    audit.record(
        "assessment.locked",
        actor_id=actor.id,
        at=now,
        person_id=assessment.person_id,
        subject_id=assessment.id,
        audience=Audience.DECIDERS,
        type=assessment.type.value,
        standard=assessment.standard_id,
        marker=assessment.marker_id,
    )
    return assessment


def _require_past(day: date, now: datetime) -> None:
    # East of Greenwich the day has already changed while it is still yesterday in UTC.
    if (day - now.date()).days > 1:
        raise Invalid(Message("The date lies in the future. Enter the day of the assessment."), field="assessed_on")


def discard(actor: Person, assessment_id: int, *, now: datetime) -> None:
    """Throw a draft away, with everything typed into it. Raises NotVisible, NotPermitted, WrongState."""
    facts = people.facts(actor.id, now)
    assessment = queries.find(assessment_id)
    begun = bool(queries.score_rows(assessment.id))
    known = policy.may_read(facts, queries.facts_of(assessment)) or policy.may_name_marker(facts, assessment.person_id)
    if not (known or actor.id == assessment.marker_id):
        raise NotVisible
    if assessment.state is AssessmentState.LOCKED:
        raise WrongState(LOCKED)
    if not policy.may_discard(facts, queries.facts_of(assessment, begun=begun)):
        raise NotPermitted(Message("The marker has begun to fill this in. Only they can take it back now."))
    person_id, marker_id = assessment.person_id, assessment.marker_id
    _delete(assessment)
    audit.record(
        "assessment.discarded",
        actor_id=actor.id,
        at=now,
        person_id=person_id,
        subject_id=assessment_id,
        audience=Audience.DECIDERS,
        marker=marker_id,
    )


def _delete(assessment: Assessment) -> None:
    own = AssessmentScore.assessment_id == assessment.id
    remarks = db.session.scalars(select(AssessmentScore.remark_id).where(own, AssessmentScore.remark_id.is_not(None)))
    ids = list(remarks)
    db.session.execute(delete(AssessmentScore).where(own).execution_options(synchronize_session="fetch"))
    db.session.execute(delete(Text).where(Text.id.in_(ids)).execution_options(synchronize_session="fetch"))
    db.session.delete(assessment)
    db.session.flush()


def redact_remark(actor: Person, assessment_id: int, item_key: str, *, now: datetime) -> None:
    """Remove the words of a remark from a locked assessment; scores and links stay. Raises NotVisible, NotPermitted."""
    facts = people.facts(actor.id, now)
    assessment = queries.get_visible(facts, assessment_id)
    if not policy.may_redact(facts, queries.facts_of(assessment)):
        raise NotPermitted(Message("Only who wrote a remark, the Director and the Deputy can remove it."))
    rows = queries.score_rows(assessment.id)
    item = next((item for item in queries.items_of(assessment.standard_id) if item.key == item_key), None)
    row = rows.get(item.id) if item else None
    if row is None or row.remark is None or row.remark.is_redacted:
        raise NotVisible
    audit.erase_text(row.remark, by_id=actor.id, at=now)
    audit.record(
        "assessment.remark_redacted",
        actor_id=actor.id,
        at=now,
        person_id=assessment.person_id,
        subject_id=assessment.id,
        audience=Audience.DECIDERS,
        text=row.remark_id,
    )
