"""Changing assessments: start, ask for a mentor review, fill in, lock, discard."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select

from portal.assessments import finishing, policy, queries, rounds
from portal.assessments.entries import Entry, Header, Typed, merge
from portal.assessments.links import link_fault
from portal.assessments.models import (
    Agreement,
    Assessment,
    AssessmentScore,
    AssessmentState,
    AssessmentType,
    Marking,
    MentoringType,
    Seat,
    Standard,
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
BOTH_AGREE = Message("A final check locks once both markers have agreed to it.")


class EntriesConflict(Conflict):
    """Parts of the form were changed here and elsewhere. Nothing was saved; both versions are shown."""

    def __init__(self, entries: dict[str, Entry], header: Header | None) -> None:
        super().__init__(
            Message("Some of this was changed elsewhere meanwhile. Nothing was saved. Compare and save again.")
        )
        self.entries = entries
        self.header = header


def start_self_assessment(actor: Person, *, submission_id: str, now: datetime) -> int:
    """Begin a self-assessment, or find the draft that is open. Returns its id. Raises NotPermitted, WrongState."""
    if not policy.may_self_assess(people.facts(actor.id, now)):
        raise NotPermitted(Message("Your wiki account is blocked or locked, so you cannot start an assessment."))
    filling = f"{actor.id}-{submission_id}"
    if open_draft := queries.by_submission(filling) or queries.open_self_assessment(actor.id):
        return open_draft.id
    begun = new(AssessmentType.SELF, actor, marker_id=actor.id, submission_id=filling, now=now)
    if (marking := rounds.open_for(actor.id, begun.standard_id)) and not rounds.state_of(marking).original(Seat.OWN):
        begun.marking_id, begun.seat = marking.id, Seat.OWN
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
    begun = new(AssessmentType.MENTOR, person, marker_id=marker_id, submission_id=filling, now=now)
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


def require_standard() -> Standard:
    """The standard that is in use. Raises WrongState where there is none."""
    standard = queries.current_standard()
    if standard is None:
        raise WrongState(Message("There is no published standard yet, so nothing can be assessed."))
    return standard


def new(
    type: AssessmentType,
    person: Person,
    *,
    marker_id: int,
    submission_id: str | None,
    now: datetime,
    marking: Marking | None = None,
    seat: Seat | None = None,
) -> Assessment:
    """An empty draft about this person. Raises WrongState where there is no standard."""
    standard_id = marking.standard_id if marking else require_standard().id
    begun = Assessment(
        standard_id=standard_id,
        person_id=person.id,
        marker_id=marker_id,
        type=type,
        state=AssessmentState.DRAFT,
        username=person.name,
        role_focus=queries.items_of(standard_id)[0].role_focus,
        mentoring_type=MentoringType.MENTEE,
        assessed_on=now.date(),
        created_at=now,
        updated_at=now,
        submission_id=submission_id,
        marking_id=marking.id if marking else None,
        seat=seat,
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
    before = queries.header_of(assessment)
    entries, header = _merged(typed, stored, before)
    changed = [key for key, entry in entries.items() if entry != stored[key]]
    for key in changed:
        write(assessment, items[key], rows.get(items[key].id), entries[key], by_id=actor.id, now=now)
    if changed or (header is not None and header != before):
        finishing.clear_agreements(assessment.id, by_id=actor.id, now=now)
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
    if not policy.may_write(facts, rounds.facts_of(assessment)):
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


def write(
    assessment: Assessment,
    item: StandardItem,
    row: AssessmentScore | None,
    entry: Entry,
    *,
    by_id: int,
    now: datetime,
) -> None:
    """Put this beside an item of a draft; ``row`` is what stood there."""
    if row is None:
        row = AssessmentScore(assessment_id=assessment.id, item_id=item.id)
        db.session.add(row)
    row.score, row.link = entry.score, entry.link or None
    remark = row.remark
    if remark is not None and entry.remark:
        if remark.body != entry.remark:  # a draft keeps no earlier versions
            remark.body, remark.created_at, remark.author_id = entry.remark, now, by_id
    elif remark is not None:
        row.remark = None
        db.session.flush()
        db.session.delete(remark)
    elif entry.remark:
        row.remark = audit.write_text(by_id, entry.remark, at=now)


def lock(actor: Person, assessment_id: int, typed: Typed, *, now: datetime) -> Assessment:
    """Save what was typed and make the whole immutable. Raises what `save` does, and Unscored."""
    assessment = save(actor, assessment_id, typed, now=now)
    if not policy.may_lock(people.facts(actor.id, now), rounds.facts_of(assessment)):
        raise NotPermitted(BOTH_AGREE)
    finishing.lock(actor.id, assessment, now=now)
    return assessment


def discard(actor: Person, assessment_id: int, *, now: datetime) -> None:
    """Throw a draft away, with everything typed into it. Raises NotVisible, NotPermitted, WrongState."""
    facts = people.facts(actor.id, now)
    assessment = queries.find(assessment_id)
    # What nobody can finish any more, because its marker has left the team, is not theirs alone.
    begun = bool(queries.score_rows(assessment.id)) and policy.may_mark(
        people.facts(assessment.marker_id, now), assessment.person_id
    )
    known = policy.may_read(facts, rounds.facts_of(assessment)) or policy.may_name_marker(facts, assessment.person_id)
    if not (known or actor.id == assessment.marker_id):
        raise NotVisible
    if assessment.state is not AssessmentState.DRAFT:
        raise WrongState(LOCKED)
    of = rounds.facts_of(assessment, begun=begun)
    if policy.may_decline(facts, of):
        raise NotPermitted(Message("Say that you cannot mark this instead, so that somebody else is named."))
    if not policy.may_discard(facts, of):
        raise NotPermitted(Message("The marker has begun to fill this in. Only they can take it back now."))
    person_id, marker_id = assessment.person_id, assessment.marker_id
    empty(assessment)
    db.session.delete(assessment)
    db.session.flush()
    audit.record(
        "assessment.discarded",
        actor_id=actor.id,
        at=now,
        person_id=person_id,
        subject_id=assessment_id,
        audience=Audience.DECIDERS,
        marker=marker_id,
    )


def empty(assessment: Assessment) -> None:
    """Take everything off a draft that was typed into it, and who agreed to it."""
    own = AssessmentScore.assessment_id == assessment.id
    remarks = db.session.scalars(select(AssessmentScore.remark_id).where(own, AssessmentScore.remark_id.is_not(None)))
    ids = list(remarks)
    for statement in (
        delete(AssessmentScore).where(own),
        delete(Text).where(Text.id.in_(ids)),
        delete(Agreement).where(Agreement.assessment_id == assessment.id),
    ):
        db.session.execute(statement.execution_options(synchronize_session="fetch"))


def redact_remark(actor: Person, assessment_id: int, item_key: str, *, now: datetime) -> None:
    """Remove the words of a remark from a locked assessment; scores and links stay. Raises NotVisible, NotPermitted."""
    facts = people.facts(actor.id, now)
    assessment = queries.get_visible(facts, assessment_id)
    if not policy.may_redact(facts, rounds.facts_of(assessment)):
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
