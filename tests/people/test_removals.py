"""A reason that somebody wrote can be removed, by its author and by who decides, wherever it stands."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from portal.access import services as access
from portal.audit.models import Event, Text
from portal.audit.services import verify_chain
from portal.database import Base
from portal.errors import NotVisible, WrongState
from portal.extensions import db
from portal.people import removals, services
from portal.people.models import ActingPeriod, Person, RoleAssignment
from portal.rules import services as rules
from portal.web.unit_of_work import unit_of_work
from tests import factories
from tests.access.factories import from_before
from tests.requests.pages import Browser

ELSEWHERE = {  # removed on the pages of requests and assessments
    *("answer", "comment", "concern", "decision", "decision_note", "evidence", "position", "recusal", "referral"),
    *("sponsorship", "ssh_key", "concern_override", "assessment_score"),
}


def written(director: Person, board: Person, member: Person) -> dict[str, tuple[str, int]]:
    """A reason of each sort: the page on which it stands, and its id."""
    former = factories.member()
    held = from_before(member)
    with unit_of_work() as now:
        away = services.declare_absence(member, now, to_at=None, reason="My operation.", now=now)
        services.end_role_by_hand(director, former.id, "software_engineer", reason="Gone for long.", now=now)
        services.start_acting_by_board(board, "Decided on Monday.", now=now)
        access.revoke(director, held.id, reason="Not used.", now=now)
        change = rules.change_rule(
            director, "discussion_days", "access_expansion", value=5, reason="Summer.", based_on=None, now=now
        )
        db.session.flush()
        ended = db.session.scalars(select(RoleAssignment).where(RoleAssignment.person_id == former.id)).one()
        note = db.session.scalars(select(ActingPeriod)).one().note_id
        step = db.session.scalars(select(Text.id).where(Text.body == "Not used.")).one()
        return {
            "absence": (f"/people/{member.id}", away.reason_id or 0),
            "role": (f"/people/{former.id}", ended.end_reason_id or 0),
            "acting": ("/people/director-unreachable", note or 0),
            "access": (f"/access/{held.id}", step),
            "rule": ("/rules", change.reason_id),
        }


def test_the_director_finds_every_reason_and_removes_it(app: Flask) -> None:
    director, board, member = factories.director(), factories.board_member(), factories.member()
    factories.deputy()
    found = written(director, board, member)
    browser = Browser(app, director)

    for page, text_id in found.values():
        address = f"/texts/{text_id}/remove"
        body = db.session.get_one(Text, text_id).body or ""
        assert f'href="{address}"' in browser.get(page).text
        assert body in browser.get(address).text
        answer = browser.post(address)
        assert (answer.status_code, answer.location) == (303, page)
        shown = browser.get(page)
        assert shown.status_code == 200
        assert body not in shown.text
        assert f'href="{address}"' not in shown.text
        assert browser.get(address).status_code == 409

    events = db.session.scalars(select(Event).where(Event.code == "reason.removed").order_by(Event.id)).all()
    assert [event.subject_id for event in events] == [text_id for _page, text_id in found.values()]
    assert {event.actor_id for event in events} == {director.id}
    assert verify_chain().first_bad is None


def test_its_author_removes_a_reason_and_nobody_else_learns_of_it(app: Flask) -> None:
    director, board, member = factories.director(), factories.board_member(), factories.member()
    factories.deputy()
    _page, text_id = written(director, board, member)["absence"]
    path = f"/texts/{text_id}/remove"

    for stranger in (factories.member(), board):
        assert Browser(app, stranger).get(path).status_code == 404
        assert Browser(app, stranger).post(path).status_code == 404
    assert db.session.get_one(Text, text_id).body == "My operation."

    assert Browser(app, member).post(path).status_code == 303
    db.session.expire_all()
    text = db.session.get_one(Text, text_id)
    assert (text.body, text.salt, text.redacted_by_id) == (None, None, member.id)


def test_a_text_of_a_request_is_not_removed_behind_its_back(app: Flask) -> None:
    director, member = factories.director(), factories.member()
    with unit_of_work() as now:
        text = Text(body="Said elsewhere.", salt="0" * 32, author_id=member.id, created_at=now)
        db.session.add(text)
        db.session.flush()
        text_id = text.id

    for person in (director, member):
        with unit_of_work() as now, pytest.raises(NotVisible):
            removals.remove(person.id, text_id, now=now)


def test_what_was_removed_is_not_removed_again(app: Flask) -> None:
    member = factories.member()
    with unit_of_work() as now:
        text_id = services.declare_absence(member, now, to_at=None, reason="Private.", now=now).reason_id or 0
    with unit_of_work() as now:
        removals.remove(member.id, text_id, now=now)

    with unit_of_work() as now, pytest.raises(WrongState):
        removals.remove(member.id, text_id, now=now)


def test_every_column_that_holds_a_text_has_a_way_to_remove_it(app: Flask) -> None:
    places: list[removals.Place] = app.extensions[removals.REGISTRY]
    known = {(place.column.class_.__tablename__, place.column.key) for place in places}

    holding = {
        (table.name, key.parent.name)
        for table in Base.metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table.name == "text" and table.name not in ("text", *ELSEWHERE)
    }
    assert holding == known
