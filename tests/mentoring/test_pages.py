"""What the pages of mentoring show, to whom."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from portal.assessments.models import Score
from portal.extensions import db
from portal.mentoring import queries, quiet
from portal.notifications import duties, spreading
from portal.notifications.models import INBOX, Delivery
from portal.people.models import Person, WikiIdentity
from portal.web.unit_of_work import unit_of_work
from tests import factories as people
from tests.assessments import factories as sheets
from tests.mentoring import factories as made


def quiet_mentors() -> list[quiet.Quiet]:
    now = people.now()
    return quiet.mentors(queries.active(), queries.limits(now).silent, now)


def page(app: Flask, person: Person, path: str, *, status: int = 200) -> str:
    client = app.test_client()
    people.sign_in(client, person)
    answer = client.get(path)
    assert answer.status_code == status
    return html.unescape(answer.text)


def test_the_list_shows_free_places_and_offers_nobody_who_is_full(app: Flask) -> None:
    ann, ben, fay = people.volunteer("Ann"), people.member("Ben Mentor"), people.member("Fay Full")
    made.offered(ben, 2)
    made.offered(fay, 1)
    made.active(people.volunteer(), fay)
    made.active(people.volunteer(), ben)

    index, form = page(app, ann, "/mentoring"), page(app, ann, "/mentoring/new")
    peers = page(app, ann, "/mentoring/new?kind=peer_support")

    assert "1 free place" in index
    assert f"/mentoring/new?mentor={ben.id}" in index
    assert f"/mentoring/new?mentor={fay.id}" not in index
    assert "Ben Mentor (free places: 1)" in form
    assert "Fay Full" not in form
    assert "Fay Full" in peers  # peer support takes no place


def test_the_pages_say_what_no_source_asks_of_anybody(app: Flask) -> None:
    sheets.seed()

    index = page(app, people.volunteer(), "/mentoring")

    assert "Infrastructure has no mentoring scheme." in index
    assert "Community Liaison, Software Engineer, Project Manager, Security Specialist</span>" in index
    assert "so nobody who holds one lacks anything" in index


def test_who_mentors_whom_is_for_the_team_and_the_board(app: Flask) -> None:
    ann, ben = people.volunteer("Ann Mentee"), people.member("Ben Mentor")
    found = made.active(ann, ben)

    for reader in (people.member(), people.board_member()):
        assert "Ben Mentor, for Ann Mentee" in page(app, reader, "/mentoring")
        page(app, reader, f"/mentoring/{found}")
    outsider = people.volunteer()
    assert "Ann Mentee" not in page(app, outsider, "/mentoring")
    page(app, outsider, f"/mentoring/{found}", status=404)
    page(app, people.member(), f"/mentoring/{made.asked(people.volunteer(), ben)}", status=404)


def test_goals_and_words_are_for_the_two_and_who_decides(app: Flask) -> None:
    sheets.seed()
    ann, ben, member = people.volunteer(), people.member(), people.member()
    found = made.accepted(made.asked(ann, ben, note="To learn Puppet."), ben)
    made.goal(found, ann, "web-security")
    path = f"/mentoring/{found}"

    for reader in (ann, ben, people.director(), people.deputy()):
        shown = page(app, reader, path)
        assert "To learn Puppet." in shown
        assert "Web Security" in shown
        assert ("Set a goal" in shown) == (reader in (ann, ben))
    seen = page(app, member, path)
    assert "To learn Puppet." not in seen
    assert "Web Security" not in seen
    assert "/end" not in seen


def test_own_scores_come_from_own_finished_assessments_and_never_from_markers(app: Flask) -> None:
    sheets.seed()
    ann, ben = people.volunteer(), people.member()
    found = made.active(ann, ben)
    made.goal(found, ann, "web-security", 3)
    path = f"/mentoring/{found}"
    count = len(sheets.keys(sheets.self_assessment(ann)))
    sheets.locked_review(ann, people.member(), [Score.TEACHES] * count)
    assert "No own score to read" in page(app, ann, path)  # a draft, and what a marker gave

    sheets.locked_self(ann, [Score.BASIC] * count)

    mine = page(app, ann, path)
    assert "1" in mine.split("Own score of")[1].split("</span>")[0].rsplit(":", 1)[1]
    assert "not read by the mentor" in mine
    assert "Own score of" not in page(app, ben, path)  # may not read the assessment it is from
    assert "Own score of" in page(app, people.director(), path)


def test_a_director_who_mentors_reads_the_own_score_too(app: Flask) -> None:
    sheets.seed()
    ann, dora = people.volunteer(), people.director()
    found = made.active(ann, dora)
    made.goal(found, ann, "web-security", 3)
    sheets.locked_self(ann)

    assert "Own score of" in page(app, dora, f"/mentoring/{found}")
    assert "not read by the mentor" not in page(app, ann, f"/mentoring/{found}")


def test_a_mentor_who_is_away_is_shown_to_the_mentee_and_to_who_decides(app: Flask) -> None:
    ann, ben = people.volunteer(), people.member("Ben Mentor")
    found = made.active(ann, ben)
    people.absent(ben, length=timedelta(days=5))

    assert "Your mentor is away until" in page(app, ann, f"/mentoring/{found}")
    assert "Your mentor is away" not in page(app, ben, f"/mentoring/{found}")
    for reader, sees in ((people.director(), True), (people.deputy(), True), (people.member(), False), (ann, False)):
        assert ("Mentors who are away or silent" in page(app, reader, "/mentoring")) == sees


@pytest.mark.both_databases
def test_a_mentor_is_silent_after_thirty_days_without_a_sign(app: Flask) -> None:
    ann, ben = people.volunteer(), people.member("Ben Mentor")
    began = people.now() - timedelta(days=31)
    with unit_of_work(began) as then:
        ben.identities[0].seen_at = then
        db.session.merge(ben.identities[0])
    mentorship_id = made.active(ann, ben, at=began)

    def found() -> list[bool]:
        db.session.rollback()
        return [one.silent_since is not None for one in quiet_mentors()]

    assert found() == [True]
    for reader in (people.director(), people.deputy()):
        section = page(app, reader, "/mentoring").partition('id="quiet-title"')[2].partition("</section>")[0]
        assert [name in section for name in ("Ben Mentor", f"/mentoring/{mentorship_id}")] == [True, True]
        assert re.search(r'class="chip[^>]*>(\s*<[^>]*>)*\s*Silent', section)
    for reader in (people.member(), people.board_member(), ann):
        assert "silent" not in page(app, reader, "/mentoring").lower()
    made.offered(ben, 3)  # a sign
    assert found() == []
    assert "silent" not in page(app, people.director("Dora Next"), "/mentoring").lower()


@pytest.mark.both_databases
def test_signing_in_is_a_sign_too(app: Flask) -> None:
    ben = people.member()
    made.active(people.volunteer(), ben, at=people.now() - timedelta(days=31))

    assert quiet_mentors() == []  # the account was seen when it was made
    with unit_of_work() as now:
        db.session.get_one(WikiIdentity, ben.identities[0].id).seen_at = now - timedelta(days=40)
    assert len(quiet_mentors()) == 1


def told() -> list[tuple[int, str]]:
    spreading.spread()
    rows = db.session.query(Delivery).filter_by(channel=INBOX).order_by(Delivery.id)
    return [(row.person_id or 0, row.event.code) for row in rows]


def test_who_is_told_of_what(app: Flask) -> None:
    ann, ben, carl, dora = people.volunteer(), people.member(), people.member(), people.director()
    found = made.active(ann, ben)
    new = made.handed(found, dora, carl)
    made.accepted(new, carl)
    made.ended(new, ann)

    assert sorted(told()) == sorted(
        [
            (ben.id, "mentorship.asked"),
            (ann.id, "mentorship.accepted"),
            (ann.id, "mentorship.handover_begun"),
            (ben.id, "mentorship.handover_begun"),
            (carl.id, "mentorship.handover_asked"),
            (ben.id, "mentorship.handed_over"),
            (ann.id, "mentorship.accepted"),
            (dora.id, "mentorship.accepted"),
            (carl.id, "mentorship.ended"),
        ]
    )


def test_who_has_not_answered_is_reminded(app: Flask) -> None:
    ben = people.member()
    made.asked(people.volunteer(), ben, at=people.now() - timedelta(days=8))
    with unit_of_work() as now:
        assert duties.tick(now) == 1

    assert (ben.id, "mentorship.reminded") in told()


def test_typed_words_survive_a_refusal(app: Flask) -> None:
    ann, ben = people.volunteer(), people.member()
    found = made.active(ann, ben)
    client = app.test_client()
    people.sign_in(client, ann)
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(f"/mentoring/{found}").text)
    assert token is not None

    def post(path: str, **typed: str) -> TestResponse:
        return client.post(path, data={"csrf_token": token[1], **typed})

    long, empty = post(f"/mentoring/{found}/end", reason="x" * 2001), post(f"/mentoring/{found}/end", reason="")
    asked = post("/mentoring/new?kind=peer_support", mentor=str(ann.id), note="Typed words.")

    assert (long.status_code, empty.status_code, asked.status_code) == (422, 422, 422)
    assert "x" * 2001 in long.text
    assert "Say why it ends" in empty.text
    assert "Typed words." in asked.text
