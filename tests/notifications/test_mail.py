"""Mail from the address that somebody types to the message in their mailbox."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask

from portal.notifications import addresses
from portal.requests import discussion_services
from portal.requests.discussion_models import CommentAudience
from tests import factories
from tests.notifications.factories import forget
from tests.notifications.post_office import PostOffice, link, part, post_office, reachable, work
from tests.requests import factories as requests
from tests.requests.pages import Browser

pytestmark = pytest.mark.both_databases
SHARED, TEAM = CommentAudience.SHARED, CommentAudience.TEAM


@pytest.fixture
def office(app: Flask) -> Iterator[PostOffice]:
    with post_office(app) as found:
        yield found


def test_an_address_is_typed_confirmed_by_the_button_and_used(app: Flask, office: PostOffice) -> None:
    ann, ben = factories.member("Ann"), factories.member("Ben")
    id = requests.team_request(ann)
    forget()
    browser = Browser(app, ann)
    assert browser.post("/account/mail/address", {"address": "ann@example.org"}).status_code == 303
    work(app)

    (question,) = office.taken
    assert question["To"] == "ann@example.org"
    url = link(question, "/mail/confirm")
    stranger = app.test_client()  # a mail scanner, or another device
    assert "Yes, this address is mine" in stranger.get(url).text
    requests.do(discussion_services.ask, ben, id, "Which servers?")
    work(app)
    assert len(office.taken) == 1  # looking at the link confirmed nothing

    assert "Confirmed. Mail for Ann" in Browser(app, ben).post(url).text  # whoever has the mail may press it
    requests.do(discussion_services.ask, ben, id, "And why?")
    work(app)

    message = office.taken[-1]
    assert message["To"] == "ann@example.org"
    assert message["Subject"] == f"#{id} Access expansion: Ann"
    for kind in ("plain", "html"):
        body = part(message, kind)
        assert "Ben asks you something" in body
        assert f"http://localhost/requests/{id}" in body
        assert "And why?" not in body  # what people wrote is read in the portal
    assert link(message, "/requests/") == f"/requests/{id}"


def test_what_is_about_one_request_is_one_thread_and_each_mail_has_an_id_of_its_own(
    app: Flask, office: PostOffice
) -> None:
    ann, ben = factories.member("Ann"), factories.member("Ben")
    ids = [requests.team_request(ann), requests.team_request(ann, "system:matomo")]
    forget()
    reachable(ann)
    for id in (*ids, ids[0]):
        requests.do(discussion_services.comment, ben, id, "Words.", audience=SHARED)
    work(app)

    mails = office.to("ann@example.org")
    assert len(mails) == 3
    assert len({mail["Message-ID"] for mail in mails}) == 3
    assert [mail["References"] for mail in mails] == [f"<request-{id}.p{ann.id}@localhost>" for id in (*ids, ids[0])]
    assert mails[0]["Subject"] == mails[2]["Subject"] != mails[1]["Subject"]
    assert {mail["Auto-Submitted"] for mail in mails} == {"auto-generated"}


def test_a_question_can_be_answered_for_a_day_and_only_the_newest(app: Flask, office: PostOffice) -> None:
    ann = factories.member("Ann")
    browser = Browser(app, ann)
    begin = factories.now()
    for address in ("old@example.org", "new@example.org"):
        browser.post("/account/mail/address", {"address": address})
        work(app)
    old, new = (link(message, "/mail/confirm") for message in office.taken)

    assert "works no longer" in browser.text(old)
    assert browser.post(old).status_code == 409
    with time_machine.travel(begin + factories.days(1.01)):
        assert browser.post(new).status_code == 409
    assert browser.post(new).status_code == 200
    assert browser.post(new).status_code == 200  # pressed twice is as once
    row = addresses.of(ann.id)
    assert row is not None
    assert (row.address, row.wanted) == ("new@example.org", "")


def test_nobody_can_flood_a_stranger(app: Flask, office: PostOffice) -> None:
    browser = Browser(app, factories.member("Ann"))
    answers = [browser.post("/account/mail/address", {"address": f"v{n}@example.org"}) for n in range(7)]
    work(app)

    assert [answer.status_code for answer in answers] == [303] * 5 + [422] * 2
    assert "Try again tomorrow" in answers[-1].text
    assert len(office.taken) <= 5


@pytest.mark.parametrize(
    "typed",
    ["", "ann", "a@b@c.org", "a b@example.org", "a@exa mple.org", "<a@example.org>", "a@example.org\nBcc: b@c.org",
     "a@example.org,b@example.org", "ä@example.org", "a@-", '"a"@example.org', f"{'a' * 65}@example.org"],
)  # fmt: skip
def test_what_is_no_address_is_refused_in_words(app: Flask, typed: str) -> None:
    answer = Browser(app, factories.member("Ann")).post("/account/mail/address", {"address": typed})

    assert answer.status_code == 422
    assert "There is a problem" in answer.text


def test_what_nobody_confirmed_is_forgotten(app: Flask, office: PostOffice) -> None:
    ann = factories.member("Ann")
    Browser(app, ann).post("/account/mail/address", {"address": "stranger@example.org"})
    with time_machine.travel(factories.now() + factories.days(1.1)):
        app.test_cli_runner().invoke(args=["clock", "tick"])
        app.test_cli_runner().invoke(args=["clock", "tick"])

    row = addresses.of(ann.id)
    assert row is None or (row.wanted, row.nonce) == ("", "")
