"""The rules of a round, with no database: a machine plays rounds at random and holds them against plain sentences."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from portal.assessments import marking, policy
from portal.assessments.entries import Entry
from portal.assessments.marking import MARKINGS, Paper, Round
from portal.assessments.models import AssessmentState, AssessmentType, Score, Seat
from portal.assessments.policy import AssessmentFacts
from portal.people.facts import PersonFacts

ANN, DORA, DEP, OLGA = 1, 2, 3, 9
MEMBERS = (4, 5, 6)
WHO = {
    ANN: PersonFacts(ANN),
    DORA: PersonFacts(DORA, frozenset({"director"}), is_director=True),
    DEP: PersonFacts(DEP, frozenset({"deputy_director"}), is_deputy=True),
    OLGA: PersonFacts(OLGA, frozenset({"engineer"})),
} | {id: PersonFacts(id, frozenset({"engineer"})) for id in MEMBERS}
TYPES = {Seat.OWN: AssessmentType.SELF, Seat.FINAL: AssessmentType.FINAL}


def facts(of: Round, paper: Paper) -> AssessmentFacts:
    """What the queries would say of a document of this round."""
    newer = [other for other in of.papers if other.supersedes_id == paper.id]
    others = of.markers - {paper.marker_id}
    return AssessmentFacts(
        person_id=of.person_id,
        marker_id=paper.marker_id,
        type=TYPES.get(paper.seat, AssessmentType.MENTOR),
        locked=paper.locked,
        declined=paper.state is AssessmentState.DECLINED,
        co_marker_id=next(iter(others)) if paper.seat is Seat.FINAL else None,
        in_round=True,
        is_correction=paper.supersedes_id is not None,
        corrected=bool(newer),
        superseded=any(other.locked for other in newer),
        blind=of.is_blind(paper.seat),
        hidden_from=of.blind_to if paper.seat is Seat.OWN else frozenset(),
        readers=of.readers,
    )


class Rounds(RuleBasedStateMachine):
    """One round, in which anybody tries anything in any order; only what the rules allow is done."""

    @initialize()
    def begin(self) -> None:
        self.of = Round(ANN)
        self.reveals = 0

    def _add(self, seat: Seat, marker: int, supersedes: int | None = None) -> None:
        paper = Paper(len(self.of.papers) + 1, seat, AssessmentState.DRAFT, marker, supersedes)
        self.of = replace(self.of, papers=(*self.of.papers, paper))

    def _put(self, paper: Paper, state: AssessmentState) -> None:
        papers = tuple(replace(other, state=state) if other.id == paper.id else other for other in self.of.papers)
        before, self.of = self.of, replace(self.of, papers=papers)
        self.reveals += self.of.revealed and not before.revealed

    @rule(
        seat=st.sampled_from(MARKINGS), marker=st.sampled_from([*WHO]), sponsors=st.frozensets(st.sampled_from([*WHO]))
    )
    def name(self, seat: Seat, marker: int, sponsors: frozenset[int]) -> None:
        if seat in self.of.vacant and marking.why_not_marker(self.of, seat, WHO[marker], sponsors) is None:
            assert marker != ANN
            assert marker not in self.of.markers | self.of.declined_by
            assert seat is Seat.MENTOR or marker not in sponsors
            self._add(seat, marker)

    @precondition(lambda self: self.of.original(Seat.OWN) is None)
    @rule()
    def assess_oneself(self) -> None:
        self._add(Seat.OWN, ANN)

    @precondition(lambda self: self.of.papers)
    @rule(data=st.data(), actor=st.sampled_from([*WHO]), act=st.sampled_from(["lock", "decline", "correct"]))
    def do(self, data: st.DataObject, actor: int, act: str) -> None:
        paper = data.draw(st.sampled_from(self.of.papers))
        known = facts(self.of, paper)
        if act == "lock" and policy.may_lock(WHO[actor], known):
            self._put(paper, AssessmentState.LOCKED)
        if act == "decline" and policy.may_decline(WHO[actor], known):
            self._put(paper, AssessmentState.DECLINED)
        if act == "correct" and policy.may_correct(WHO[actor], known):
            self._add(paper.seat, paper.marker_id, paper.id)

    @rule(actor=st.sampled_from([*WHO]))
    def begin_final(self, actor: int) -> None:
        if marking.may_begin_final(WHO[actor], self.of):
            assert actor in self.of.markers
            self._add(Seat.FINAL, actor)

    @invariant()
    def it_is_revealed_once_and_never_again_hidden(self) -> None:
        assert self.reveals == int(self.of.revealed)

    @invariant()
    def nobody_reads_early_and_then_all_parties_do(self) -> None:
        for paper in self.of.papers:
            for reader in WHO.values():
                if not policy.may_read(reader, facts(self.of, paper)):
                    continue
                assert not (paper.seat in MARKINGS and not self.of.revealed and reader.id != paper.marker_id)
                assert not (paper.seat is Seat.OWN and reader.id in self.of.markers and not self.of.revealed)
                assert reader.id in self.of.markers | {ANN, DORA, DEP}
            if self.of.revealed and paper.locked:
                for party in self.of.markers | {ANN, DORA, DEP}:
                    assert policy.may_read(WHO[party], facts(self.of, paper))

    @invariant()
    def a_chain_of_corrections_has_one_end(self) -> None:
        for seat in Seat:
            newest = self.of.newest(seat)
            assert newest is None or not facts(self.of, newest).superseded
            live = [paper for paper in self.of.papers if paper.seat is seat and paper.supersedes_id is None]
            assert len([paper for paper in live if paper.state is not AssessmentState.DECLINED]) <= 1

    @invariant()
    def nobody_marks_twice_or_their_own(self) -> None:
        assert ANN not in self.of.markers
        assert len(self.of.markers) == len(MARKINGS) - len(self.of.vacant)


TestRounds = Rounds.TestCase


@pytest.mark.parametrize(
    ("scores", "apart"),
    [
        ((Score.NONE, Score.INDEPENDENT), True),
        ((Score.NONE, Score.BASIC, Score.INDEPENDENT), True),
        ((Score.BASIC, Score.INDEPENDENT), False),
        ((Score.NOT_APPLICABLE, Score.TEACHES), False),
        ((None, Score.TEACHES), False),
        ((), False),
    ],
)
def test_two_points_between_any_two_are_far_apart_and_na_is_no_number(
    scores: tuple[Score | None, ...], apart: bool
) -> None:
    assert marking.far_apart(scores) is apart


@given(st.dictionaries(st.sampled_from("abc"), st.tuples(st.sampled_from(Score), st.sampled_from(Score)), min_size=1))
def test_a_final_check_begins_with_what_is_agreed_and_wants_words_where_it_is_not(
    given_scores: dict[str, tuple[Score, Score]],
) -> None:
    mentor = {key: Entry(one) for key, (one, _) in given_scores.items()}
    second = {key: Entry(other) for key, (_, other) in given_scores.items()}

    begun = {key: Entry(marking.agreed_already(mentor, second).get(key)) for key in given_scores}
    lacking = marking.missing(begun, marking.want_a_sentence(mentor, second))

    assert set(lacking.scores) == {key for key, (one, other) in given_scores.items() if one is not other}
    assert set(lacking.sentences) == {key for key, pair in given_scores.items() if marking.far_apart(pair)}


def test_a_space_is_no_sentence() -> None:
    assert marking.missing({"a": Entry(Score.BASIC, "  ")}, frozenset("a")).sentences == ("a",)


def test_who_decides_names_markers_and_so_does_the_person() -> None:
    of = Round(ANN, (Paper(1, Seat.MENTOR, AssessmentState.DRAFT, MEMBERS[0]),))

    assert [id for id, person in WHO.items() if marking.may_name(person, of)] == [ANN, DORA, DEP]
    assert not any(marking.may_name(person, replace(of, closed=True)) for person in WHO.values())
    assert not marking.may_name(replace(WHO[ANN], locked=True), of)
