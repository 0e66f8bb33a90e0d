"""The file with everything about oneself: what one wrote and may read, nothing that others wrote among themselves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from portal.assessments.models import Seat
from portal.assessments.portfolio.models import Verdict
from portal.database import Base
from portal.extensions import db
from portal.people import services as people_services
from portal.people.models import Person, SignIn
from portal.personal_data.declared import ELSEWHERE, OWN, TEXTS_OF_OTHERS
from portal.requests import discussion_services
from portal.requests.discussion_models import CommentAudience
from portal.web.unit_of_work import unit_of_work
from tests import factories
from tests.assessments import factories as made
from tests.mentoring import factories as mentoring
from tests.requests import factories as making

pytestmark = pytest.mark.both_databases
AsPerson = Callable[[Person], FlaskClient]


def file_of(client: FlaskClient) -> Any:
    answer = client.get("/account/data.json")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment")
    return answer.json


def say(author: Person, request_id: int, words: str, audience: CommentAudience) -> None:
    making.do(discussion_services.comment, author, request_id, words, audience=audience)


def test_every_column_that_names_a_person_is_in_the_file_or_says_why_not() -> None:
    tables = Base.metadata.tables.values()
    naming = {
        f"{table.name}.{column.name}"
        for table in tables
        for column in table.columns
        if any(key.column.table.name == "person" for key in column.foreign_keys)
    }
    own = {f"{table}.{column}" for table, columns in OWN.items() for column in columns}

    assert naming - own - ELSEWHERE.keys() == set()
    assert ELSEWHERE.keys() - naming == set()
    assert own - naming == {"person.id"}
    assert {place for place in TEXTS_OF_OTHERS if place.split(".")[0] not in OWN} == set()


def test_my_words_are_in_it_and_those_of_others_about_me_are_not(as_person: AsPerson) -> None:
    ann, bob = factories.member("Ann"), factories.member("Bob")
    request_id = making.team_request(ann)
    say(ann, request_id, "My own comment.", CommentAudience.SHARED)
    say(bob, request_id, "Between us members.", CommentAudience.TEAM)
    with unit_of_work() as now:
        people_services.declare_absence(
            db.session.get_one(Person, ann.id), now, to_at=now + timedelta(days=9), reason="A long walk.", now=now
        )
    client = as_person(ann)
    text = client.get("/account/data.json").text
    found = file_of(client)

    assert "My own comment." in text
    assert "A long walk." in text
    assert "Between us members." not in text
    assert [row["name"] for row in found["rows"]["person"]] == ["Ann"]
    assert [row["id"] for row in found["rows"]["team_request"]] == [request_id]
    assert "comment.added" in {act["what"] for act in found["acts"]}
    assert "Between us members." in as_person(bob).get("/account/data.json").text


def test_nobody_learns_from_it_that_somebody_drafts_a_request_about_them(as_person: AsPerson) -> None:
    ann, sponsor = factories.volunteer("Ann"), factories.member("Bob")
    draft = making.draft(sponsor)
    row = making.get(draft)
    with unit_of_work():
        db.session.get_one(type(row), draft).candidate_id = ann.id

    assert "team_request" not in file_of(as_person(ann))["rows"]
    assert [found["id"] for found in file_of(as_person(sponsor))["rows"]["team_request"]] == [draft]


def test_what_opens_a_session_is_not_in_it(as_person: AsPerson) -> None:
    ann = factories.member("Ann")
    text = as_person(ann).get("/account/data.json").text

    hashes = [row.token_hash for row in db.session.query(SignIn).filter_by(person_id=ann.id)]
    assert hashes
    assert not any(found in text for found in hashes)


def test_two_people_who_became_one_get_the_file_of_both(as_person: AsPerson) -> None:
    ann, other = factories.member("Ann"), factories.volunteer("Ann Other")
    with unit_of_work():
        db.session.get_one(Person, other.id).merged_into_id = ann.id

    assert {row["name"] for row in file_of(as_person(ann))["rows"]["person"]} == {"Ann", "Ann Other"}


def test_a_review_that_is_still_blind_is_in_the_file_of_its_marker_alone(as_person: AsPerson) -> None:
    made.seed()
    ann, mentor, second = factories.member("Ann"), factories.member("Mia"), factories.member("Sam")
    marking = made.marking(ann, mentor, second)
    review = made.mark(mentor, marking, Seat.MENTOR)

    assert review not in {row["id"] for row in file_of(as_person(ann))["assessments"]}
    assert review in {row["id"] for row in file_of(as_person(mentor))["assessments"]}
    assert review not in {row["id"] for row in file_of(as_person(second))["assessments"]}
    made.mark(second, marking, Seat.SECOND)
    assert review in {row["id"] for row in file_of(as_person(ann))["assessments"]}


def test_a_goal_that_the_mentor_set_and_what_a_marker_asked_are_in_the_file_of_whom_they_are_about(
    as_person: AsPerson,
) -> None:
    made.seed()
    ann, ben = factories.member("Ann"), factories.member("Ben")
    mentoring.goal(mentoring.active(ann, ben), ben, "web-security")
    made.review(ann, ben)
    made.answered(ben, made.piece(ann), Verdict.QUESTIONED, "Which part is yours?")

    for reader in (ann, ben):
        found = file_of(as_person(reader))["rows"]
        assert [row["target"] for row in found["mentoring_goal"]] == [2]
        assert [row["sentence"] for row in found["portfolio_answer"]] == ["Which part is yours?"]
    assert "portfolio_answer" not in file_of(as_person(factories.member()))["rows"]


def test_only_who_is_signed_in_gets_a_file(client: FlaskClient) -> None:
    assert client.get("/account/data.json").status_code == 401
