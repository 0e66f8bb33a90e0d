"""Everything the request page shows, loaded for one reader: what they may not read is not loaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, select

from portal.access import queries as access_queries
from portal.access.models import ItemType
from portal.access.standing import HeldAccess
from portal.assessments import evidence as assessment_evidence
from portal.assessments.profiles import Advice, advice
from portal.assessments.summary import AssessmentSummary
from portal.audit.models import Audience, Event
from portal.errors import Message
from portal.extensions import db
from portal.org import organisation
from portal.org.catalogue import Weight
from portal.people import queries as people_queries
from portal.people.facts import PersonFacts
from portal.people.models import Person
from portal.requests import authority, fact_queries, queries, readiness, said, seen, words
from portal.requests.authority import Authority
from portal.requests.discussion_models import EvidenceType
from portal.requests.kinds import registry
from portal.requests.models import Decision, ItemAction, Revision, SshKey, TeamRequest
from portal.requests.queries import Seen
from portal.requests.readiness import Check
from portal.requests.said import Everything, Reads, Said, SaidConcern
from portal.requests.words import Turn, TurnOf
from portal.requests.workflow import Action, State

EVENTS_SHOWN = 50
EARLIER_SHOWN = 5


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
    held_now: frozenset[tuple[str, str]]
    said: Everything
    comments: list[Said]
    comments_before: int | None
    summaries: dict[int, AssessmentSummary] = field(default_factory=dict)
    linkable: list[AssessmentSummary] = field(default_factory=list)
    advice: Advice = field(default_factory=Advice)
    decisions: list[Decision] = field(default_factory=list)
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
    def open_concerns(self) -> list[SaidConcern]:
        return [concern for concern in self.said.concerns if concern.closed is None]

    @property
    def is_mine(self) -> bool:
        """Whether the reader is the candidate."""
        return self.me.id == self.row.candidate_id

    @property
    def newest(self) -> int:
        """The place in the chain of the newest event the reader may know of."""
        return self.timeline[0].sequence if self.timeline else 0

    @property
    def news_tag(self) -> str:
        """Names what is shown here, for who asks later whether there is more."""
        quick = seen.quick_tag(self.newest, self.me, self.seen.facts.leadership)
        return f"{quick}.{seen.news_tag(self.newest, self.seen.actions)}"

    @property
    def my_turn(self) -> bool:
        return self.me.id in self.turn.people

    @property
    def turn_of(self) -> list[TurnOf]:
        """Those whose turn it is, by name."""
        names = {**self.names, self.row.candidate_id: self.row.candidate.name}
        return words.turn_of(self.turn, names, self.seen.known.turn_since)

    @property
    def is_overdue(self) -> bool:
        """Whether it still waits a week after its discussion could have ended."""
        return readiness.is_overdue(self.seen.facts)

    @property
    def watching(self) -> str:
        """What the reader chose: watch, mute, or nothing."""
        return self.seen.known.watching.get(self.me.id, "")

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
            [found.id for found in self.said.evidence],
        )

    def current_positions(self) -> list[Said]:
        """The newest position of each person on this revision."""
        newest = {found.author_id: found for found in self.said.positions if found.about_id == self.revision.id}
        return sorted(newest.values(), key=lambda position: position.id)

    def earlier_positions(self) -> list[Said]:
        """Positions that no longer count: replaced, or on an earlier revision."""
        current = {position.id for position in self.current_positions()}
        return [position for position in self.said.positions if position.id not in current]

    def my_position(self) -> Said | None:
        return next((found for found in self.current_positions() if found.author_id == self.me.id), None)

    def edited_after(self, moment: datetime) -> bool:
        """Whether the request's text was edited after this moment."""
        return any(answer.created_at > moment for answer in self.said.answers.values())

    def open_questions(self) -> list[Said]:
        """Questions without an answer, the oldest first."""
        return [question for question, answers in self.said.questions() if not answers]

    def spoke(self) -> list[str]:
        """Names of everybody who took a position or commented, once each."""
        return list(dict.fromkeys(found.author.name for found in (*self.said.positions, *self.comments)))


def load(person: PersonFacts, found: Seen, *, before: int | None, now: datetime) -> RequestPage:
    """The page of a visible request for this reader."""
    row, actions, known = found.row, found.actions, found.known
    checks = readiness.checks(found.facts, fact_queries.weights())
    reads = Reads(
        team=Action.READ_TEAM in actions,
        evidence=Action.READ_EVIDENCE in actions,
        notes=Action.NOTE in actions,
        reasons=Action.READ_REASONS in actions,
    )
    everything = said.read(row.id, person.id, reads, before=before)
    comments, older = everything.comments_page(before)
    page = RequestPage(
        seen=found,
        me=person,
        revision=known.revision or queries.current_revision(row),
        checks=checks,
        authority=authority.deciding_now(found.facts),
        turn=words.turn(found.facts, checks),
        why_not=authority.why_not(person, found.facts),
        held_now=known.held | {(str(ItemType.ROLE), key) for key in people_queries.facts(row.candidate_id, now).roles},
        said=everything,
        comments=comments,
        comments_before=older,
        decisions=queries.decisions(row.id),
        names=people_queries.standing(now).names,
        timeline=timeline(row.id, actions),
    )
    _load_private(page)
    if page.may(Action.APPROVE) or page.may(Action.RECORD_APPROVAL):
        page.earlier = earlier(person, row)
    if page.decision:
        page.checks = snapshot(page.decision)
        page.grants = access_queries.of_decision(page.decision.id, now) if page.decision.approved else ()
    return page


def snapshot(decision: Decision) -> tuple[Check, ...]:
    """The checks as they stood when it was decided."""
    return tuple(
        Check(found["rule"], found["met"], Weight(found["weight"]), Message(found["says"], **found["values"]))
        for found in decision.checks
    )


def _load_private(page: RequestPage) -> None:
    """What only some readers may see; each query behind its action."""
    row, reads = page.row, page.may(Action.READ_EVIDENCE)
    linked = {found.about_id for found in page.said.evidence if found.word == EvidenceType.ASSESSMENT}
    if (reads and linked) or page.may(Action.LINK_EVIDENCE):
        page.advice = advice(organisation(), _asked_for(page.revision))
        about = assessment_evidence.about(row.candidate_id, reader_id=page.me.id, advised=page.advice.advised)
        page.summaries = {found.assessment_id: found for found in about if reads and found.assessment_id in linked}
        page.linkable = [
            found
            for found in about
            if found.assessment_id not in linked
            and found.superseded_by_id is None
            and (page.me.decides or page.me.id in found.parties)
        ]
    if page.may(Action.READ_KEY) and page.seen.facts.key_offered:
        page.key = queries.ssh_key(row.id)


def _asked_for(revision: Revision) -> list[tuple[str, str]]:
    """What the person would have, as (type, key)."""
    return [(str(item.item_type), item.item_key) for item in revision.items if item.action is ItemAction.ADD]


def earlier(person: PersonFacts, row: TeamRequest) -> list[TeamRequest]:
    """Other requests about the same candidate that the reader may see, the newest first."""
    query = queries.visible_to(person).where(
        TeamRequest.candidate_id == row.candidate_id, TeamRequest.id != row.id, TeamRequest.state != State.DRAFT
    )
    return list(db.session.scalars(query.order_by(TeamRequest.id.desc()).limit(EARLIER_SHOWN)))


def timeline(request_id: int, actions: frozenset[Action]) -> list[TimelineLine]:
    """What happened, as far as the reader may know, the newest first."""
    rows = db.session.execute(_timeline(), {"id": request_id, "audiences": audiences(actions)})
    return [_line(*row) for row in rows]


def audiences(actions: frozenset[Action]) -> list[Audience]:
    """Whose events somebody may know of who may do this."""
    found = [Audience.PUBLIC, Audience.SHARED]
    found += [Audience.TEAM] if Action.READ_TEAM in actions else []
    found += [Audience.DECIDERS] if Action.NOTE in actions else []
    return found


@cache
def _timeline() -> Any:
    columns = (Event.at, Event.code, Event.audience, Event.id, Event.hash, Person.name)
    query = select(*columns).outerjoin(Person, Person.id == Event.actor_id)
    query = query.where(Event.request_id == bindparam("id"), Event.audience.in_(bindparam("audiences", expanding=True)))
    return query.order_by(Event.id.desc()).limit(EVENTS_SHOWN)


def _line(at: datetime, code: str, audience: Audience, sequence: int, hash: str, name: str | None) -> TimelineLine:
    return TimelineLine(at, words.happened(code, name), audience, sequence, hash)


def ready_reason(kind: str) -> Message:
    """The sentence an approval of this kind may begin with."""
    return registry.kind(kind).ready_reason
