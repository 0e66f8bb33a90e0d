"""The pure parts: merging two tabs, links, tallies, who may do what."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.assessments.entries import EMPTY, Entry, Header, merge
from portal.assessments.links import link_fault
from portal.assessments.models import AssessmentType, MentoringType, Score, Section
from portal.assessments.policy import (
    AssessmentFacts,
    may_discard,
    may_mark,
    may_name_marker,
    may_read,
    may_read_all_of,
    may_redact,
    may_self_assess,
    may_write,
)
from portal.assessments.summary import POINTS, Count, tallies
from portal.people.facts import PersonFacts
from portal.people.models import Capacity

entries = st.builds(
    Entry, st.none() | st.sampled_from(list(Score)), st.text(max_size=5), st.sampled_from(["", "https://a"])
)


@given(base=entries, stored=entries, typed=entries)
def test_merging_never_loses_a_change_silently(base: Entry, stored: Entry, typed: Entry) -> None:
    kept = merge(base.token, stored, typed)

    if kept is None:
        assert base not in (stored, typed)
        assert stored != typed
    elif kept != stored:
        assert kept == typed
        assert stored == base
    if kept == stored and kept != typed:
        assert typed == base


@given(stored=entries, typed=entries)
def test_a_form_that_saw_nothing_overwrites_nothing(stored: Entry, typed: Entry) -> None:
    assert merge("", stored, typed) == (typed if typed == stored else None)


def test_the_header_is_merged_the_same_way() -> None:
    base = Header("Generalist", MentoringType.MENTEE, date(2026, 11, 1))
    mine = Header("Generalist", MentoringType.MENTOR, date(2026, 11, 1))

    assert merge(base.token, base, mine) == mine
    assert merge(base.token, mine, base) == mine
    assert merge(base.token, mine, Header("Generalist", MentoringType.PEER, date(2026, 11, 1))) is None


HONEST = (
    "https://meta.miraheze.org/wiki/To_be_continued...",
    "https://8.8.8.8/x",
    "https://[2606:4700:4700::1111]/",
    "https://b\u00fccher.example/",
    "https://xn--bcher-kva.example./",
    "https://a.example/%7Euser?q=%20",
)


@pytest.mark.parametrize("link", ["", "https://a.example/x?y#z", "http://a.example", "HTTPS://A.EXAMPLE/ü", *HONEST])
def test_web_addresses_are_taken(link: str) -> None:
    assert link_fault(link) is None


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://a.example",
        "a.example",
        "//a.example",
        "https://",
        "https:///x",
        "https://a b",
        "https://a.example/\nx",
        "http://[",
        "http://a.example:99999",
        "https://user:secret@a.example",
        "https://a.example/" + "x" * 2000,
        "T123",
        "/requests/12",
        "http://localhost/x",
        "http://wiki/x",
        "https://grafana.internal/d/1",
        "http://printer.local./",
        "http://127.0.0.1:5000/",
        "http://10.1.2.3/x",
        "http://[::1]/",
        "http://[fd00::1]/",
        "http://169.254.169.254/latest",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://a..example/",
        "http://\N{CIRCLED LATIN SMALL LETTER L}ocalhost/",
        "https://a.example/page\N{HORIZONTAL ELLIPSIS}",
        "https://a.example/page...",
        "http://10.0.0.1\\.example.org/",
        "http://foo.l%6fcal/",
        "http://foo.example.com\N{IDEOGRAPHIC FULL STOP}local/",
        "http://x.localhost\N{IDEOGRAPHIC FULL STOP}/",
        "http://foo.lo\N{SOFT HYPHEN}cal/",
        "http://foo.\N{MATHEMATICAL BOLD CAPITAL L}ocal/",
        "http://[::127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://[2002:7f00:1::]/",
        "http://[ff02::1]/",
        "http://[fec0::1]/",
        "http://224.0.0.1/",
        "http://a.example:0/",
    ],
)
def test_everything_else_is_refused_in_words(link: str) -> None:
    fault = link_fault(link)

    assert fault is not None
    assert str(fault).endswith(".")


counts = st.lists(
    st.builds(
        Count,
        st.sampled_from(list(Section)),
        st.sampled_from(["Generalist", "MediaWiki Specialist"]),
        st.sampled_from(list(Score)),
        st.integers(1, 9),
    )
)


@given(counts)
def test_the_sums_are_those_of_a_naive_recount(given_counts: list[Count]) -> None:
    scores = [(c.section, c.role_focus, c.score) for c in given_counts for _ in range(c.count)]

    overall, sections, focuses = tallies(given_counts)

    assert overall.items == len(scores)
    assert overall.met == sum(score in ("2", "3") for _s, _f, score in scores)
    assert overall.not_applicable == sum(score == "na" for _s, _f, score in scores)
    assert overall.points == sum(POINTS.get(score, 0) for _s, _f, score in scores)
    for parts, place in ((sections, 0), (focuses, 1)):
        assert sum(tally.items for tally in parts.values()) == overall.items
        for name, tally in parts.items():
            own = [row for row in scores if row[place] == name]
            assert tally.met == sum(score in ("2", "3") for _s, _f, score in own)
            assert tally.applicable == sum(score != "na" for _s, _f, score in own)


ANN, BOB, EVE = 1, 2, 3
OU = PersonFacts(EVE)
TM = PersonFacts(EVE, roles=frozenset({"software_engineer"}))
DI = PersonFacts(EVE, roles=frozenset({"director"}), is_director=True)
DE = PersonFacts(EVE, roles=frozenset({"deputy_director"}), is_deputy=True)
BO = PersonFacts(EVE, capacities=frozenset({Capacity.BOARD}))
OTHERS = {"OU": OU, "TM": TM, "DI": DI, "DE": DE, "BO": BO}
PERSON = PersonFacts(ANN)
MARKER = PersonFacts(BOB, roles=frozenset({"software_engineer"}))


def review(*, locked: bool, begun: bool = False) -> AssessmentFacts:
    return AssessmentFacts(ANN, BOB, AssessmentType.MENTOR, locked, begun)


def test_a_locked_review_is_read_by_the_person_the_marker_and_those_who_decide() -> None:
    readers = {name for name, facts in OTHERS.items() if may_read(facts, review(locked=True))}

    assert readers == {"DI", "DE"}
    assert may_read(PERSON, review(locked=True))
    assert may_read(MARKER, review(locked=True))


def test_a_draft_is_read_by_its_marker_alone() -> None:
    assert may_read(MARKER, review(locked=False))
    assert not may_read(PERSON, review(locked=False))
    assert not any(may_read(facts, review(locked=False)) for facts in OTHERS.values())


def test_nobody_writes_into_what_is_locked_or_not_theirs() -> None:
    assert may_write(MARKER, review(locked=False))
    assert not may_write(MARKER, review(locked=True))
    assert not may_write(PersonFacts(BOB), review(locked=False)), "no longer a member"
    assert not any(may_write(facts, review(locked=False)) for facts in (*OTHERS.values(), PERSON))


def test_two_accounts_found_to_be_one_person_do_not_review_themselves() -> None:
    merged = AssessmentFacts(BOB, BOB, AssessmentType.MENTOR, locked=False)

    assert not may_write(MARKER, merged)
    assert not may_mark(MARKER, BOB)


def test_who_names_a_marker() -> None:
    assert may_name_marker(PERSON, ANN)
    assert {name for name, facts in OTHERS.items() if may_name_marker(facts, ANN)} == {"DI", "DE"}


def test_only_members_are_named() -> None:
    assert {name for name, facts in OTHERS.items() if may_mark(facts, ANN)} == {"TM", "DI", "DE"}


def test_a_locked_account_does_nothing() -> None:
    locked = PersonFacts(BOB, roles=frozenset({"director"}), is_director=True, locked=True)

    assert not may_self_assess(locked)
    assert not may_name_marker(locked, BOB)
    assert not may_mark(locked, ANN)
    assert not may_read(locked, review(locked=True))
    assert not may_read_all_of(locked, BOB)
    assert not may_discard(locked, review(locked=False))


def test_taking_back_a_review_ends_when_the_marker_has_begun() -> None:
    assert may_discard(PERSON, review(locked=False))
    assert not may_discard(PERSON, review(locked=False, begun=True))
    assert may_discard(MARKER, review(locked=False, begun=True))
    assert not may_discard(MARKER, review(locked=True))


def test_a_remark_is_removed_by_its_author_or_a_decider_once_locked() -> None:
    assert may_redact(MARKER, review(locked=True))
    assert may_redact(DI, review(locked=True))
    assert not may_redact(PERSON, review(locked=True))
    assert not may_redact(MARKER, review(locked=False))


def test_an_empty_entry_knows_it_is_empty() -> None:
    assert EMPTY.is_empty
    assert not Entry(Score.NONE).is_empty
