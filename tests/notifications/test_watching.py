"""Watching and muting a request: what somebody chose counts where it may, and no further."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.extensions import db
from portal.notifications.models import Watch
from portal.people.models import Person
from portal.requests import discussion_services
from portal.requests.discussion_models import CommentAudience
from tests import factories
from tests.notifications.factories import forget, told
from tests.requests import factories as requests
from tests.requests.pages import HTMX, hidden

pytestmark = pytest.mark.both_databases
Reader = Callable[[Person], FlaskClient]
TEAM = CommentAudience.TEAM


def choose(client: FlaskClient, id: int, level: str, *, htmx: bool = False) -> tuple[int, str]:
    data = {"csrf_token": hidden(client.get("/privacy").text, "csrf_token"), "level": level}
    answer = client.post(f"/requests/{id}/watch", data=data, headers=HTMX if htmx else None)
    return answer.status_code, answer.text


def test_who_watches_is_told_of_what_they_may_read(app: Flask, as_person: Reader) -> None:
    ann, ben, cleo = (factories.member(name) for name in ("Ann", "Ben", "Cleo"))
    id = requests.team_request(ann)
    assert choose(as_person(cleo), id, "watch")[0] == 303
    assert choose(as_person(ann), id, "watch")[0] == 303
    forget()

    requests.do(discussion_services.comment, ben, id, "For us.", audience=TEAM)
    requests.position(ben, id)

    assert told(cleo)[-2:] == ["comment.added/watching", "position.taken/watching"]
    assert told(ann) == []  # watching gives no right to read
    assert "You watch this request" in as_person(cleo).get(f"/requests/{id}").text


def test_who_muted_it_is_told_only_of_their_turn_and_of_the_result(app: Flask, as_person: Reader) -> None:
    dora, ann, ben, cleo = factories.director(), *(factories.member(name) for name in ("Ann", "Ben", "Cleo"))
    id = requests.team_request(ann)
    requests.do(discussion_services.comment, cleo, id, "Hm.", audience=TEAM)
    for person in (ann, cleo):
        assert "You muted this request" in choose(as_person(person), id, "mute", htmx=True)[1]
    forget()
    before = told(cleo)

    requests.do(discussion_services.comment, ben, id, "More.", audience=CommentAudience.SHARED)
    requests.do(discussion_services.ask, ben, id, "Which?")
    assert told(cleo) == before
    assert told(ann) == ["question.added/turn"]
    requests.decide(dora, id)
    assert told(cleo)[-1] == "request.approved/spoke"
    assert told(ann)[-1] == "request.approved/candidate"


def test_neither_is_as_before_and_nothing_else_can_be_chosen(app: Flask, as_person: Reader) -> None:
    ann, ben = factories.member("Ann"), factories.member("Ben")
    id = requests.team_request(ann)
    client = as_person(ben)
    choose(client, id, "mute")

    assert choose(client, id, "neither")[0] == 303
    assert choose(client, id, "loudly")[0] == 422
    assert choose(as_person(factories.volunteer()), id, "watch")[0] == 404
    assert db.session.scalars(select(Watch)).all() == []


def test_a_word_the_candidate_may_not_read_does_not_hide_that_it_is_their_turn(app: Flask) -> None:
    ann, ben, cleo = (factories.member(name) for name in ("Ann", "Ben", "Cleo"))
    id = requests.team_request(ann)
    forget()

    requests.do(discussion_services.ask, ben, id, "Which?")
    requests.do(discussion_services.comment, cleo, id, "Between us.", audience=TEAM)  # before anybody was told

    assert told(ann) == ["question.added/turn"]
