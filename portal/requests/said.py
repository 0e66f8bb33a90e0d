"""What people said and linked on a request, read for one reader: one statement, however much it is.

Who may read what is decided here, by which parts of the statement are built. The values are frozen and speak the words
of the tables.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import CompoundSelect, Integer, Select, String, bindparam, case, literal, null, or_, select, union_all
from sqlalchemy.orm import aliased

from portal.assessments.models import Assessment
from portal.audit.models import Text
from portal.database import UTCDateTime
from portal.extensions import db
from portal.people.models import Person
from portal.requests.discussion_models import (
    Comment,
    CommentAudience,
    CommentType,
    Concern,
    DecisionNote,
    Evidence,
    EvidenceType,
    Position,
    Recusal,
    Sponsorship,
)
from portal.requests.models import Answer, Referral

COMMENTS_SHOWN = 30
NEWEST = 2**31 - 1  # above every id


@dataclass(frozen=True, slots=True)
class Reads:
    """What of a request somebody reads beside what everybody does who may see it."""

    team: bool
    evidence: bool
    notes: bool
    reasons: bool  # why others take no part; one's own reason is always read


@dataclass(frozen=True, slots=True)
class Author:
    id: int
    name: str


@dataclass(frozen=True, slots=True)
class SaidText:
    """The newest version of a text; ``first_id`` is empty in the first. Empty ``body``: removed."""

    id: int
    body: str | None
    first_id: int | None
    author_id: int | None
    redacted_at: datetime | None

    @property
    def is_redacted(self) -> bool:
        return self.redacted_at is not None


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that somebody put to a request.

    ``word``: a comment's type, a position's stance, an answer's field, a closed concern's outcome, evidence's type.
    ``more``: a comment's audience, a position's relation, the address of a link. ``about_id``: the question that is
    answered, the revision of a position, the concern of a name or a closing, a linked assessment. ``of_id``: whom that
    assessment is about. ``edited_at``: a comment's last change.
    """

    id: int
    author: Author
    created_at: datetime
    word: str | None
    more: str | None
    about_id: int | None
    of_id: int | None
    edited_at: datetime | None
    text: SaidText | None

    @property
    def author_id(self) -> int:
        return self.author.id


@dataclass(frozen=True, slots=True)
class SaidConcern:
    """A concern; ``closed`` says by whom, when, how and why."""

    id: int
    author: Author
    created_at: datetime
    name: SaidText | None
    text: SaidText | None
    closed: Said | None


@dataclass(slots=True)
class Everything:
    """All that the reader may read, each list in the order it was said."""

    comments: list[Said] = field(default_factory=list)
    positions: list[Said] = field(default_factory=list)
    concerns: list[SaidConcern] = field(default_factory=list)
    sponsorships: list[Said] = field(default_factory=list)
    recusals: list[Said] = field(default_factory=list)
    evidence: list[Said] = field(default_factory=list)
    notes: list[Said] = field(default_factory=list)
    answers: dict[str, Said] = field(default_factory=dict)  # the newest to each question of the form
    referral: Said | None = None

    def comments_page(self, before: int | None) -> tuple[list[Said], int | None]:
        """The newest comments in the order they were said, and the id to go back from."""
        older = [comment for comment in self.comments if comment.id < (before or NEWEST)]
        shown = older[-COMMENTS_SHOWN:]
        return shown, shown[0].id if len(older) > COMMENTS_SHOWN else None

    def questions(self) -> list[tuple[Said, list[Said]]]:
        """Every question with its answers, the oldest first."""
        asked = [found for found in self.comments if found.word == CommentType.QUESTION]
        questions: dict[int, tuple[Said, list[Said]]] = {found.id: (found, []) for found in asked}
        for found in self.comments:
            if found.word == CommentType.ANSWER and found.about_id in questions:
                questions[found.about_id][1].append(found)
        return list(questions.values())


def read(request_id: int, reader_id: int, reads: Reads, *, before: int | None) -> Everything:
    """All that this reader may read of what was said; of plain comments the newest before this id."""
    values = {"request_id": request_id, "reader_id": reader_id, "before": before or NEWEST}
    rows: dict[str, list[Said]] = {}
    for what, *parts in db.session.execute(_everything(reads), values):
        rows.setdefault(what, []).append(_said(*parts))
    for found in rows.values():
        found.sort(key=lambda said: said.id)
    return Everything(
        comments=rows.get("comment", []),
        positions=rows.get("position", []),
        concerns=list(_concerns(rows)),
        sponsorships=rows.get("sponsorship", []),
        recusals=rows.get("recusal", []),
        evidence=rows.get("evidence", []),
        notes=rows.get("note", []),
        answers={answer.word or "": answer for answer in rows.get("answer", [])},
        referral=rows.get("referral", [None])[-1],
    )


def _said(
    id: int,
    author_id: int,
    name: str,
    at: datetime,
    word: str | None,
    more: str | None,
    about_id: int | None,
    of_id: int | None,
    edited_at: datetime | None,
    text_id: int | None,
    *text: Any,
) -> Said:
    said = SaidText(text_id, *text) if text_id is not None else None
    return Said(id, Author(author_id, name), at, word, more, about_id, of_id, edited_at, said)


def _concerns(rows: dict[str, list[Said]]) -> Iterable[SaidConcern]:
    names = {found.id: found.text for found in rows.get("concern name", [])}
    closed = {found.id: found for found in rows.get("concern closed", [])}
    for concern in rows.get("concern", []):
        about = (names.get(concern.id), concern.text, closed.get(concern.id))
        yield SaidConcern(concern.id, concern.author, concern.created_at, *about)


_REQUEST: Any = bindparam("request_id")
_READER: Any = bindparam("reader_id")
_NO_WORD, _NO_ID, _NO_TIME = null().cast(String), null().cast(Integer), null().cast(UTCDateTime())


def _part(
    what: str,
    model: Any,
    author_id: Any,
    at: Any,
    text_id: Any,
    *where: Any,
    word: Any = _NO_WORD,
    more: Any = _NO_WORD,
    about_id: Any = _NO_ID,
    of_id: Any = _NO_ID,
    edited_at: Any = _NO_TIME,
) -> Select[Any]:
    """SQL: the rows of one table, in the shape they all have."""
    text = aliased(Text)
    body = (text.id, text.body, text.first_id, text.author_id, text.redacted_at)
    columns = (model.id, Person.id, Person.name, at, word, more, about_id, of_id, edited_at, *body)
    joined = select(literal(what), *columns).join(Person, Person.id == author_id).outerjoin(text, text.id == text_id)
    return joined.where(model.request_id == _REQUEST, *where)


def _word(column: Any) -> Any:
    return column.cast(String)


@cache
def _everything(reads: Reads) -> CompoundSelect[Any]:
    parts = [_comments(team=reads.team), *_shared(), _evidence(assessments=reads.evidence)]
    if reads.team:
        parts += [*_team(), _recusals(reasons=reads.reasons)]
    if reads.notes:
        parts.append(_part("note", DecisionNote, DecisionNote.author_id, DecisionNote.created_at, DecisionNote.text_id))
    return union_all(*parts)


def _comments(*, team: bool) -> Select[Any]:
    """SQL: every question and answer, and the newest comments before an id; one more than a page shows."""
    newer = aliased(Comment)
    readable = [] if team else [Comment.audience == CommentAudience.SHARED]
    wanted = [newer.request_id == _REQUEST, newer.id < bindparam("before")]
    wanted += [] if team else [newer.audience == CommentAudience.SHARED]
    page = select(newer.id).where(*wanted).order_by(newer.id.desc()).limit(COMMENTS_SHOWN + 1)
    return _part(
        "comment",
        Comment,
        Comment.author_id,
        Comment.created_at,
        Comment.text_id,
        or_(Comment.type != CommentType.COMMENT, Comment.id.in_(page)),
        *readable,
        word=_word(Comment.type),
        more=_word(Comment.audience),
        about_id=Comment.answers_id,
        edited_at=Comment.edited_at,
    )


def _shared() -> list[Select[Any]]:
    """SQL: what everybody reads who may see the request."""
    sponsor = (Sponsorship, Sponsorship.person_id, Sponsorship.created_at, Sponsorship.text_id)
    return [
        _part("answer", Answer, Answer.by_id, Answer.created_at, Answer.text_id, word=Answer.field),
        _part("sponsorship", *sponsor, Sponsorship.withdrawn_at.is_(None)),
        _part("referral", Referral, Referral.by_id, Referral.at, Referral.reason_id),
    ]


def _team() -> list[Select[Any]]:
    position = (Position, Position.person_id, Position.created_at, Position.text_id)
    closing = (Concern, Concern.closed_by_id, Concern.closed_at, Concern.closing_id)
    stance, relation = _word(Position.stance), _word(Position.relation)
    return [
        _part("position", *position, word=stance, more=relation, about_id=Position.revision_id),
        _part("concern", Concern, Concern.author_id, Concern.created_at, Concern.text_id),
        _part("concern name", Concern, Concern.author_id, Concern.created_at, Concern.name_id),
        _part("concern closed", *closing, Concern.closed_at.is_not(None), word=_word(Concern.outcome)),
    ]


def _recusals(*, reasons: bool) -> Select[Any]:
    """SQL: who takes no part; the reasons of all, or the reader's own alone."""
    own = Recusal.reason_id if reasons else case((Recusal.person_id == _READER, Recusal.reason_id))
    return _part("recusal", Recusal, Recusal.person_id, Recusal.created_at, own)


def _evidence(*, assessments: bool) -> Select[Any]:
    linked: list[Any] = [Evidence.removed_at.is_(None)]
    linked += [] if assessments else [Evidence.type == EvidenceType.LINK]
    about = select(Assessment.person_id).where(Assessment.id == Evidence.assessment_id).correlate(Evidence)
    return _part(
        "evidence",
        Evidence,
        Evidence.added_by_id,
        Evidence.added_at,
        Evidence.title_id,
        *linked,
        word=_word(Evidence.type),
        more=Evidence.url,
        about_id=Evidence.assessment_id,
        of_id=about.scalar_subquery(),
    )
