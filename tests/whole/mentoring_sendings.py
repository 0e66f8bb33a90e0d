"""The filled forms of mentoring, for `tests.whole.sendings`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from portal.people.models import Person
from tests import factories as people
from tests.assessments import factories as assessments
from tests.mentoring import factories as mentoring
from tests.whole.sendings import SENDINGS, Sending


def _form(endpoint: str) -> Callable[[Callable[[], Sending]], Callable[[], Sending]]:
    def keep(make: Callable[[], Sending]) -> Callable[[], Sending]:
        SENDINGS[endpoint] = make
        return make

    return keep


@_form("mentoring.offer")
def _places() -> Sending:
    return Sending(people.member(), "/mentoring", "/mentoring/places", {"places": "2"})


@_form("gaps.share")
def _share() -> Sending:
    return Sending(people.member(), "/mentoring/gaps", "/mentoring/gaps", {"deed": "share"})


@_form("mentoring.ask")
def _ask_mentor() -> Sending:
    mentor, page = people.member(), "/mentoring/new"
    return Sending(people.volunteer(), page, page, {"mentor": str(mentor.id), "note": "To learn Puppet."})


def _on_mentorship(found: int, by: Person, action: str, typed: dict[str, Any]) -> Sending:
    return Sending(by, f"/mentoring/{found}", f"/mentoring/{found}/{action}", typed)


@_form("mentorship.accept")
def _accept_mentee() -> Sending:
    ben = people.member()
    return _on_mentorship(mentoring.asked(people.volunteer(), ben), ben, "accept", {})


@_form("mentorship.decline")
def _decline_mentee() -> Sending:
    ben = people.member()
    return _on_mentorship(mentoring.asked(people.volunteer(), ben), ben, "decline", {"answer": "Not this year."})


@_form("mentorship.end")
def _end_mentoring() -> Sending:
    ben = people.member()
    return _on_mentorship(mentoring.active(people.volunteer(), ben), ben, "end", {"reason": "We are done."})


@_form("mentorship.hand_over")
def _hand_over() -> Sending:
    ben, carl = people.member(), people.member()
    return _on_mentorship(mentoring.active(people.volunteer(), ben), ben, "hand-over", {"mentor": str(carl.id)})


@_form("mentorship.set_goal")
def _set_goal() -> Sending:
    assessments.seed()
    ben = people.member()
    found = mentoring.active(people.volunteer(), ben)
    return _on_mentorship(found, ben, "goals", {"item": "web-security", "target": "2"})


@_form("mentorship.change_goal")
def _change_goal() -> Sending:
    assessments.seed()
    ben = people.member()
    found = mentoring.active(people.volunteer(), ben)
    goal = mentoring.goal(found, ben, "web-security")
    return _on_mentorship(found, ben, f"goals/{goal}", {"deed": "reached"})
