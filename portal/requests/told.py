"""Who is told what happened to a request: its rows of the table, and who is around it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import CompoundSelect, literal_column, select, union_all
from sqlalchemy.orm import joinedload

from portal.audit.models import Audience, Event, Text
from portal.database import IDS
from portal.errors import Message
from portal.extensions import db
from portal.notifications.models import Watch, Watching
from portal.notifications.registry import Around, Source, View
from portal.notifications.told import Group, Row
from portal.org import organisation
from portal.people.facts import PersonFacts
from portal.requests import fact_queries, policy, readiness, words
from portal.requests.discussion_models import Comment, Concern, Position, Sponsorship
from portal.requests.facts import RequestFacts
from portal.requests.models import Decision, TeamRequest
from portal.requests.workflow import UNDER_DISCUSSION, Action
from portal.web.addresses import path_to

CANDIDATE, REQUESTER, SPOKE, WATCHING, NAMED = (
    Group.CANDIDATE,
    Group.REQUESTER,
    Group.SPOKE,
    Group.WATCHING,
    Group.NAMED,
)
PARTIES = (CANDIDATE, REQUESTER, WATCHING)
EVERYBODY = (CANDIDATE, REQUESTER, SPOKE, WATCHING)
SMALL = Message("A small thing: it stands on the request.")
COMES_WITH = Message("It comes with the decision, which is told.")


def _row(code: str, *to: Group, result: bool = False, silent: Message | None = None, **says_to: Message) -> Row:
    groups = {Group(name): says for name, says in says_to.items()}
    return Row(words.EVENTS[code], to, groups, result=result, silent=silent)


ROWS: dict[str, Row] = {
    "request.filed": _row(
        *("request.filed", CANDIDATE, Group.TEAM),
        turn=Message("%(who)s filed a request for you: it waits until you agree"),
        candidate=Message("%(who)s filed a request for you"),
    ),
    "request.agreed": _row("request.agreed", REQUESTER, Group.TEAM, WATCHING),
    "request.edited": _row("request.edited", *PARTIES),
    "request.revised": _row("request.revised", *EVERYBODY),
    "request.withdrawn": _row("request.withdrawn", *EVERYBODY, result=True),
    "request.referred": _row("request.referred", *EVERYBODY),
    "request.approved": _row(
        "request.approved", *EVERYBODY, result=True, candidate=Message("%(who)s approved your request")
    ),
    "request.declined": _row(
        "request.declined", *EVERYBODY, result=True, candidate=Message("%(who)s answered your request: not yet")
    ),
    "request.reopened": _row("request.reopened", *EVERYBODY),
    "request.reopened_by_answer": _row("request.reopened_by_answer", *EVERYBODY),
    "request.closed_without_reply": _row("request.closed_without_reply", *EVERYBODY, result=True),
    "request.overdue": _row("request.overdue", *PARTIES),
    "turn.began": _row(
        *("turn.began", Group.TURN),
        turn=Message("The time has come: this waits for you"),
    ),
    "duty.reminded": _row(
        "duty.reminded", Group.PERSON, person=Message("A reminder: this waits for you, for a week or longer")
    ),
    "duty.raised": _row(
        "duty.raised", Group.DIRECTOR, director=Message("This still waits for somebody, a week after a reminder")
    ),
    "comment.added": _row("comment.added", *EVERYBODY),
    "comment.edited": _row("comment.edited", silent=SMALL),
    "question.added": _row(
        *("question.added", *EVERYBODY),
        turn=Message("%(who)s asks you something"),
        candidate=Message("%(who)s asks you something"),
    ),
    "question.reminded": _row(
        "question.reminded", CANDIDATE, candidate=Message("A reminder: a question waits for your answer")
    ),
    "answer.added": _row("answer.added", *EVERYBODY),
    "position.taken": _row("position.taken", REQUESTER, WATCHING),
    "concern.raised": _row("concern.raised", REQUESTER, SPOKE, WATCHING),
    "concern.resolved": _row("concern.resolved", REQUESTER, SPOKE, WATCHING),
    "concern.overridden": _row("concern.overridden", REQUESTER, SPOKE, WATCHING),
    "sponsorship.given": _row("sponsorship.given", *PARTIES),
    "sponsorship.withdrawn": _row("sponsorship.withdrawn", *PARTIES),
    "recusal.declared": _row("recusal.declared", WATCHING),
    "evidence.linked": _row("evidence.linked", *PARTIES),
    "evidence.unlinked": _row("evidence.unlinked", *PARTIES),
    "note.written": _row("note.written", silent=Message("Private notes are read where it is decided.")),
    "text.redacted": _row("text.redacted", NAMED, named=Message("%(who)s removed a text of yours")),
    "record.removed": _row(
        "record.removed", CANDIDATE, candidate=Message("%(who)s took you off the public record, as you asked")
    ),
    "decision.reviewed": _row("decision.reviewed", NAMED, named=Message("%(who)s reviewed your decision on return")),
}

NEEDED = {
    Audience.PUBLIC: Action.READ,
    Audience.SHARED: Action.READ,
    Audience.TEAM: Action.READ_TEAM,
    Audience.DECIDERS: Action.NOTE,
}


def may_read(event: Event, reader: PersonFacts | None, facts: RequestFacts) -> bool:
    """Whether this reader finds the event in the request's timeline, or on the public record."""
    if reader is None:
        return event.audience is Audience.PUBLIC
    return policy.may(reader, NEEDED[event.audience], facts)


def _rows_of(events: Sequence[Event]) -> list[TeamRequest]:
    ids = {event.request_id for event in events if event.request_id is not None}
    query = select(TeamRequest).where(TeamRequest.id.in_(ids)).options(joinedload(TeamRequest.candidate))
    return list(db.session.scalars(query))


def title_of(row: TeamRequest, *, named: bool = True) -> Message:
    """A request as a message names it: "#12 Access expansion: Eve"; in public without whom it is about."""
    kind = organisation().kinds.get(row.kind)
    if not named:
        return Message("#%(id)s %(kind)s", id=row.id, kind=kind.name if kind else row.kind)
    return Message(
        "#%(id)s %(kind)s: %(name)s", id=row.id, kind=kind.name if kind else row.kind, name=row.candidate.name
    )


def views(events: Sequence[Event], now: datetime) -> dict[int, View]:
    """How the events are shown, and who may read each now."""
    rows = {row.id: row for row in _rows_of(events)}
    known = fact_queries.known_of_many(list(rows.values()), now)
    removed = _off_the_record(events)
    return {
        event.id: _view(event, rows[id], known[id].facts, is_removed=event.id in removed)
        for event in events
        if (id := event.request_id or 0) in rows
    }


def _view(event: Event, row: TeamRequest, facts: RequestFacts, *, is_removed: bool) -> View:
    named = event.code != "request.overdue"  # said in public, before there is a decision
    on_record = event.code == "request.approved" and event.subject_id is not None
    return View(
        title_of(row, named=named),
        path_to("requests.show", request_id=row.id),
        lambda reader: not (is_removed and reader is None) and may_read(event, reader, facts),
        public_path=path_to("record.show", decision_id=event.subject_id) if on_record else "",
    )


def _off_the_record(events: Sequence[Event]) -> frozenset[int]:
    """The approvals among these events that the public record shows no longer: in public they would name the person."""
    approved = {event.subject_id: event.id for event in events if event.code == "request.approved"}
    if not approved:
        return frozenset()
    query = select(Decision.id).join(Decision.statement).where(Decision.id.in_(approved), Text.redacted_at.is_not(None))
    return frozenset(approved[id] for id in db.session.scalars(query))


def around(events: Sequence[Event], now: datetime) -> Mapping[int, Around]:
    """Who is around each event of a request, and whose turn it is."""
    rows = _rows_of(events)
    known = fact_queries.known_of_many(rows, now)
    weights = fact_queries.weights()
    parts = _parts([row.id for row in rows])
    named = _named(events)
    found = {}
    for row in rows:
        facts, part = known[row.id].facts, parts[row.id]
        turn = words.turn(facts, readiness.checks(facts, weights)).people
        for event in events:
            if event.request_id == row.id:
                groups = _groups(facts, part, named.get(event.id, frozenset()))
                found[event.id] = Around(groups, turn, recused=facts.recused, muted=part[Watching.MUTE])
    return found


Parts = defaultdict[str, frozenset[int]]


def _groups(facts: RequestFacts, part: Parts, named: frozenset[int]) -> dict[Group, frozenset[int]]:
    return {
        Group.CANDIDATE: frozenset({facts.candidate_id}),
        Group.REQUESTER: frozenset({facts.requester_id}),
        Group.SPOKE: part["spoke"],
        Group.WATCHING: part[Watching.WATCH],
        Group.NAMED: named,
        # While it is discussed everybody in the team may take part.
        Group.TEAM: facts.members if facts.state in UNDER_DISCUSSION else frozenset(),
    }


def _parts(ids: list[int]) -> defaultdict[int, Parts]:
    """Who spoke, who watches and who muted, by request."""
    found: defaultdict[int, Parts] = defaultdict(lambda: defaultdict(frozenset))
    for request_id, what, person_id in db.session.execute(_who(), {"ids": ids}):
        found[request_id][what] |= {person_id}
    return found


@cache
def _who() -> CompoundSelect[Any]:
    """SQL: (request, what, person)."""
    spoke = ((Comment, Comment.author_id), (Position, Position.person_id), (Concern, Concern.author_id))
    spoke += ((Sponsorship, Sponsorship.person_id),)  # type: ignore[assignment]
    word: Any = literal_column("'spoke'")
    said: list[Any] = [select(model.request_id, word, who).where(model.request_id.in_(IDS)) for model, who in spoke]
    return union_all(*said, select(Watch.request_id, Watch.level, Watch.person_id).where(Watch.request_id.in_(IDS)))


def _named(events: Sequence[Event]) -> dict[int, frozenset[int]]:
    """Whose text was removed, whose decision was reviewed."""
    removed = {event.subject_id: event.id for event in events if event.code == "text.redacted"}
    reviewed = {event.subject_id: event.id for event in events if event.code == "decision.reviewed"}
    found: list[tuple[int, int | None]] = []
    if removed:
        query = select(Text.id, Text.author_id).where(Text.id.in_(removed))
        found += [(removed[id], author_id) for id, author_id in db.session.execute(query)]
    if reviewed:
        decided = select(Decision.id, Decision.decided_by_id).where(Decision.id.in_(reviewed))
        found += [(reviewed[id], person_id) for id, person_id in db.session.execute(decided)]
    return {event_id: frozenset({person_id}) for event_id, person_id in found if person_id is not None}


SOURCE = Source(Message("Requests"), ROWS, around, views)
