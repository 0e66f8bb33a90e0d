"""Reading mentoring: who is in it, who can take somebody, what one of them holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import joinedload

from portal.assessments import queries as assessments
from portal.assessments.rounds import LARGEST_ID
from portal.audit.models import Event
from portal.errors import NotVisible
from portal.extensions import db
from portal.mentoring import policy
from portal.mentoring.models import MentoringGoal, MentoringOffer, Mentorship, MentorshipKind, MentorshipState
from portal.mentoring.policy import Mentor, MentorshipFacts
from portal.org import organisation
from portal.org.catalogue import WHOLE, Role
from portal.people import queries as people
from portal.people import team_queries
from portal.people.facts import PersonFacts
from portal.people.models import Person, WikiIdentity
from portal.rules import queries as rules

LONGEST_LIST = 200
ASKED, ACTIVE = MentorshipState.ASKED, MentorshipState.ACTIVE


@dataclass(frozen=True, slots=True)
class Limits:
    """The rules in force: how long a mentor has been a member, and after how long without a sign one is silent."""

    member_days: int
    silent: timedelta


def limits(now: datetime) -> Limits:
    """What the rules say; nothing, and 30 days, where the organisation has no such rules."""
    values = rules.values_for(WHOLE, now)
    silent = timedelta(days=int(values.get("mentor_silent_days", 30)))
    return Limits(int(values.get("mentor_member_days", 0)), silent)


def member_days(now: datetime) -> int:
    """The rule: for how many days a mentor has been a member."""
    return limits(now).member_days


def facts_of(row: Mentorship) -> MentorshipFacts:
    """What the policy asks of a mentorship."""
    return MentorshipFacts(row.mentee_id, row.mentor_id, row.asked_by_id, row.state, row.from_at is not None)


def _whole() -> Select[Any]:
    together = (Mentorship.mentee, Mentorship.mentor)
    return select(Mentorship).options(*(joinedload(person) for person in together))


def find(mentorship_id: int) -> Mentorship:
    """The mentorship, whoever asks. Raises NotVisible where there is none."""
    said = (Mentorship.note, Mentorship.answer, Mentorship.reason, Mentorship.asked_by, Mentorship.ended_by)
    before = joinedload(Mentorship.follows).joinedload(Mentorship.mentor)
    query = _whole().where(Mentorship.id == mentorship_id).options(before, *(joinedload(part) for part in said))
    found: Mentorship | None = db.session.scalars(query).one_or_none() if mentorship_id <= LARGEST_ID else None
    if found is None:
        raise NotVisible
    return found


def get_visible(reader: PersonFacts | None, mentorship_id: int) -> Mentorship:
    """The mentorship, if this person may know of it. Raises NotVisible."""
    found = find(mentorship_id)
    if not policy.may_see(reader, facts_of(found)):
        raise NotVisible
    return found


def of_person(person_id: int) -> Sequence[Mentorship]:
    """All that this person is or was in, or asked for; the newest first."""
    mine = or_(
        Mentorship.mentee_id == person_id, Mentorship.mentor_id == person_id, Mentorship.asked_by_id == person_id
    )
    return db.session.scalars(_whole().where(mine).order_by(Mentorship.id.desc()).limit(LONGEST_LIST)).all()


def active() -> Sequence[Mentorship]:
    """All that are going on, the newest first."""
    query = _whole().where(Mentorship.state == ACTIVE).order_by(Mentorship.id.desc())
    return db.session.scalars(query.limit(LONGEST_LIST)).all()


def asked_of(mentor_id: int) -> Sequence[Mentorship]:
    """What this member was asked and has not answered."""
    query = _whole().where(Mentorship.mentor_id == mentor_id, Mentorship.state == ASKED)
    return db.session.scalars(query.order_by(Mentorship.id)).all()


def mentoring_of(mentee_id: int) -> Mentorship | None:
    """The mentoring that goes on for this person; peer support is none."""
    mine = (Mentorship.mentee_id == mentee_id, Mentorship.kind == MentorshipKind.MENTORING)
    return db.session.scalars(_whole().where(*mine, Mentorship.state == ACTIVE).order_by(Mentorship.id)).first()


def open_between(mentee_id: int, mentor_id: int, kind: MentorshipKind) -> Mentorship | None:
    """What these two have asked and not ended."""
    pair = (Mentorship.mentee_id == mentee_id, Mentorship.mentor_id == mentor_id, Mentorship.kind == kind)
    query = select(Mentorship).where(*pair, Mentorship.state.in_((ASKED, ACTIVE)))
    return db.session.scalars(query.order_by(Mentorship.id)).first()


def other_asked(row: Mentorship) -> Sequence[Mentorship]:
    """What else this mentee asked others for mentoring and has no answer to."""
    others = (Mentorship.mentee_id == row.mentee_id, Mentorship.kind == row.kind, Mentorship.id != row.id)
    return db.session.scalars(select(Mentorship).where(*others, Mentorship.state == ASKED)).all()


def successor(mentorship_id: int) -> Mentorship | None:
    """The newest that was to follow this one and was not turned down."""
    alive = (Mentorship.follows_id == mentorship_id, Mentorship.state != MentorshipState.DECLINED)
    began = or_(Mentorship.state == ASKED, Mentorship.from_at.is_not(None))
    query = _whole().where(*alive, began).order_by(Mentorship.id.desc())
    return db.session.scalars(query.limit(1)).first()


def mentors(now: datetime) -> dict[int, Mentor]:
    """Every member as a mentor, by id: how long in the team, how many places, how many taken."""
    standing = people.standing(now)
    ids = {id for id, found in standing.people.items() if found.is_member}
    since = team_queries.member_since(ids, now)
    going_on = (Mentorship.state == ACTIVE, Mentorship.kind == MentorshipKind.MENTORING)
    taken = select(func.count()).where(Mentorship.mentor_id == Person.id, *going_on).scalar_subquery()
    query = select(Person.id, MentoringOffer.places, taken).outerjoin(
        MentoringOffer, MentoringOffer.person_id == Person.id
    )
    rows = {id: (places, count) for id, places, count in db.session.execute(query.where(Person.id.in_(ids)))}
    return {
        id: Mentor(standing.of(id), standing.names[id], (now - since[id]).days if id in since else 0, *rows[id])
        for id in sorted(rows, key=lambda id: standing.names[id].casefold())
    }


def mentor(person: Person, now: datetime) -> Mentor:
    """One person as a mentor, member or not."""
    return mentors(now).get(person.id) or Mentor(people.facts(person.id, now), person.name, 0)


def can_be_asked(mentee_id: int, kind: MentorshipKind, now: datetime, *, but: int = 0) -> list[Mentor]:
    """Who can be asked for this by this person, by name; ``but``: not this one."""
    everybody = (found for found in mentors(now).values() if found.person.id != but)
    return fit(everybody, mentee_id, kind, member_days(now))


def fit(found: Iterable[Mentor], mentee_id: int, kind: MentorshipKind, needed: int) -> list[Mentor]:
    """Those of these mentors who can be asked for it by this person."""
    return [mentor for mentor in found if policy.why_not_mentor(mentor, mentee_id, kind, needed) is None]


def goals_of(mentorship_id: int) -> Sequence[MentoringGoal]:
    """The goals, the open ones first, in the order of the standard."""
    query = select(MentoringGoal).where(MentoringGoal.mentorship_id == mentorship_id)
    found = db.session.scalars(query.options(joinedload(MentoringGoal.item)))
    return sorted(found, key=lambda goal: (goal.reached_at is not None, goal.item.position, goal.id))


def goal(mentorship_id: int, goal_id: int) -> MentoringGoal:
    """One goal of this mentorship. Raises NotVisible."""
    found = db.session.get(MentoringGoal, goal_id) if goal_id <= LARGEST_ID else None
    if found is None or found.mentorship_id != mentorship_id:
        raise NotVisible
    return found


def last_signs(person_ids: Iterable[int], now: datetime) -> dict[int, datetime]:
    """When each of these people last did something on record here, under any account, or signed in."""
    ids = set(person_ids)
    who = func.coalesce(Person.merged_into_id, Person.id)
    did = select(who, func.max(Event.at)).join(Event, Event.actor_id == Person.id)
    came = select(who, func.max(WikiIdentity.seen_at)).join(WikiIdentity, WikiIdentity.person_id == Person.id)
    found: dict[int, datetime] = {}
    for query in (did.where(Event.at <= now), came.where(WikiIdentity.seen_at <= now)):
        for person_id, at in db.session.execute(query.where(who.in_(ids)).group_by(who)):
            found[person_id] = max(at, found.get(person_id, at))
    return found


def roles_without_items() -> list[Role]:
    """Roles for which the current standard has no items of their own: their holders lack nothing."""
    standard = assessments.current_standard()
    focuses = {item.role_focus for item in assessments.items_of(standard.id)} if standard else set()
    roles = (role for role in organisation().roles.values() if not role.leads and not role.retired)
    return [role for role in roles if role.name not in focuses] if standard else []
