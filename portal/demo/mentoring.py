"""Demo mentoring: one that goes on with goals, one that was asked, one that ended, and a mentor who is full."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from portal.assessments import queries as assessments
from portal.demo import texts
from portal.mentoring import goal_services, queries, services
from portal.mentoring.models import MentorshipKind
from portal.people.models import Person

MENTORING, PEER = MentorshipKind.MENTORING, MentorshipKind.PEER
GOALS = (("web-security", 2, False), ("code-contribution-and-review", 3, False), ("technical-communication", 2, True))
Act = Callable[[datetime], object]


def tell(who: dict[str, Person], steps: list[tuple[float, Act]]) -> None:
    """Add the steps, each with how many days ago it was."""
    engineer, specialist = who["Demo Software Engineer"], who["Demo MediaWiki Specialist"]
    volunteer, security = who["Demo Volunteer"], who["Demo Security Specialist"]
    peer = who["Demo Infrastructure Specialist"]

    def asks(days: float, by: Person, of: Person, kind: MentorshipKind, note: str | None, length: int = 0) -> None:
        def act(now: datetime) -> None:
            until = (now + timedelta(days=length)).date() if length else None
            services.ask(by, of.id, kind, note=note, until=until, now=now)

        steps.append((days, act))

    def accepts(days: float, mentor: Person) -> None:
        steps.append((days, lambda now: services.accept(mentor, queries.asked_of(mentor.id)[0].id, now=now)))

    steps.append((21, lambda now: services.offer(specialist, 1, now=now)))  # full, as soon as one has come
    steps.append((20.5, lambda now: services.offer(security, 2, now=now)))
    asks(20, engineer, peer, PEER, None)
    accepts(19.5, peer)
    asks(19, engineer, specialist, MENTORING, texts.MENTOR_ASKED, 80)
    accepts(18, specialist)
    steps.append((16, lambda now: services.share(specialist, on=True, now=now)))
    steps.append((17, lambda now: _set_goals(specialist, engineer, now)))
    steps.append((10, lambda now: _end_peer_support(engineer, peer, now)))
    asks(2, volunteer, security, MENTORING, texts.MENTOR_WANTED)


def _set_goals(mentor: Person, mentee: Person, now: datetime) -> None:
    """As far as the organisation's standard has these items."""
    going_on, standard = queries.mentoring_of(mentee.id), assessments.current_standard()
    there = {item.key for item in assessments.items_of(standard.id)} if standard else set()
    for key, target, reached in GOALS:
        if going_on is not None and key in there:
            goal = goal_services.set_goal(mentor, going_on.id, key, target, now=now)
            goal_services.settle_goal(mentor, going_on.id, goal.id, reached=reached, now=now)


def _end_peer_support(mentee: Person, peer: Person, now: datetime) -> None:
    found = queries.open_between(mentee.id, peer.id, PEER)
    if found is not None:
        services.end(mentee, found.id, reason=texts.PEER_ENDED, now=now)
