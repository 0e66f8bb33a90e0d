"""Assessments for tests, made by the services themselves."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import datetime

from portal.assessments import drafting, final_services, queries, round_services, rounds, services, standards
from portal.assessments.entries import EMPTY, Entry, Typed
from portal.assessments.exchange.standard import write_standard
from portal.assessments.marking import Round
from portal.assessments.models import Score, Seat
from portal.assessments.portfolio import services as portfolio
from portal.assessments.portfolio.models import Piece, Verdict
from portal.assessments.portfolio.services import TypedPiece
from portal.extensions import db
from portal.people.models import Person
from portal.web.unit_of_work import unit_of_work

_numbers = itertools.count(1)
LINK = "https://github.com/miraheze/puppet/commit/0123abc"


def seed() -> None:
    """Both standards of the organisation."""
    with unit_of_work() as now:
        standards.seed_standards(now=now)


def next_standard() -> str:
    """The current standard without its first item and with one reworded, as the wiki would have it."""
    current = queries.current_standard()
    assert current is not None
    return write_standard(queries.items_of(current.id)[1:]).replace("Reads and explains", "Reads")


def draft_standard() -> int:
    """A draft of the next version. Returns its number."""
    with unit_of_work() as now:
        return drafting.import_draft(None, next_standard(), now=now).version


def keys(assessment_id: int) -> list[str]:
    """The keys of the items, in order."""
    return [item.key for item in queries.items_of(queries.find(assessment_id).standard_id)]


def self_assessment(person: Person, *, at: datetime | None = None) -> int:
    """A draft, begun by the person."""
    with unit_of_work(at) as now:
        return services.start_self_assessment(person, submission_id=f"{next(_numbers):032}", now=now)


def review(person: Person, marker: Person, *, by: Person | None = None, at: datetime | None = None) -> int:
    """A mentor review that the marker was asked for."""
    with unit_of_work(at) as now:
        return services.ask_for_review(
            by or person, person.id, marker_id=marker.id, submission_id=f"{next(_numbers):032}", now=now
        )


def fill(marker: Person, assessment_id: int, entries: dict[str, Entry], *, at: datetime | None = None) -> None:
    """Save these items, as a tab that has seen them empty."""
    with unit_of_work(at) as now:
        services.save(marker, assessment_id, Typed(entries, dict.fromkeys(entries, EMPTY.token)), now=now)


def lock(marker: Person, assessment_id: int, scores: list[Score] | None = None, *, at: datetime | None = None) -> int:
    """Score every item (2 where nothing else is said) and lock it."""
    found = keys(assessment_id)
    given = scores or [Score.INDEPENDENT] * len(found)
    entries = {key: Entry(score) for key, score in zip(found, given, strict=True)}
    with unit_of_work(at) as now:
        services.lock(marker, assessment_id, Typed(entries, dict.fromkeys(entries, EMPTY.token)), now=now)
    return assessment_id


def locked_self(person: Person, scores: list[Score] | None = None, *, at: datetime | None = None) -> int:
    """A finished self-assessment."""
    return lock(person, self_assessment(person, at=at), scores, at=at)


def locked_review(person: Person, marker: Person, scores: list[Score] | None = None) -> int:
    """A finished mentor review."""
    return lock(marker, review(person, marker), scores)


def marking(
    person: Person, mentor: Person, second: Person, *, by: Person | None = None, at: datetime | None = None
) -> int:
    """A round of double marking, with both markers named."""
    with unit_of_work(at) as now:
        return round_services.open_round(by or person, person.id, mentor_id=mentor.id, second_id=second.id, now=now)


def state(marking_id: int) -> Round:
    """The round as the rules know it."""
    db.session.rollback()
    return rounds.state_of(rounds.find(marking_id))


def seated(marking_id: int, seat: Seat) -> int:
    """The document that took this seat."""
    paper = state(marking_id).original(seat)
    assert paper is not None
    return paper.id


def newest(marking_id: int, seat: Seat) -> int:
    """The locked document of this seat that counts."""
    paper = state(marking_id).newest(seat)
    assert paper is not None
    return paper.id


def mark(marker: Person, marking_id: int, seat: Seat, scores: list[Score] | None = None) -> int:
    """Lock the marking of this seat."""
    return lock(marker, seated(marking_id, seat), scores)


def revealed(
    person: Person, mentor: Person, second: Person, scores: list[Score] | None = None, other: list[Score] | None = None
) -> int:
    """A round of which both markings are in."""
    found = marking(person, mentor, second)
    mark(mentor, found, Seat.MENTOR, scores)
    mark(second, found, Seat.SECOND, other)
    return found


def final(marker: Person, marking_id: int) -> int:
    """The final check, begun by this marker."""
    with unit_of_work() as now:
        return final_services.begin(marker, marking_id, now=now)


def content(marking_id: int) -> final_services.Final:
    """The final check as it stands."""
    of = state(marking_id)
    draft = of.draft(Seat.FINAL)
    assert draft is not None
    return final_services.state(of, queries.find(draft.id))


def agree(marker: Person, marking_id: int, token: str = "") -> bool:
    """Agree to it as it stands, or as it was seen."""
    seen = token or content(marking_id).token
    with unit_of_work() as now:
        return final_services.agree(marker, marking_id, seen, now=now)


def correction(marker: Person, assessment_id: int) -> int:
    """A correction, begun."""
    with unit_of_work() as now:
        return round_services.correct(marker, assessment_id, now=now)


def change(marker: Person, assessment_id: int, entries: dict[str, Entry]) -> None:
    """Save these items over what stands there now, seen just before."""
    items = queries.items_of(queries.find(assessment_id).standard_id)
    stored = queries.entries_of_many([assessment_id], items)[assessment_id]
    with unit_of_work() as now:
        services.save(marker, assessment_id, Typed(entries, {key: stored[key].token for key in entries}), now=now)


def finish(marker: Person, assessment_id: int) -> None:
    """Lock what has every score already."""
    with unit_of_work() as now:
        services.lock(marker, assessment_id, Typed({}, {}), now=now)


def piece(
    person: Person, items: Sequence[str] = ("web-security",), sentence: str = "Shows it.", link: str = LINK
) -> int:
    """A piece of evidence of this person."""
    with unit_of_work() as now:
        return portfolio.add(person, person.id, TypedPiece(items, sentence, link), now=now).id


def answered(marker: Person, piece_id: int, verdict: Verdict, sentence: str = "") -> None:
    """What a marker says of a piece."""
    owner = db.session.get_one(Piece, piece_id).person_id
    with unit_of_work() as now:
        portfolio.answer(marker, owner, piece_id, verdict, sentence, now=now)
