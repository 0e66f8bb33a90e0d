"""Builds the frozen facts of requests: for one or for many in the same, constant number of statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from typing import Any, cast

from sqlalchemy import CompoundSelect, Integer, Select, String, and_, func, literal_column, null, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, joinedload

from portal.access import queries as access_queries
from portal.access.models import Grant, GrantStep, ItemType
from portal.access.models import Step as GrantedStep
from portal.assessments.models import Assessment, Standard, StandardState
from portal.database import IDS, UTCDateTime, remembered
from portal.extensions import db
from portal.notifications.models import Turn, Watch
from portal.org import organisation
from portal.org.catalogue import AccessItem, Role, Weight
from portal.people import queries as people_queries
from portal.people.facts import Leadership, Standing
from portal.requests.discussion_models import (
    Comment,
    CommentType,
    Concern,
    Evidence,
    Position,
    Recusal,
    Sponsorship,
)
from portal.requests.facts import AssessmentFacts, ItemFacts, PositionFacts, RequestFacts
from portal.requests.kinds import registry
from portal.requests.models import Decision, RequestedItem, Revision, SshKey, TeamRequest


@dataclass(frozen=True, slots=True)
class _Team:
    """Who is there at this moment: the same for every request."""

    standing: Standing
    leadership: Leadership
    members: frozenset[int]
    not_away: frozenset[int]

    @classmethod
    def at(cls, now: datetime) -> _Team:
        standing = people_queries.standing(now)
        members = [person for person in standing.people.values() if person.is_member and not person.locked]
        not_away = frozenset(person.id for person in members if not person.away)
        return cls(standing, standing.leadership, frozenset(person.id for person in members), not_away)


@dataclass(slots=True)
class _Parts:
    """The small facts of one request: what -> rows of (number, word, order)."""

    rows: defaultdict[str, list[tuple[int, str | None, int]]] = field(default_factory=lambda: defaultdict(list))
    assessments: list[AssessmentFacts] = field(default_factory=list)
    markers_ever: set[int] = field(default_factory=set)
    turn_since: dict[int, datetime] = field(default_factory=dict)

    def ids(self, what: str) -> frozenset[int]:
        return frozenset(number for number, _, _ in self.rows[what])

    def link_assessment(self, marker_id: int, state: str | None, *, removed: bool, locked_at: datetime) -> None:
        """Take in an assessment that is linked, or was."""
        self.markers_ever.add(marker_id)
        if not removed:
            self.assessments.append(AssessmentFacts(marker_id, state == StandardState.PUBLISHED, locked_at))

    def newest_positions(self) -> tuple[PositionFacts, ...]:
        """The newest position of each person."""
        rows = sorted(self.rows["position"], key=lambda row: row[2])
        newest = {number: word or "" for number, word, _ in rows}
        return tuple(PositionFacts(id, stance) for id, stance in sorted(newest.items()))


@dataclass(frozen=True, slots=True)
class Known:
    """One request as it is known at one moment: its facts, what is asked for, what the candidate holds beside roles."""

    facts: RequestFacts
    revision: Revision | None
    held: frozenset[tuple[str, str]]  # (type, key)
    turn_since: Mapping[int, datetime] = field(default_factory=dict)  # by person, of those who were told
    watching: Mapping[int, str] = field(default_factory=dict)  # who chose to watch or to mute it


def facts_of(
    team_request: TeamRequest,
    now: datetime,
    *,
    items: tuple[ItemFacts, ...] | None = None,
    candidate_id: int | None = None,
) -> RequestFacts:
    """The facts of one request; of a draft as if these items were asked for this candidate."""
    candidate = candidate_id or team_request.candidate_id
    found = known(team_request, now).facts
    if items is None:
        return found
    develops, liaises = _duties_after(people_queries.facts(candidate, now).roles, items)
    groups = _groups(access_queries.items_held([candidate], now)[candidate])
    return replace(
        found,
        items=items,
        candidate_id=candidate,
        groups_held=groups,
        held_requires=_requires_of(groups),
        would_develop=develops,
        would_liaise=liaises,
    )


def known(team_request: TeamRequest, now: datetime) -> Known:
    """One request as it is known now."""
    return known_of_many([team_request], now)[team_request.id]


def known_of_many(team_requests: Sequence[TeamRequest], now: datetime) -> dict[int, Known]:
    """Each of these requests as it is known now, by id; in a constant number of statements.

    A page that asks for a request twice reads it once.
    """
    kept: dict[int, Known] = remembered(db.session(), "known requests", now)
    new = [found for found in team_requests if found.id not in kept]
    return _read(new, now, kept) if new else kept


def _read(team_requests: Sequence[TeamRequest], now: datetime, kept: dict[int, Known]) -> dict[int, Known]:
    ids = [found.id for found in team_requests]
    team = _Team.at(now)
    revisions = current_revisions(ids)
    parts = _parts(ids)
    held = access_queries.items_held({found.candidate_id for found in team_requests}, now)
    for found in team_requests:
        revision, holds = revisions.get(found.id), held[found.candidate_id]
        facts = _facts(found, revision, parts[found.id], team=team, groups=_groups(holds), now=now)
        part = parts[found.id]
        watching = {number: word or "" for number, word, _ in part.rows["watch"]}
        kept[found.id] = Known(facts, revision, holds, part.turn_since, watching)
    return kept


def _groups(held: frozenset[tuple[str, str]]) -> frozenset[str]:
    return frozenset(key for type_, key in held if type_ == ItemType.ACCESS_GROUP)


def current_revisions(request_ids: Iterable[int]) -> dict[int, Revision]:
    """The newest revision of each request, with its items."""
    rows = db.session.scalars(_current_revisions(), {"ids": list(request_ids)}).unique()
    return {revision.request_id: revision for revision in rows}


@cache
def _current_revisions() -> Select[Revision]:
    newest = and_(TeamRequest.id == Revision.request_id, TeamRequest.revision_number == Revision.number)
    query = select(Revision).join(TeamRequest, newest).where(TeamRequest.id.in_(IDS))
    return query.options(joinedload(Revision.items))


def _parts(ids: list[int]) -> defaultdict[int, _Parts]:
    found: defaultdict[int, _Parts] = defaultdict(_Parts)
    for request_id, what, number, word, order, at in db.session.execute(_everything(), {"ids": ids}):
        if what == "assessment":
            found[request_id].link_assessment(number, word, removed=bool(order), locked_at=at)
        elif what == "turn":
            found[request_id].turn_since[number] = at
        else:
            found[request_id].rows[what].append((number, word, order))
    return found


@cache
def _everything() -> CompoundSelect[Any]:
    """One statement for all the small facts: (request, what, number, word, order, at)."""
    none = null().cast(String)
    zero: Any = literal_column("0")

    def rows(model: Any, what: str, number: Any, word: Any, order: Any, *where: Any) -> Select[Any]:
        name: Any = literal_column(f"'{what}'")
        at = null().cast(UTCDateTime())
        return select(model.request_id, name, number, word, order, at).where(model.request_id.in_(IDS), *where)

    answer = Comment.__table__.alias("answer")
    unanswered = ~select(answer.c.id).where(answer.c.answers_id == Comment.id).exists()
    withdrawn = func.nullif(Sponsorship.withdrawn_at.is_not(None).cast(Integer), 0).cast(String)
    settled = (
        select(GrantStep.id)
        .where(GrantStep.grant_id == Grant.id, GrantStep.step.in_((GrantedStep.GRANTED, GrantedStep.REVOKED)))
        .exists()
    )
    current = and_(
        Position.revision_id == Revision.id,
        Revision.number == TeamRequest.revision_number,
        TeamRequest.id == Position.request_id,
    )
    return union_all(
        rows(Sponsorship, "sponsor", Sponsorship.person_id, withdrawn, zero),
        rows(Recusal, "recused", Recusal.person_id, none, zero),
        rows(Position, "position", Position.person_id, Position.stance.cast(String), Position.id, current),
        rows(Concern, "concern", Concern.id, none, zero, Concern.closed_at.is_(None)),
        rows(Comment, "question", Comment.id, none, zero, Comment.type == CommentType.QUESTION, unanswered),
        rows(SshKey, "key", SshKey.id, none, zero, SshKey.replaced_at.is_(None)),
        rows(Decision, "decision", Decision.id, Decision.capacity, zero),
        rows(Grant, "shell", Grant.id, none, zero, Grant.item_type == ItemType.ACCESS_GROUP, ~settled),
        rows(Watch, "watch", Watch.person_id, Watch.level.cast(String), zero),
        select(Turn.request_id, cast(Any, literal_column("'turn'")), Turn.person_id, none, zero, Turn.since).where(
            Turn.request_id.in_(IDS)
        ),
        rows(Decision, "review", Decision.id, none, zero, Decision.acting.is_(True), Decision.reviewed_at.is_(None)),
        _linked_assessments(Assessment.marker_id),
        _linked_assessments(Assessment.co_marker_id),  # a final check is marked by two
    )


def _linked_assessments(marker: InstrumentedAttribute[Any]) -> Select[Any]:
    """SQL: what is or was linked: who marked it, the state of its standard, whether it was taken back, when locked."""
    removed = Evidence.removed_at.is_not(None).cast(Integer)
    state, name = Standard.state.cast(String), cast(Any, literal_column("'assessment'"))
    return (
        select(Evidence.request_id, name, marker, state, removed, Assessment.locked_at)
        .join(Assessment, Evidence.assessment_id == Assessment.id)
        .join(Standard, Assessment.standard_id == Standard.id)
        .join(TeamRequest, Evidence.request_id == TeamRequest.id)
        .where(
            Evidence.request_id.in_(IDS),
            Assessment.locked_at.is_not(None),
            marker.is_not(None),
            Assessment.person_id == TeamRequest.candidate_id,
        )
    )


def _facts(
    found: TeamRequest,
    revision: Revision | None,
    parts: _Parts,
    *,
    team: _Team,
    groups: frozenset[str],
    now: datetime,
) -> RequestFacts:
    candidate = team.standing.of(found.candidate_id)
    items = tuple(item_facts(item) for item in revision.items) if revision else ()
    develops, liaises = _duties_after(candidate.roles, items)
    return RequestFacts(
        id=found.id,
        kind=found.kind,
        state=found.state,
        requester_id=found.requester_id,
        candidate_id=found.candidate_id,
        leadership=team.leadership,
        now=now,
        revision_number=found.revision_number,
        fiscal=registry.kind(found.kind).fiscal,
        agreed=found.requester_id == found.candidate_id or found.agreed_at is not None,
        discussion_at=found.discussion_at,
        closed_at=found.closed_at,
        sponsors=frozenset(id for id, withdrawn, _ in parts.rows["sponsor"] if withdrawn is None),
        sponsors_ever=parts.ids("sponsor"),
        markers_ever=frozenset(parts.markers_ever),
        recused=parts.ids("recused"),
        assessments=tuple(parts.assessments),
        items=items,
        positions=parts.newest_positions(),
        open_concerns=len(parts.rows["concern"]),
        open_questions=len(parts.rows["question"]),
        awaits_review=bool(parts.rows["review"]),
        decided_by_board=max(parts.rows["decision"], default=(0, "", 0))[1] == "board",
        members=team.members,
        candidate_fits=candidate.is_member == registry.kind(found.kind).for_member,
        members_not_away=team.not_away,
        candidate_locked=candidate.locked,
        would_develop=develops,
        would_liaise=liaises,
        groups_held=groups,
        held_requires=_requires_of(groups),
        key_offered=bool(parts.rows["key"]),
        shell_waits=bool(parts.rows["shell"]),
        rules=dict(revision.rules) if revision else {},
    )


def _duties_after(roles: frozenset[str], items: tuple[ItemFacts, ...]) -> tuple[bool, bool]:
    """Whether the roles the candidate would hold develop software, and whether one of them must not."""
    added = {item.key for item in items if item.type == ItemType.ROLE and item.adds}
    removed = {item.key for item in items if item.type == ItemType.ROLE and not item.adds}
    catalogue = organisation().roles
    after = [catalogue[key] for key in (roles | added) - removed if key in catalogue]
    return any(role.development for role in after), any(role.excludes_development for role in after)


def _requires_of(groups: Iterable[str]) -> tuple[tuple[str, tuple[frozenset[str], ...]], ...]:
    catalogue = organisation().access_groups
    return tuple((key, catalogue[key].requires) for key in sorted(groups) if key in catalogue)


def item_facts(item: RequestedItem) -> ItemFacts:
    """A requested item with what the catalogue says of it."""
    entry = organisation().item(item.item_type, item.item_key)
    role = entry if isinstance(entry, Role) else None
    access = entry if isinstance(entry, AccessItem) else None
    return ItemFacts(
        id=item.id,
        action=item.action,
        type=item.item_type,
        key=item.item_key,
        until=item.until,
        known=entry is not None,
        retired=entry is not None and entry.retired,
        leading=role is not None and role.leads is not None,
        high_trust=entry is not None and entry.high_trust,
        shell=access is not None and access.shell,
        requires=access.requires if access else (),
    )


def weights() -> dict[str, Weight]:
    """The weight of every rule of the organisation."""
    return {key: rule.weight for key, rule in organisation().rules.items()}
