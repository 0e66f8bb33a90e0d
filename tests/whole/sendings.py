"""One filled form for every address that takes one: who sends it, the page it stands on, and what is typed into it.

`tests/whole/test_sent_twice.py` asks for a row here from every route that takes a POST, so also from new ones.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from portal.assessments import services as assessment_services
from portal.assessments.entries import EMPTY, Entry, Typed
from portal.assessments.models import Score
from portal.calendar import services as calendar
from portal.people.models import Person
from portal.people.services import declare_absence, report_unreachable, start_acting_by_board
from portal.requests import decision_services, discussion_services, filing_services, objection_services, queries
from portal.requests.discussion_models import CommentAudience
from portal.web import clock
from portal.web.unit_of_work import unit_of_work
from tests import factories as people
from tests.access import factories as access
from tests.assessments import factories as assessments
from tests.people.test_merging import proposed
from tests.requests import factories
from tests.requests.factories import do

EXEMPT = {
    "sign_in.sign_out": "ends a session; makes nothing",
    "sign_in.sign_out_everywhere": "ends sessions; makes nothing",
    "account.end_session": "ends a session; makes nothing",
    "mail.remove": "makes nothing",
    "mail.choose": "saves over itself",
    "mail.resume": "makes nothing",
    "mail.confirmed": "pressed twice, it is as once (tests/notifications/test_mail.py)",
    "mail.stopped": "pressed twice, it is as once (tests/notifications/test_unsubscribing.py)",
    "requests.watch": "keeps over itself what one is told of; makes nothing",
    "notifications.settle": "puts messages where they are already",
    "requests.save_details": "saves over itself, told apart by the version of the draft",
    "requests.save_key": "saves over itself, told apart by the version of the draft",
    "assessment.save": "saves over itself, told apart by tokens",
    "assessment.save_item": "saves over itself, told apart by tokens",
    "assessment.save_header": "saves over itself, told apart by tokens",
    "exchange.fill_post": "saves over itself, told apart by tokens",
    "requests.preview": "writes nothing",
    "requests.fingerprint": "writes nothing",
}
SENDINGS: dict[str, Callable[[], Sending]] = {}


@dataclass(frozen=True, slots=True)
class Sending:
    """Who sends the form for ``action`` that stands on ``page``, with what typed into it; ``to``: by another button."""

    person: Person
    page: str
    action: str
    typed: dict[str, Any] = field(default_factory=dict)
    to: str = ""


def _form(endpoint: str) -> Callable[[Callable[[], Sending]], Callable[[], Sending]]:
    def keep(make: Callable[[], Sending]) -> Callable[[], Sending]:
        SENDINGS[endpoint] = make
        return make

    return keep


def _on_request(typed: dict[str, Any], action: str) -> Callable[[], Sending]:
    """A member who has nothing to do with the request, on its page."""

    def make() -> Sending:
        request_id = factories.team_request(people.member(), days_ago=5)
        return Sending(people.member(), f"/requests/{request_id}", f"/requests/{request_id}/{action}", typed)

    return make


for _endpoint, _action, _typed in (
    ("requests.comment", "comments", {"body": "Good work.", "audience": "team"}),
    ("requests.ask", "questions", {"body": "Which servers?"}),
    ("requests.take_position", "positions", {"stance": "support", "sentence": "I know them."}),
    ("requests.raise_concern", "concerns", {"name": "Key reuse", "body": "Seen elsewhere."}),
    ("requests.sponsor", "sponsorship", {"reason": "I vouch."}),
    ("requests.recuse", "recusal", {"reason": "A friend."}),
    ("requests.link_page", "evidence/links", {"url": "https://phorge.example.org/T1", "title": "A task"}),
):
    SENDINGS[_endpoint] = _on_request(_typed, _action)


@_form("requests.answer")
def _answer() -> Sending:
    ann = people.member()
    request_id = factories.team_request(ann)
    question = do(discussion_services.ask, people.member(), request_id, "Which servers?").id
    action = f"/requests/{request_id}/questions/{question}/answers"
    return Sending(ann, f"/requests/{request_id}", action, {"body": "These two."})


@_form("requests.save_comment")
def _save_comment() -> Sending:
    ben, request_id = people.member(), factories.team_request(people.member())
    said = do(discussion_services.comment, ben, request_id, "first", audience=CommentAudience.TEAM).id
    path = f"/requests/{request_id}/comments/{said}/edit"
    return Sending(ben, path, path, {"body": "second"})


@_form("requests.resolve_concern")
def _resolve() -> Sending:
    ben, request_id = people.member(), factories.team_request(people.member())
    concern = do(objection_services.raise_concern, ben, request_id, "Key reuse", "Seen elsewhere.").id
    action = f"/requests/{request_id}/concerns/{concern}/resolve"
    return Sending(ben, f"/requests/{request_id}", action, {"reason": "A fresh key."})


@_form("requests.withdraw_sponsorship")
def _withdraw_sponsorship() -> Sending:
    ben, request_id = people.member(), factories.team_request(people.member())
    do(discussion_services.sponsor, ben, request_id, None)
    return Sending(ben, f"/requests/{request_id}", f"/requests/{request_id}/sponsorship/withdraw")


@_form("requests.link_assessment")
def _link_assessment() -> Sending:
    assessments.seed()
    ann = people.member()
    request_id, found = factories.team_request(ann), assessments.locked_self(ann)
    page = f"/requests/{request_id}"
    return Sending(ann, page, f"{page}/evidence/assessments", {"assessment_id": str(found)})


@_form("requests.unlink")
def _unlink() -> Sending:
    ann = people.member()
    request_id = factories.team_request(ann)
    linked = do(objection_services.link_page, ann, request_id, "https://phorge.example.org/T1", "A task").id
    return Sending(ann, f"/requests/{request_id}", f"/requests/{request_id}/evidence/{linked}/unlink")


@_form("requests.redact")
def _redact() -> Sending:
    ben, request_id = people.member(), factories.team_request(people.member())
    text = do(discussion_services.comment, ben, request_id, "oops", audience=CommentAudience.TEAM).text_id
    path = f"/requests/{request_id}/texts/{text}/remove"
    return Sending(ben, path, path)


def _ready() -> int:
    request_id = factories.team_request(people.member(), days_ago=5)
    factories.position(people.member(), request_id)
    return request_id


@_form("requests.approve")
def _approve() -> Sending:
    request_id = _ready()
    items = [str(item.id) for item in queries.current_revision(factories.get(request_id)).items]
    page = f"/requests/{request_id}"
    return Sending(people.director(), page, f"{page}/approve", {"items": items, "reason": "The work needs it."})


@_form("requests.decline")
def _decline() -> Sending:
    page = f"/requests/{_ready()}"
    return Sending(people.director(), page, f"{page}/decline", {"decline-reason": "Not yet."})


@_form("requests.refer")
def _refer() -> Sending:
    page = f"/requests/{_ready()}"
    return Sending(people.director(), page, f"{page}/refer", {"reason": "The Board should say."})


def _outcome(typed: dict[str, Any], action: str) -> Sending:
    request_id = _ready()
    do(decision_services.refer, people.director(), request_id, "The Board should say.")
    return Sending(people.board_member(), f"/requests/{request_id}", f"/requests/{request_id}/{action}", typed)


MINUTES = {"met_on": clock.now().date().isoformat(), "minutes_url": "https://wiki.example.org/wiki/Minutes"}


@_form("requests.record_approval")
def _record_approval() -> Sending:
    found = _outcome({**MINUTES, "reason": "The Board agrees."}, "outcome/approve")
    request_id = int(found.page.rsplit("/", 1)[1])
    items = [str(item.id) for item in queries.current_revision(factories.get(request_id)).items]
    return Sending(found.person, found.page, found.action, {**found.typed, "items": items})


@_form("requests.record_decline")
def _record_decline() -> Sending:
    minutes = {f"decline-{name}": value for name, value in MINUTES.items()}
    return _outcome({**minutes, "decline-reason": "The Board does not agree yet."}, "outcome/decline")


@_form("requests.reopen")
def _reopen() -> Sending:
    dora, request_id = people.director(), _ready()
    factories.decide(dora, request_id, approve=False)
    return Sending(dora, f"/requests/{request_id}", f"/requests/{request_id}/reopen")


@_form("requests.review")
def _review() -> Sending:
    dora, dep, request_id = people.director(), people.deputy(), _ready()
    people.absent(dora)
    decision = factories.decide(dep, request_id).id
    return Sending(dora, f"/requests/{request_id}", f"/requests/{request_id}/decisions/{decision}/review")


@_form("requests.write_note")
def _note() -> Sending:
    page = f"/requests/{_ready()}"
    return Sending(people.director(), page, f"{page}/notes", {"body": "Ask the mentor."})


@_form("requests.start")
def _start() -> Sending:
    return Sending(people.member(), "/requests/new", "/requests/new")


def _filled_draft(ann: Person) -> str:
    request_id = factories.draft(ann)
    filled = factories.details("access_expansion", ann)
    typed = {name: [answer] for name, answer in filled.answers.items()}
    fields = {"details": {**typed, "for_whom": ["me"], "items": ["system:grafana"]}}
    do(filing_services.save_draft, ann, request_id, fields, base_version=0)
    return f"/requests/{request_id}"


@_form("requests.submit")
def _submit() -> Sending:
    ann = people.member()
    path = _filled_draft(ann)
    return Sending(ann, f"{path}/check-answers", f"{path}/submit")


@_form("requests.agree")
def _agree() -> Sending:
    ann = people.member()
    path = f"/requests/{factories.team_request(people.member(), candidate=ann)}"
    return Sending(ann, path, f"{path}/agree")


@_form("requests.withdraw")
def _withdraw() -> Sending:
    ann = people.member()
    path = f"/requests/{factories.team_request(ann)}/withdraw"
    return Sending(ann, path, path)


@_form("requests.save_edit")
def _edit() -> Sending:
    ann = people.member()
    path = f"/requests/{factories.team_request(ann)}/edit"
    return Sending(ann, path, path, {"items": ["system:grafana", "system:matomo"], "phorge_task": "T12"})


@_form("requests.save_own_key")
def _own_key() -> Sending:
    ann, offer = people.member(), factories.key_offer()
    path = f"/requests/{factories.team_request(ann)}/own-key"
    typed = {"shell_name": "ann", "github_name": "ann", "key": offer.key.text}
    return Sending(ann, path, path, {**typed, "wiki_proof": offer.wiki_proof, "github_proof": offer.github_proof})


@_form("rules.save_change")
def _rule() -> Sending:
    path = "/rules/discussion_days/change?kind=access_expansion"
    return Sending(people.director(), path, path, {"value": "5", "reason": "Summer."})


@_form("absence.declare")
def _away() -> Sending:
    return Sending(people.member(), "/people/me/absence", "/people/me/absence", {"reason": "Exams"})


@_form("mail.ask")
def _address() -> Sending:
    return Sending(people.member(), "/account/mail", "/account/mail/address", {"address": "ann@example.org"})


@_form("absence.end")
def _back() -> Sending:
    return Sending(people.absent(people.member()), "/people/me/absence", "/people/me/absence/end")


UNREACHABLE = "/people/director-unreachable"


@_form("absence.report_unreachable")
def _report() -> Sending:
    people.director(), people.deputy()
    return Sending(people.member(), UNREACHABLE, UNREACHABLE)


@_form("absence.confirm_unreachable")
def _confirm() -> Sending:
    people.director(), people.deputy()
    reporter = people.member()
    with unit_of_work() as now:
        report_unreachable(reporter, now=now)
    return Sending(people.member(), UNREACHABLE, f"{UNREACHABLE}/confirm")


@_form("absence.start_acting")
def _start_acting() -> Sending:
    people.director(), people.deputy()
    return Sending(people.board_member(), UNREACHABLE, "/people/acting", {"note": "Decided on Monday."})


@_form("absence.end_acting")
def _end_acting() -> Sending:
    people.director(), people.deputy()
    board = people.board_member()
    with unit_of_work() as now:
        start_acting_by_board(board, "Decided on Monday.", now=now)
    return Sending(board, UNREACHABLE, "/people/acting/end")


@_form("removals.remove")
def _remove_reason() -> Sending:
    ann = people.member()
    with unit_of_work() as now:
        absence = declare_absence(ann, now, to_at=None, reason="An operation.", now=now)
        path = f"/texts/{absence.reason_id}/remove"
    return Sending(ann, path, path)


@_form("appointments.appoint")
def _appoint() -> Sending:
    name = people.member("New Board").name
    page = "/people/appointments"
    return Sending(people.board_member(), page, page, {"name": name, "post": "board"})


@_form("appointments.end_role_now")
def _end_role() -> Sending:
    path = f"/people/{people.member().id}/roles/software_engineer/end"
    return Sending(people.director(), path, path, {"reason": "Gone for long."})


@_form("appointments.end_capacity_now")
def _end_capacity() -> Sending:
    path = f"/people/{people.board_member().id}/capacities/board/end"
    return Sending(people.board_member(), path, path)


@_form("appointments.note_nda")
def _nda() -> Sending:
    path = f"/people/{people.member().id}/nda"
    return Sending(people.board_member(), path, path, {"signed_on": "2026-01-05"})


@_form("appointments.withdraw_nda")
def _withdraw_nda() -> Sending:
    ann, board = people.member(), people.board_member()
    access.signed_nda(ann, board)
    path = f"/people/{ann.id}/nda"
    return Sending(board, path, f"{path}/withdraw")


@_form("merges.settle")
def _settle() -> Sending:
    proposal = proposed(people.member(), people.member())
    page = "/people/merges"
    return Sending(people.director(), page, f"{page}/{proposal.id}", {"answer": "refuse"})


@_form("access.mark_granted")
def _granted() -> Sending:
    grant = access.approved(people.member(), people.director())
    return Sending(people.member(), "/access/waiting", f"/access/{grant.id}/granted")


@_form("access.end")
def _end_access() -> Sending:
    dora = people.director()
    path = f"/access/{access.granted(people.member(), dora).id}/end"
    return Sending(dora, path, path, {"reason": "Not needed."})


@_form("standards.import_post")
def _import_standard() -> Sending:
    assessments.seed()
    text = assessments.next_standard()
    previewed = hashlib.sha256(text.encode()).hexdigest()
    typed = {"text": text, "previewed": previewed, "take": "1"}
    return Sending(people.director(), "/standards/import", "/standards/import", typed)


@_form("standards.publish")
def _publish_standard() -> Sending:
    assessments.seed()
    return Sending(people.director(), "/standards/draft", f"/standards/{assessments.draft_standard()}/publish")


@_form("standards.discard")
def _discard_standard() -> Sending:
    assessments.seed()
    return Sending(people.director(), "/standards/draft", f"/standards/{assessments.draft_standard()}/discard")


@_form("assessments.start")
def _start_assessment() -> Sending:
    assessments.seed()
    return Sending(people.member(), "/assessments", "/assessments/start")


@_form("assessments.ask_post")
def _ask_review() -> Sending:
    assessments.seed()
    marker, path = people.member(), "/assessments/reviews/new"
    return Sending(people.volunteer(), path, path, {"marker": str(marker.id)})


@_form("exchange.carry_post")
def _carry_assessment() -> Sending:
    assessments.seed()
    ann = people.member()
    path = f"/assessments/{assessments.locked_self(ann)}/carry"
    return Sending(ann, path, path)


@_form("assessment.lock")
def _lock() -> Sending:
    assessments.seed()
    ann = people.member()
    found = assessments.self_assessment(ann)
    scores = {f"score-{key}": "2" for key in assessments.keys(found)}
    path = f"/assessments/{found}"
    return Sending(ann, path, path, scores, to=f"{path}/lock")


@_form("assessment.discard")
def _discard() -> Sending:
    assessments.seed()
    ann = people.member()
    path = f"/assessments/{assessments.self_assessment(ann)}"
    return Sending(ann, path, f"{path}/discard")


@_form("assessment.redact")
def _redact_remark() -> Sending:
    assessments.seed()
    ann = people.member()
    found = assessments.self_assessment(ann)
    key = assessments.keys(found)[0]
    assessments.fill(ann, found, {key: Entry(Score.BASIC, "A remark", "")})
    with unit_of_work() as now:
        rest = {other: Entry(Score.BASIC) for other in assessments.keys(found)[1:]}
        assessment_services.lock(ann, found, Typed(rest, dict.fromkeys(rest, EMPTY.token)), now=now)
    return Sending(ann, f"/assessments/{found}", f"/assessments/{found}/items/{key}/redact")


@_form("record.remove")
def _take_off_the_record() -> Sending:
    dora = people.director()
    request_id = factories.team_request(people.member(), days_ago=9)
    decision = do(decision_services.decide, dora, request_id, factories.ruling(request_id))
    path = f"/record/{decision.id}/remove"
    return Sending(dora, path, path)


@_form("calendar.make")
def _make_calendar() -> Sending:
    return Sending(people.volunteer(), "/calendar", "/calendar/address")


@_form("calendar.revoke")
def _revoke_calendar() -> Sending:
    ann = people.volunteer()
    with unit_of_work() as now:
        calendar.make(ann.id, now=now)
    return Sending(ann, "/calendar", "/calendar/address/revoke")
