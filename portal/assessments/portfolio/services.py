"""Changing evidence: add a piece, say it otherwise, withdraw it; accept or question it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.assessments import queries as assessments
from portal.assessments.links import expanded, link_fault
from portal.assessments.portfolio import policy, queries
from portal.assessments.portfolio.models import Piece, PieceAnswer, Verdict
from portal.audit import services as audit
from portal.audit.models import Audience, Text
from portal.errors import Conflict, Invalid, Message, NotPermitted, WrongState
from portal.extensions import db
from portal.org import organisation
from portal.people import queries as people
from portal.people.models import Person

OWN_ALONE = Message("Only whose work it is adds to this and withdraws from it.")
MARKERS_ALONE = Message("Only who was named to mark this person and has not finished says whether a piece shows it.")
GONE = Message("That piece was withdrawn or said otherwise meanwhile. Save again to add this as a new one.")
WITHDRAWN = Message("This piece was withdrawn. Look at what stands in its place.")


@dataclass(frozen=True, slots=True)
class TypedPiece:
    """What was typed. ``link``: an address, T123 or [[a wiki page]]; ``items``: keys."""

    items: Sequence[str]
    sentence: str
    link: str = ""


def add(actor: Person, person_id: int, typed: TypedPiece, *, replaces_id: int | None = None, now: datetime) -> Piece:
    """Add a piece to one's own evidence, or put it in the place of one that stands. Nothing is fetched.

    Raises NotVisible, NotPermitted, Invalid, WrongState, Conflict.
    """
    before = _replaced(actor, person_id, replaces_id, now)
    _require_own(actor, person_id, now)
    items = _items(typed.items)
    link = _link(typed.link, needed=policy.needs_link(set(items.values())))
    if not typed.sentence.strip():
        raise Invalid(Message("Say in a sentence what it shows."), field="sentence")
    if before is None and queries.count(person_id) >= policy.MOST_PIECES:
        raise WrongState(
            Message("There are %(most)s pieces already. Withdraw one that says little.", most=policy.MOST_PIECES)
        )
    sentence = audit.write_text(actor.id, typed.sentence.strip(), at=now)
    piece = Piece(
        person_id=person_id,
        items=list(items),
        link=link or None,
        sentence_id=sentence.id,
        added_at=now,
        replaces_id=before.id if before else None,
    )
    db.session.add(piece)
    if before is not None:
        before.withdrawn_at = now
    db.session.flush()
    _record("portfolio.replaced" if before else "portfolio.added", piece, actor, now, sentence, count=len(items))
    return piece


def _replaced(actor: Person, person_id: int, piece_id: int | None, now: datetime) -> Piece | None:
    queries.visible(people.facts(actor.id, now), person_id)
    if piece_id is None:
        return None
    piece = queries.piece(person_id, piece_id)
    if piece.withdrawn_at is not None:
        raise Conflict(GONE)
    return piece


def _require_own(actor: Person, person_id: int, now: datetime) -> None:
    if not policy.may_write(people.facts(actor.id, now), person_id):
        raise NotPermitted(OWN_ALONE)


def _items(chosen: Sequence[str]) -> dict[str, Any]:
    """The chosen items of the current standard with their sections, in the order of the standard."""
    standard = assessments.current_standard()
    known = {item.key: item.section for item in assessments.items_of(standard.id)} if standard else {}
    if not chosen:
        raise Invalid(Message("Choose at least one item that it shows."), field="items")
    if any(key not in known for key in chosen):
        raise Invalid(Message("Choose items of the current standard."), field="items")
    return {key: section for key, section in known.items() if key in chosen}


def _link(typed: str, *, needed: bool) -> str:
    link = expanded(typed.strip(), wiki_url=organisation().wiki_url, tracker_url=organisation().tracker_url)
    if not link and needed:
        raise Invalid(
            Message("For knowledge and skills, give a link. For behaviours alone a sentence is enough."), field="link"
        )
    if fault := link_fault(link, within=True):
        raise Invalid(fault, field="link")
    return link


def withdraw(actor: Person, person_id: int, piece_id: int, *, now: datetime) -> None:
    """Take a piece back; it stays, as withdrawn, for who gave scores with it in view.

    Raises NotVisible, NotPermitted, WrongState.
    """
    queries.visible(people.facts(actor.id, now), person_id)
    piece = queries.piece(person_id, piece_id)
    _require_own(actor, person_id, now)
    if piece.withdrawn_at is not None:
        raise WrongState(WITHDRAWN)
    piece.withdrawn_at = now
    _record("portfolio.withdrawn", piece, actor, now)


def answer(
    actor: Person, person_id: int, piece_id: int, verdict: Verdict, sentence: str | None, *, now: datetime
) -> None:
    """Accept a piece, or question it in a sentence that its owner reads. Said again, nothing changes.

    Raises NotVisible, NotPermitted, WrongState, Invalid.
    """
    facts = people.facts(actor.id, now)
    standing = queries.visible(facts, person_id)
    piece = queries.piece(person_id, piece_id)
    if not policy.may_answer(facts, standing):
        raise NotPermitted(MARKERS_ALONE)
    if piece.withdrawn_at is not None:
        raise WrongState(WITHDRAWN)
    words = (sentence or "").strip()
    if verdict is Verdict.QUESTIONED and not words:
        raise Invalid(Message("Say in a sentence what is unclear, so that they can answer it."), field="sentence")
    before = next((said for said in reversed(piece.answers) if said.marker_id == actor.id), None)
    if before and before.verdict is verdict and words == ((before.sentence.body or "") if before.sentence else ""):
        return
    text = audit.write_text(actor.id, words, at=now) if words else None
    said = PieceAnswer(piece_id=piece.id, marker_id=actor.id, verdict=verdict, answered_at=now)
    said.sentence = text
    db.session.add(said)
    db.session.flush()
    _record(f"portfolio.{verdict.value}", piece, actor, now, text)


def _record(
    code: str, piece: Piece, actor: Person, now: datetime, sentence: Text | None = None, **numbers: Any
) -> None:
    audit.record(
        code,
        actor_id=actor.id,
        at=now,
        person_id=piece.person_id,
        subject_id=piece.id,
        audience=Audience.DECIDERS,
        sentence=audit.text_hash(sentence),
        **numbers,
    )
