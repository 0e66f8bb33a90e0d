"""The team, one person, absence, "The Director cannot be reached" and appointments, as pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.audit import services as audit
from portal.extensions import db
from portal.people import absence_queries, appointments, bindings, queries, services
from portal.people.models import Capacity, Person
from portal.people.policy import Post
from portal.people.sections import PersonSection, add_section
from portal.web import attention
from portal.web.unit_of_work import unit_of_work
from tests import factories

SignIn = Callable[[Person], FlaskClient]
AWAY = {"from_day": "", "to_day": "", "reason": "An operation"}


@pytest.fixture(autouse=True)
def _no_csrf(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forms are sent straight; that a missing token is refused is tested with the sign-in."""
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)


def today() -> str:
    return factories.now().date().isoformat()


def away(person: Person, reason: str | None = "An operation") -> None:
    with unit_of_work() as now:
        services.declare_absence(person, now, to_at=now + timedelta(days=3), reason=reason, now=now)


def test_everybody_sees_the_team_by_tier(client: FlaskClient) -> None:
    factories.director("Dora Director")
    factories.member("Sam Engineer")
    factories.board_member("Bo Board")

    page = client.get("/people").text

    assert page.index("Dora Director") < page.index("Sam Engineer") < page.index("Bo Board")
    for words in ("Software Engineer", "Leadership", "Member of the Board", "since before the portal"):
        assert words in page


def test_only_the_team_sees_who_is_away_and_nobody_there_sees_why(client: FlaskClient, as_person: SignIn) -> None:
    member = factories.member("Sam Engineer")
    away(member)

    assert "Away" not in client.get("/people").text
    assert "Away" not in as_person(factories.volunteer()).get("/people").text
    page = as_person(factories.member()).get("/people").text
    assert "Away until" in page
    assert "An operation" not in page


def test_a_name_that_waits_is_shown_to_the_team_and_to_operators(client: FlaskClient, as_person: SignIn) -> None:
    with unit_of_work() as now:
        person = bindings.new_person("Waiting Wanda", now=now)
        bindings.bind(person, now=now)

    assert "Waiting Wanda" not in client.get("/people").text
    for reader in (factories.member(), factories.person(None, capacity=Capacity.OPERATOR)):
        assert "waiting for first sign-in until" in as_person(reader).get("/people").text


def test_who_holds_or_held_a_role_has_a_public_page(app: Flask, client: FlaskClient) -> None:
    member, former = factories.member("Sam Engineer"), factories.member("Fay Former")
    with unit_of_work() as now:
        services.end_role_by_hand(former, former.id, "software_engineer", reason=None, now=now)

    assert "Software Engineer" in client.get(f"/people/{member.id}").text
    page = client.get(f"/people/{former.id}").text
    assert "Former member" in page
    assert "resigned" in page


def test_a_volunteer_is_seen_by_themselves_and_the_team_only(client: FlaskClient, as_person: SignIn) -> None:
    volunteer = factories.volunteer("Vic Volunteer")
    address = f"/people/{volunteer.id}"

    assert client.get(address).status_code == 404
    assert as_person(factories.volunteer()).get(address).status_code == 404
    assert as_person(factories.person(None, capacity=Capacity.OPERATOR)).get(address).status_code == 404
    for reader in (volunteer, factories.member(), factories.board_member()):
        assert as_person(reader).get(address).status_code == 200
    assert as_person(factories.person(None, "software_engineer", locked=True)).get(address).status_code == 404
    assert client.get("/people/999999").status_code == 404


def test_a_name_leads_to_the_page_under_the_same_rule(client: FlaskClient, as_person: SignIn) -> None:
    member, volunteer = factories.member("Sam Engineer"), factories.volunteer("Vic Volunteer")

    assert client.get("/people/named/Sam_Engineer").location == f"/people/{member.id}"
    assert client.get("/people/named/Vic Volunteer").status_code == 404
    assert client.get("/people/named/Nobody").status_code == 404
    assert as_person(volunteer).get("/people/named/Vic%20Volunteer").location == f"/people/{volunteer.id}"


def test_the_page_of_who_was_merged_leads_to_the_living_one(app: Flask, client: FlaskClient) -> None:
    member, other = factories.member(), factories.volunteer()
    with unit_of_work():
        db.session.get_one(Person, other.id).merged_into_id = member.id

    assert client.get(f"/people/{other.id}").location == f"/people/{member.id}"


def test_private_things_are_read_by_whom_the_matrix_names(client: FlaskClient, as_person: SignIn) -> None:
    member, board = factories.member("Sam Engineer"), factories.board_member()
    away(member)
    with unit_of_work() as now:
        services.note_nda(board, member.id, signed_on=now.date(), confirmed_by_id=None, now=now)
    address = f"/people/{member.id}"

    def sees(reader: FlaskClient) -> tuple[bool, bool, bool]:
        page = reader.get(address).text
        return "An operation" in page, "signed on" in page, "Wiki accounts" in page

    assert sees(as_person(member)) == (True, True, True)
    assert sees(as_person(factories.director())) == (True, True, True)
    assert sees(as_person(factories.deputy())) == (True, True, True)
    assert sees(as_person(board)) == (False, True, True)
    assert sees(as_person(factories.member())) == (False, False, True)
    assert sees(as_person(factories.volunteer())) == (False, False, False)
    assert sees(client) == (False, False, False)


def test_the_reason_of_an_end_is_for_the_person_and_the_deciders(client: FlaskClient, as_person: SignIn) -> None:
    director, member = factories.director(), factories.member()
    with unit_of_work() as now:
        services.end_role_by_hand(director, member.id, "software_engineer", reason="Out of reach", now=now)
    address = f"/people/{member.id}"

    for reader in (member, director):
        assert "Out of reach" in as_person(reader).get(address).text
    for page in (client.get(address), as_person(factories.member()).get(address)):
        assert "Out of reach" not in page.text


def test_a_feature_adds_a_part_to_every_persons_page(app: Flask, client: FlaskClient) -> None:
    volunteer = factories.volunteer()
    add_section(app, lambda person_id, viewer, now: PersonSection("errors/_error.html", public=True))

    try:
        assert client.get(f"/people/{volunteer.id}").status_code == 200
    finally:
        app.extensions["person_sections"].pop()


def test_i_will_be_away_and_i_am_back(app: Flask, as_person: SignIn) -> None:
    member = factories.member()
    browser = as_person(member)
    assert "I will be away" in browser.get("/people/me/absence").text

    answer = browser.post("/people/me/absence", data={**AWAY, "from_day": today()})

    assert answer.status_code == 303
    assert queries.facts(member.id, factories.now()).away
    assert "I am back" in browser.get(f"/people/{member.id}").text
    assert browser.post("/people/me/absence/end").status_code == 303
    assert not queries.facts(member.id, factories.now()).away


def test_an_absence_that_cannot_be_comes_back_with_what_was_typed(as_person: SignIn) -> None:
    member = factories.member()
    browser = as_person(member)

    for days in ({"from_day": ""}, {"from_day": "2020-01-01"}, {"from_day": today(), "to_day": "2020-01-01"}):
        answer = browser.post("/people/me/absence", data={**AWAY, **days})
        assert answer.status_code == 422
        assert "There is a problem" in answer.text
        assert "An operation" in answer.text
    assert browser.post("/people/me/absence/end").status_code == 409
    assert absence_queries.absence_of(member.id, factories.now()) is None


def test_a_second_absence_is_refused_in_words(as_person: SignIn) -> None:
    member = factories.member()
    away(member)

    answer = as_person(member).post("/people/me/absence", data={**AWAY, "from_day": today()})

    assert answer.status_code == 409
    assert "on record as away already" in answer.text


def test_the_last_day_away_counts_whole(app: Flask, as_person: SignIn) -> None:
    member = factories.member()
    last = factories.now().date() + timedelta(days=2)

    as_person(member).post("/people/me/absence", data={"from_day": today(), "to_day": last.isoformat()})

    absence = absence_queries.absence_of(member.id, factories.now())
    assert absence is not None
    assert absence.to_at is not None
    assert absence.to_at.date() == last + timedelta(days=1)
    assert absence.last_day == last


def test_the_director_cannot_be_reached_step_by_step(app: Flask, as_person: SignIn) -> None:
    factories.director()
    deputy, members, board = factories.deputy(), [factories.member(), factories.member()], factories.board_member()
    address = "/people/director-unreachable"

    assert as_person(factories.volunteer()).get(address).status_code == 403
    assert "others must report this" in as_person(deputy).get(address).text
    assert as_person(deputy).post(address).status_code == 403
    assert "Report that the Director cannot be reached" in as_person(members[0]).get(address).text
    assert as_person(members[0]).post(address).status_code == 303
    assert "Two others must confirm it" in as_person(members[0]).get(address).text
    with app.test_request_context():
        assert attention.of_person(members[1].id, factories.now())[0].url == address
        assert attention.of_person(deputy.id, factories.now()) == []
    for person in (members[1], board):
        assert "I confirm" in as_person(person).get(address).text
        assert as_person(person).post(address + "/confirm").status_code == 303
    assert "The Deputy acts" in as_person(members[0]).get(address).text
    assert queries.leadership(factories.now()).acting_open


def test_the_page_says_why_it_cannot_be_reported_yet(as_person: SignIn) -> None:
    director, member = factories.director(), factories.member()
    with unit_of_work() as now:
        audit.record("test.act", actor_id=director.id, at=now)

    page = as_person(member).get("/people/director-unreachable").text

    assert "cannot be reported yet" in page
    assert "Report that the Director" not in page
    assert as_person(member).post("/people/director-unreachable").status_code == 409


def test_the_board_lets_the_deputy_act_and_ends_it(as_person: SignIn) -> None:
    factories.director()
    board = as_person(factories.board_member())

    assert board.post("/people/acting", data={"note": ""}).status_code == 422
    assert board.post("/people/acting", data={"note": "Minutes of today"}).status_code == 303
    assert queries.leadership(factories.now()).acting_open
    page = board.get("/people/director-unreachable").text
    assert "End it" in page
    assert "Minutes of today" in page
    assert as_person(factories.member()).post("/people/acting/end").status_code == 403
    assert board.post("/people/acting/end").status_code == 303
    assert not queries.leadership(factories.now()).acting_open


def test_the_board_appoints_in_pages(as_person: SignIn) -> None:
    board, volunteer = factories.board_member(), factories.volunteer("Vic Volunteer")
    browser = as_person(board)

    page = browser.get("/people/appointments").text
    assert 'value="treasurer"' in page
    assert 'value="deputy"' not in page
    answer = browser.post("/people/appointments", data={"name": "Vic_Volunteer", "post": "treasurer"})

    assert answer.status_code == 303
    assert appointments.holds(volunteer.id, Post.TREASURER, factories.now())
    ending = f"/people/{volunteer.id}/capacities/treasurer/end"
    assert ending in browser.get("/people/appointments").text
    assert browser.get(ending).status_code == 200
    assert browser.post(ending).status_code == 303
    assert not appointments.holds(volunteer.id, Post.TREASURER, factories.now())


def test_a_director_appointed_meanwhile_is_not_replaced_unseen(as_person: SignIn) -> None:
    first, second = as_person(factories.board_member("Bo Board")), as_person(factories.board_member("Bee Board"))
    ann, ben = factories.member("Ann"), factories.member("Ben")
    address = "/people/appointments"
    mine, theirs = ({**_hidden(browser.get(address).text), "post": "director"} for browser in (first, second))

    assert first.post(address, data={**mine, "name": "Ann"}).status_code == 303
    answer = second.post(address, data={**theirs, "name": "Ben"})

    assert answer.status_code == 409
    assert "Somebody else changed who leads" in answer.text
    assert "Director: <a" in answer.text
    assert 'value="Ben"' in answer.text
    assert appointments.holds(ann.id, Post.DIRECTOR, factories.now())
    assert second.post(address, data={**theirs, **_hidden(answer.text), "name": "Ben"}).status_code == 303
    assert appointments.holds(ben.id, Post.DIRECTOR, factories.now())


def _hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'name="(leaders)" type="hidden" value="([^"]*)"', page))


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"name": "Nobody", "post": "board"}, 422),
        ({"name": "", "post": "board"}, 422),
        ({"name": "Vic Volunteer", "post": "deputy"}, 403),
        ({"name": "Bo Board", "post": "treasurer"}, 403),
        ({"name": "Bee Board", "post": "board"}, 409),
    ],
)
def test_an_appointment_that_cannot_be_is_refused(as_person: SignIn, data: dict[str, str], status: int) -> None:
    board = factories.board_member("Bo Board")
    factories.board_member("Bee Board")
    factories.volunteer("Vic Volunteer")

    assert as_person(board).post("/people/appointments", data=data).status_code == status


def test_appointments_are_for_the_director_and_the_board(client: FlaskClient, as_person: SignIn) -> None:
    assert client.get("/people/appointments").status_code == 401
    for person in (factories.member(), factories.deputy(), factories.person(None, capacity=Capacity.OPERATOR)):
        assert as_person(person).get("/people/appointments").status_code == 403
    assert 'value="deputy"' in as_person(factories.director()).get("/people/appointments").text


def test_a_member_resigns_after_being_asked_once_more(app: Flask, as_person: SignIn) -> None:
    member = factories.member()
    browser, address = as_person(member), f"/people/{member.id}/roles/software_engineer/end"
    assert address in browser.get(f"/people/{member.id}").text

    assert "Resign" in browser.get(address).text
    assert queries.facts(member.id, factories.now()).is_member
    assert browser.post(address).status_code == 303

    assert not queries.facts(member.id, factories.now()).is_member
    assert browser.get(address).status_code == 404


def test_ending_somebody_elses_role_needs_the_right_and_a_reason(as_person: SignIn) -> None:
    director, member = factories.director(), factories.member()
    address = f"/people/{member.id}/roles/software_engineer/end"

    other = as_person(factories.member())
    assert address not in other.get(f"/people/{member.id}").text
    assert other.get(address).status_code == other.post(address).status_code == 403
    assert as_person(director).post(address, data={"reason": ""}).status_code == 422
    assert as_person(director).post(address, data={"reason": "Left"}).status_code == 303
    assert as_person(director).post(address, data={"reason": "Left"}).status_code == 409


def test_the_agreement_is_noted_in_pages(as_person: SignIn) -> None:
    board, director, member = factories.board_member("Bo Board"), factories.director(), factories.member()
    address = f"/people/{member.id}/nda"

    assert as_person(member).get(address).status_code == 403
    assert as_person(factories.member()).post(address, data={"signed_on": today()}).status_code == 403
    assert "Bo Board" in as_person(director).get(address).text
    assert as_person(director).post(address, data={"signed_on": today()}).status_code == 422
    confirmed = {"signed_on": today(), "confirmed_by_id": str(board.id)}
    assert as_person(director).post(address, data=confirmed).status_code == 303
    assert queries.nda_on(member.id, factories.now()) == factories.now().date()
    assert as_person(board).post(address + "/withdraw").status_code == 303
    assert queries.nda_on(member.id, factories.now()) is None
    assert "confirmed_by_id" not in as_person(board).get(address).text
    assert as_person(board).post(address, data={"signed_on": today()}).status_code == 303
    assert queries.nda_on(member.id, factories.now()) == factories.now().date()


def test_an_operator_is_told_of_a_name_that_lapses_soon(app: Flask) -> None:
    operator, member = factories.person(None, capacity=Capacity.OPERATOR), factories.member()
    with unit_of_work() as now:
        bindings.bind(bindings.new_person("Waiting Wanda", now=now), now=now)

    with app.test_request_context():
        assert attention.of_person(operator.id, now) == []
        soon = now + timedelta(days=5, hours=1)
        assert [str(item.title) for item in attention.of_person(operator.id, soon)] == [
            "Waiting Wanda has not signed in yet"
        ]
        assert attention.of_person(member.id, soon) == []
        assert attention.of_person(operator.id, now + timedelta(days=8)) == []


def test_the_director_is_told_that_the_absence_ends_soon(app: Flask) -> None:
    director = factories.director()
    away(director)

    with app.test_request_context():
        assert attention.of_person(director.id, factories.now()) == []
        assert len(attention.of_person(director.id, factories.now() + timedelta(days=2, hours=2))) == 1


def test_the_dashboards_fragment_shows_ones_own_absence(app: Flask, as_person: SignIn) -> None:
    director = factories.director()
    away(director)

    page = as_person(director).get(f"/people/{director.id}").text

    assert "The Deputy decides in your place now" in page
    assert "I am back" in page
