"""Standards and assessments on both databases."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.assessments import evidence, queries, services
from portal.assessments.entries import EMPTY, Entry, Typed
from portal.assessments.finishing import Unscored
from portal.assessments.models import (
    Assessment,
    AssessmentScore,
    AssessmentType,
    Score,
    Section,
    Standard,
    StandardItem,
    StandardState,
)
from portal.assessments.summary import POINTS
from portal.audit import services as audit
from portal.audit.models import Event, Text
from portal.errors import Invalid, NotPermitted, NotVisible, WrongState
from portal.extensions import db
from portal.people import queries as people
from portal.web.unit_of_work import unit_of_work
from tests import factories
from tests.assessments import factories as made

pytestmark = pytest.mark.both_databases

KEY = "web-security"


def stored(assessment_id: int, key: str = KEY) -> Entry:
    item = next(i for i in queries.items_of(queries.find(assessment_id).standard_id) if i.key == key)
    return queries.entry_of(queries.score_rows(assessment_id).get(item.id))


def codes() -> list[str]:
    return list(db.session.scalars(select(Event.code).order_by(Event.id)))


def test_seeding_publishes_both_standards_and_only_the_newer_is_current(app: Flask) -> None:
    made.seed()

    first, second = db.session.scalars(select(Standard).order_by(Standard.version)).all()
    assert (first.state, second.state) == (StandardState.SUPERSEDED, StandardState.PUBLISHED)
    assert queries.current_standard() is second
    assert [sum(i.section is s for i in first.items) for s in Section] == [9, 9, 8]
    assert [sum(i.section is s for i in second.items) for s in Section] == [11, 9, 8]
    only_new = {i.title for i in second.items} - {i.title for i in first.items}
    assert only_new == {"Web Security", "Infrastructure and Suppliers"}


def test_seeding_twice_changes_nothing(app: Flask) -> None:
    made.seed()
    made.seed()

    assert db.session.scalar(select(func.count()).select_from(Standard)) == 2
    assert codes() == ["standard.published"] * 2


def test_a_published_standard_that_reads_differently_is_refused(app: Flask) -> None:
    made.seed()
    with unit_of_work():
        db.session.scalars(select(StandardItem).where(StandardItem.key == KEY)).one().title = "Other words"

    with pytest.raises(WrongState, match="never changes"):
        made.seed()


def test_nothing_is_assessed_without_a_standard(app: Flask) -> None:
    with pytest.raises(WrongState, match="no published standard"):
        made.self_assessment(factories.volunteer())


def test_anyone_signed_in_assesses_themselves_against_the_current_standard(app: Flask) -> None:
    made.seed()
    ann = factories.volunteer("Ann")

    begun = queries.find(made.self_assessment(ann))

    assert (begun.person_id, begun.marker_id, begun.type) == (ann.id, ann.id, AssessmentType.SELF)
    assert (begun.standard.version, begun.username) == (2, "Ann")
    assert codes()[-1] == "assessment.started"


def test_a_second_start_finds_the_open_draft(app: Flask) -> None:
    made.seed()
    ann = factories.volunteer()

    assert made.self_assessment(ann) == made.self_assessment(ann)


def test_a_locked_account_cannot_start(app: Flask) -> None:
    made.seed()

    with pytest.raises(NotPermitted):
        made.self_assessment(factories.person("Ann", locked=True))


def test_the_person_names_a_member_who_then_owes_the_review(app: Flask) -> None:
    made.seed()
    ann, bob = factories.volunteer(), factories.member()

    found = queries.find(made.review(ann, bob))

    assert (found.person_id, found.marker_id, found.type) == (ann.id, bob.id, AssessmentType.MENTOR)
    assert codes()[-1] == "assessment.marker_named"
    assert [draft.id for draft in queries.drafts_to_fill(bob.id)] == [found.id]
    assert [draft.id for draft in queries.reviews_awaited(ann.id)] == [found.id]


def test_the_director_names_a_marker_for_somebody_else_and_a_member_does_not(app: Flask) -> None:
    made.seed()
    ann, bob = factories.volunteer(), factories.member()

    assert made.review(ann, bob, by=factories.director())
    with pytest.raises(NotPermitted):
        made.review(ann, bob, by=factories.member())


def test_nobody_reviews_themselves_and_no_outsider_reviews(app: Flask) -> None:
    made.seed()
    ann = factories.member()

    with pytest.raises(Invalid, match="their own work"):
        made.review(ann, ann)
    with pytest.raises(Invalid, match="member of the team"):
        made.review(ann, factories.volunteer())


def test_the_same_marker_is_not_asked_twice_at_once(app: Flask) -> None:
    made.seed()
    ann, bob = factories.volunteer(), factories.member()
    made.review(ann, bob)

    with pytest.raises(Invalid, match="asked already"):
        made.review(ann, bob)


def test_sending_the_same_form_twice_asks_once(app: Flask) -> None:
    made.seed()
    ann, bob = factories.volunteer(), factories.member()
    with unit_of_work() as now:
        first = services.ask_for_review(ann, ann.id, marker_id=bob.id, submission_id="s" * 32, now=now)
    with unit_of_work() as now:
        again = services.ask_for_review(ann, ann.id, marker_id=bob.id, submission_id="s" * 32, now=now)

    assert first == again


def test_what_is_saved_is_there_and_is_no_event(app: Flask) -> None:
    made.seed()
    ann = factories.volunteer()
    draft = made.self_assessment(ann)

    made.fill(ann, draft, {KEY: Entry(Score.BASIC, "I know CSRF", "https://a.example")})

    assert stored(draft) == Entry(Score.BASIC, "I know CSRF", "https://a.example")
    assert codes()[-1] == "assessment.started"
    assert queries.progress_of([draft]) == {draft: queries.Progress(1, 28)}


def test_two_tabs_do_not_overwrite_each_other(app: Flask) -> None:
    made.seed()
    ann = factories.volunteer()
    draft = made.self_assessment(ann)
    made.fill(ann, draft, {KEY: Entry(Score.BASIC, "from tab one")})

    with pytest.raises(services.EntriesConflict) as refused, unit_of_work() as now:
        typed = {KEY: Entry(Score.BASIC, "from tab two"), "log-interpretation": Entry(Score.NONE)}
        services.save(ann, draft, Typed(typed, dict.fromkeys(typed, EMPTY.token)), now=now)

    assert refused.value.entries == {KEY: Entry(Score.BASIC, "from tab one")}
    assert stored(draft).remark == "from tab one"
    assert stored(draft, "log-interpretation") == EMPTY, "nothing of a refused form is kept"


def test_what_the_other_tab_saved_stays_where_this_one_changed_nothing(app: Flask) -> None:
    made.seed()
    ann = factories.volunteer()
    draft = made.self_assessment(ann)
    made.fill(ann, draft, {KEY: Entry(Score.BASIC)})

    made.fill(ann, draft, {KEY: EMPTY, "log-interpretation": Entry(Score.NONE)})

    assert stored(draft) == Entry(Score.BASIC)
    assert stored(draft, "log-interpretation") == Entry(Score.NONE)


def test_a_remark_can_be_changed_and_emptied_while_it_is_a_draft(app: Flask) -> None:
    made.seed()
    ann = factories.volunteer()
    draft = made.self_assessment(ann)
    made.fill(ann, draft, {KEY: Entry(remark="first")})
    for remark in ("second", ""):
        before = stored(draft)
        with unit_of_work() as now:
            services.save(ann, draft, Typed({KEY: Entry(remark=remark)}, {KEY: before.token}), now=now)
        assert stored(draft).remark == remark

    assert db.session.scalars(select(Text)).all() == [], "a draft leaves no earlier words behind"


@pytest.mark.parametrize("link", ["javascript:alert(1)", "not a link"])
def test_a_link_that_is_not_on_the_web_is_refused(app: Flask, link: str) -> None:
    made.seed()
    ann = factories.volunteer()
    draft = made.self_assessment(ann)

    with pytest.raises(Invalid):
        made.fill(ann, draft, {KEY: Entry(link=link)})


def test_an_item_of_another_standard_is_refused(app: Flask) -> None:
    made.seed()
    ann = factories.volunteer()

    with pytest.raises(Invalid, match="not part of the standard"):
        made.fill(ann, made.self_assessment(ann), {"no-such-item": Entry(Score.BASIC)})


def test_locking_needs_every_item_and_names_those_missing(app: Flask) -> None:
    made.seed()
    ann = factories.volunteer()
    draft = made.self_assessment(ann)
    almost = {key: Entry(Score.BASIC) for key in made.keys(draft) if key != KEY}

    with pytest.raises(Unscored) as refused, unit_of_work() as now:
        services.lock(ann, draft, Typed(almost, dict.fromkeys(almost, EMPTY.token)), now=now)

    assert refused.value.keys == [KEY]
    assert queries.find(draft).locked_at is None


def test_what_is_locked_changes_no_more(app: Flask) -> None:
    made.seed()
    ann = factories.volunteer()
    done = made.locked_self(ann)

    assert codes()[-1] == "assessment.locked"
    for act in (made.fill, lambda *a: made.lock(a[0], a[1])):
        with pytest.raises(WrongState):
            act(ann, done, {KEY: Entry(Score.NONE)})
    with pytest.raises(WrongState), unit_of_work() as now:
        services.discard(ann, done, now=now)
    assert stored(done) == Entry(Score.INDEPENDENT)


def test_it_stays_with_the_standard_it_was_begun_under(app: Flask) -> None:
    made.seed()
    ann = factories.volunteer()
    draft = made.self_assessment(ann)
    with unit_of_work() as now:
        queries.find(draft).standard.state = StandardState.SUPERSEDED
        db.session.add(Standard(version=3, title="T", state=StandardState.PUBLISHED, source="portal", published_at=now))

    made.lock(ann, draft)

    assert queries.find(draft).standard.version == 2
    assert [document.is_current for document in evidence.linkable(ann.id, reader_id=ann.id)] == [False]


def test_a_day_that_lies_ahead_cannot_be_locked(app: Flask) -> None:
    made.seed()
    ann = factories.volunteer()
    draft = made.self_assessment(ann)
    with unit_of_work() as now:
        queries.find(draft).assessed_on = (now + timedelta(days=3)).date()

    with pytest.raises(Invalid, match="future"):
        made.lock(ann, draft)


def test_a_draft_is_found_by_nobody_but_its_marker(app: Flask) -> None:
    made.seed()
    ann, bob, dora = factories.volunteer(), factories.member(), factories.director()
    draft = made.review(ann, bob)

    for reader in (ann, dora, factories.member()):
        with pytest.raises(NotVisible):
            queries.get_visible(people.facts(reader.id, factories.now()), draft)
        with pytest.raises(NotVisible):
            made.fill(reader, draft, {KEY: Entry(Score.NONE)})


def test_a_review_nobody_has_begun_can_be_taken_back(app: Flask) -> None:
    made.seed()
    ann, bob = factories.volunteer(), factories.member()
    begun = made.review(ann, bob)
    made.fill(bob, begun, {KEY: Entry(Score.NONE, "words")})
    with pytest.raises(NotPermitted, match="has begun"), unit_of_work() as now:
        services.discard(ann, begun, now=now)
    outsider = factories.member()
    with pytest.raises(NotVisible), unit_of_work() as now:
        services.discard(outsider, begun, now=now)

    with unit_of_work() as now:
        services.discard(bob, begun, now=now)

    assert db.session.scalars(select(Assessment)).all() == []
    assert db.session.scalars(select(AssessmentScore)).all() == []
    assert db.session.scalars(select(Text)).all() == []
    assert codes()[-1] == "assessment.discarded"


def test_a_removed_remark_is_gone_and_the_score_stays(app: Flask) -> None:
    made.seed()
    ann, bob = factories.volunteer(), factories.member()
    review = made.review(ann, bob)
    made.fill(bob, review, {KEY: Entry(Score.INDEPENDENT, "a private word")})
    with unit_of_work() as now:
        rest = {key: Entry(Score.INDEPENDENT) for key in made.keys(review) if key != KEY}
        services.lock(bob, review, Typed(rest, dict.fromkeys(rest, EMPTY.token)), now=now)
    with pytest.raises(NotPermitted), unit_of_work() as now:
        services.redact_remark(ann, review, KEY, now=now)

    with unit_of_work() as now:
        services.redact_remark(bob, review, KEY, now=now)

    assert stored(review) == Entry(Score.INDEPENDENT)
    assert db.session.scalars(select(Text.body)).all() == [None]
    assert audit.verify_chain().first_bad is None


def test_only_what_is_locked_can_be_linked_newest_first(app: Flask) -> None:
    made.seed()
    ann, bob = factories.volunteer(), factories.member("Bob")
    older = made.locked_self(ann, at=datetime(2026, 10, 1, tzinfo=UTC))
    newer = made.locked_review(ann, bob)
    made.review(ann, factories.member())

    found = evidence.linkable(ann.id, reader_id=ann.id)

    assert [document.id for document in found] == [newer, older]
    assert (found[0].marker_name, found[0].is_current) == ("Bob", True)
    assert evidence.markers([older, newer]) == {older: ann.id, newer: bob.id}
    assert evidence.linkable(bob.id, reader_id=bob.id) == []


@pytest.mark.parametrize("seed", range(3))
def test_a_summary_equals_a_naive_recount(app: Flask, seed: int) -> None:
    made.seed()
    ann = factories.volunteer()
    chosen = random.Random(seed).choices(list(Score), k=28)
    done = made.locked_self(ann, chosen)

    summary = evidence.summary(done)

    items = list(zip(queries.items_of(queries.find(done).standard_id), chosen, strict=True))
    for section, tally in summary.sections.items():
        own = [score for item, score in items if item.section is section]
        assert (tally.items, tally.met) == (len(own), sum(score in ("2", "3") for score in own))
        assert tally.points == sum(POINTS.get(score, 0) for score in own)
    assert sum(tally.met for tally in summary.focuses.values()) == summary.overall.met
    assert {name: tally.items for name, tally in summary.focuses.items()} == {
        "Generalist": 14,
        "MediaWiki Specialist": 7,
        "Infrastructure Specialist": 7,
    }


def test_a_draft_has_no_summary(app: Flask) -> None:
    made.seed()
    ann = factories.volunteer()
    draft = made.self_assessment(ann)

    assert evidence.summaries([draft]) == {}
    with pytest.raises(NotVisible):
        evidence.summary(draft)
