"""Changing mentoring: ask, accept, decline, end, hand over, say how many one can take."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update

from portal.audit import services as audit
from portal.audit.models import Audience, Text
from portal.errors import Invalid, Message, NotPermitted, WrongState
from portal.extensions import db
from portal.mentoring import gaps, policy, queries
from portal.mentoring.models import (
    MentoringGoal,
    MentoringOffer,
    Mentorship,
    MentorshipKind,
    MentorshipState,
    ScoreSharing,
)
from portal.people import queries as people
from portal.people.models import Person

ASKED, ACTIVE = MentorshipState.ASKED, MentorshipState.ACTIVE
DECLINED, ENDED = MentorshipState.DECLINED, MentorshipState.ENDED
NOBODY = Message("Nobody is known here by that choice. Choose somebody from the list.")


def ask(
    actor: Person, mentor_id: int, kind: MentorshipKind, *, note: str | None, until: date | None, now: datetime
) -> int:
    """Ask a member to be one's mentor, or for peer support. Returns the id. Raises NotPermitted, Invalid, WrongState.

    Several may be asked at a time; the first who accepts is the mentor, and the others are told that it is settled.
    """
    refuse_if(policy.why_not_ask(people.facts(actor.id, now)))
    mentor = _somebody(mentor_id)
    if kind is MentorshipKind.MENTORING and (held := queries.mentoring_of(actor.id)) is not None:
        raise WrongState(
            Message("%(name)s mentors you already. End that first, or let it be handed over.", name=held.mentor.name)
        )
    _require_mentor(mentor, actor.id, kind, now)
    if queries.open_between(actor.id, mentor.id, kind) is not None:
        raise Invalid(Message("%(name)s was asked for this already.", name=mentor.name), field="mentor")
    if until is not None and until < now.date():
        raise Invalid(Message("This day has passed. Choose a later one, or leave it empty."), field="until")
    row = _new(actor, actor.id, mentor.id, kind, note=note, until=until, now=now)
    _record("peer_support.asked" if kind is MentorshipKind.PEER else "mentorship.asked", row, actor.id, now)
    return row.id


def _new(
    actor: Person,
    mentee_id: int,
    mentor_id: int,
    kind: MentorshipKind,
    *,
    note: str | None,
    until: date | None,
    now: datetime,
    follows_id: int | None = None,
) -> Mentorship:
    text = _written(actor, note, now)
    row = Mentorship(
        mentee_id=mentee_id,
        mentor_id=mentor_id,
        kind=kind,
        state=ASKED,
        asked_at=now,
        asked_by_id=actor.id,
        until=until,
        follows_id=follows_id,
        note_id=text.id if text else None,
    )
    db.session.add(row)
    db.session.flush()
    return row


def accept(actor: Person, mentorship_id: int, *, now: datetime) -> Mentorship:
    """Say yes. Where it is handed over, it takes the place of the earlier one, and the goals come along.

    Raises NotVisible, NotPermitted, Invalid (full, or not a member long enough), WrongState.
    """
    row = _answerable(actor, mentorship_id, now)
    mentor = queries.mentor(actor, now)
    if row.kind is MentorshipKind.MENTORING and mentor.is_full:
        raise WrongState(
            Message(
                "You are full: you said that you can mentor %(places)s. Say a higher number first, or decline.",
                places=mentor.places,
            )
        )
    if why_not := policy.why_not_mentor(mentor, row.mentee_id, row.kind, queries.member_days(now)):
        raise WrongState(why_not)
    if row.follows_id is not None:
        _take_over(row, actor, now)
    elif row.kind is MentorshipKind.MENTORING and queries.mentoring_of(row.mentee_id) is not None:
        raise WrongState(Message("%(name)s has a mentor by now. Thank you all the same.", name=row.mentee.name))
    row.state, row.from_at = ACTIVE, now
    _record("mentorship.accepted", row, actor.id, now)
    if row.kind is MentorshipKind.MENTORING:
        for other in queries.other_asked(row):
            _settle(other, actor.id, now)
    db.session.flush()
    return row


def _take_over(row: Mentorship, actor: Person, now: datetime) -> None:
    """End the one that is handed over, and bring its goals."""
    before = db.session.get_one(Mentorship, row.follows_id)
    if before.state is not ACTIVE:
        raise WrongState(policy.MOVED_ON[before.state])
    before.state, before.ended_at, before.ended_by_id = ENDED, now, actor.id
    moved = update(MentoringGoal).where(MentoringGoal.mentorship_id == before.id).values(mentorship_id=row.id)
    db.session.execute(moved.execution_options(synchronize_session="fetch"))
    _record("mentorship.handed_over", before, actor.id, now, by=row.id)


def _settle(row: Mentorship, by_id: int, now: datetime) -> None:
    """What was asked has become needless: the mentee has a mentor, or what was to be handed over is no more."""
    row.state, row.ended_at, row.ended_by_id = ENDED, now, by_id
    _record("mentorship.settled", row, by_id, now)


def decline(actor: Person, mentorship_id: int, *, answer: str | None, now: datetime) -> Mentorship:
    """Say no, with a kind sentence or without. Raises NotVisible, NotPermitted, WrongState."""
    row = _answerable(actor, mentorship_id, now)
    row.answer = _written(actor, answer, now)
    row.state, row.ended_at, row.ended_by_id = DECLINED, now, actor.id
    _record("mentorship.declined", row, actor.id, now, answer=audit.text_hash(row.answer))
    db.session.flush()
    return row


def _answerable(actor: Person, mentorship_id: int, now: datetime) -> Mentorship:
    facts = people.facts(actor.id, now)
    row = queries.get_visible(facts, mentorship_id)
    refuse_if(policy.why_not_answer(facts, queries.facts_of(row)))
    if row.state is not ASKED:
        raise WrongState(policy.MOVED_ON[row.state])
    return row


def end(actor: Person, mentorship_id: int, *, reason: str | None, now: datetime) -> Mentorship:
    """End it with a reason; what nobody has accepted yet is taken back without one.

    Raises NotVisible, NotPermitted, WrongState, Invalid.
    """
    facts = people.facts(actor.id, now)
    row = queries.get_visible(facts, mentorship_id)
    refuse_if(policy.why_not_end(facts, queries.facts_of(row)))
    if row.state not in (ASKED, ACTIVE):
        raise WrongState(policy.MOVED_ON[row.state])
    text = _written(actor, reason, now)
    if text is None and row.state is ACTIVE:
        raise Invalid(Message("Say why it ends: the other one reads it."), field="reason")
    row.reason = text
    row.state, row.ended_at, row.ended_by_id = ENDED, now, actor.id
    _record("mentorship.ended", row, actor.id, now, reason=audit.text_hash(text))
    handed_on = select(Mentorship).where(Mentorship.follows_id == row.id, Mentorship.state == ASKED)
    for follower in db.session.scalars(handed_on).all():
        _settle(follower, actor.id, now)
    db.session.flush()
    return row


def hand_over(actor: Person, mentorship_id: int, mentor_id: int, *, note: str | None, now: datetime) -> int:
    """Ask another member to go on with it. Until they accept nothing changes; the mentee is told and may end it.

    Returns the id of what they are asked. Raises NotVisible, NotPermitted, Invalid, WrongState.
    """
    facts = people.facts(actor.id, now)
    row = queries.get_visible(facts, mentorship_id)
    refuse_if(policy.why_not_hand_over(facts, queries.facts_of(row)))
    if row.state is not ACTIVE:
        raise WrongState(policy.MOVED_ON[row.state])
    mentor = _somebody(mentor_id)
    if mentor.id == row.mentor_id:
        raise Invalid(Message("%(name)s is the mentor already.", name=mentor.name), field="mentor")
    _require_mentor(mentor, row.mentee_id, row.kind, now)
    if (asked := queries.successor(row.id)) is not None:
        raise WrongState(Message("%(name)s was asked to take over and has not answered yet.", name=asked.mentor.name))
    new = _new(
        actor, row.mentee_id, mentor.id, row.kind, note=note, until=row.until, now=now, follows_id=row.id
    )  # fmt: skip
    _record("mentorship.handover_begun", row, actor.id, now, to=new.id)
    _record("mentorship.handover_asked", new, actor.id, now, after=row.id)
    return new.id


def offer(actor: Person, places: int, *, now: datetime) -> None:
    """Say how many people one can mentor at a time; none is a good answer. Raises NotPermitted, Invalid.

    A number below what one has taken ends nothing: one is full until somebody leaves.
    """
    refuse_if(policy.why_not_offer(queries.mentor(actor, now), queries.member_days(now)))
    if not 0 <= places <= policy.MOST_PLACES:
        raise Invalid(Message("Enter a whole number from 0 to %(most)s.", most=policy.MOST_PLACES), field="places")
    row = db.session.scalars(select(MentoringOffer).where(MentoringOffer.person_id == actor.id)).one_or_none()
    if row is None:
        row = MentoringOffer(person_id=actor.id)
        db.session.add(row)
    row.places, row.said_at = places, now
    db.session.flush()
    audit.record("mentoring.offered", actor_id=actor.id, at=now, person_id=actor.id, places=places)


def share(actor: Person, *, on: bool, now: datetime) -> None:
    """Let the team count one's agreed scores, or stop, which anybody may. Said twice, nothing changes.

    Raises NotPermitted.
    """
    if on:
        refuse_if(policy.why_not_share(people.facts(actor.id, now)))
    row = db.session.scalars(select(ScoreSharing).where(ScoreSharing.person_id == actor.id)).one_or_none()
    if (on and gaps.takes_part(actor.id, now)) or not (on or row):
        return
    if on and row is None:
        db.session.add(ScoreSharing(person_id=actor.id, said_at=now))
    elif on and row is not None:
        row.said_at = now
    elif row is not None:
        db.session.delete(row)
    db.session.flush()
    audit.record("mentoring.shared" if on else "mentoring.unshared", actor_id=actor.id, at=now, person_id=actor.id)


def refuse_if(why_not: Message | None) -> None:
    """Raises NotPermitted with the reason, if there is one."""
    if why_not is not None:
        raise NotPermitted(why_not)


def _somebody(person_id: int) -> Person:
    found = people.get(person_id)
    if found is None:
        raise Invalid(NOBODY, field="mentor")
    return found


def _require_mentor(mentor: Person, mentee_id: int, kind: MentorshipKind, now: datetime) -> None:
    """Raises Invalid where this person cannot take it."""
    needed = queries.member_days(now)
    if why_not := policy.why_not_mentor(queries.mentor(mentor, now), mentee_id, kind, needed):
        raise Invalid(why_not, field="mentor")


def _written(actor: Person, words: str | None, now: datetime) -> Text | None:
    return audit.write_text(actor.id, words.strip(), at=now) if words and words.strip() else None


def _record(code: str, row: Mentorship, actor_id: int, now: datetime, **data: Any) -> None:
    audit.record(
        code,
        actor_id=actor_id,
        at=now,
        person_id=row.mentee_id,
        subject_id=row.id,
        audience=Audience.DECIDERS,
        mentor=row.mentor_id,
        **data,
    )
