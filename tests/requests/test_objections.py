"""Concerns, evidence, private notes, and removing texts."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.assessments.entries import Entry
from portal.assessments.models import Score
from portal.audit.models import Text
from portal.errors import Invalid, NotPermitted, NotVisible, WrongState
from portal.extensions import db
from portal.people.models import Person
from portal.requests import discussion_services, fact_queries, filing_services, objection_services, queries
from portal.requests.discussion_models import Comment, CommentAudience, Concern, ConcernOutcome, Evidence
from portal.requests.models import Answer
from portal.web import clock
from tests import factories as people
from tests.assessments import factories as assessments
from tests.requests.factories import CANARY, decide, details, do, events, get, team_request
from tests.requests.pages import Open

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("whole_timeline")]


def concern(actor: Person, request_id: int) -> int:
    return do(objection_services.raise_concern, actor, request_id, f"Key {CANARY}", f"The key {CANARY}").id


def facts(request_id: int) -> Any:
    return fact_queries.facts_of(get(request_id), clock.now())


def test_a_concern_stays_open_until_its_author_says_why_it_is_settled(app: Flask) -> None:
    ben = people.member()
    request_id = team_request(people.member())
    concern_id = concern(ben, request_id)
    assert facts(request_id).open_concerns == 1

    do(objection_services.resolve_concern, ben, request_id, concern_id, f"A new key. {CANARY}")

    found = db.session.get_one(Concern, concern_id)
    assert (found.outcome, found.closed_by_id) == (ConcernOutcome.RESOLVED, ben.id)
    assert facts(request_id).open_concerns == 0
    assert events(request_id)[1:] == ["concern.raised/team", "concern.resolved/team"]
    with pytest.raises(WrongState, match="closed already"):
        do(objection_services.resolve_concern, ben, request_id, concern_id, "again")


def test_nobody_but_its_author_resolves_a_concern(app: Flask) -> None:
    director, ben, carl, ann = people.director(), people.member(), people.member(), people.member()
    request_id, other = team_request(ann), team_request(ann, "system:github")
    concern_id = concern(ben, request_id)

    for person in (director, carl):
        with pytest.raises(NotPermitted, match="Only the person who raised"):
            do(objection_services.resolve_concern, person, request_id, concern_id, "fine")
    with pytest.raises(NotPermitted):
        do(objection_services.resolve_concern, ann, request_id, concern_id, "fine")
    with pytest.raises(NotVisible):
        do(objection_services.resolve_concern, ben, other, concern_id, "fine")
    assert facts(request_id).open_concerns == 1


def test_a_concern_stays_open_across_revisions(app: Flask) -> None:
    ann, ben = people.member(), people.member()
    request_id = team_request(ann)
    concern(ben, request_id)
    filled, base = details("access_expansion", ann, "system:github"), queries.edit_base(request_id, 1)

    do(filing_services.revise, ann, request_id, filled, base=base)

    assert facts(request_id).open_concerns == 1


@pytest.mark.parametrize("who", ["candidate", "director"])
def test_neither_the_candidate_nor_the_decider_raises_a_concern(app: Flask, who: str) -> None:
    ann, director = people.member(), people.director()
    request_id = team_request(ann)

    with pytest.raises(NotPermitted):
        concern(ann if who == "candidate" else director, request_id)


def test_a_finished_assessment_is_pinned_once(app: Flask) -> None:
    assessments.seed()
    ann = people.member()
    request_id, assessment_id = team_request(ann), assessments.locked_self(ann)

    first = do(objection_services.link_assessment, ann, request_id, assessment_id).id
    second = do(objection_services.link_assessment, ann, request_id, assessment_id).id

    assert first == second
    assert [found.current_standard for found in facts(request_id).assessments] == [True]
    assert events(request_id)[-1] == "evidence.linked/shared"


def test_a_draft_of_an_assessment_is_not_evidence(app: Flask) -> None:
    assessments.seed()
    ann = people.member()
    request_id, assessment_id = team_request(ann), assessments.self_assessment(ann)

    with pytest.raises(Invalid, match="Finish and lock"):
        do(objection_services.link_assessment, ann, request_id, assessment_id)


def test_one_links_ones_own_or_what_one_marked_and_only_of_the_candidate(app: Flask) -> None:
    assessments.seed()
    ann, ben, carl = people.member(), people.member(), people.member()
    request_id = team_request(ann)
    review, of_ben = assessments.locked_review(ann, carl), assessments.locked_self(ben)

    with pytest.raises(NotVisible):
        do(objection_services.link_assessment, ben, request_id, review)
    with pytest.raises(Invalid, match="of the candidate"):
        do(objection_services.link_assessment, ben, request_id, of_ben)
    do(objection_services.link_assessment, carl, request_id, review)

    assert facts(request_id).markers == {carl.id}


def test_whose_assessment_it_is_or_who_linked_it_takes_it_back_until_the_decision(app: Flask) -> None:
    assessments.seed()
    director, ann, ben, carl = people.director(), people.member(), people.member(), people.member()
    request_id, review = team_request(ann), assessments.locked_review(ann, carl)
    evidence_id = do(objection_services.link_assessment, carl, request_id, review).id

    with pytest.raises(NotPermitted, match="Only the person who linked"):
        do(objection_services.unlink, ben, request_id, evidence_id)
    do(objection_services.unlink, ann, request_id, evidence_id)

    assert facts(request_id).assessments == ()
    assert events(request_id)[-1] == "evidence.unlinked/shared"
    with pytest.raises(WrongState):
        do(objection_services.unlink, carl, request_id, evidence_id)

    again = do(objection_services.link_assessment, carl, request_id, review).id
    decide(director, request_id)
    with pytest.raises(WrongState):
        do(objection_services.unlink, carl, request_id, again)


def test_after_the_decision_the_sums_stay_with_it_also_when_the_document_was_corrected(
    app: Flask, open_as: Open
) -> None:
    assessments.seed()
    director, ann, ben, carl = people.director(), people.member(), people.member("Ben"), people.member("Carl")
    request_id, review = team_request(ann), assessments.locked_review(ann, carl)
    evidence_id = do(objection_services.link_assessment, carl, request_id, review).id
    decide(director, request_id)
    with pytest.raises(WrongState):
        do(objection_services.unlink, carl, request_id, evidence_id)

    def sums() -> list[str]:
        """What a member reads under "Evidence", as words."""
        panel = open_as(ben).text(f"/requests/{request_id}").partition('id="evidence"')[2].partition("</section>")[0]
        shown = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", panel))
        assert "by Carl" in shown
        return re.findall(r"\w+ \d+ of \d+", shown)

    decided_on = sums()
    assert len(decided_on) >= 3  # knowledge, skills, behaviours
    assert all(found.split()[-3] == found.split()[-1] for found in decided_on)  # all scores are 2

    corrected = assessments.correction(carl, review)
    assessments.change(carl, corrected, dict.fromkeys(assessments.keys(corrected), Entry(Score.NONE)))
    assessments.finish(carl, corrected)
    assert sums() == decided_on
    assert "A correction exists" in open_as(ben).text(f"/requests/{request_id}")


@pytest.mark.parametrize(
    "address",
    ["", "T123", "javascript:alert(1)", "javascript://x/%0aalert(1)", "https://", "https://[", "https://u:p@x.org/"],
)
def test_a_link_is_an_address_on_the_web(app: Flask, address: str) -> None:
    ann = people.member()
    request_id = team_request(ann)

    with pytest.raises(Invalid) as refused:
        do(objection_services.link_page, ann, request_id, address, "A patch")

    assert refused.value.field == "url"
    assert db.session.scalars(select(Evidence)).all() == []


def test_a_page_is_linked_by_any_member_or_party(app: Flask) -> None:
    vera, ben = people.volunteer(), people.member()
    request_id = team_request(vera, "role:software_engineer", kind="new_member")

    for person in (vera, ben):
        do(objection_services.link_page, person, request_id, "https://example.org/T1", f"A patch {CANARY}")

    assert events(request_id)[1:] == ["evidence.linked/shared"] * 2
    with pytest.raises(NotPermitted):
        do(objection_services.link_page, people.board_member(), request_id, "https://example.org", "x")


def test_private_notes_are_for_those_who_decide(app: Flask) -> None:
    director, ben = people.director(), people.member()
    request_id = team_request(people.member())

    do(objection_services.write_note, director, request_id, f"Ask the treasurer. {CANARY}")

    assert events(request_id)[-1] == "note.written/deciders"
    with pytest.raises(NotPermitted):
        do(objection_services.write_note, ben, request_id, "me too")


def comment(actor: Person, request_id: int, audience: CommentAudience = CommentAudience.SHARED) -> Comment:
    return do(discussion_services.comment, actor, request_id, f"Wrong: {CANARY}", audience=audience)


def bodies() -> list[str | None]:
    return list(db.session.scalars(select(Text.body).order_by(Text.id)))


def test_removing_a_text_empties_every_version_and_the_chain_still_holds(app: Flask) -> None:
    ben = people.member()
    request_id = team_request(people.member())
    said = comment(ben, request_id)
    first = said.text_id
    do(discussion_services.edit_comment, ben, request_id, said.id, f"Second {CANARY}", base_text_id=first)
    newest = said.text_id

    do(objection_services.redact, ben, request_id, newest)

    versions = [db.session.get_one(Text, id) for id in (first, newest)]
    assert [(text.body, text.salt, text.redacted_by_id) for text in versions] == [(None, None, ben.id)] * 2
    assert not [body for body in bodies() if body and CANARY in body]
    assert events(request_id)[-1] == "text.redacted/team"
    with pytest.raises(WrongState):
        do(objection_services.redact, ben, request_id, newest)
    with pytest.raises(WrongState):
        do(discussion_services.edit_comment, ben, request_id, said.id, "back", base_text_id=newest)


def test_an_earlier_version_leads_to_all_of_them(app: Flask) -> None:
    ann = people.member()
    request_id = team_request(ann)
    first = queries.answers(request_id)["why"].text_id
    filled = details("access_expansion", ann, "system:grafana")
    changed = {**filled.answers, "why": f"Password {CANARY}"}
    base = queries.edit_base(request_id, 1)
    do(filing_services.revise, ann, request_id, type(filled)(ann.id, filled.items, changed), base=base)

    do(objection_services.redact, ann, request_id, first)

    answers = db.session.scalars(select(Answer).where(Answer.field == "why")).all()
    assert [answer.text.body for answer in answers] == [None, None]


def test_a_decider_removes_what_others_wrote_and_a_member_does_not(app: Flask) -> None:
    director, ben, carl = people.director(), people.member(), people.member()
    request_id = team_request(people.member())
    text_id = comment(ben, request_id).text_id

    with pytest.raises(NotPermitted):
        do(objection_services.redact, carl, request_id, text_id)
    do(objection_services.redact, director, request_id, text_id)

    assert db.session.get_one(Text, text_id).body is None


def test_a_director_does_not_remove_what_was_said_of_themselves(app: Flask) -> None:
    director, ben = people.director(), people.member()
    request_id = team_request(director)
    shared = comment(ben, request_id).text_id
    team = comment(ben, request_id, CommentAudience.TEAM).text_id

    with pytest.raises(NotPermitted):
        do(objection_services.redact, director, request_id, shared)
    with pytest.raises(NotVisible):
        do(objection_services.redact, director, request_id, team)


def test_only_a_text_of_this_very_request_can_be_removed_through_it(app: Flask) -> None:
    director, ben = people.director(), people.member()
    one, other = team_request(people.member()), team_request(people.member())
    text_id = comment(ben, one).text_id

    for wrong in (text_id, 9999):
        with pytest.raises(NotVisible):
            do(objection_services.redact, director, other, wrong)
