"""Everything the request page shows, loaded for one reader: what they may not read is not loaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import aliased

from portal.access import queries as access_queries
from portal.access.standing import HeldAccess
from portal.assessments import evidence as assessment_evidence
from portal.assessments.summary import AssessmentSummary
from portal.audit.models import Audience, Event, Text
from portal.errors import Message
from portal.extensions import db
from portal.org.catalogue import Weight
from portal.people import queries as people_queries
from portal.people.facts import PersonFacts
from portal.people.models import Person
from portal.requests import authority, fact_queries, filing_checks, page_queries, queries, readiness, seen, words
from portal.requests.authority import Authority
from portal.requests.discussion_models import (
    Comment,
    Concern,
    DecisionNote,
    Evidence,
    EvidenceType,
    Position,
    Recusal,
    Sponsorship,
)
from portal.requests.kinds import registry
from portal.requests.models import Answer, Decision, Referral, Revision, SshKey, TeamRequest
from portal.requests.queries import Seen
from portal.requests.readiness import Check
from portal.requests.words import Turn
from portal.requests.workflow import Action, State

EVENTS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class TimelineLine:
    """One event in words."""

    at: datetime
    says: Message
    audience: Audience
    sequence: int
    hash: str


@dataclass(slots=True)
class RequestPage:
    """One request as one person sees it."""

    seen: Seen
    me: PersonFacts
    revision: Revision
    checks: tuple[Check, ...]
    authority: Authority
    turn: Turn
    why_not: Message | None
    held_now: set[tuple[str, str]]
    answers: dict[str, Answer]
    comments: list[Comment]
    comments_before: int | None
    questions: list[tuple[Comment, list[Comment]]]
    positions: list[Position] = field(default_factory=list)
    concerns: list[Concern] = field(default_factory=list)
    sponsorships: list[Sponsorship] = field(default_factory=list)
    recusals: list[Recusal] = field(default_factory=list)
    recusal_reasons: dict[int, Text] = field(default_factory=dict)  # by person; only those the reader may know
    evidence: list[Evidence] = field(default_factory=list)
    summaries: dict[int, AssessmentSummary] = field(default_factory=dict)
    decisions: list[Decision] = field(default_factory=list)
    referral: Referral | None = None
    notes: list[DecisionNote] = field(default_factory=list)
    key: SshKey | None = None
    earlier: list[TeamRequest] = field(default_factory=list)
    timeline: list[TimelineLine] = field(default_factory=list)
    grants: Sequence[HeldAccess] = ()
    names: dict[int, str] = field(default_factory=dict)

    @property
    def row(self) -> TeamRequest:
        return self.seen.row

    def may(self, action: str) -> bool:
        """Whether the reader may do this: the same predicate the services ask."""
        return Action(action) in self.seen.actions

    @property
    def decision(self) -> Decision | None:
        """The decision on the current revision."""
        return next((found for found in self.decisions if found.revision_id == self.revision.id), None)

    @property
    def open_concerns(self) -> list[Concern]:
        return [concern for concern in self.concerns if concern.closed_at is None]

    @property
    def is_mine(self) -> bool:
        """Whether the reader is the candidate."""
        return self.me.id == self.row.candidate_id

    @property
    def my_turn(self) -> bool:
        return self.me.id in self.turn.people

    @property
    def is_ready(self) -> bool:
        return readiness.is_ready(self.checks)

    @property
    def counted(self) -> frozenset[int]:
        """Whose positions the checks count."""
        return readiness.counted_positions(self.seen.facts)

    @property
    def needs_key(self) -> bool:
        """New shell access is asked for and no key is offered yet."""
        return readiness.asks_new_shell(self.seen.facts) and not self.seen.facts.key_offered

    @property
    def unmet_required(self) -> tuple[Check, ...]:
        """What "Decide anyway" would have to answer; open concerns have answers of their own."""
        found = readiness.unmet(self.checks, Weight.REQUIRED)
        return tuple(check for check in found if check.rule != "no_open_concern")

    @property
    def unmet_absolute(self) -> tuple[Check, ...]:
        return readiness.unmet(self.checks, Weight.ABSOLUTE)

    @property
    def grounds(self) -> str:
        """What the decision form carries of what is shown."""
        return seen.grounds(
            self.seen.facts,
            self.checks,
            [concern.id for concern in self.open_concerns],
            [found.id for found in self.evidence],
        )

    def current_positions(self) -> list[Position]:
        """The newest position of each person on this revision."""
        newest = {
            position.person_id: position for position in self.positions if position.revision_id == self.revision.id
        }
        return sorted(newest.values(), key=lambda position: position.id)

    def earlier_positions(self) -> list[Position]:
        """Positions that no longer count: replaced, or on an earlier revision."""
        current = {position.id for position in self.current_positions()}
        return [position for position in self.positions if position.id not in current]

    def my_position(self) -> Position | None:
        return next((found for found in self.current_positions() if found.person_id == self.me.id), None)

    def edited_after(self, moment: datetime) -> bool:
        """Whether the request's text was edited after this moment."""
        return any(answer.created_at > moment for answer in self.answers.values())

    def open_questions(self) -> list[Comment]:
        """Questions without an answer, the oldest first."""
        return [question for question, answers in self.questions if not answers]

    def spoke(self) -> list[str]:
        """Names of everybody who took a position or commented, once each."""
        found = [position.person.name for position in self.positions] + [c.author.name for c in self.comments]
        return list(dict.fromkeys(found))


def load(person: PersonFacts, found: Seen, *, before: int | None, now: datetime) -> RequestPage:
    """The page of a visible request for this reader."""
    row, actions = found.row, found.actions
    checks = readiness.checks(found.facts, fact_queries.weights())
    comments, older = page_queries.comments_page(row.id, team=Action.READ_TEAM in actions, before=before)
    page = RequestPage(
        seen=found,
        me=person,
        revision=queries.current_revision(row),
        checks=checks,
        authority=authority.deciding_now(found.facts),
        turn=words.turn(found.facts, checks),
        why_not=authority.why_not(person, found.facts),
        held_now=filing_checks.held_items(people_queries.facts(row.candidate_id, now), now),
        answers=queries.answers(row.id),
        comments=comments,
        comments_before=older,
        questions=page_queries.questions(row.id),
        decisions=queries.decisions(row.id),
        sponsorships=page_queries.sponsorships(row.id),
        evidence=page_queries.evidence(row.id),
        earlier=page_queries.earlier(person, row),
    )
    _load_private(page)
    if page.decision:
        page.checks = snapshot(page.decision)
        page.grants = access_queries.of_decision(page.decision.id, now) if page.decision.approved else ()
    page.names = _names(page)
    page.timeline = timeline(row.id, actions, page.names)
    return page


def snapshot(decision: Decision) -> tuple[Check, ...]:
    """The checks as they stood when it was decided."""
    return tuple(
        Check(found["rule"], found["met"], Weight(found["weight"]), Message(found["says"], **found["values"]))
        for found in decision.checks
    )


def _load_private(page: RequestPage) -> None:
    """What only some readers may see; each query behind its action."""
    row = page.row
    if page.may(Action.READ_TEAM):
        page.positions, page.concerns = page_queries.positions(row.id), page_queries.concerns(row.id)
        page.recusals = page_queries.recusals(row.id)
        page.recusal_reasons = page_queries.recusal_reasons(
            row.id, by=None if page.may(Action.READ_REASONS) else page.me.id
        )
    if page.may(Action.READ_EVIDENCE):
        page.summaries = assessment_evidence.summaries(
            [found.assessment_id for found in page.evidence if found.assessment_id]
        )
    else:
        page.evidence = [found for found in page.evidence if found.type is EvidenceType.LINK]
    if page.may(Action.NOTE):
        page.notes = page_queries.notes(row.id)
    if page.may(Action.READ_KEY):
        page.key = queries.ssh_key(row.id)
    if row.state in (State.WITH_BOARD, State.APPROVED, State.DECLINED):
        page.referral = queries.newest_referral(row.id)


def _names(page: RequestPage) -> dict[int, str]:
    """Names of those the page speaks of without having their rows."""
    lead = page.seen.facts.leadership
    ids = {person.id for person in (lead.director, lead.deputy, *lead.board) if person}
    actor = aliased(Event)
    acted = select(actor.actor_id).where(actor.request_id == page.row.id, actor.actor_id.is_not(None))
    query = select(Person.id, Person.name).where(Person.id.in_(ids) | Person.id.in_(acted))
    return {row.id: row.name for row in db.session.execute(query)}


def timeline(request_id: int, actions: frozenset[Action], names: dict[int, str]) -> list[TimelineLine]:
    """What happened, as far as the reader may know, the newest first."""
    audiences = [Audience.PUBLIC, Audience.SHARED]
    audiences += [Audience.TEAM] if Action.READ_TEAM in actions else []
    audiences += [Audience.DECIDERS] if Action.NOTE in actions else []
    query = select(Event).where(Event.request_id == request_id, Event.audience.in_(audiences))
    rows = db.session.scalars(query.order_by(Event.id.desc()).limit(EVENTS_SHOWN))
    return [_line(event, names) for event in rows]


def _line(event: Event, names: dict[int, str]) -> TimelineLine:
    says = words.EVENTS.get(event.code, Message("%(what)s", what=event.code))
    who = names.get(event.actor_id or 0, "?")
    return TimelineLine(event.at, Message(says.id, **{**says.values, "who": who}), event.audience, event.id, event.hash)


def ready_reason(kind: str) -> Message:
    """The sentence an approval of this kind may begin with."""
    return registry.kind(kind).ready_reason
