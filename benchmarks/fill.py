"""Fills a migrated database with many requests, ten comments each, and a hash chain over all that happened."""

from __future__ import annotations

import itertools
import secrets
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy import func, insert, select, text

from portal.access.models import Grant, GrantStep, ItemType, Step
from portal.audit.chain import event_hash
from portal.audit.models import ActorKind, Audience, ChainHead, Event, Text
from portal.audit.services import chain_head, text_hash
from portal.database import Base
from portal.extensions import db
from portal.index import services as index
from portal.org import organisation
from portal.people.models import Capacity, CapacityAssignment, Origin, Person, RoleAssignment, WikiIdentity
from portal.requests.discussion_models import Comment, CommentAudience, CommentType, Position, Stance
from portal.requests.kinds import registry
from portal.requests.models import Answer, Decision, DecisionItem, ItemAction, RequestedItem, Revision, TeamRequest
from portal.requests.workflow import State
from portal.rules import queries as rules
from portal.web import clock
from portal.web.unit_of_work import unit_of_work

COMMENTS = 10  # of each request
OPEN = 60  # requests that are still under discussion, however many there are in all
HELD = 60  # of what was approved, what is still held
AT_ONCE = 2_000  # requests in one transaction
TEAM = (
    "director", "deputy_director", "infrastructure_specialist", "mediawiki_specialist", "security_specialist",
    "software_engineer", "software_engineer", "community_liaison", "project_manager",
)  # fmt: skip
WORDS = (
    "The cache servers need a second pair of hands at the weekend, and this person has answered most of the tasks "
    "there since spring. I read the last three changes: careful, small, with tests, and rolled back in time once."
)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Filler:
    """Collects rows by table; ids are counted here, so that rows can point to each other before they are there."""

    now: datetime
    sequence: int
    hash: str
    rows: defaultdict[type[Base], list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    ids: dict[type[Base], Iterator[int]] = field(default_factory=dict)
    say: Callable[[], str] = lambda: WORDS  # what people write

    def add(self, model: type[Base], **values: Any) -> int:
        if model not in self.ids:
            self.ids[model] = itertools.count((db.session.scalar(select(func.max(model.id))) or 0) + 1)  # type: ignore[attr-defined]
        id = next(self.ids[model])
        self.rows[model].append({"id": id, **values})
        return id

    def text(self, author_id: int, body: str, at: datetime) -> tuple[int, str]:
        """A text: its id, and its salted hash for the event."""
        salt = secrets.token_hex(16)
        id = self.add(Text, body=body, salt=salt, author_id=author_id, created_at=at)
        return id, text_hash(SimpleNamespace(body=body, salt=salt)) or ""  # type: ignore[arg-type]

    def event(self, code: str, actor_id: int, at: datetime, audience: Audience = Audience.SHARED, **ids: Any) -> None:
        data = ids.pop("data", {})
        row = {
            "id": self.sequence + 1, "at": at, "code": code, "actor_kind": ActorKind.PERSON, "actor_id": actor_id,
            "audience": audience, "request_id": ids.get("request_id"), "person_id": ids.get("person_id"),
            "subject_id": ids.get("subject_id"), "data": data, "previous_hash": self.hash,
        }  # fmt: skip
        self.sequence, self.hash = row["id"], event_hash(SimpleNamespace(**row))  # type: ignore[arg-type]
        self.rows[Event].append({**row, "hash": self.hash})

    def write(self) -> None:
        """Send what was collected, parents first."""
        with unit_of_work():
            for table in db.metadata.sorted_tables:
                for model in [model for model in self.rows if model.__table__ is table]:
                    db.session.connection().execute(insert(table), self.rows.pop(model))


def people(filler: Filler) -> list[int]:
    """The team, 200 volunteers, a Board: ids of team members first."""
    found = []
    for number in range(TEAM_AND_VOLUNTEERS):
        id = filler.add(Person, name=f"Person {number:03}", created_at=LONG_AGO)
        filler.add(
            WikiIdentity, person_id=id, issuer="https://wiki.example.org", sub=str(number + 1),
            username=f"Person {number:03}", linked_at=LONG_AGO, seen_at=LONG_AGO,
        )  # fmt: skip
        if number < len(TEAM):
            filler.add(
                RoleAssignment, person_id=id, role_key=TEAM[number], from_at=LONG_AGO, origin=Origin.BEFORE_PORTAL
            )
        elif number < len(TEAM) + 3:
            filler.add(
                CapacityAssignment, person_id=id, capacity=Capacity.BOARD, from_at=LONG_AGO,
                origin=Origin.BEFORE_PORTAL,
            )  # fmt: skip
        found.append(id)
    return found


TEAM_AND_VOLUNTEERS = 212


def there() -> list[int]:
    """The ids of the people, Director first, of a database that was filled before; none in an empty one."""
    return list(db.session.scalars(select(Person.id).order_by(Person.id)))


def fill(
    count: int, *, who: list[int] | None = None, still_open: int = OPEN, say: Callable[[], str] = lambda: WORDS
) -> list[int]:
    """Make this many requests, the newest open and the rest decided. Returns the ids of the people, Director first.

    ``who``: the people of an earlier filling of the same database, instead of new ones. ``say``: what they write.
    """
    now = clock.now()
    filler = Filler(now, sequence=chain_head()[0], hash=chain_head()[1], say=say)
    who = who or people(filler)
    filler.write()
    kind = "access_expansion"
    values, items = rules.values_for(kind, now), list(organisation().systems)
    for number in range(count):
        left = count - number  # to make, this one included
        _request(filler, number, left, who, values, items[number % len(items)], still_open=still_open)
        if (number + 1) % AT_ONCE == 0:
            filler.write()
    filler.write()
    with unit_of_work():
        head = db.session.get(ChainHead, 1) or ChainHead(id=1)
        head.sequence, head.hash = filler.sequence, filler.hash
        db.session.add(head)
        index.rebuild(db.session.connection())
    _set_sequences(filler)
    return who


def _request(
    filler: Filler, number: int, left: int, who: list[int], values: dict[str, Any], item: str, *, still_open: int
) -> None:
    open_ = left <= still_open
    at = filler.now - timedelta(days=5) if open_ else filler.now - timedelta(days=40, minutes=left)
    members, volunteers = who[2 : len(TEAM)], who[len(TEAM) + 3 :]
    candidate = members[number % len(members)] if open_ else volunteers[number % len(volunteers)]
    approved = number % 3 != 0
    state = State.DISCUSSION if open_ else (State.APPROVED if approved else State.DECLINED)
    request_id = filler.add(
        TeamRequest, kind="access_expansion", state=state, state_since=at, requester_id=candidate,
        candidate_id=candidate, created_at=at, updated_at=at, submitted_at=at, discussion_at=at, revision_number=1,
        submission_id=secrets.token_hex(16), draft={}, draft_version=1, comment_count=COMMENTS,
    )  # fmt: skip
    revision_id = filler.add(
        Revision, request_id=request_id, number=1, candidate_id=candidate, created_by_id=candidate, created_at=at,
        rules=values,
    )  # fmt: skip
    item_id = filler.add(
        RequestedItem, revision_id=revision_id, action=ItemAction.ADD, item_type=ItemType.SYSTEM, item_key=item
    )
    hashes = {}
    for question in registry.kind("access_expansion").questions:
        text_id, hashes[question.field] = filler.text(candidate, filler.say(), at)
        filler.add(Answer, request_id=request_id, field=question.field, text_id=text_id, created_at=at, by_id=candidate)
    filler.event("request.filed", candidate, at, Audience.PUBLIC, request_id=request_id, data=hashes)
    _talk(filler, request_id, revision_id, members, candidate, at)
    if not open_:
        _decide(
            filler,
            request_id,
            revision_id,
            item_id,
            who[0],
            candidate,
            item,
            at,
            approved=approved,
            recent=left <= still_open + HELD,
        )


def _talk(filler: Filler, request_id: int, revision_id: int, members: list[int], candidate: int, at: datetime) -> None:
    others = [id for id in members if id != candidate]
    for number in range(COMMENTS):
        author = others[(request_id + number) % len(others)]
        text_id, hashed = filler.text(author, filler.say(), at)
        comment_id = filler.add(
            Comment, request_id=request_id, author_id=author, type=CommentType.COMMENT,
            audience=CommentAudience.TEAM if number % 2 else CommentAudience.SHARED, text_id=text_id,
            created_at=at + timedelta(hours=number),
        )  # fmt: skip
        audience = Audience.TEAM if number % 2 else Audience.SHARED
        filler.event(
            "comment.added", author, at + timedelta(hours=number), audience, request_id=request_id,
            subject_id=comment_id, data={"text": hashed},
        )  # fmt: skip
    for author in others[:3]:
        position_id = filler.add(
            Position, request_id=request_id, revision_id=revision_id, person_id=author, stance=Stance.SUPPORT,
            created_at=at + timedelta(hours=11),
        )  # fmt: skip
        filler.event(
            "position.taken", author, at + timedelta(hours=11), Audience.TEAM, request_id=request_id,
            subject_id=position_id, data={"stance": "support"},
        )  # fmt: skip


def _decide(
    filler: Filler, request_id: int, revision_id: int, item_id: int, director: int, candidate: int, item: str,
    at: datetime, *, approved: bool, recent: bool,
) -> None:  # fmt: skip
    then = at + timedelta(days=4)
    reason_id, hashed = filler.text(director, "It is needed, and the team knows the work.", then)
    decision_id = filler.add(
        Decision, request_id=request_id, revision_id=revision_id, approved=approved, capacity="director",
        decided_by_id=director, decided_at=then, reason_id=reason_id, checks=[],
    )  # fmt: skip
    if approved:
        filler.add(DecisionItem, decision_id=decision_id, requested_item_id=item_id)
        grant_id = filler.add(
            Grant, person_id=candidate, item_type=ItemType.SYSTEM, item_key=item, origin=Origin.DECISION,
            decision_id=decision_id, request_id=request_id, created_at=then,
            standing=Step.GRANTED if recent else Step.REVOKED,
        )  # fmt: skip
        ended = () if recent else (Step.REVOKED,)
        for step in (Step.APPROVED, Step.GRANTED, *ended):
            filler.add(GrantStep, grant_id=grant_id, step=step, by_id=director, at=then, decision_id=decision_id)
    filler.event(
        "request.approved" if approved else "request.declined", director, then, Audience.PUBLIC,
        request_id=request_id, subject_id=decision_id, data={"reason": hashed},
    )  # fmt: skip


def _set_sequences(filler: Filler) -> None:
    """PostgreSQL goes on counting after the ids that were given here."""
    if db.engine.dialect.name != "postgresql":
        return
    with unit_of_work():
        for model in filler.ids:
            table = model.__tablename__
            db.session.execute(
                text(
                    f"SELECT setval(pg_get_serial_sequence('\"{table}\"', 'id'), (SELECT max(id) FROM \"{table}\"))"  # noqa: S608  # names of our own tables
                )
            )
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
