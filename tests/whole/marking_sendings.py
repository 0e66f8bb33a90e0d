"""Forms of double marking and of evidence, for the test that sends every form twice."""

from __future__ import annotations

from portal.assessments import round_services
from portal.assessments.models import Seat
from portal.web.unit_of_work import unit_of_work
from tests import factories as people
from tests.assessments import factories as assessments
from tests.whole.sendings import Sending, _form


@_form("marking.open_round")
def _open_round() -> Sending:
    assessments.seed()
    mentor, second, path = people.member(), people.member(), "/markings/new"
    return Sending(people.volunteer(), path, path, {"mentor": str(mentor.id), "second": str(second.id)})


@_form("marking.decline")
def _decline_marking() -> Sending:
    assessments.seed()
    ben = people.member()
    draft = assessments.seated(assessments.marking(people.volunteer(), ben, people.member()), Seat.MENTOR)
    return Sending(ben, f"/assessments/{draft}", f"/assessments/{draft}/decline", {"reason": "A friend."})


@_form("marking.name")
def _name_marker() -> Sending:
    assessments.seed()
    ann, ben, carl, dave = people.volunteer(), people.member(), people.member(), people.member()
    found = assessments.marking(ann, ben, carl)
    draft = assessments.seated(found, Seat.MENTOR)
    with unit_of_work() as now:
        round_services.decline(ben, draft, "", now=now)
    return Sending(ann, f"/markings/{found}", f"/markings/{found}/markers", {"marker": str(dave.id)})


@_form("marking.begin_final")
def _begin_final() -> Sending:
    assessments.seed()
    ben = people.member()
    found = assessments.revealed(people.volunteer(), ben, people.member())
    return Sending(ben, f"/markings/{found}", f"/markings/{found}/final")


@_form("marking.agree")
def _agree_final() -> Sending:
    assessments.seed()
    ben, carl = people.member(), people.member()
    found = assessments.revealed(people.volunteer(), ben, carl)
    assessments.final(ben, found)
    assessments.agree(ben, found)
    return Sending(carl, f"/markings/{found}", f"/markings/{found}/agree")


@_form("marking.correct")
def _correct() -> Sending:
    assessments.seed()
    found = f"/assessments/{assessments.locked_self(ann := people.member())}"
    return Sending(ann, found, f"{found}/correct")


@_form("portfolio.add")
def _add_piece() -> Sending:
    assessments.seed()
    page = f"/people/{(ann := people.member()).id}/evidence"
    typed = {"items": "web-security", "sentence": "I wrote it.", "link": "T123"}
    return Sending(ann, page, page, typed)


@_form("portfolio.withdraw")
def _withdraw_piece() -> Sending:
    assessments.seed()
    piece = assessments.piece(ann := people.member())
    page = f"/people/{ann.id}/evidence"
    return Sending(ann, page, f"{page}/{piece}/withdraw")


@_form("portfolio.answer")
def _answer_piece() -> Sending:
    assessments.seed()
    ann, ben = people.volunteer(), people.member()
    assessments.review(ann, ben)
    page = f"/people/{ann.id}/evidence"
    return Sending(ben, page, f"{page}/{assessments.piece(ann)}/answer", {"verdict": "accepted"})
