"""The pages of access: who reads what, who marks and ends, and that no key or team-only text is on any of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.access import queries, services, words
from portal.access.models import ItemType
from portal.access.standing import Status
from portal.audit import services as audit
from portal.extensions import db
from portal.people.models import Person
from portal.requests.models import SshKey
from portal.rules.models import RuleChange
from portal.web import attention, clock
from portal.web.unit_of_work import unit_of_work
from tests import factories as people
from tests import pages as sound
from tests.access import factories
from tests.access.factories import GROUP, NOON, SECRET_GROUP
from tests.queries import statements
from tests.record import factories as record

SignIn = Callable[[Person], FlaskClient]
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}
EMPTY = "Nobody holds this through the portal yet."


@pytest.fixture(autouse=True)
def today() -> object:
    with time_machine.travel(NOON + people.days(10), tick=False):
        yield


def text(client: FlaskClient, url: str, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status, url
    assert sound.faults(answer.text) == []
    return answer.text


def post(
    client: FlaskClient,
    url: str,
    status: int | None = None,
    data: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> TestResponse:
    """Send a form with its token, as the page that a person looks at has it."""
    page = client.get("/access").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    answer = client.post(url, data={**(data or {}), "csrf_token": token[1] if token else ""}, headers=headers)
    assert status is None or answer.status_code == status, answer.text
    return answer


def status_of(grant_id: int) -> Status:
    return queries.get(grant_id, clock.now()).status


def hide_names() -> None:
    """The Director has switched the rule off that makes the names public."""
    director = people.person("Rule Director")
    with unit_of_work(NOON) as now:
        reason = audit.write_text(director.id, "Fewer names", at=now)
        db.session.add(
            RuleChange(
                rule_key="register_names",
                kind="portal",
                value={"value": False},
                changed_by_id=director.id,
                changed_at=now,
                effective_at=now,
                reason_id=reason.id,
            )
        )


def test_everybody_reads_who_has_access_to_what(app: Flask, client: FlaskClient) -> None:
    holder, director = people.member("Ann Holder"), people.director()
    decision = record.decided(holder, director)
    factories.approved(holder, director, decision_id=decision.id, at=datetime(2026, 11, 3, tzinfo=NOON.tzinfo))
    factories.from_before(people.member("Old Hand"), "bastion", since=datetime(2024, 5, 6, tzinfo=NOON.tzinfo))

    page = text(client, "/access")

    assert words.item_words(ItemType.ACCESS_GROUP, GROUP).summary in page
    assert "Ann Holder" in page
    assert "3 Nov 2026" in page
    assert f"/record/{decision.id}" in page
    assert "Approved, not set up yet" in page
    assert "Old Hand" in page
    assert "6 May 2024" in page
    assert "before the portal" in page
    assert EMPTY in page


def test_of_access_from_before_the_portal_the_day_may_be_unknown(app: Flask, client: FlaskClient) -> None:
    grant = factories.from_before(people.member("Old Hand"), since=NOON, at=NOON)

    for url in ("/access", f"/access/{grant.id}"):
        page = text(client, url)
        assert "before the portal" in page
        assert "since 2 Nov 2026" not in page


def test_an_end_is_shown_as_the_last_day(app: Flask, client: FlaskClient) -> None:
    midnight = datetime(2027, 2, 1, tzinfo=NOON.tzinfo)
    grant = factories.approved(people.member("Ann Holder"), people.director(), until=midnight)

    for url in ("/access", f"/access/{grant.id}"):
        assert "31 Jan 2027" in text(client, url)


def test_the_register_filters_by_type_item_and_person(app: Flask, client: FlaskClient) -> None:
    director = people.director()
    factories.granted(people.member("Ann Holder"), director, GROUP)
    factories.granted(people.member("Bob Holder"), director, "bastion")

    by_item, by_person = text(client, f"/access?item={GROUP}"), text(client, "/access?person=bob")

    assert ("Ann Holder" in by_item, "Bob Holder" in by_item) == (True, False)
    assert ("Ann Holder" in by_person, "Bob Holder" in by_person, EMPTY in by_person) == (False, True, False)
    assert "Ann Holder" not in text(client, "/access?type=system")
    assert "Clear filters" in text(client, "/access?person=nobody-of-this-name")
    assert "Ann Holder" in text(client, "/access?type=nonsense&item=thing:x&person=")


def test_the_filter_swaps_the_list_alone(app: Flask, client: FlaskClient) -> None:
    fragment = client.get("/access?type=system", headers=HTMX).text

    assert fragment.lstrip().startswith('<div id="register">')
    assert "<html" not in fragment


def test_a_rule_can_keep_the_names_for_the_team(app: Flask, client: FlaskClient, as_person: SignIn) -> None:
    holder, member, volunteer = people.volunteer("Ann Holder"), people.member(), people.volunteer()
    board = people.board_member()
    grant = factories.granted(holder, people.director())
    hide_names()

    for outsider in (client, as_person(volunteer)):
        page = text(outsider, "/access")
        assert "Ann Holder" not in page
        assert "1 person holds this." in page
        assert "1 person holds this." in text(outsider, "/access?person=nobody")
        text(outsider, f"/access/{grant.id}", 404)
    for insider in (as_person(member), as_person(board)):
        assert "Ann Holder" in text(insider, "/access")
        text(insider, f"/access/{grant.id}")
    text(as_person(holder), f"/access/{grant.id}")


def test_what_has_ended_is_no_longer_on_the_register(app: Flask, client: FlaskClient) -> None:
    factories.approved(people.member("Ann Holder"), people.director(), until=NOON + people.days(3))

    assert "Ann Holder" not in text(client, "/access")


def test_members_read_what_waits_and_nobody_else_does(app: Flask, client: FlaskClient, as_person: SignIn) -> None:
    factories.approved(people.member("Ann Holder"), people.director())

    assert "Ann Holder" in text(as_person(people.member()), "/access/waiting")
    text(as_person(people.volunteer()), "/access/waiting", 403)
    text(as_person(people.board_member()), "/access/waiting", 403)
    assert client.get("/access/waiting").status_code == 401


def test_the_list_of_what_waits_says_what_is_missing_and_why_not_me(app: Flask, as_person: SignIn) -> None:
    me, other = people.member("Me"), people.member("Other Holder")
    factories.approved(me, people.director())
    factories.approved(other, people.person("Earlier"), SECRET_GROUP)

    page = text(as_person(me), "/access/waiting")

    assert "This is your own access. Another member sets it up" in page
    assert "none of Other Holder is on record" in page
    assert "Mark as granted" not in page


def test_a_member_marks_access_as_granted_without_script(app: Flask, as_person: SignIn) -> None:
    grant = factories.approved(people.member("Ann Holder"), people.director())
    client = as_person(people.member())
    assert "Mark as granted" in text(client, "/access/waiting")

    answer = post(client, f"/access/{grant.id}/granted")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/access/waiting")
    assert status_of(grant.id) is Status.GRANTED
    assert "for Ann Holder is marked as granted" in text(client, "/access/waiting")


def test_with_htmx_the_row_alone_is_swapped(app: Flask, as_person: SignIn) -> None:
    grant = factories.approved(people.member("Ann Holder"), people.director())

    answer = post(as_person(people.member()), f"/access/{grant.id}/granted", headers=HTMX)

    assert answer.status_code == 200
    assert f'id="access-{grant.id}"' in answer.text
    assert "for Ann Holder is marked as granted" in answer.text
    assert "<html" not in answer.text


def test_the_holder_and_outsiders_cannot_mark(app: Flask, client: FlaskClient, as_person: SignIn) -> None:
    holder = people.member("Ann Holder")
    grant = factories.approved(holder, people.director())
    url = f"/access/{grant.id}/granted"

    assert "your own access" in post(as_person(holder), url, 403).text
    assert "Only members" in post(as_person(people.volunteer()), url, 403).text
    assert "Only members" in post(as_person(people.board_member()), url, 403).text
    assert post(client, url).status_code == 401
    assert status_of(grant.id) is Status.APPROVED


def test_a_second_press_says_who_was_quicker(app: Flask, as_person: SignIn) -> None:
    grant = factories.approved(people.member(), people.director())
    post(as_person(people.member("Quick Member")), f"/access/{grant.id}/granted")

    answer = post(as_person(people.member()), f"/access/{grant.id}/granted", 409)

    assert "already marked as granted by Quick Member" in answer.text


def test_a_get_never_marks(app: Flask, as_person: SignIn) -> None:
    grant = factories.approved(people.member(), people.director())

    assert as_person(people.member()).get(f"/access/{grant.id}/granted").status_code == 405


def test_the_page_of_an_access_names_actors_to_the_team_only(
    app: Flask, client: FlaskClient, as_person: SignIn
) -> None:
    holder, colleague = people.member("Ann Holder"), people.member("Setting Colleague")
    grant = factories.granted(holder, colleague)
    url = f"/access/{grant.id}"

    assert "Setting Colleague" not in text(client, url)
    assert "Setting Colleague" not in text(as_person(people.volunteer()), url)
    assert "Setting Colleague" in text(as_person(people.member()), url)
    assert "Setting Colleague" in text(as_person(holder), url)
    text(client, "/access/999", 404)


def test_the_holder_gives_up_access_after_a_confirmation(app: Flask, as_person: SignIn) -> None:
    holder = people.volunteer("Ann Holder")
    grant = factories.granted(holder, people.director())
    client = as_person(holder)
    assert "Give up" in text(client, f"/access/{grant.id}")
    assert "Give up mediawiki-admins" in text(client, f"/access/{grant.id}/end")

    answer = post(client, f"/access/{grant.id}/end", data={"reason": ""})

    assert (answer.status_code, answer.headers["Location"]) == (303, f"/access/{grant.id}")
    assert status_of(grant.id) is Status.REVOKED
    text(client, f"/access/{grant.id}/end", 409)


def test_revoking_needs_a_reason_which_only_the_person_and_deciders_read(
    app: Flask, client: FlaskClient, as_person: SignIn
) -> None:
    holder, director = people.member("Ann Holder"), people.director()
    grant = factories.granted(holder, people.member())
    url = f"/access/{grant.id}"

    refused = post(as_person(director), f"{url}/end", 422, data={"reason": " "})
    assert "There is a problem" in refused.text
    assert status_of(grant.id) is Status.GRANTED
    assert post(as_person(director), f"{url}/end", data={"reason": "Canary reason"}).status_code == 303

    for reader in (client, as_person(people.volunteer()), as_person(people.member()), as_person(people.board_member())):
        assert "Canary reason" not in text(reader, url)
    for reader in (as_person(holder), as_person(director), as_person(people.deputy())):
        assert "Canary reason" in text(reader, url)


def test_others_cannot_end_somebody_elses_access(app: Flask, client: FlaskClient, as_person: SignIn) -> None:
    grant = factories.granted(people.member(), people.director())
    url = f"/access/{grant.id}/end"

    for stranger in (people.member(), people.volunteer(), people.board_member()):
        assert "Only the Director or the Deputy" in text(as_person(stranger), url, 403)
        post(as_person(stranger), url, 403, data={"reason": "because"})
    assert client.get(url).status_code == 401
    assert status_of(grant.id) is Status.GRANTED


def test_members_are_told_what_they_can_set_up(app: Flask) -> None:
    holder, member, volunteer = people.member("Ann Holder"), people.member(), people.volunteer()
    board, director = people.board_member(), people.director()
    plain = factories.approved(holder, director)
    factories.approved(holder, director, SECRET_GROUP)

    def reasons(person: Person) -> list[str]:
        with app.test_request_context():
            return [
                str(item.reason)
                for item in attention.of_person(person.id, clock.now())
                if "mediawiki-" in str(item.title)
            ]

    set_up, note = "Approved: set it up, then mark it as granted", "A non-disclosure agreement has to be noted first"
    assert reasons(member) == [set_up]
    assert reasons(holder) == []
    assert reasons(volunteer) == []
    assert reasons(board) == [note]
    assert sorted(reasons(director)) == [note, set_up]
    assert status_of(plain.id) is Status.APPROVED


def test_who_may_note_the_missing_agreement_is_led_there(app: Flask, as_person: SignIn) -> None:
    holder = people.member("Ann Holder")
    grant = factories.approved(holder, people.person("Earlier"), SECRET_GROUP)
    link = f"/people/{holder.id}/nda"

    assert link in text(as_person(people.director()), "/access/waiting")
    assert link in text(as_person(people.board_member()), f"/access/{grant.id}")
    assert link not in text(as_person(people.member()), f"/access/{grant.id}")
    assert link not in text(as_person(holder), f"/access/{grant.id}")


def test_the_page_of_a_person_has_their_access(app: Flask, client: FlaskClient, as_person: SignIn) -> None:
    holder, director = people.volunteer("Ann Holder"), people.director()
    live = factories.granted(holder, director, decision_id=7)
    ended = factories.granted(holder, director, "bastion")
    with unit_of_work() as now:
        services.revoke(director, ended.id, reason="Canary reason", now=now)
    url = f"/people/{holder.id}"

    public, own, directors = text(client, url), text(as_person(holder), url), text(as_person(director), url)

    assert GROUP in public
    assert "/record/7" in public
    assert "ended 12 Nov 2026" in public
    assert "Canary reason" not in public
    assert ("Give up" in public, "Revoke" in public) == (False, False)
    assert f"/access/{live.id}/end" in own
    assert "Give up" in own
    assert f"/access/{live.id}/end" in directors
    assert "Revoke" in directors
    assert f"/access/{ended.id}/end" not in own + directors


def test_a_person_without_access_learns_so_on_their_own_page_alone(
    app: Flask, client: FlaskClient, as_person: SignIn
) -> None:
    member = people.member()
    says = "You hold no access through the portal yet."

    assert says in text(as_person(member), f"/people/{member.id}")
    assert says not in text(client, f"/people/{member.id}")


def test_where_names_are_for_the_team_a_persons_access_is_too(
    app: Flask, client: FlaskClient, as_person: SignIn
) -> None:
    holder, member = people.member(), people.member()
    factories.granted(holder, people.director())
    hide_names()

    assert GROUP not in text(client, f"/people/{holder.id}")
    assert GROUP in text(as_person(member), f"/people/{holder.id}")
    assert GROUP in text(as_person(holder), f"/people/{holder.id}")


def test_no_key_reason_or_refused_request_is_on_a_public_page(app: Flask, client: FlaskClient) -> None:
    holder, director = people.member("Ann Holder"), people.director()
    decision = record.decided(holder, director)
    record.decided(people.member("Refused Person"), director, approved=False, reason="Canary decline")
    with unit_of_work(NOON) as now:
        key = audit.write_text(holder.id, "ssh-ed25519 AAAACANARY ann@canary.example", at=now)
        db.session.add(
            SshKey(
                request_id=decision.request_id,
                person_id=holder.id,
                key_id=key.id,
                fingerprint="SHA256:canary",
                algorithm="ed25519",
                bits=256,
                shell_name="canaryshell",
                github_name="canaryhub",
                wiki_proof="https://canary.example",
                github_proof="https://canary.example",
                created_at=now,
            )
        )
    grant = factories.granted(holder, director, decision_id=decision.id)

    for url in ("/access", f"/access/{grant.id}", "/record", f"/record/{decision.id}"):
        page = text(client, url)
        assert "canary" not in page.lower()
        assert "Refused Person" not in page


def test_the_register_asks_the_database_no_more_for_more_holders(app: Flask, client: FlaskClient) -> None:
    director = people.director()

    def asked() -> int:
        with statements() as found:
            text(client, "/access")
        return len(found)

    factories.granted(people.member(), director)
    few = asked()
    for _ in range(10):
        factories.granted(people.member(), director)
        factories.approved(people.member(), director, "bastion")

    assert asked() == few
    assert few <= 3


def test_what_waits_asks_the_database_no_more_for_more_rows(app: Flask, as_person: SignIn) -> None:
    director, client = people.director(), as_person(people.member())

    def asked() -> int:
        with statements() as found:
            text(client, "/access/waiting")
        return len(found)

    text(client, "/access/waiting")
    factories.approved(people.member(), director, SECRET_GROUP)
    few = asked()
    for _ in range(10):
        factories.approved(people.member(), director, SECRET_GROUP)
        factories.approved(people.member(), director)

    assert asked() == few
