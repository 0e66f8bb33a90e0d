"""Demo requests of every kind and stage, made by the services themselves, each step on its own day in the past.

Everything happens in the one unit of work that is open, so that an interrupted first run leaves nothing half there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select

from portal.access import queries as access_queries
from portal.access import services as access
from portal.access.models import ItemType
from portal.assessments import queries as assessment_queries
from portal.assessments import services as assessments
from portal.assessments.entries import EMPTY, Entry, Typed
from portal.demo import markings, mentoring, texts
from portal.extensions import db
from portal.people import services as people_services
from portal.people.models import Person
from portal.requests import (
    clock_jobs,
    decision_services,
    discussion_services,
    filing_services,
    objection_services,
    queries,
    services,
)
from portal.requests.decision_services import Choice, Ruling
from portal.requests.discussion_models import CommentAudience, Relation, Stance
from portal.requests.filing_checks import AskedItem, Details
from portal.requests.models import ItemAction, TeamRequest

Step = tuple[float, Callable[[datetime], object]]  # days before now, what happened
TEAM, SHARED = CommentAudience.TEAM, CommentAudience.SHARED
TOOK = timedelta(minutes=1)  # between beginning a form and sending it


class _Story:
    """The steps of one request, kept until all stories are told in the order of time."""

    def __init__(self, name: str, who: dict[str, Person], steps: list[Step]) -> None:
        self.name, self.who, self.steps = name, who, steps
        self.id = 0

    def at(self, days_ago: float, act: Callable[[datetime], object]) -> None:
        self.steps.append((days_ago, act))

    def id_of(self, name: str) -> int:
        return self.who[name].id

    def filed(self, days: float, by: str, kind: str, *items: str, candidate: str = "", task: int | None = None) -> None:
        """``items``: "system:grafana"; what is given up begins with a minus."""

        def act(now: datetime) -> None:
            by_id = self.id_of(by)
            row = filing_services.start_draft(by_id, kind, f"demo-{self.name}", now=now - TOOK)
            self.id = row.id
            asked = tuple(_asked(item) for item in items)
            details = Details(self.id_of(candidate or by), asked, texts.ANSWERS[self.name], task)
            filing_services.submit(by_id, row.id, details, now=now)

        self.at(days, act)

    def drafted(self, days: float, by: str, kind: str) -> None:
        def act(now: datetime) -> None:
            row = filing_services.start_draft(self.id_of(by), kind, f"demo-{self.name}", now=now)
            typed = {"details": {key: [text] for key, text in texts.ANSWERS[self.name].items()}}
            filing_services.save_draft(self.id_of(by), row.id, typed, base_version=0, now=now)

        self.at(days, act)

    def said(self, days: float, by: str, text: str, audience: CommentAudience = SHARED) -> None:
        self.at(
            days,
            lambda now: discussion_services.comment(self.id_of(by), self.id, text, audience=audience, now=now),
        )

    def asked(self, days: float, by: str, text: str) -> None:
        self.at(days, lambda now: discussion_services.ask(self.id_of(by), self.id, text, now=now))

    def answered(self, days: float, by: str, text: str) -> None:
        def act(now: datetime) -> None:
            question = discussion_services.open_questions(self.id)[0]
            discussion_services.answer(self.id_of(by), self.id, question.id, text, now=now)

        self.at(days, act)

    def position(
        self, days: float, by: str, stance: Stance, text: str | None = None, relation: Relation | None = None
    ) -> None:
        self.at(
            days,
            lambda now: discussion_services.take_position(
                self.id_of(by),
                self.id,
                stance,
                sentence=text,
                relation=relation,
                revision_number=services.lock(self.id).revision_number,
                now=now,
            ),
        )

    def concern(self, days: float, by: str, name: str, text: str) -> None:
        self.at(days, lambda now: objection_services.raise_concern(self.id_of(by), self.id, name, text, now=now))

    def evidence(self, days: float, by: str, assessment: Callable[[], int]) -> None:
        self.at(days, lambda now: objection_services.link_assessment(self.id_of(by), self.id, assessment(), now=now))

    def decided(self, days: float, by: str, reason: str, *, approve: bool, anyway: str = "", help: str = "") -> None:
        def act(now: datetime) -> None:
            opened = services.open_only(self.id_of(by), self.id, now=now)
            choices = tuple(Choice(item.id) for item in queries.current_revision(opened.row).items)
            ruling = Ruling(
                approve=approve,
                grounds=decision_services.grounds_now(opened),
                reason=reason,
                choices=choices,
                anyway=anyway or None,
                would_help=help or None,
            )
            decision_services.decide(self.id_of(by), self.id, ruling, now=now)

        self.at(days, act)


def _asked(item: str) -> AskedItem:
    type_, _, key = item.lstrip("-").partition(":")
    return AskedItem(ItemAction.REMOVE if item.startswith("-") else ItemAction.ADD, ItemType(type_), key)


def load(who: dict[str, Person], *, now: datetime) -> int:
    """Tell every story, in the order of time. Returns how many steps; none when there are requests already."""
    if db.session.scalars(select(TeamRequest.id).limit(1)).first() is not None:
        return 0
    steps: list[Step] = []
    for tell in (
        _held_before,
        _ready,
        _high_trust,
        _joining,
        _agreement,
        _board,
        _acting,
        _granted,
        _ended,
        markings.tell,
        mentoring.tell,
    ):
        tell(who, steps)
    for days_ago, act in sorted(steps, key=lambda step: -step[0]):
        act(now - timedelta(days=days_ago))
    return len(steps)


def _held_before(who: dict[str, Person], steps: list[Step]) -> None:
    """Access from before the portal."""
    held = {
        "Demo MediaWiki Specialist": ("bastion", "mediawiki-test-admins"),
        "Demo Infrastructure Specialist": ("bastion", "mediawiki-admins"),
    }

    def act(now: datetime) -> None:
        for name, groups in held.items():
            for key in groups:
                since = now - timedelta(days=300)
                access.hold_from_before(who[name].id, ItemType.ACCESS_GROUP, key, since=since, now=now)

    steps.append((60, act))


def _assessed(steps: list[Step], person: Person, marker: Person, scores: str, days: float) -> Callable[[], int]:
    """A finished assessment; ``scores`` has one character per item. Returns how to ask for its id."""
    found: list[int] = []

    def act(now: datetime) -> None:
        number = f"demo-{person.id}-{marker.id}"
        if person.id == marker.id:
            id = assessments.start_self_assessment(person, submission_id=number, now=now)
        else:
            id = assessments.ask_for_review(person, person.id, marker_id=marker.id, submission_id=number, now=now)
        items = assessment_queries.items_of(assessment_queries.find(id).standard_id)
        entries = {item.key: Entry(score) for item, score in zip(items, markings.scored(scores), strict=True)}
        assessments.lock(marker, id, Typed(entries, dict.fromkeys(entries, EMPTY.token)), now=now)
        found.append(id)

    steps.append((days, act))
    return lambda: found[0]


def _ready(who: dict[str, Person], steps: list[Step]) -> None:
    """Everything is there: the Director decides."""
    engineer, specialist = who["Demo Software Engineer"], who["Demo MediaWiki Specialist"]
    review = _assessed(steps, engineer, specialist, "2212321n122n" + "2322123n" + "33222333", 9)
    own = _assessed(steps, engineer, engineer, "3212221n112n" + "2212112n" + "33323333", 12)
    story = _Story("ready", who, steps)
    story.filed(8, "Demo Software Engineer", "access_expansion", "system:grafana", "system:github", task=15032)
    story.evidence(7.9, "Demo Software Engineer", review)
    story.evidence(7.8, "Demo Software Engineer", own)
    story.said(7, "Demo Infrastructure Specialist", texts.READY_COMMENT)
    story.position(6, "Demo MediaWiki Specialist", Stance.SUPPORT, texts.READY_SUPPORT, Relation.MENTOR)
    story.position(5, "Demo Infrastructure Specialist", Stance.SUPPORT, None, Relation.WORKS_WITH)
    story.position(4, "Demo Community Liaison", Stance.SUPPORT)
    story.position(3, "Demo Project Manager", Stance.NEUTRAL, texts.READY_NEUTRAL)


def _high_trust(who: dict[str, Person], steps: list[Step]) -> None:
    """In discussion, with an open concern."""
    story = _Story("high_trust", who, steps)
    items = ("access_group:mediawiki-admins", "-access_group:mediawiki-test-admins")
    story.filed(4, "Demo MediaWiki Specialist", "access_expansion", *items)
    story.said(3.5, "Demo Infrastructure Specialist", texts.HIGH_TRUST_TEAM, TEAM)
    story.concern(3, "Demo Security Specialist", "key reuse", texts.HIGH_TRUST_CONCERN)
    story.position(2.5, "Demo Security Specialist", Stance.OPPOSE, texts.HIGH_TRUST_OPPOSE)
    story.position(2, "Demo Software Engineer", Stance.SUPPORT, None, Relation.WORKS_WITH)
    story.said(1, "Demo MediaWiki Specialist", texts.HIGH_TRUST_REPLY)


def _joining(who: dict[str, Person], steps: list[Step]) -> None:
    """A volunteer is asked a question."""
    story = _Story("joining", who, steps)
    story.filed(5, "Demo Volunteer", "new_member", "role:software_engineer")
    story.said(4.5, "Demo Community Liaison", texts.JOINING_WELCOME)
    story.at(4, lambda now: discussion_services.sponsor(story.id_of("Demo Software Engineer"), story.id, None, now=now))
    story.asked(3, "Demo MediaWiki Specialist", texts.JOINING_QUESTION)


def _agreement(who: dict[str, Person], steps: list[Step]) -> None:
    story = _Story("agreement", who, steps)
    story.filed(
        1.5,
        "Demo Project Manager",
        "role_change",
        "role:project_manager",
        candidate="Demo Community Liaison",
    )


def _board(who: dict[str, Person], steps: list[Step]) -> None:
    story = _Story("board", who, steps)
    story.filed(14, "Demo Infrastructure Specialist", "access_expansion", "access_group:ops")
    story.position(12, "Demo MediaWiki Specialist", Stance.SUPPORT)
    story.position(11, "Demo Security Specialist", Stance.NEUTRAL, texts.BOARD_NEUTRAL)
    story.at(
        6.5, lambda now: decision_services.refer(story.id_of("Demo Director"), story.id, texts.BOARD_REASON, now=now)
    )


def _acting(who: dict[str, Person], steps: list[Step]) -> None:
    """The Deputy decided while the Director was away."""
    director = who["Demo Director"]
    steps.append(
        (
            30,
            lambda now: people_services.declare_absence(
                director, now, to_at=now + timedelta(days=10), reason=texts.ABSENCE, now=now
            ),
        )
    )
    story = _Story("acting", who, steps)
    story.filed(33, "Demo Project Manager", "access_expansion", "system:phorge")
    story.position(31, "Demo Community Liaison", Stance.SUPPORT)
    story.decided(29, "Demo Deputy", texts.ACTING_REASON, approve=True)
    steps.append((25, lambda now: people_services.end_absence(director, now=now)))


def _granted(who: dict[str, Person], steps: list[Step]) -> None:
    """Approved: one access waits to be granted, another is."""
    story = _Story("granted", who, steps)
    story.filed(40, "Demo Community Liaison", "access_expansion", "system:matomo", "system:social")
    story.position(38, "Demo Project Manager", Stance.SUPPORT)
    story.decided(36, "Demo Director", texts.GRANTED_REASON, approve=True)

    def grant_first(now: datetime) -> None:
        held = access_queries.held(story.id_of("Demo Community Liaison"), now)
        access.mark_granted(who["Demo Project Manager"], held[0].grant_id, now=now)

    story.at(35, grant_first)


def _ended(who: dict[str, Person], steps: list[Step]) -> None:
    declined = _Story("declined", who, steps)
    declined.filed(50, "Demo Software Engineer", "role_change", "role:infrastructure_specialist")
    declined.position(48, "Demo Infrastructure Specialist", Stance.NEUTRAL)
    declined.decided(42, "Demo Director", texts.DECLINED_REASON, approve=False, help=texts.DECLINED_HELP)
    withdrawn = _Story("withdrawn", who, steps)
    withdrawn.filed(45, "Demo Security Specialist", "access_expansion", "system:openwebui")
    withdrawn.at(
        44, lambda now: filing_services.withdraw(withdrawn.id_of("Demo Security Specialist"), withdrawn.id, now=now)
    )
    silent = _Story("silent", who, steps)
    silent.filed(55, "Demo Project Manager", "access_expansion", "system:status_page")
    silent.asked(54, "Demo Director", texts.SILENT_QUESTION)
    silent.at(46.5, clock_jobs.tick)
    silent.at(23.5, clock_jobs.tick)
    draft = _Story("draft", who, steps)
    draft.drafted(0.5, "Demo Software Engineer", "role_change")
