"""Evidence for items: who adds it, who reads it, what a marker says of it, and which scores nothing shows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.assessments import queries as assessments
from portal.assessments import round_services
from portal.assessments.entries import Entry
from portal.assessments.models import Score, Seat, Section
from portal.assessments.portfolio import policy, queries, services
from portal.assessments.portfolio.models import Piece, PieceAnswer, Verdict
from portal.assessments.portfolio.services import TypedPiece
from portal.audit.models import Event
from portal.errors import Conflict, Invalid, NotPermitted, NotVisible, WrongState
from portal.extensions import db
from portal.notifications import spreading
from portal.notifications.models import INBOX, Delivery
from portal.people import merging
from portal.people import queries as people
from portal.people.models import Person
from portal.web.unit_of_work import unit_of_work
from tests import factories
from tests.assessments import factories as made

pytestmark = pytest.mark.both_databases
SKILL = "web-security"


@pytest.fixture(autouse=True)
def standards(app: Flask) -> None:
    made.seed()


def behaviour() -> str:
    """The key of some behaviour of the current standard."""
    standard = assessments.current_standard()
    assert standard is not None
    return next(item.key for item in assessments.items_of(standard.id) if item.section is Section.BEHAVIOUR)


def add(person: Person, typed: TypedPiece, *, replaces_id: int | None = None, of: Person | None = None) -> Piece:
    with unit_of_work() as now:
        return services.add(person, (of or person).id, typed, replaces_id=replaces_id, now=now)


def read_by(reader: Person, person: Person) -> list[str | None]:
    """The sentences of the pieces that this reader reads; raises NotVisible where it is none of their business."""
    facts = people.facts(reader.id, factories.now())
    found = queries.pieces(facts, queries.visible(facts, person.id))
    return [shown.piece.sentence.body for shown in found]


def answers_read_by(reader: Person, person: Person) -> list[tuple[int, Verdict]]:
    facts = people.facts(reader.id, factories.now())
    found = queries.pieces(facts, queries.visible(facts, person.id))
    return [(answer.marker_id, answer.verdict) for shown in found for answer in shown.answers]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("T123", "https://issue-tracker.miraheze.org/T123"),
        ("[[Tech:Organization/Root keys]]", "https://meta.miraheze.org/wiki/Tech:Organization/Root_keys"),
        ("/requests/12", "/requests/12"),
        ("https://github.com/miraheze/puppet/commit/0123abc", "https://github.com/miraheze/puppet/commit/0123abc"),
    ],
)
def test_a_task_a_wiki_page_a_page_of_the_portal_and_a_commit_are_links(typed: str, kept: str) -> None:
    ann = factories.volunteer()

    add(ann, TypedPiece([SKILL], "It shows it.", typed))

    assert db.session.scalars(select(Piece.link)).all() == [kept]


@pytest.mark.parametrize(
    "link", ["", "//evil.example.org/x", "/\\evil.example.org", "javascript:alert(1)", "T123 T124"]
)
def test_what_is_no_link_is_refused_at_its_field_and_nothing_is_kept(link: str) -> None:
    ann = factories.volunteer()

    with pytest.raises(Invalid) as refusal:
        add(ann, TypedPiece([SKILL], "It shows it.", link))

    assert refusal.value.field == "link"
    assert db.session.scalars(select(Piece.id)).all() == []


def test_for_behaviours_alone_a_sentence_is_enough() -> None:
    ann = factories.volunteer()

    add(ann, TypedPiece([behaviour()], "I wrote the report of the outage on the same day."))

    with pytest.raises(Invalid, match="give a link"):
        add(ann, TypedPiece([behaviour(), SKILL], "Both."))


@pytest.mark.parametrize(
    ("items", "sentence", "field"), [([], "x", "items"), (["k99"], "x", "items"), ([SKILL], " ", "sentence")]
)
def test_a_piece_names_items_of_the_standard_and_says_what_it_shows(
    items: list[str], sentence: str, field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        add(factories.volunteer(), TypedPiece(items, sentence, made.LINK))

    assert refusal.value.field == field


def test_nobody_adds_to_the_evidence_of_somebody_else() -> None:
    ann, dana = factories.volunteer(), factories.director()

    with pytest.raises(NotPermitted):
        add(dana, TypedPiece([SKILL], "It shows it.", made.LINK), of=ann)


def test_it_is_read_by_its_owner_their_markers_and_those_who_decide_and_by_nobody_else() -> None:
    ann, ben, carl, dana = factories.volunteer(), factories.member(), factories.member(), factories.director()
    board, other = factories.board_member(), factories.member()
    made.marking(ann, ben, carl)
    made.piece(ann, sentence="Here.")

    for reader in (ann, ben, carl, dana):
        assert read_by(reader, ann) == ["Here."]
    for stranger in (other, board, factories.volunteer()):
        with pytest.raises(NotVisible):
            read_by(stranger, ann)


def test_who_has_finished_marking_reads_what_was_there_then_and_nothing_newer() -> None:
    ann, ben = factories.volunteer(), factories.member()
    made.piece(ann, sentence="Before.")
    made.locked_review(ann, ben)
    with unit_of_work(factories.now() + timedelta(hours=1)) as now:
        services.add(ann, ann.id, TypedPiece([SKILL], "After.", made.LINK), now=now)

    assert read_by(ben, ann) == ["Before."]


def test_a_marker_accepts_or_asks_and_the_newest_answer_counts() -> None:
    ann, ben = factories.volunteer(), factories.member()
    made.review(ann, ben)
    piece = made.piece(ann)

    made.answered(ben, piece, Verdict.QUESTIONED, "Which part is yours?")
    made.answered(ben, piece, Verdict.ACCEPTED)

    assert answers_read_by(ann, ann) == [(ben.id, Verdict.ACCEPTED)]
    assert len(db.session.get_one(Piece, piece).answers) == 2


def test_the_same_answer_twice_is_one() -> None:
    ann, ben = factories.volunteer(), factories.member()
    made.review(ann, ben)
    piece = made.piece(ann)

    for _again in range(2):
        made.answered(ben, piece, Verdict.QUESTIONED, "Which part is yours?")

    assert len(db.session.get_one(Piece, piece).answers) == 1
    events = db.session.scalars(select(Event.code).where(Event.code == "portfolio.questioned")).all()
    assert len(events) == 1


def test_a_question_is_a_sentence() -> None:
    ann, ben = factories.volunteer(), factories.member()
    made.review(ann, ben)

    with pytest.raises(Invalid, match="in a sentence"):
        made.answered(ben, made.piece(ann), Verdict.QUESTIONED)


def test_nobody_answers_but_who_is_named_and_has_not_finished() -> None:
    ann, ben, dana = factories.volunteer(), factories.member(), factories.director()
    piece = made.piece(ann)
    made.locked_review(ann, ben)

    for reader in (ann, ben, dana):
        with pytest.raises(NotPermitted):
            made.answered(reader, piece, Verdict.ACCEPTED)


def test_what_a_marker_says_is_for_them_and_its_owner_until_both_have_finished() -> None:
    ann, ben, carl, dana = factories.volunteer(), factories.member(), factories.member(), factories.director()
    before, piece = factories.member(), made.piece(ann)
    made.locked_review(ann, before)
    found = made.marking(ann, ben, carl)
    made.answered(ben, piece, Verdict.QUESTIONED, "Which part is yours?")

    for reader in (ann, ben):
        assert answers_read_by(reader, ann) == [(ben.id, Verdict.QUESTIONED)]
    for reader in (carl, dana, before):
        assert answers_read_by(reader, ann) == []

    made.mark(ben, found, Seat.MENTOR)
    assert answers_read_by(carl, ann) == []
    made.mark(carl, found, Seat.SECOND)
    for reader in (carl, dana, before):
        assert answers_read_by(reader, ann) == [(ben.id, Verdict.QUESTIONED)]


def test_what_a_marker_said_who_declined_then_is_read_by_nobody_and_can_be_removed_by_them(
    as_person: Callable[[Person], FlaskClient],
) -> None:
    ann, ben, carl = factories.volunteer(), factories.member(), factories.member()
    found = made.marking(ann, ben, carl)
    made.answered(ben, made.piece(ann), Verdict.QUESTIONED, "Which part is yours?")
    draft = made.seated(found, Seat.MENTOR)
    with unit_of_work() as now:
        round_services.decline(ben, draft, "A friend.", now=now)

    assert answers_read_by(ann, ann) == []
    text_id = db.session.scalars(select(PieceAnswer.sentence_id)).one()
    assert as_person(carl).get(f"/texts/{text_id}/remove").status_code == 404
    assert as_person(ben).get(f"/texts/{text_id}/remove").status_code == 200


def test_a_question_is_removed_by_nobody_who_may_not_read_it_yet(as_person: Callable[[Person], FlaskClient]) -> None:
    ann, ben, carl, dana = factories.volunteer(), factories.member(), factories.member(), factories.director()
    found = made.marking(ann, ben, carl)
    made.answered(ben, made.piece(ann), Verdict.QUESTIONED, "Which part is yours?")
    text_id = db.session.scalars(select(PieceAnswer.sentence_id)).one()

    assert as_person(dana).get(f"/texts/{text_id}/remove").status_code == 404
    assert as_person(ben).get(f"/texts/{text_id}/remove").status_code == 200
    made.mark(ben, found, Seat.MENTOR)
    made.mark(carl, found, Seat.SECOND)
    assert as_person(dana).get(f"/texts/{text_id}/remove").status_code == 200


def test_who_became_another_person_keeps_their_evidence() -> None:
    ann, other, dana = factories.volunteer("Ann"), factories.volunteer("Ann Other"), factories.director()
    made.piece(other, sentence="Here.")
    with unit_of_work() as now:
        merging.merge(ann.id, other.id, actor_id=ann.id, now=now)

    assert read_by(ann, other) == read_by(dana, other) == read_by(dana, ann) == ["Here."]


def test_said_otherwise_the_new_piece_stands_and_the_old_one_is_kept_as_withdrawn() -> None:
    ann, dana = factories.volunteer(), factories.director()
    old = made.piece(ann, sentence="First.")

    add(ann, TypedPiece([SKILL], "Second.", made.LINK), replaces_id=old)

    assert read_by(dana, ann) == ["Second."]
    facts = people.facts(dana.id, factories.now())
    gone = queries.pieces(facts, queries.visible(facts, ann.id), withdrawn=True)
    assert [shown.piece.sentence.body for shown in gone] == ["First."]
    with pytest.raises(Conflict):
        add(ann, TypedPiece([SKILL], "Third.", made.LINK), replaces_id=old)


def test_withdrawn_it_can_neither_be_answered_nor_withdrawn_again() -> None:
    ann, ben = factories.volunteer(), factories.member()
    made.review(ann, ben)
    piece = made.piece(ann)
    with unit_of_work() as now:
        services.withdraw(ann, ann.id, piece, now=now)

    with pytest.raises(WrongState):
        made.answered(ben, piece, Verdict.ACCEPTED)
    with pytest.raises(WrongState), unit_of_work() as now:
        services.withdraw(ann, ann.id, piece, now=now)
    assert read_by(ben, ann) == []


def test_a_portfolio_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "MOST_PIECES", 1)
    ann = factories.volunteer()
    first = made.piece(ann)

    with pytest.raises(WrongState, match="Withdraw one"):
        made.piece(ann)

    add(ann, TypedPiece([SKILL], "Otherwise.", made.LINK), replaces_id=first)


SECTIONS = {"k": Section.KNOWLEDGE, "s": Section.SKILL, "b": Section.BEHAVIOUR}


@pytest.mark.parametrize(
    ("key", "entry", "shown", "lacking"),
    [
        ("k", Entry(Score.INDEPENDENT), (), True),
        ("k", Entry(Score.TEACHES, "I do."), (), True),
        ("k", Entry(Score.TEACHES), ("k",), False),
        ("s", Entry(Score.TEACHES, "", made.LINK), (), False),
        ("b", Entry(Score.TEACHES, "I told everybody."), (), False),
        ("b", Entry(Score.TEACHES, " "), (), True),
        ("k", Entry(Score.BASIC), (), False),
        ("k", Entry(Score.NOT_APPLICABLE), (), False),
        ("k", Entry(), (), False),
    ],
)
def test_only_a_score_of_2_or_3_that_nothing_shows_is_marked(
    key: str, entry: Entry, shown: tuple[str, ...], lacking: bool
) -> None:
    assert policy.not_shown({key: entry}, SECTIONS, shown, {"k", "s", "b"}) == ({key} if lacking else set())
    assert policy.not_shown({key: entry}, SECTIONS, shown, set()) == set(), "nothing is advised, so nothing is marked"


def test_a_question_reaches_its_owner_and_what_stands_in_its_place_who_asked() -> None:
    ann, ben, carl = factories.volunteer(), factories.member(), factories.member()
    made.review(ann, ben)
    made.review(ann, carl)
    piece = made.piece(ann)
    made.answered(ben, piece, Verdict.QUESTIONED, "Which part is yours?")
    made.answered(carl, piece, Verdict.ACCEPTED)
    add(ann, TypedPiece([SKILL], "The second half.", made.LINK), replaces_id=piece)

    spreading.spread()
    told = {(row.event.code, row.person_id) for row in db.session.query(Delivery).filter_by(channel=INBOX)}

    assert ("portfolio.questioned", ann.id) in told
    assert {who for code, who in told if code == "portfolio.replaced"} == {ben.id}
