"""Reading evidence. What a person may not read is not found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, or_, select
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
    """What this reader is to the evidence of this person; in one statement, for oneself in none."""
    if reader_id == person_id:
        return Standing(person_id)
    mine = or_(Assessment.marker_id == reader_id, Assessment.co_marker_id == reader_id)
    blind = func.max(case((rounds.is_blind(), 1), else_=0))
    query = select(Assessment.state, func.max(Assessment.locked_at), blind).where(
        Assessment.person_id == person_id, mine, Assessment.state != AssessmentState.DECLINED
    )
    found = db.session.execute(query.group_by(Assessment.state)).all()
    return Standing(
        person_id,
        marks=any(state is AssessmentState.DRAFT for state, _at, _blind in found),
        finished_at=max((at for _state, at, _blind in found if at is not None), default=None),
        blind=any(is_blind for _state, _at, is_blind in found),
    )


def standings(person_ids: Iterable[int]) -> Callable[[int, int], Standing]:
    """What anybody is to the evidence of these people, by reader and person; not whether they are blind."""
    columns = (Assessment.person_id, Assessment.marker_id, Assessment.co_marker_id)
    query = select(*columns, Assessment.state, Assessment.locked_at).where(
        Assessment.person_id.in_(set(person_ids)), Assessment.state != AssessmentState.DECLINED
    )
    marks: set[tuple[int, int]] = set()
    finished: dict[tuple[int, int], datetime] = {}
    for person_id, marker_id, co_marker_id, state, at in db.session.execute(query):
        for pair in ((marker_id, person_id), (co_marker_id or marker_id, person_id)):
            if state is AssessmentState.DRAFT:
                marks.add(pair)
            elif at is not None:
                finished[pair] = max(at, finished.get(pair, at))
    return lambda reader, person: Standing(person, (reader, person) in marks, finished.get((reader, person)))


def visible(reader: PersonFacts, person_id: int) -> Standing:
    """The same, for a reader who may read it. Raises NotVisible."""
    if not 0 < person_id <= LARGEST_ID or people.get(person_id) is None:
        raise NotVisible
    found = standing(reader.id, person_id)
    if not policy.may_read(reader, found):
        raise NotVisible
    return found


def pieces(reader: PersonFacts, of: Standing, *, withdrawn: bool = False) -> list[Shown]:
    """The pieces that stand, the newest first, or those that were withdrawn; in two statements at most."""
    query = select(Piece).where(
        Piece.person_id == of.person_id, Piece.withdrawn_at.is_not(None) if withdrawn else Piece.withdrawn_at.is_(None)
    )
    said = selectinload(Piece.answers).options(joinedload(PieceAnswer.marker), joinedload(PieceAnswer.sentence))
    query = query.options(joinedload(Piece.sentence), said).order_by(Piece.id.desc())
    found = db.session.scalars(query.limit(MOST_WITHDRAWN if withdrawn else policy.MOST_PIECES)).all()
    return [_shown(reader, of, piece) for piece in found if policy.reads_piece(reader, of, piece.added_at)]


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
    return (
        [(id, before) for id, before in db.session.execute(query.options(selectinload(Piece.answers)))] if ids else []
    )
