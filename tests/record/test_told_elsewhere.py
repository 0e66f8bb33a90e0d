"""The feed and the weekly digest: what they hold, in which form, and that they stay the same while nothing changes."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from xml.etree import ElementTree as ET

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from portal.people.models import Person
from portal.record import checkpoints
from portal.record.digest import Week
from portal.web.unit_of_work import unit_of_work
from tests import factories as people
from tests import pages as sound
from tests.queries import statements
from tests.record import factories
from tests.record.factories import NOON, Asked
from tests.requests.pages import hidden

pytestmark = pytest.mark.both_databases
SignIn = Callable[[Person], FlaskClient]
ATOM = "{http://www.w3.org/2005/Atom}"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with time_machine.travel(NOON + people.days(10), tick=False):
        yield


def entries(client: FlaskClient) -> list[ET.Element]:
    """The entries of the feed, which has to be what RFC 4287 asks for."""
    answer = client.get("/record/feed.atom")
    assert (answer.status_code, answer.mimetype) == (200, "application/atom+xml")
    feed = ET.fromstring(answer.data)  # noqa: S314  # our own
    assert feed.tag == f"{ATOM}feed"
    found = feed.findall(f"{ATOM}entry")
    for element in (feed, *found):
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"{ATOM}{name}")) == 1, name
        assert MOMENT.fullmatch(element.findtext(f"{ATOM}updated") or "")
    assert feed.find(f"{ATOM}author/{ATOM}name") is not None
    assert [link.get("rel") for link in feed.findall(f"{ATOM}link")] == ["self", "alternate"]
    assert all(len(entry.findall(f"{ATOM}link")) == 1 for entry in found)
    ids = [entry.findtext(f"{ATOM}id") for entry in found]
    assert len(set(ids)) == len(ids)
    return found


def test_the_feed_of_an_empty_record_is_whole(app: Flask, client: FlaskClient) -> None:
    assert entries(client) == []


def test_approvals_and_the_newest_checkpoint_are_in_the_feed(app: Flask, client: FlaskClient) -> None:
    director = people.director("Dora <Director>")
    first = factories.decided(people.member("Ann & Co"), director, reason="Because \x0b]]> <b>she</b> did.")
    factories.decided(people.member("Refused Person"), director, approved=False, reason="Canary decline")
    with unit_of_work() as now:
        checkpoints.tick(now)

    checkpoint, entry = entries(client)

    assert checkpoint.findtext(f"{ATOM}title") == "Checkpoint 2"
    assert checkpoint.findtext(f"{ATOM}content") == client.get("/record/checkpoints/2.txt").text
    assert entry.findtext(f"{ATOM}title") == "Access expansion for Ann & Co"
    assert entry.findtext(f"{ATOM}id") == f"http://localhost/record/{first.id}"
    says = entry.findtext(f"{ATOM}content") or ""
    assert "Because ]]> <b>she</b> did." in says
    assert "Decided by Dora <Director> (Director)" in says
    assert "Refused" not in client.get("/record/feed.atom").text


def test_ids_stay_when_more_is_decided_and_nothing_is_sent_again(app: Flask, client: FlaskClient) -> None:
    director = people.director()
    factories.decided(people.member(), director)
    answer = client.get("/record/feed.atom")
    before = [entry.findtext(f"{ATOM}id") for entry in entries(client)]
    tag = {"If-None-Match": answer.headers["ETag"]}
    assert client.get("/record/feed.atom", headers=tag).status_code == 304

    factories.decided(people.member(), director)

    assert client.get("/record/feed.atom", headers=tag).status_code == 200
    assert [entry.findtext(f"{ATOM}id") for entry in entries(client)][1:] == before


def digest(client: FlaskClient, week: str) -> str:
    page = client.get(f"/record/digest?week={week}").text
    assert sound.faults(page) == []
    found = re.search(r'<pre[^>]*id="digest"[^>]*>(.*?)</pre>', page, re.DOTALL)
    assert found
    return html.unescape(found[1])


def test_the_digest_of_a_week_names_its_approvals_and_no_others(app: Flask, client: FlaskClient) -> None:
    director = people.director("Dora Director")
    item = Asked(given_until=date(2027, 1, 31))
    decision = factories.decided(people.member("Ann Candidate"), director, item, reason="She did\nthe work.")
    factories.decided(people.member("Refused Person"), director, approved=False)
    factories.decided(people.member("Before"), director, at=NOON - timedelta(hours=12, minutes=1))
    factories.decided(people.member("After"), director, at=NOON + timedelta(days=6, hours=12))

    text = digest(client, "2026-W45")

    assert "2 November 2026 to 8 November 2026 ==" in text
    assert text.count("\n* ") == 1
    assert (
        f"* '''Access expansion''' for Ann Candidate: add mediawiki&#45;admins until 31 January 2027. Decided by Dora "
        f"Director (Director) on 2 November 2026 ([http://localhost/record/{decision.id} record {decision.id}]). "
        f"Reason: She did the work."
    ) in text
    for absent in ("Refused", "Before", "After"):
        assert absent not in text


def test_a_week_without_approvals_says_so(app: Flask, client: FlaskClient) -> None:
    assert "Nothing was approved this week." in digest(client, "2026-W45")


def test_what_people_wrote_does_nothing_on_the_wiki(app: Flask, client: FlaskClient) -> None:
    factories.decided(
        people.member("[[X]]"), people.director("{{D}}"), reason="</nowiki>\n== H ==\n{{delete}} [[Y]] ~~~~"
    )

    text = digest(client, "2026-W45")

    line = next(line for line in text.splitlines() if line.startswith("* "))
    assert len(text.splitlines()) == 3
    for mark in ("[[", "{{", "~~", "</", "=="):
        assert mark not in line


@pytest.mark.parametrize("raw", ["", "x", "2026-W99", "2026-W00", "0001-W01", "9999-W01", "2019-W50", "2026-W47", "²"])
def test_any_other_week_is_the_last_whole_one(app: Flask, client: FlaskClient, raw: str) -> None:
    assert Week.read(raw, now=NOON + people.days(10)).name == "2026-W45"
    assert "2 November 2026" in digest(client, raw)


def test_weeks_lead_to_each_other(app: Flask, client: FlaskClient) -> None:
    page = client.get("/record/digest?week=2026-W45").text
    assert "week=2026-W44" in page
    assert "week=2026-W46" in page
    assert "week=2026-W47" not in client.get("/record/digest?week=2026-W46").text
    assert "Week before" not in client.get("/record/digest?week=2020-W01").text


def test_neither_asks_more_of_the_database_for_more_decisions(app: Flask, client: FlaskClient) -> None:
    director = people.director()

    def asked() -> list[int]:
        found = []
        for address in ("/record/feed.atom", "/record/digest?week=2026-W45", "/record/checkpoints"):
            with statements() as sent:
                client.get(address)
            found.append(len(sent))
        return found

    factories.decided(people.member(), director)
    few = asked()
    for _ in range(10):
        factories.decided(people.member(), people.deputy(), Asked(), Asked("bastion"))

    assert asked() == few
    assert max(few) <= 5


def test_a_decider_takes_an_approval_off_the_record_in_pages(
    app: Flask, client: FlaskClient, as_person: SignIn
) -> None:
    director, ann = people.director("Dora Director"), people.member("Ann Candidate")
    decision = factories.decided(ann, director)
    address = f"/record/{decision.id}"
    browser = as_person(director)
    assert f'href="{address}/remove"' in browser.get(address).text

    page = browser.get(f"{address}/remove").text
    assert sound.faults(page) == []
    assert "Access expansion for Ann Candidate" in page
    sent = {"csrf_token": hidden(page, "csrf_token")}
    assert browser.post(f"{address}/remove", data=sent).location == address

    page = client.get(address).text
    assert sound.faults(page) == []
    assert "Dora Director removed it on 12 Nov 2026" in page
    assert "Ann Candidate" not in page
    assert browser.get(f"{address}/remove").status_code == 409
    assert browser.post(f"{address}/remove", data=sent).status_code == 409
    assert "/remove" not in browser.get(address).text


def test_nobody_removes_what_is_about_themselves_and_no_member_anything(app: Flask, as_person: SignIn) -> None:
    director = people.director()
    own = factories.decided(director, people.board_member(), capacity="board")
    other = factories.decided(people.member(), director)

    assert as_person(director).get(f"/record/{own.id}/remove").status_code == 403
    for reader in (people.member(), people.volunteer(), people.board_member()):
        assert as_person(reader).get(f"/record/{other.id}/remove").status_code == 403
        assert "/remove" not in as_person(reader).get(f"/record/{other.id}").text
    assert as_person(director).get("/record/9999/remove").status_code == 404
