"""Linking a further wiki account, and making two people one."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from portal.audit import services as audit
from portal.audit.models import Event
from portal.errors import NotPermitted, NotVisible, WrongState
from portal.extensions import db
from portal.people import merging, queries, sessions
from portal.people.merging import LinkOutcome
from portal.people.models import MergeProposal, NameBinding, Person, SignIn, UnreachableConfirmation, UnreachableReport
from portal.people.wiki_account import WikiAccount
from portal.web import attention, clock
from portal.web.unit_of_work import unit_of_work
from tests import factories
from tests.devwiki_fixture import path_of, sign_in, to_the_callback

pytestmark = pytest.mark.both_databases
OLD = datetime(2020, 1, 1, tzinfo=UTC)


def account_of(person: Person) -> WikiAccount:
    identity = person.identities[0]
    return WikiAccount(identity.issuer, identity.sub, identity.username, False, OLD)


def new_account(name: str = "Second Self", sub: str = "77") -> WikiAccount:
    return WikiAccount(factories.ISSUER, sub, name, False, OLD)


def act(person: Person) -> None:
    """Something on record that this person did."""
    with unit_of_work() as now:
        audit.record("request.filed", actor_id=person.id, at=now)


def link(person: Person, account: WikiAccount) -> LinkOutcome:
    person_id = person.id
    with unit_of_work() as now:
        return merging.link(person_id, account, now=now)


def proposed(person: Person, other: Person) -> MergeProposal:
    act(other)
    assert link(person, account_of(other)) is LinkOutcome.PROPOSED
    return merging.open_proposals()[0]


def settle(actor: Person, proposal: MergeProposal, *, accept: bool = True) -> None:
    actor_id, proposal_id = actor.id, proposal.id
    with unit_of_work() as now:
        merging.settle(actor_id, proposal_id, accept=accept, now=now)


def test_an_unknown_account_is_linked(app: Flask) -> None:
    ann = factories.member("Ann")

    assert link(ann, new_account()) is LinkOutcome.LINKED
    assert [identity.username for identity in ann.identities] == ["Ann", "Second Self"]
    assert ann.name == "Ann"


def test_ones_own_account_changes_nothing(app: Flask) -> None:
    ann = factories.member("Ann")

    assert link(ann, account_of(ann)) is LinkOutcome.OWN
    assert len(ann.identities) == 1


def test_somebody_who_never_acted_is_taken_in_at_once_with_all_they_hold(app: Flask) -> None:
    ann, other = factories.volunteer("Ann"), factories.member("Ann2")
    other_id = other.id
    with unit_of_work() as now:
        token = sessions.start(other_id, other.identities[0].id, now=now)

    assert link(ann, account_of(other)) is LinkOutcome.MERGED

    assert other.merged_into_id == ann.id
    assert len(ann.identities) == 2
    assert queries.facts(ann.id, clock.now()).roles == {"software_engineer"}
    assert queries.get(other_id) is ann
    assert sessions.find(token, now=clock.now()) is None
    assert db.session.scalars(select(Event.code)).all() == ["person.merged"]


def test_somebody_who_has_acted_waits_for_a_decider(app: Flask) -> None:
    ann, other = factories.member("Ann"), factories.member("Ann2")

    proposal = proposed(ann, other)

    assert (proposal.person_id, proposal.other_id) == (ann.id, other.id)
    assert other.merged_into_id is None
    assert len(ann.identities) == 1


def test_asking_twice_makes_one_proposal(app: Flask) -> None:
    ann, other = factories.member("Ann"), factories.member("Ann2")
    proposed(ann, other)

    assert link(ann, account_of(other)) is LinkOutcome.PROPOSED
    assert link(other, account_of(ann)) is LinkOutcome.PROPOSED
    assert len(merging.open_proposals()) == 1


def test_an_account_that_a_named_person_waits_for_brings_that_person_along(app: Flask) -> None:
    ann = factories.volunteer("Ann")
    with unit_of_work() as now:
        waiting = Person(name="Second Self", created_at=now)
        db.session.add(waiting)
        db.session.flush()
        db.session.add(
            NameBinding(
                person_id=waiting.id, username="Second Self", created_at=now, expires_at=now + factories.days(7)
            )
        )

    assert link(ann, new_account()) is LinkOutcome.MERGED
    assert waiting.merged_into_id == ann.id
    assert len(ann.identities) == 2


@pytest.mark.parametrize("decider", [factories.director, factories.deputy])
def test_a_decider_confirms(app: Flask, decider: Callable[[], Person]) -> None:
    boss, ann, other = decider(), factories.member("Ann"), factories.member("Ann2")
    proposal = proposed(ann, other)

    settle(boss, proposal)

    assert other.merged_into_id == ann.id
    assert (proposal.accepted, proposal.settled_by_id) == (True, boss.id)
    assert merging.open_proposals() == []
    event = db.session.scalars(select(Event).where(Event.code == "person.merged")).one()
    assert (event.actor_id, event.person_id, event.subject_id) == (boss.id, ann.id, other.id)


def test_a_decider_refuses_and_nothing_moves(app: Flask) -> None:
    boss, ann, other = factories.director(), factories.member("Ann"), factories.member("Ann2")
    proposal = proposed(ann, other)

    settle(boss, proposal, accept=False)

    assert other.merged_into_id is None
    assert (proposal.accepted, merging.open_proposals()) == (False, [])


@pytest.mark.parametrize("make", [factories.member, factories.volunteer, factories.board_member])
def test_nobody_else_settles_it(app: Flask, make: Callable[[], Person]) -> None:
    ann, other = factories.member("Ann"), factories.member("Ann2")
    proposal = proposed(ann, other)

    with pytest.raises(NotPermitted, match="Only the Director or the Deputy"):
        settle(make(), proposal)
    assert other.merged_into_id is None


@pytest.mark.parametrize("asks", ["the director", "the other"])
def test_nobody_settles_their_own(app: Flask, asks: str) -> None:
    boss, other = factories.director(), factories.member("Ann2")
    if asks == "the other":
        act(boss)
    proposal = proposed(boss, other) if asks == "the director" else proposed(other, boss)

    with pytest.raises(NotPermitted, match="about yourself"):
        settle(boss, proposal)


def test_a_locked_decider_settles_nothing(app: Flask) -> None:
    locked = factories.person("Locked", "director", locked=True)
    proposal = proposed(factories.member("Ann"), factories.member("Ann2"))

    with pytest.raises(NotPermitted):
        settle(locked, proposal)


def test_what_is_settled_stays_settled(app: Flask) -> None:
    boss = factories.director()
    proposal = proposed(factories.member("Ann"), factories.member("Ann2"))
    settle(boss, proposal, accept=False)

    with pytest.raises(WrongState):
        settle(boss, proposal)


def test_there_is_no_proposal_of_that_number(app: Flask) -> None:
    boss_id = factories.director().id

    with pytest.raises(NotVisible), unit_of_work() as now:
        merging.settle(boss_id, 999, accept=True, now=now)


def test_no_row_but_the_timeline_names_the_one_who_was_merged(app: Flask) -> None:
    boss, ann, other = factories.director(), factories.member("Ann"), factories.member("Ann2")
    with unit_of_work() as now:
        for person in (ann, other):
            sessions.start(person.id, person.identities[0].id, now=now)
        db.session.add(NameBinding(person_id=other.id, username="x", created_at=now, expires_at=now))
        audit.write_text(other.id, "something", at=now)
    proposal = proposed(ann, other)
    settle(boss, proposal)

    other_id = other.id
    left = {
        f"{table.name}.{column.name}"
        for table, column in merging.references()
        if db.session.scalar(select(func.count()).select_from(table).where(column == other_id))
    }

    assert left == {"merge_proposal.other_id"}
    assert audit.verify_chain().first_bad is None


def test_where_both_said_the_same_one_row_is_left(app: Flask) -> None:
    boss, ann, other = factories.director(), factories.member("Ann"), factories.member("Ann2")
    with unit_of_work() as now:
        report = UnreachableReport(director_id=boss.id, reported_by_id=boss.id, reported_at=now)
        db.session.add(report)
        db.session.flush()
        for person in (ann, other):
            db.session.add(UnreachableConfirmation(report_id=report.id, person_id=person.id, at=now))

    settle(boss, proposed(ann, other))

    assert db.session.scalars(select(UnreachableConfirmation.person_id)).all() == [ann.id]


def test_someone_merged_before_follows_into_the_next_merge(app: Flask) -> None:
    boss, first, second, third = (factories.director(), *(factories.member(name) for name in ("A", "B", "C")))
    settle(boss, proposed(second, third))
    settle(boss, proposed(first, second))

    assert (second.merged_into_id, third.merged_into_id) == (first.id, first.id)


def test_every_column_that_names_a_person_is_found(app: Flask) -> None:
    found = {(table.name, column.name) for table, column in merging.references()}

    assert {("team_request", "candidate_id"), ("decision", "decided_by_id"), ("text", "author_id")} <= found
    assert found >= merging.PASSIVE
    assert not any(table == "event" for table, _ in found)


def test_the_merge_waits_for_the_deciders_attention_only(app: Flask) -> None:
    boss, member = factories.director(), factories.member()
    proposed(factories.member("Ann"), factories.member("Ann2"))

    with app.test_request_context():
        waiting = [str(item.title) for item in attention.of_person(boss.id, clock.now())]
        others = [str(item.title) for item in attention.of_person(member.id, clock.now())]
    assert "Are Ann and Ann2 one person?" in waiting
    assert "Are Ann and Ann2 one person?" not in others


def csrf(client: FlaskClient, path: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(path).text)
    assert found
    return found[1]


def test_the_director_confirms_on_a_page(app: Flask, as_person: Callable[[Person], FlaskClient]) -> None:
    boss, ann, other = factories.director(), factories.member("Ann"), factories.member("Ann2")
    proposal = proposed(ann, other)
    client, path = as_person(boss), f"/people/merges/{proposal.id}"
    assert "Ann and Ann2" in client.get("/people/merges").text

    assert client.post(path, data={"csrf_token": csrf(client, "/people/merges")}).status_code == 422
    answer = client.post(path, data={"csrf_token": csrf(client, "/people/merges"), "answer": "confirm"})

    assert answer.status_code == 303
    assert other.merged_into_id == ann.id
    assert "Ann is one person now." in client.get("/people/merges").text


def test_the_page_of_merges_is_for_deciders(app: Flask, as_person: Callable[[Person], FlaskClient]) -> None:
    assert as_person(factories.member()).get("/people/merges").status_code == 403
    assert app.test_client().get("/people/merges").status_code == 401


def link_address(client: FlaskClient) -> str:
    found = re.search(r'href="(/sign-in\?link=[^"]+)"', client.get("/account").text)
    assert found
    return html.unescape(found[1])


def test_a_second_account_is_linked_through_the_wiki(visitor: FlaskClient) -> None:
    sign_in(visitor, "Demo Volunteer")

    answer = sign_in(visitor, "Demo Renamable", link_address(visitor))

    assert answer.headers["Location"] == "/account"
    page = visitor.get("/account").text
    assert "The wiki account Demo Renamable is linked to you." in page
    assert db.session.scalars(select(Person.name)).all() == ["Demo Volunteer"]

    other_browser = visitor.application.test_client()
    sign_in(other_browser, "Demo Renamable")
    assert "Demo Volunteer" in other_browser.get("/account").text


def test_a_blocked_account_is_not_linked(visitor: FlaskClient) -> None:
    sign_in(visitor, "Demo Volunteer")

    assert sign_in(visitor, "Demo Blocked", link_address(visitor)).status_code == 403
    assert visitor.get("/account").status_code == 200


def test_a_link_made_elsewhere_or_before_links_nothing_and_says_so(visitor: FlaskClient) -> None:
    sign_in(visitor, "Demo Volunteer")
    old = link_address(visitor)
    sign_in(visitor, "Demo Volunteer")

    for address in ("/sign-in?link=guessed", "/sign-in?link=", old):
        answer = visitor.get(address)
        assert answer.status_code == 400
        assert "That link is older than your sign-in." in answer.text
        assert "You are still signed in as Demo Volunteer" in answer.text
    assert visitor.application.test_client().get(old).status_code == 400


def test_linking_survives_the_move_to_the_portals_own_address(visitor: FlaskClient) -> None:
    sign_in(visitor, "Demo Volunteer")
    moved = visitor.get(link_address(visitor), headers={"Host": "localhost:5000"}).headers["Location"]

    answer = sign_in(visitor, "Demo Renamable", path_of(moved))

    assert answer.headers["Location"] == "/account"
    assert db.session.scalars(select(func.count(Person.id))).one() == 1


def test_signing_out_while_linking_links_nothing(visitor: FlaskClient) -> None:
    sign_in(visitor, "Demo Volunteer")
    address = link_address(visitor)
    back = to_the_callback(visitor, "Demo Renamable", address)
    with unit_of_work() as now:
        for row in db.session.scalars(select(SignIn)):
            row.ended_at = now

    assert visitor.get(back).status_code == 400
    assert db.session.scalars(select(func.count(Person.id))).one() == 1
