"""Double marking as the services carry it out: who is named, what stays blind, what is agreed, what is corrected."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from portal.assessments import evidence, final_services, policy, queries, round_services, rounds, services
from portal.assessments.entries import Entry
from portal.assessments.models import Assessment, AssessmentScore, AssessmentState, AssessmentType, Score, Seat
from portal.audit import services as audit
from portal.audit.models import Event, Text
from portal.errors import Conflict, Invalid, NotPermitted, NotVisible, WrongState
from portal.extensions import db
from portal.people import queries as people
from portal.people import services as people_services
from portal.people.models import Person
from portal.requests import discussion_services, objection_services
from portal.web.unit_of_work import unit_of_work
from tests import factories
from tests.assessments import factories as made
from tests.requests import factories as requests

KEY = "web-security"
FAR = [Score.NONE, *[Score.INDEPENDENT] * 27]  # 2 apart on the first item


@pytest.fixture(autouse=True)
def standards(app: Flask) -> None:
    made.seed()


def reads(reader: Person, assessment_id: int) -> bool:
    try:
        queries.get_visible(people.facts(reader.id, factories.now()), assessment_id)
    except NotVisible:
        return False
    return True


def codes() -> list[str]:
    return list(db.session.scalars(select(Event.code).order_by(Event.id)))


def test_a_round_has_a_draft_for_each_marker_and_takes_the_own_draft(app: Flask) -> None:
    ann, ben, carl = factories.volunteer(), factories.member(), factories.member()
    own = made.self_assessment(ann)

    found = made.marking(ann, ben, carl)

    of = made.state(found)
    assert of.markers == {ben.id, carl.id}
    assert not of.vacant
    assert not of.revealed
    assert [queries.find(made.seated(found, seat)).type for seat in (Seat.MENTOR, Seat.SECOND)] == ["mentor"] * 2
    assert made.seated(found, Seat.OWN) == own
    assert codes()[-1] == "marking.opened"


def test_the_newest_locked_self_assessment_takes_the_seat_and_a_later_one_an_empty_seat(app: Flask) -> None:
    ann, ben, carl, dave = factories.volunteer(), factories.member(), factories.member(), factories.volunteer()
    made.locked_self(ann)
    newest = made.locked_self(ann)
    corrected = made.correction(ann, newest)
    made.finish(ann, corrected)
    found, other = made.marking(ann, ben, carl), made.marking(dave, ben, carl)

    assert made.seated(found, Seat.OWN) == newest
    assert made.newest(found, Seat.OWN) == corrected
    assert made.state(other).original(Seat.OWN) is None
    begun = made.self_assessment(dave)
    assert made.seated(other, Seat.OWN) == begun


@pytest.mark.parametrize(
    ("mentor", "second", "field", "says"),
    [
        ("ann", "carl", "mentor", "their own work"),
        ("ben", "ben", "second", "two different members"),
        ("ben", "vol", "second", "members of the team"),
        ("ben", "sue", "second", "sponsor"),
    ],
)
def test_who_cannot_be_a_marker_is_refused_in_words(
    app: Flask, mentor: str, second: str, field: str, says: str
) -> None:
    who = {name: factories.member(name) for name in ("ann", "ben", "carl", "sue")} | {"vol": factories.volunteer()}
    request_id = requests.team_request(who["ann"])
    requests.do(discussion_services.sponsor, who["sue"], request_id, None)

    with pytest.raises(Invalid, match=says) as refused:
        made.marking(who["ann"], who[mentor], who[second])

    assert refused.value.field == field
    assert db.session.scalars(select(Assessment)).all() == []
    assert made.marking(who["ann"], who["sue"], who["ben"]), "a sponsor can be the mentor"


def test_only_one_round_is_open_and_only_the_person_and_deciders_open_one(app: Flask) -> None:
    ann, ben, carl = factories.volunteer(), factories.member(), factories.member()
    with pytest.raises(NotPermitted):
        made.marking(ann, ben, carl, by=ben)
    made.marking(ann, ben, carl, by=factories.director())

    with pytest.raises(WrongState, match="open already"):
        made.marking(ann, ben, carl)


def test_nobody_reads_a_marking_before_both_are_in_and_then_all_of_them_do(app: Flask) -> None:
    ann, ben, carl, dora, eve = (
        factories.volunteer(), factories.member(), factories.member(), factories.director(), factories.member(),
    )  # fmt: skip
    own = made.locked_self(ann)
    found = made.marking(ann, ben, carl)
    first = made.mark(ben, found, Seat.MENTOR)

    assert [reads(reader, first) for reader in (ann, ben, carl, dora, eve)] == [False, True, False, False, False]
    assert [reads(reader, own) for reader in (ann, ben, carl, dora, eve)] == [True, False, False, True, False]
    assert evidence.linkable(ann.id, reader_id=ann.id)[0].id == own
    assert len(evidence.about(ann.id, reader_id=dora.id)) == 1
    assert [row.id for row in db.session.scalars(queries.finished(ann.id))] == [own]
    assert [row.id for row in db.session.scalars(queries.finished(ben.id))] == [first]
    assert "marking.revealed" not in codes()

    second = made.mark(carl, found, Seat.SECOND)

    assert codes()[-2:] == ["assessment.locked", "marking.revealed"]
    for id in (own, first, second):
        assert [reads(reader, id) for reader in (ann, ben, carl, dora, eve)] == [True, True, True, True, False]
    assert len(evidence.about(ann.id, reader_id=dora.id)) == 3


def test_a_marker_who_decides_reads_no_other_scores_either(app: Flask) -> None:
    ann, ben, dora, dep = factories.member(), factories.member(), factories.director(), factories.deputy()
    own = made.locked_self(ann)
    found = made.marking(ann, dora, ben)
    other = made.mark(ben, found, Seat.SECOND)

    assert [reads(reader, id) for id in (own, other) for reader in (dora, dep)] == [False, True, False, False]
    assert not evidence.linkable(ann.id, reader_id=dora.id)
    assert not evidence.about(ann.id, reader_id=dora.id)
    assert [row.assessment_id for row in evidence.about(ann.id, reader_id=dep.id)] == [own]

    made.mark(dora, found, Seat.MENTOR)

    assert [reads(dora, id) for id in (own, other)] == [True, True]


def test_a_blind_marking_is_linked_to_no_request_by_anybody(app: Flask) -> None:
    ann, ben, carl, dora = factories.member(), factories.member(), factories.member(), factories.director()
    found = made.marking(ann, ben, carl)
    first = made.mark(ben, found, Seat.MENTOR)
    request_id = requests.team_request(ann)

    for linker in (ann, ben, dora):
        with pytest.raises(Invalid, match="both markings"):
            requests.do(objection_services.link_assessment, linker, request_id, first)
    with pytest.raises(NotVisible):
        requests.do(objection_services.link_assessment, carl, request_id, first)
    made.mark(carl, found, Seat.SECOND)

    assert requests.do(objection_services.link_assessment, ann, request_id, first)


def test_who_declines_leaves_no_word_and_is_replaced_by_neither_themselves_nor_the_other(app: Flask) -> None:
    ann, ben, carl, dave = factories.volunteer(), factories.member(), factories.member(), factories.member()
    found = made.marking(ann, ben, carl)
    draft = made.seated(found, Seat.SECOND)
    made.fill(carl, draft, {KEY: Entry(Score.NONE, "a hasty word")})
    with pytest.raises(NotPermitted, match="cannot mark"), unit_of_work() as now:
        services.discard(carl, draft, now=now)

    with unit_of_work() as now:
        round_services.decline(carl, draft, "A friend.", now=now)

    assert codes()[-1] == "marking.declined"
    assert db.session.scalars(select(AssessmentScore)).all() == []
    assert db.session.scalars(select(Text.body)).all() == ["A friend."]
    assert made.state(found).vacant == (Seat.SECOND,)
    assert not reads(carl, draft)
    for marker, says in ((carl, "said that they cannot"), (ben, "two different"), (ann, "own work")):
        with pytest.raises(Invalid, match=says), unit_of_work() as now:
            round_services.name(ann, found, Seat.SECOND, marker_id=marker.id, now=now)
    with pytest.raises(NotVisible), unit_of_work() as now:
        round_services.name(dave, found, Seat.SECOND, marker_id=dave.id, now=now)
    with pytest.raises(NotPermitted), unit_of_work() as now:
        round_services.name(ben, found, Seat.SECOND, marker_id=dave.id, now=now)
    with unit_of_work() as now:
        round_services.name(ann, found, Seat.SECOND, marker_id=dave.id, now=now)
    with pytest.raises(WrongState), unit_of_work() as now:
        round_services.name(ann, found, Seat.SECOND, marker_id=dave.id, now=now)
    made.mark(ben, found, Seat.MENTOR)
    made.mark(dave, found, Seat.SECOND)
    assert made.state(found).revealed
    assert audit.verify_chain().first_bad is None


def test_what_is_finished_is_not_declined(app: Flask) -> None:
    ann, ben, carl = factories.volunteer(), factories.member(), factories.member()
    first = made.mark(ben, made.marking(ann, ben, carl), Seat.MENTOR)

    with pytest.raises(WrongState), unit_of_work() as now:
        round_services.decline(ben, first, "", now=now)
    single = made.review(factories.volunteer(), ben)
    with pytest.raises(NotPermitted), unit_of_work() as now:
        round_services.decline(ben, single, "", now=now)


def test_a_marker_who_left_the_team_is_replaced_though_they_had_begun(app: Flask) -> None:
    ann, ben, carl = factories.volunteer(), factories.member(), factories.member()
    found = made.marking(ann, ben, carl)
    draft = made.seated(found, Seat.MENTOR)
    made.fill(ben, draft, {KEY: Entry(Score.NONE)})
    with pytest.raises(NotPermitted), unit_of_work() as now:
        services.discard(ann, draft, now=now)
    dora = factories.director()
    with unit_of_work() as now:
        people_services.end_role_by_hand(dora, ben.id, "software_engineer", reason="Away.", now=now)

    with unit_of_work() as now:
        services.discard(ann, draft, now=now)

    assert made.state(found).vacant == (Seat.MENTOR,)


def test_own_scores_far_from_what_both_gave_want_a_sentence_too(app: Flask) -> None:
    ann, ben, carl = factories.volunteer(), factories.member(), factories.member()
    found = made.marking(ann, ben, carl)
    made.self_assessment(ann)
    made.mark(ann, found, Seat.OWN, FAR)
    made.mark(ben, found, Seat.MENTOR)
    made.mark(carl, found, Seat.SECOND)

    final = made.final(ben, found)

    first = made.keys(final)[0]
    assert made.content(found).missing.scores == ()
    assert made.content(found).missing.sentences == (first,)
    made.change(carl, final, {first: Entry(Score.INDEPENDENT, "We saw it done.")})
    assert not made.content(found).missing


def test_the_final_check_begins_where_both_agree_and_locks_when_both_agree_to_it(app: Flask) -> None:
    ann, ben, carl = factories.volunteer(), factories.member(), factories.member()
    found = made.marking(ann, ben, carl)
    made.mark(ben, found, Seat.MENTOR)
    with pytest.raises(WrongState), unit_of_work() as now:
        final_services.begin(ben, found, now=now)
    made.mark(carl, found, Seat.SECOND, FAR)

    final = made.final(ben, found)

    assert made.final(carl, found) == final, "the other goes on with it"
    first, *others = made.keys(final)
    assert made.content(found).missing.scores == made.content(found).missing.sentences == (first,)
    with pytest.raises(Invalid, match="not complete"):
        made.agree(ben, found)
    made.change(carl, final, {first: Entry(Score.BASIC)})
    with pytest.raises(Invalid, match="not complete"):
        made.agree(ben, found)
    made.change(ben, final, {first: Entry(Score.BASIC, "Seen once, under guidance.")})
    assert [reads(reader, final) for reader in (ann, ben, carl, factories.director())] == [False, True, True, False]
    with pytest.raises(NotPermitted, match="both markers"):
        made.finish(ben, final)
    with pytest.raises(NotPermitted):
        made.agree(ann, found)

    assert made.agree(ben, found) is False
    assert made.agree(carl, found) is True

    assert codes()[-2:] == ["marking.agreed", "assessment.settled"]
    assert queries.find(final).type is AssessmentType.FINAL
    assert rounds.find(found).closed_at is not None
    assert [reads(reader, final) for reader in (ann, ben, carl)] == [True] * 3
    assert audit.verify_chain().first_bad is None
    assert others


def test_a_change_clears_an_agreement_and_an_old_page_agrees_to_nothing(app: Flask) -> None:
    ann, ben, carl = factories.volunteer(), factories.member(), factories.member()
    found = made.revealed(ann, ben, carl)
    final = made.final(ben, found)
    seen = made.content(found).token
    made.agree(ben, found)
    made.change(carl, final, {KEY: Entry(Score.TEACHES)})

    with pytest.raises(Conflict):
        made.agree(carl, found, seen)
    assert made.agree(carl, found) is False, "what Ben agreed to is no longer what stands there"
    made.change(carl, final, {KEY: Entry(Score.TEACHES)})
    assert made.agree(ben, found) is True, "saving what stands there already changes nothing"
    with pytest.raises(WrongState):
        made.agree(ben, found, seen)


def test_changing_it_back_does_not_bring_an_agreement_back(app: Flask) -> None:
    ann, ben, carl = factories.volunteer(), factories.member(), factories.member()
    found = made.revealed(ann, ben, carl)
    final = made.final(ben, found)
    made.agree(ben, found)
    for score in (Score.TEACHES, Score.INDEPENDENT):
        made.change(carl, final, {KEY: Entry(score)})

    assert made.agree(carl, found) is False


def test_a_correction_takes_the_place_of_what_it_corrects_and_both_stay(app: Flask) -> None:
    ann, ben = factories.member(), factories.member()
    old = made.locked_review(ann, ben)
    request_id = requests.team_request(ann)
    requests.do(objection_services.link_assessment, ann, request_id, old)
    with pytest.raises(NotPermitted):
        made.correction(ann, old)

    new = made.correction(ben, old)
    assert made.correction(ben, old) == new
    made.change(ben, new, {KEY: Entry(Score.TEACHES, "Seen since.")})
    assert [found.id for found in evidence.linkable(ann.id, reader_id=ann.id)] == [old], "a draft replaces nothing"
    made.finish(ben, new)

    assert codes()[-1] == "assessment.corrected"
    assert [found.id for found in evidence.linkable(ann.id, reader_id=ann.id)] == [new]
    summaries = {found.assessment_id: found for found in evidence.about(ann.id, reader_id=ann.id)}
    assert summaries[old].superseded_by_id == new
    assert reads(ann, old)
    assert reads(ann, new)
    another = requests.team_request(ann, "system:matomo")
    with pytest.raises(WrongState):
        made.correction(ben, old)
    with pytest.raises(Invalid, match="Link the correction"):
        requests.do(objection_services.link_assessment, ann, another, old)
    assert audit.verify_chain().first_bad is None


def test_a_correction_before_the_reveal_is_blind_and_one_after_it_says_so(app: Flask) -> None:
    ann, ben, carl = factories.volunteer(), factories.member(), factories.member()
    found = made.marking(ann, ben, carl)
    first = made.mark(ben, found, Seat.MENTOR)
    blind = made.correction(ben, first)
    made.finish(ben, blind)
    assert [reads(reader, blind) for reader in (ann, ben, carl, factories.director())] == [False, True, False, False]
    assert "marking.revealed" not in codes()

    second = made.mark(carl, found, Seat.SECOND)
    late = made.correction(carl, second)
    made.finish(carl, late)

    assert [queries.find(id).others_in_view for id in (first, blind, second, late)] == [False, False, False, True]
    assert codes().count("marking.revealed") == 1
    of = made.state(found)
    assert [paper.id for seat in (Seat.MENTOR, Seat.SECOND) if (paper := of.newest(seat))] == [blind, late]


def test_a_correction_of_a_final_check_needs_both_again(app: Flask) -> None:
    ann, ben, carl = factories.volunteer(), factories.member(), factories.member()
    found = made.revealed(ann, ben, carl)
    final = made.final(ben, found)
    made.agree(ben, found)
    made.agree(carl, found)

    new = made.correction(carl, final)
    made.change(ben, new, {KEY: Entry(Score.TEACHES)})

    assert made.agree(ben, found) is False
    assert made.agree(carl, found) is True
    assert codes()[-1] == "assessment.corrected"
    assert made.newest(found, Seat.FINAL) == new
    assert queries.find(final).state is AssessmentState.LOCKED


def test_sql_and_rules_agree_on_what_is_blind(app: Flask) -> None:
    ann, ben, carl, dora = factories.member(), factories.member(), factories.member(), factories.director()
    made.locked_self(ann)
    for step in range(6):
        if step == 1:
            found = made.marking(ann, ben, dora)
        if step == 2:
            made.correction(ben, made.mark(ben, found, Seat.MENTOR))
        if step == 3:
            draft = made.seated(found, Seat.SECOND)
            with unit_of_work() as now:
                round_services.decline(dora, draft, "", now=now)
        if step == 4:
            with unit_of_work() as now:
                round_services.name(ann, found, Seat.SECOND, marker_id=carl.id, now=now)
        if step == 5:
            made.mark(carl, found, Seat.SECOND)
        everything = db.session.scalars(select(Assessment)).all()
        facts = rounds.facts_of_many(everything)
        blind = set(db.session.scalars(select(Assessment.id).where(rounds.is_blind())))
        assert blind == {id for id, known in facts.items() if known.blind}, step
        for reader in (ann, ben, carl, dora):
            hidden = set(db.session.scalars(select(Assessment.id).where(rounds.is_hidden_from(reader.id))))
            assert hidden == {id for id, known in facts.items() if reader.id in known.hidden_from}, step
            linkable = {found.id for found in evidence.linkable(ann.id, reader_id=reader.id)}
            person = people.facts(reader.id, factories.now())
            may = {id for id, known in facts.items() if policy.may_read(person, known) and known.locked}
            assert linkable - may <= set() if person.decides or reader.id == ann.id else True, step
