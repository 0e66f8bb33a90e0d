"""Demo rounds of double marking: one with one side finished, one revealed with a disagreement, one settled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import select

from portal.assessments import final_services, queries, round_services, rounds, services
from portal.assessments.entries import EMPTY, Entry, Typed
from portal.assessments.models import Score, Seat
from portal.assessments.portfolio import services as portfolio
from portal.assessments.portfolio.models import Piece, Verdict
from portal.assessments.portfolio.services import TypedPiece
from portal.demo import texts
from portal.extensions import db
from portal.people.models import Person


def scored(marks: str) -> list[Score]:
    """One character per item: 0 to 3, n for N/A."""
    return [Score.NOT_APPLICABLE if mark == "n" else Score(mark) for mark in marks]


class Round:
    """One round, told step by step."""

    def __init__(self, who: Mapping[str, Person], person: str, mentor: str, second: str) -> None:
        self.person, self.mentor, self.second = (who[f"Demo {name}"] for name in (person, mentor, second))
        self.id = 0

    def assess_oneself(self, marks: str, now: datetime) -> None:
        number = f"demo-round-{self.person.id}"
        own = services.start_self_assessment(self.person, submission_id=number, now=now)
        self._lock(self.person, own, marks, {}, now)

    def open(self, now: datetime) -> None:
        self.id = round_services.open_round(
            self.person, self.person.id, mentor_id=self.mentor.id, second_id=self.second.id, now=now
        )

    def mark(self, seat: Seat, marks: str, now: datetime, remarks: Mapping[int, str] | None = None) -> None:
        """``remarks``: by the number of the item, from 0."""
        paper = rounds.state_of(rounds.find(self.id)).original(seat)
        if paper is not None:
            self._lock(self.mentor if seat is Seat.MENTOR else self.second, paper.id, marks, remarks or {}, now)

    def _lock(self, marker: Person, id: int, marks: str, remarks: Mapping[int, str], now: datetime) -> None:
        items = queries.items_of(queries.find(id).standard_id)
        entries = {
            item.key: Entry(score, remarks.get(number, ""))
            for number, (item, score) in enumerate(zip(items, scored(marks), strict=True))
        }
        services.lock(marker, id, Typed(entries, dict.fromkeys(entries, EMPTY.token)), now=now)

    def settle(self, now: datetime) -> None:
        """The final check: what was open is agreed, in a sentence where they were far apart, and both agree to it."""
        final = final_services.begin(self.mentor, self.id, now=now)
        found = self._final(final)
        open_items = {*found.missing.scores, *found.missing.sentences}
        entries = {key: Entry(Score.INDEPENDENT, texts.MARKING_SETTLED) for key in open_items}
        seen = {key: found.entries[key].token for key in entries}
        services.save(self.mentor, final, Typed(entries, seen), now=now)
        token = self._final(final).token
        for marker in (self.mentor, self.second):
            final_services.agree(marker, self.id, token, now=now)

    def _final(self, id: int) -> final_services.Final:
        return final_services.state(rounds.state_of(rounds.find(self.id)), queries.find(id))


def shows(who: Mapping[str, Person], name: str, piece: TypedPiece, now: datetime) -> None:
    """Somebody adds a piece to their evidence."""
    person = who[f"Demo {name}"]
    portfolio.add(person, person.id, piece, now=now)


def answers(who: Mapping[str, Person], marker: str, owner: str, verdict: Verdict, sentence: str, now: datetime) -> None:
    """A marker says something of the newest piece of somebody."""
    person = who[f"Demo {owner}"]
    newest = db.session.scalars(select(Piece.id).where(Piece.person_id == person.id).order_by(Piece.id.desc())).first()
    portfolio.answer(who[f"Demo {marker}"], person.id, newest or 0, verdict, sentence, now=now)


def tell(who: dict[str, Person], steps: list[tuple[float, Callable[[datetime], object]]]) -> None:
    """All three rounds, each step on its own day."""
    settled = Round(who, "MediaWiki Specialist", "Infrastructure Specialist", "Software Engineer")
    revealed = Round(who, "Project Manager", "Software Engineer", "Community Liaison")
    half = Round(who, "Volunteer", "Software Engineer", "MediaWiki Specialist")
    steps += [
        (32, lambda now: settled.assess_oneself("3232222n212n" + "3322123n" + "33223333", now)),
        (31, settled.open),
        (28, lambda now: settled.mark(Seat.MENTOR, "2232222n212n" + "3322123n" + "33223233", now)),
        (27, lambda now: settled.mark(Seat.SECOND, "2230222n212n" + "3322123n" + "33223233", now)),
        (24, settled.settle),
        (21, lambda now: revealed.assess_oneself("2212121n112n" + "1112012n" + "33333333", now)),
        (20.5, lambda now: shows(who, "Project Manager", texts.EVIDENCE_TASK, now)),
        (20.4, lambda now: shows(who, "Project Manager", texts.EVIDENCE_BEHAVIOUR, now)),
        (20, revealed.open),
        (18, lambda now: answers(who, "Software Engineer", "Project Manager", Verdict.ACCEPTED, "", now)),
        (16, lambda now: answers(who, "Community Liaison", "Project Manager", Verdict.QUESTIONED, texts.QUESTION, now)),
        (17, lambda now: revealed.mark(Seat.MENTOR, "1112121n112n" + "1111012n" + "33223323", now, texts.MARKING_ONE)),
        (15, lambda now: revealed.mark(Seat.SECOND, "3212101n112n" + "1111012n" + "33223313", now, texts.MARKING_TWO)),
        (7, lambda now: shows(who, "Volunteer", texts.EVIDENCE_PAGE, now)),
        (6, half.open),
        (5, lambda now: answers(who, "Software Engineer", "Volunteer", Verdict.QUESTIONED, texts.QUESTION, now)),
        (4.2, lambda now: half.mark(Seat.MENTOR, "1111011n011n" + "1111011n" + "22222222", now)),
    ]
