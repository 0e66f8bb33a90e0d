"""A request at every stage, with one of everything that can belong to it, made by the portal's own services.

Every text that somebody wrote holds the word WHISPER, so that one look tells whether any of them got out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from portal.access.models import Grant
from portal.extensions import db
from portal.people import absences
from portal.people.models import Person
from portal.requests import (
    clock_jobs,
    decision_services,
    discussion_services,
    filing_services,
    objection_services,
    queries,
)
from portal.requests.discussion_models import CommentAudience, Stance
from portal.requests.filing_checks import Details
from portal.web import clock
from portal.web.unit_of_work import unit_of_work
from tests.assessments import factories as assessments
from tests.requests import factories as requests
from tests.requests.factories import do

WHISPER = "whisper"
STAGES = (
    *("closed", "draft", "agreement", "discussion", "needs_information", "with_board"),
    *("approved", "declined", "declined_by_board", "withdrawn"),
)
UNANSWERED = ("needs_information", "with_board", "closed")
FIRST, OTHER = "access_group:mediawiki-admins", "access_group:bastion"
KEY = "AAAAC3NzaC1lZDI1NTE5"  # how every ed25519 key begins


@dataclass(slots=True)
class Cast:
    """The people of the scenes. ``author`` wrote everything that a member can write; ``marker`` marked the evidence."""

    director: Person
    deputy: Person
    board: Person
    author: Person
    recused: Person
    marker: Person


@dataclass(slots=True)
class Scene:
    """One request at one stage. ``values`` fill the numbers of its addresses; ``parties`` are ids by label."""

    family: str
    stage: str
    parties: dict[str, int]
    values: dict[str, int] = field(default_factory=dict)
    filled: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def request_id(self) -> int:
        return self.values["request_id"]


def whisper(what: str) -> str:
    return f"{WHISPER}-{what}"


def details(kind: str, candidate: Person, *items: str) -> Details:
    plain = requests.details(kind, candidate, *items)
    return replace(plain, answers={name: whisper("answer") for name in plain.answers})


@dataclass(frozen=True, slots=True)
class Plot:
    """How a request comes to its stage: who files it for whom, and who decides."""

    family: str
    cast: Cast
    requester: Person
    candidate: Person
    decider: Person
    kind: str = "access_expansion"
    items: tuple[str, ...] = (FIRST,)

    def play(self, stage: str) -> Scene:
        """The request at this stage."""
        scene = Scene(self.family, stage, {"requester": self.requester.id, "candidate": self.candidate.id})
        if self.requester.id == self.candidate.id:
            del scene.parties["requester"]
        filed = clock.now() - timedelta(days=46 if stage == "closed" else 6)
        scene.values["request_id"] = requests.draft(self.requester, self.kind, at=filed)
        if stage == "draft":
            self._fill_draft(scene)
            return scene
        self._file(scene, filed)
        if self.family == "main":
            self._discuss(scene, filed + timedelta(hours=2))
        if self.family == "main" or stage in UNANSWERED:
            self._ask(scene, filed + timedelta(hours=2))
        if stage == "discussion":
            return scene
        getattr(self, f"_to_{stage}")(scene, filed + timedelta(days=1))
        return scene

    def _fill_draft(self, scene: Scene) -> None:
        own = self.requester.id == self.candidate.id
        typed = {name: [whisper("draft")] for name in details(self.kind, self.candidate).answers}
        typed |= {"items": list(self.items), "for_whom": ["me" if own else "other"]}
        typed |= {} if own else {"candidate_name": [self.candidate.name]}
        do(filing_services.save_draft, self.requester, scene.request_id, {"details": typed}, base_version=0)

    def _file(self, scene: Scene, at: datetime) -> None:
        filled = details(self.kind, self.candidate, *self.items)
        do(filing_services.submit, self.requester, scene.request_id, filled, at=at)
        if self.requester.id != self.candidate.id:
            do(filing_services.agree, self.candidate, scene.request_id, at=at + timedelta(hours=1))
        if FIRST in self.items:
            do(filing_services.offer_key, self.candidate, scene.request_id, requests.key_offer(), at=at)

    def _discuss(self, scene: Scene, at: datetime) -> None:
        """Everything that can be said, by the author and by those who have a part."""
        author, request_id = self.cast.author, scene.request_id

        def act(service: Callable[..., Any], actor: Person, *args: Any, **kwargs: Any) -> Any:
            return do(service, actor, request_id, *args, at=at, **kwargs)

        say = discussion_services.comment
        shared = act(say, author, whisper("shared"), audience=CommentAudience.SHARED)
        act(say, author, whisper("team"), audience=CommentAudience.TEAM)
        act(
            discussion_services.take_position, author, Stance.OPPOSE,
            sentence=whisper("position"), relation=None, revision_number=1,
        )  # fmt: skip
        closed = act(objection_services.raise_concern, author, whisper("settled"), whisper("settled-body"))
        act(objection_services.resolve_concern, author, closed.id, whisper("closing"))
        concern = act(objection_services.raise_concern, author, whisper("concern"), whisper("concern-body"))
        act(discussion_services.recuse, self.cast.recused, whisper("recusal"))
        act(discussion_services.sponsor, author, whisper("sponsor"))
        page = act(objection_services.link_page, author, "https://phabricator.example.org/T1", whisper("link"))
        self._link_assessment(request_id, at)
        act(objection_services.write_note, self.cast.director, whisper("note"))
        scene.values |= {
            "comment_id": shared.id,
            "text_id": shared.text_id,
            "concern_id": concern.id,
            "evidence_id": page.id,
        }

    def _ask(self, scene: Scene, at: datetime) -> None:
        author, request_id = self.cast.author, scene.request_id
        question = do(discussion_services.ask, author, request_id, whisper("question"), at=at)
        scene.values["question_id"] = question.id
        if scene.stage not in UNANSWERED:
            reply = whisper("reply")
            do(discussion_services.answer, self.candidate, request_id, question.id, reply, at=at)

    def _link_assessment(self, request_id: int, at: datetime) -> None:
        assessment_id = assessments.review(self.candidate, self.cast.marker, at=at)
        assessments.lock(self.cast.marker, assessment_id, at=at)
        do(objection_services.link_assessment, self.candidate, request_id, assessment_id, at=at)

    def _to_agreement(self, scene: Scene, at: datetime) -> None:
        base = queries.edit_base(scene.request_id, 1)
        changed = details(self.kind, self.candidate, *self.items, OTHER)
        do(filing_services.revise, self.requester, scene.request_id, changed, base=base, at=at)

    def _to_needs_information(self, scene: Scene, at: datetime) -> None:
        """A question without an answer is enough."""

    def _to_with_board(self, scene: Scene, at: datetime) -> None:
        do(decision_services.refer, self.decider, scene.request_id, whisper("referral"), at=at)

    def _to_approved(self, scene: Scene, at: datetime) -> None:
        scene.values["decision_id"] = self._decide(scene, at, approve=True)
        grants = select(Grant.id).where(Grant.request_id == scene.request_id)
        scene.values["grant_id"] = db.session.scalars(grants.order_by(Grant.id)).all()[0]

    def _to_declined(self, scene: Scene, at: datetime) -> None:
        scene.values["decision_id"] = self._decide(scene, at, approve=False)

    def _to_declined_by_board(self, scene: Scene, at: datetime) -> None:
        if self.decider.id != self.cast.board.id:
            self._to_with_board(scene, at)
        scene.values["decision_id"] = _board_decides(self.cast.board, scene.request_id, at, approve=False)

    def _to_withdrawn(self, scene: Scene, at: datetime) -> None:
        do(filing_services.withdraw, self.candidate, scene.request_id, at=at)

    def _to_closed(self, scene: Scene, at: datetime) -> None:
        for days in (8, 34):
            with unit_of_work(at + timedelta(days=days)) as now:
                clock_jobs.tick(now)

    def _decide(self, scene: Scene, at: datetime, *, approve: bool) -> int:
        if self.decider.id == self.cast.board.id:
            return _board_decides(self.cast.board, scene.request_id, at, approve=approve)
        changes: dict[str, Any] = {
            "approve": approve,
            "overrides": _answers_to_concerns(scene.request_id) if approve else {},
        }
        if not approve:
            changes["reason"] = whisper("not-yet")

        def decide() -> int:
            return requests.decide(self.decider, scene.request_id, at=at, **changes).id

        return decide() if self.decider.id == self.cast.director.id else while_away(self.cast.director, at, decide)


def _answers_to_concerns(request_id: int) -> dict[int, str]:
    return {concern.id: whisper("override") for concern in objection_services.open_concerns(request_id)}


def _board_decides(board: Person, request_id: int, at: datetime, *, approve: bool) -> int:
    ruling = requests.ruling(
        request_id,
        approve=approve,
        at=at,
        met_on=date(2026, 1, 5),
        minutes_url="https://meta.example.org/wiki/Minutes",
        overrides=_answers_to_concerns(request_id),
    )
    return do(decision_services.record_outcome, board, request_id, ruling, at=at).id


def while_away(director: Person, at: datetime, act: Callable[[], int]) -> int:
    """Let the Director be away for a moment, in which the Deputy acts."""
    with unit_of_work(at) as now:
        absences.declare_absence(director, now, to_at=None, reason=whisper("absence"), now=now)
    found = act()
    with unit_of_work(at + timedelta(minutes=5)) as now:
        absences.end_absence(db.session.merge(director), now=now)
    return found
