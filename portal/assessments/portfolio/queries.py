"""Reading evidence. What a person may not read is not found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, false, func, select, true
from sqlalchemy.orm import aliased, joinedload, selectinload

from portal.assessments import rounds
from portal.assessments.models import Assessment, AssessmentState
from portal.assessments.portfolio import policy
from portal.assessments.portfolio.models import Piece, PieceAnswer, Verdict
from portal.assessments.portfolio.policy import Standing
from portal.assessments.rounds import LARGEST_ID
from portal.errors import NotVisible
from portal.extensions import db
from portal.people import queries as people
from portal.people.facts import PersonFacts

MOST_WITHDRAWN = 50  # of the withdrawn ones, the newest


@dataclass(frozen=True, slots=True)
class Shown:
    """A piece as one reader may see it: the newest answer of each marker they may read."""

    piece: Piece
    answers: tuple[PieceAnswer, ...]

    @property
    def is_questioned(self) -> bool:
        return any(answer.verdict is Verdict.QUESTIONED for answer in self.answers)

    def answer_of(self, marker_id: int) -> PieceAnswer | None:
        """What this marker said."""
        return next((answer for answer in self.answers if answer.marker_id == marker_id), None)


def standing(reader_id: int, person_id: int) -> Standing:
    """What this reader is to the evidence of this person; one statement."""
    columns = (Assessment.marker_id, Assessment.co_marker_id, Assessment.state, Assessment.locked_at)
    query = select(*columns, rounds.is_blind()).where(
        Assessment.person_id == person_id,
        Assessment.marker_id != person_id,
        Assessment.state != AssessmentState.DECLINED,
    )
    markers, mine, blind = set[int](), list[tuple[AssessmentState, datetime | None]](), False
    for marker_id, co_marker_id, state, locked_at, is_blind in db.session.execute(query):
        named = {marker_id, co_marker_id or marker_id}
        markers |= named
        blind = blind or bool(is_blind)
        if reader_id in named:
            mine.append((state, locked_at))
    return Standing(
        person_id,
        marks=any(state is AssessmentState.DRAFT for state, _at in mine),
        finished_at=max((at for _state, at in mine if at is not None), default=None),
        blind=blind,
        markers=frozenset(markers),
    )


def visible(reader: PersonFacts, person_id: int) -> Standing:
    """The same, for a reader who may read it; of who became another person, that of the other. Raises NotVisible."""
    person = people.get(person_id) if 0 < person_id <= LARGEST_ID else None
    if person is None:
        raise NotVisible
    found = standing(reader.id, person.id)
    if not policy.may_read(reader, found):
        raise NotVisible
    return found


def pieces(reader: PersonFacts, of: Standing, *, withdrawn: bool = False) -> list[Shown]:
    """The pieces that stand, or the newest of those that were withdrawn, the newest first; two statements at most."""
    query = select(Piece).where(Piece.person_id == of.person_id, _readable(reader, of))
    said = selectinload(Piece.answers).options(joinedload(PieceAnswer.marker), joinedload(PieceAnswer.sentence))
    query = query.options(joinedload(Piece.sentence), said).order_by(Piece.id.desc())
    if withdrawn:
        query = query.where(Piece.withdrawn_at.is_not(None)).limit(MOST_WITHDRAWN)
    else:
        query = query.where(Piece.withdrawn_at.is_(None))
    return [_shown(reader, of, piece) for piece in db.session.scalars(query)]


def _readable(reader: PersonFacts, of: Standing) -> ColumnElement[bool]:
    """SQL: `policy.reads_piece`, so that what is not read is not counted either."""
    if policy.reads_all(reader, of):
        return true()
    return Piece.added_at <= of.finished_at if of.finished_at is not None else false()


def _shown(reader: PersonFacts, of: Standing, piece: Piece) -> Shown:
    newest = {answer.marker_id: answer for answer in piece.answers}
    return Shown(piece, tuple(said for id, said in newest.items() if policy.reads_answer(reader, of, id)))


def by_item(found: Iterable[Shown]) -> dict[str, list[Shown]]:
    """The same by the key of each item they show."""
    of: dict[str, list[Shown]] = defaultdict(list)
    for shown in found:
        for key in shown.piece.items:
            of[key].append(shown)
    return of


def for_sheet(reader: PersonFacts, person_id: int) -> dict[str, list[Shown]]:
    """The evidence beside each item of an assessment of this person; nothing for who may read none."""
    of = standing(reader.id, person_id)
    return by_item(pieces(reader, of)) if policy.may_read(reader, of) else {}


def piece(person_id: int, piece_id: int) -> Piece:
    """The piece of this person, whoever asks. Raises NotVisible where there is none."""
    query = select(Piece).where(Piece.id == piece_id, Piece.person_id == person_id)
    found = db.session.scalars(query).one_or_none() if max(piece_id, person_id) <= LARGEST_ID else None
    if found is None:
        raise NotVisible
    return found


def count(person_id: int) -> int:
    """How many pieces stand."""
    query = select(func.count()).where(Piece.person_id == person_id, Piece.withdrawn_at.is_(None))
    return db.session.scalars(query).one()


def replaced_by(ids: Collection[int | None]) -> list[tuple[int, Piece]]:
    """For each of these pieces that stands in the place of another: its id, and the other with its answers."""
    after = aliased(Piece)
    query = select(after.id, Piece).join(after, after.replaces_id == Piece.id).where(after.id.in_(ids))
    rows = db.session.execute(query.options(selectinload(Piece.answers))) if ids else ()
    return [(id, before) for id, before in rows]
