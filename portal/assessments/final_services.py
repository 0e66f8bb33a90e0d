"""The final check: begun by either marker once both markings are in, written by both, locked when both agree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from portal.assessments import finishing, policy, queries, rounds, services
from portal.assessments import marking as rules
from portal.assessments.entries import Entry, content_token
from portal.assessments.marking import Missing, Round
from portal.assessments.models import Agreement, Assessment, AssessmentType, Seat
from portal.audit import services as audit
from portal.audit.models import Audience
from portal.errors import Conflict, Invalid, Message, NotPermitted, NotVisible, WrongState
from portal.extensions import db
from portal.people import queries as people
from portal.people.models import Person

NOT_COMPLETE = Message("It is not complete yet: it lacks a score, or a sentence where two scores are far apart.")
CHANGED = Message("It was changed since you opened it. Nothing was agreed. Look at it once more.")


@dataclass(frozen=True, slots=True)
class Final:
    """A final check as it stands, by item key. ``wanting``: the items that want a sentence."""

    assessment: Assessment
    entries: Mapping[str, Entry]
    wanting: frozenset[str]

    @property
    def token(self) -> str:
        """Names exactly this content."""
        return content_token(queries.header_of(self.assessment), self.entries)

    @property
    def missing(self) -> Missing:
        """What it lacks before anybody can agree."""
        return rules.missing(self.entries, self.wanting)


def begin(actor: Person, marking_id: int, *, now: datetime) -> int:
    """Begin the final check, filled in where both markers gave the same score. Returns its id.

    Raises NotVisible, NotPermitted, WrongState.
    """
    marking = rounds.find(marking_id)
    facts, of = people.facts(actor.id, now), rounds.state_of(marking)
    if not rules.may_follow(facts, of):
        raise NotVisible
    if (there := of.original(Seat.FINAL)) and actor.id in of.markers:
        return there.id  # the other was quicker
    if not of.revealed or of.closed:
        raise WrongState(Message("The final check begins once both markings are in."))
    if not rules.may_begin_final(facts, of):
        raise NotPermitted(Message("Only the two markers make the final check."))
    mentor, second = (queries.find(paper.id) for seat in rules.MARKINGS if (paper := of.newest(seat)))
    items = queries.items_of(marking.standard_id)
    final = services.new(
        AssessmentType.FINAL,
        mentor.person,
        marker_id=actor.id,
        submission_id=None,
        now=now,
        marking=marking,
        seat=Seat.FINAL,
    )
    (final.co_marker_id,) = of.markers - {actor.id}
    final.role_focus, final.mentoring_type = mentor.role_focus, mentor.mentoring_type
    given = queries.entries_of_many((mentor.id, second.id), items)
    same = rules.agreed_already(given[mentor.id], given[second.id])
    for item in items:
        if item.key in same:
            services.write(final, item, None, Entry(same[item.key]), by_id=actor.id, now=now)
    db.session.flush()
    _record("marking.final_begun", actor, marking_id, final, now=now)
    return final.id


def agree(actor: Person, marking_id: int, token: str, *, now: datetime) -> bool:
    """Agree to the final check exactly as it was seen; ``token`` names that. Returns whether it is locked with that.

    Raises NotVisible, NotPermitted, WrongState, Conflict where it was changed since, Invalid where it is not complete.
    """
    marking = rounds.find(marking_id)
    facts, of = people.facts(actor.id, now), rounds.state_of(marking)
    if not rules.may_follow(facts, of):
        raise NotVisible
    draft = of.draft(Seat.FINAL)
    if draft is None:
        raise WrongState(Message("There is no final check that waits for anybody to agree."))
    final = queries.find(draft.id)
    if not policy.may_write(facts, rounds.facts_of(final)):
        raise NotPermitted(Message("Only the two markers agree to the final check."))
    found = state(of, final)
    if token != found.token:
        raise Conflict(CHANGED)
    if found.missing:
        raise Invalid(
            Message("It is not complete yet: it lacks a score, or a sentence where two scores are far apart.")
        )
    _keep(final.id, actor.id, token, now=now)
    standing = {
        id for id, row in finishing.agreements(final.id).items() if row.cleared_at is None and row.token == token
    }
    if not standing >= of.markers:
        _record("marking.agreed", actor, marking_id, final, now=now)
        return False
    finishing.lock(actor.id, final, now=now)
    if marking.closed_at is None:
        marking.closed_at = now
    db.session.flush()
    return True


def _keep(assessment_id: int, person_id: int, token: str, *, now: datetime) -> None:
    row = finishing.agreements(assessment_id).get(person_id)
    if row is None:
        db.session.add(Agreement(assessment_id=assessment_id, person_id=person_id, token=token, agreed_at=now))
    else:
        row.token, row.agreed_at, row.cleared_at, row.cleared_by_id = token, now, None, None
    db.session.flush()


def state(of: Round, final: Assessment) -> Final:
    """The final check as it stands, held against own scores and the newest of both markings."""
    items = queries.items_of(final.standard_id)
    given_in = [paper.id for seat in rules.COMPARED if (paper := of.newest(seat))]
    given = queries.entries_of_many((*given_in, final.id), items)
    return Final(final, given[final.id], rules.want_a_sentence(*(given[id] for id in given_in)))


def _record(code: str, actor: Person, marking_id: int, final: Assessment, *, now: datetime) -> None:
    audit.record(
        code,
        actor_id=actor.id,
        at=now,
        person_id=final.person_id,
        subject_id=marking_id,
        audience=Audience.DECIDERS,
        assessment=final.id,
    )
