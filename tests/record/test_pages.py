"""The public record: what it shows, what it never shows, and that it stays quick."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.access import services as access
from portal.access.models import ItemType
from portal.audit import services as audit
from portal.audit.models import Audience, Event
from portal.extensions import db
from portal.people.models import Person
from portal.requests import discussion_services, filing_services, objection_services
from portal.requests.discussion_models import Comment, CommentAudience, CommentType, Concern
from portal.requests.models import Decision, ItemAction
from portal.web.unit_of_work import unit_of_work
from tests import factories as people
from tests import pages as sound
from tests.access import factories as held
from tests.assessments import factories as sheets
from tests.queries import statements
from tests.record import factories
from tests.record.factories import NOON, Asked
from tests.requests import factories as requests

pytestmark = pytest.mark.both_databases
SignIn = Callable[[Person], FlaskClient]


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with time_machine.travel(NOON + people.days(10), tick=False):
        yield


def text(client: FlaskClient, url: str, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status, url
    assert sound.faults(answer.text) == []
    return answer.text


def counted(page: str) -> list[list[str]]:
    """The rows of the table of numbers."""
    rows = re.findall(r"<tr>(<td.*?)</tr>", page[page.index('id="counts"') :], re.DOTALL)
    return [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in rows]


def listed(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'row__title"><a href="/record/(\d+)"', page)]


def test_an_empty_record_says_so(app: Flask, client: FlaskClient) -> None:
    page = text(client, "/record")

    assert "Nothing has been approved through the portal yet." in page
    assert "Nothing has been decided yet." in page


def test_the_checks_of_an_approval_name_nobody(app: Flask, client: FlaskClient) -> None:
    """Whoever sponsored, spoke, marked, raised a concern or stepped aside: the public reads how many, and no more."""
    dora, ann = people.director("Dora Director"), people.member("Ann Candidate")
    others = [people.member(f"{name} Member") for name in ("Ben", "Cleo", "Dan", "Eva")]
    ben, cleo, dan, eva = others
    sheets.seed()
    id = requests.team_request(ben, "system:grafana", candidate=ann, days_ago=9)
    requests.do(filing_services.agree, ann, id)
    requests.do(discussion_services.sponsor, cleo, id, "I vouch.")
    requests.position(dan, id)
    requests.do(discussion_services.recuse, eva, id, None)
    requests.do(objection_services.raise_concern, dan, id, "Risk", "A risk.")
    requests.do(objection_services.link_assessment, cleo, id, sheets.locked_review(ann, cleo))
    concern = db.session.scalars(select(Concern.id)).one()
    decision = requests.decide(dora, id, overrides={concern: "Heard."})

    checks = text(client, f"/record/{decision.id}").partition('id="checks"')[2].partition("</section>")[0]

    assert checks.count('class="check ') > 8
    assert "needed members who are not involved have spoken" in checks
    words = set(re.findall(r"\w+", checks))
    assert [person.name for person in (dora, ann, *others) if words & {person.name.split()[0]}] == []
    assert "/people/" not in checks


def test_an_approval_is_listed_by_name_with_its_reason(app: Flask, client: FlaskClient) -> None:
    decision = factories.decided(
        people.member("Ann Candidate"),
        people.director("Dora Director"),
        Asked(given_until=date(2027, 1, 31)),
        reason="She **did** the work, see T123.",
    )

    page = text(client, "/record")

    assert listed(page) == [decision.id]
    for shown in ("Access expansion for Ann Candidate", "mediawiki-admins", "until 31 Jan 2027", "2 Nov 2026"):
        assert shown in page
    assert "Decided by Dora Director (Director)" in page
    assert "<strong>did</strong>" in page
    assert "/T123" in page


def test_not_yet_and_withdrawn_are_numbers_only(app: Flask, client: FlaskClient) -> None:
    director = people.director()
    factories.decided(people.member("Ann Candidate"), director)
    refused = factories.decided(people.member("Refused Person"), director, approved=False, reason="Canary decline")
    factories.decided(
        people.member(), director, approved=False, kind="role_change", at=datetime(2025, 12, 31, 23, tzinfo=UTC)
    )
    factories.withdrawn(people.member("Withdrawn Person"))
    factories.withdrawn(people.member("Draft Person"), draft=True)

    page = text(client, "/record")

    assert counted(page) == [["2026", "Access expansion", "1", "1", "1"], ["2025", "Role change", "0", "1", "0"]]
    for hidden in ("Refused Person", "Canary decline", "Withdrawn Person", "Draft Person"):
        assert hidden not in page
    text(client, f"/record/{refused.id}", 404)
    text(client, "/record/9999", 404)


def test_the_record_filters_by_kind_item_and_year(app: Flask, client: FlaskClient) -> None:
    director = people.director()
    last_year = datetime(2025, 12, 31, 23, 59, tzinfo=UTC)
    first = factories.decided(people.member(), director, at=last_year)
    role = Asked("software_engineer", ItemType.ROLE)
    second = factories.decided(people.member(), director, role, kind="role_change")
    third = factories.decided(people.member(), director, Asked("grafana", ItemType.SYSTEM), Asked(given=False))

    assert listed(text(client, "/record")) == [third.id, second.id, first.id]
    assert listed(text(client, "/record?kind=role_change")) == [second.id]
    assert listed(text(client, "/record?year=2025")) == [first.id]
    assert listed(text(client, "/record?year=2026")) == [third.id, second.id]
    assert listed(text(client, "/record?item=role:software_engineer")) == [second.id]
    assert listed(text(client, "/record?item=access_group:mediawiki-admins")) == [first.id]
    assert counted(text(client, "/record?year=2025&kind=role_change")) == []
    nothing = text(client, "/record?year=2025&kind=role_change")
    assert "No decision matches." in nothing
    assert "Clear filters" in nothing


@pytest.mark.parametrize("args", ["year=9999", "year=%C2%B2025", "kind=x", "item=x", "item=role:", "before="])
def test_no_url_is_an_error(app: Flask, client: FlaskClient, args: str) -> None:
    decision = factories.decided(people.member(), people.director())

    assert listed(text(client, f"/record?{args}")) == [decision.id]


def test_sixty_decisions_are_read_page_by_page(app: Flask, client: FlaskClient) -> None:
    director, candidate = people.director(), people.member()
    ids = [factories.decided(candidate, director).id for _ in range(60)]
    url: str | None = "/record?kind=access_expansion"
    pages = []

    while url:
        page = text(client, url)
        pages.append(listed(page))
        older = re.search(r'class="pager"><a href="([^"]+)"', page)
        url = older[1].replace("&amp;", "&") if older else None

    assert [len(found) for found in pages] == [25, 25, 10]
    assert [id for found in pages for id in found] == ids[::-1]


def test_the_record_asks_the_database_no_more_for_more_decisions(app: Flask, client: FlaskClient) -> None:
    director = people.director()

    def asked(url: str) -> int:
        with statements() as found:
            text(client, url)
        return len(found)

    first = factories.decided(people.member(), director)
    few, few_on_page = asked("/record"), asked(f"/record/{first.id}")
    for _ in range(12):
        factories.decided(people.member(), people.deputy(), Asked(), Asked("bastion"))
    many = factories.decided(people.member(), director, *(Asked(key) for key in ("bastion", "ops", "dns-admins")))

    assert asked("/record") == few
    assert asked(f"/record/{many.id}") == few_on_page
    assert few <= 6


def test_the_page_of_a_decision_shows_asked_beside_approved_and_proof(app: Flask, client: FlaskClient) -> None:
    decision = factories.decided(
        people.member("Ann Candidate"),
        people.director("Dora Director"),
        Asked(until=date(2027, 6, 30), given_until=date(2027, 1, 31)),
        Asked("bastion", given=False),
        Asked("dns-admins", action=ItemAction.REMOVE),
        anyway="The mentor vouches for her.",
    )
    event = db.session.get_one(Event, audit.verify_chain().count)

    page = text(client, f"/record/{decision.id}")

    assert "until 30 Jun 2027" in page
    assert "until 31 Jan 2027" in page
    assert [word.strip() for word in re.findall(r'data-label="Approved"><span[^>]*></span> (\w+)', page)] == [
        "Yes",
        "No",
        "Yes",
    ]
    assert "2 of 1 spoke." in page
    assert "No assessment is linked." in page
    assert "The mentor vouches for her." in page
    assert "Dora Director" in page
    assert event.hash in page
    assert f"<dd>{event.id}</dd>" in page


def test_the_boards_decision_names_the_board_and_who_recorded_it(app: Flask, client: FlaskClient) -> None:
    decision = factories.decided(
        people.member(),
        people.board_member("Bo Board"),
        capacity="board",
        met_on=date(2026, 10, 30),
        minutes_url="javascript:alert(1)",
    )

    page = text(client, f"/record/{decision.id}")

    assert "Board of Directors" in page
    assert "Bo Board" in page
    assert "30 Oct 2026" in page
    assert 'href="javascript' not in page


def test_the_acting_deputy_is_named_as_such(app: Flask, client: FlaskClient) -> None:
    decision = factories.decided(people.member(), people.deputy(), capacity="deputy", acting=True)

    assert "Deputy, acting for the absent Director" in text(client, f"/record/{decision.id}")


def test_a_removed_reason_is_shown_as_removed(app: Flask, client: FlaskClient) -> None:
    director = people.director()
    decision = factories.decided(people.member(), director, reason="Canary reason", anyway="Canary anyway")
    with unit_of_work() as now:
        found = db.session.get_one(Decision, decision.id)
        assert found.anyway is not None
        for removed in (found.reason, found.anyway):
            audit.erase_text(removed, by_id=director.id, at=now)

    for url in ("/record", f"/record/{decision.id}"):
        page = text(client, url)
        assert "Canary" not in page
        assert "Removed" in page
    assert audit.verify_chain().first_bad is None


def test_access_that_was_revoked_later_is_marked_on_the_record(app: Flask, client: FlaskClient) -> None:
    holder, director = people.member(), people.director()
    decision = factories.decided(holder, director)
    grant = held.approved(holder, director, decision_id=decision.id)
    assert "Later:" not in text(client, f"/record/{decision.id}")

    with unit_of_work() as now:
        access.revoke(director, grant.id, reason="Canary revocation", now=now)
    page = text(client, f"/record/{decision.id}")

    assert "Later:" in page
    assert "mediawiki-admins ended." in page
    assert "Canary" not in page


def test_keys_that_left_the_catalogue_are_shown_as_they_are(app: Flask, client: FlaskClient) -> None:
    decision = factories.decided(
        people.member("Ann Candidate"),
        people.director(),
        Asked("gone-group"),
        kind="gone_kind",
        checks=[{"rule": "gone_rule", "met": True, "weight": "gone_weight", "says": "It was so.", "values": {}}],
    )

    for url in ("/record", f"/record/{decision.id}"):
        page = text(client, url)
        assert "gone_kind for Ann Candidate" in page
        assert "gone-group" in page


def test_the_request_is_linked_for_those_who_may_read_it(app: Flask, client: FlaskClient, as_person: SignIn) -> None:
    candidate, director = people.volunteer(), people.director()
    decision = factories.decided(candidate, director)
    link = f'href="/requests/{decision.request_id}"'

    for reader in (people.member(), people.board_member(), candidate):
        assert link in text(as_person(reader), f"/record/{decision.id}")
    for outsider in (client, as_person(people.volunteer()), as_person(people.person("L", "director", locked=True))):
        assert link not in text(outsider, f"/record/{decision.id}")


def test_nothing_of_the_discussion_is_on_the_record(app: Flask, client: FlaskClient) -> None:
    director, requester = people.director(), people.member("Filing Person")
    decision = factories.decided(people.member(), director, requester=requester)
    with unit_of_work() as now:
        for audience in CommentAudience:
            body = audit.write_text(requester.id, "Canary comment", at=now)
            db.session.add(
                Comment(
                    request_id=decision.request_id,
                    author_id=requester.id,
                    type=CommentType.COMMENT,
                    audience=audience,
                    text_id=body.id,
                    created_at=now,
                )
            )
        audit.record("comment.added", actor_id=requester.id, at=now, audience=Audience.TEAM)

    for url in ("/record", f"/record/{decision.id}"):
        page = text(client, url)
        assert "Canary" not in page
        assert "Filing Person" not in page
