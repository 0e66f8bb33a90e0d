"""Mentoring for tests, made by the services themselves."""

from __future__ import annotations

from datetime import date, datetime

from portal.extensions import db
from portal.mentoring import goal_services, services
from portal.mentoring.models import Mentorship, MentorshipKind
from portal.people.models import Origin, Person, RoleAssignment
from portal.web.unit_of_work import unit_of_work
from tests import factories

MENTORING, PEER = MentorshipKind.MENTORING, MentorshipKind.PEER


def asked(
    mentee: Person,
    mentor: Person,
    *,
    kind: MentorshipKind = MENTORING,
    note: str | None = None,
    until: date | None = None,
    at: datetime | None = None,
) -> int:
    """A question that waits for an answer."""
    with unit_of_work(at) as now:
        return services.ask(mentee, mentor.id, kind, note=note, until=until, now=now)


def accepted(mentorship_id: int, mentor: Person, *, at: datetime | None = None) -> int:
    """Let the mentor say yes."""
    with unit_of_work(at) as now:
        services.accept(mentor, mentorship_id, now=now)
    return mentorship_id


def active(mentee: Person, mentor: Person, *, kind: MentorshipKind = MENTORING, at: datetime | None = None) -> int:
    """One that goes on."""
    return accepted(asked(mentee, mentor, kind=kind, at=at), mentor, at=at)


def declined(mentorship_id: int, mentor: Person, answer: str | None = None) -> None:
    with unit_of_work() as now:
        services.decline(mentor, mentorship_id, answer=answer, now=now)


def ended(mentorship_id: int, by: Person, reason: str | None = "We are done.") -> None:
    with unit_of_work() as now:
        services.end(by, mentorship_id, reason=reason, now=now)


def handed(mentorship_id: int, by: Person, to: Person, note: str | None = None) -> int:
    """Asked to take over; the id of what they are asked."""
    with unit_of_work() as now:
        return services.hand_over(by, mentorship_id, to.id, note=note, now=now)


def offered(mentor: Person, places: int) -> None:
    with unit_of_work() as now:
        services.offer(mentor, places, now=now)


def goal(mentorship_id: int, by: Person, key: str, target: int = 2) -> int:
    """A goal of the two; its id."""
    with unit_of_work() as now:
        return goal_services.set_goal(by, mentorship_id, key, target, now=now).id


def member_for(days: float, name: str | None = None) -> Person:
    """A member for so many days."""
    found = factories.volunteer(name)
    with unit_of_work() as now:
        since = now - factories.days(days)
        row = RoleAssignment(
            person_id=found.id, role_key="software_engineer", from_at=since, origin=Origin.BEFORE_PORTAL
        )
        db.session.add(row)
    return found


def get(mentorship_id: int) -> Mentorship:
    return db.session.get_one(Mentorship, mentorship_id)
