"""Ending mail from a mail: by the button, and by the mail program's own "Unsubscribe" (RFC 8058)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask

from portal.notifications import mail_tokens, preferences
from portal.people.models import Person
from portal.requests import discussion_services, filing_services
from tests import factories
from tests.notifications.factories import forget, told
from tests.notifications.post_office import PostOffice, address_of, link, post_office, reachable, work
from tests.requests import factories as requests
from tests.requests.pages import Browser
from tests.whole.test_pages import everything

pytestmark = pytest.mark.both_databases
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def office(app: Flask) -> Iterator[PostOffice]:
    with post_office(app) as found:
        yield found


def asked(app: Flask, office: PostOffice) -> tuple[int, Person, Person]:
    """A request whose candidate was asked something and got a mail."""
    ann, ben = factories.member("Ann"), factories.member("Ben")
    id = requests.team_request(ann)
    forget()
    reachable(ann)
    requests.do(discussion_services.ask, ben, id, "Which?")
    work(app)
    return id, ann, ben


def unsubscribe_url(office: PostOffice) -> str:
    """The path and query of the header of the newest mail."""
    header = str(office.taken[-1]["List-Unsubscribe"])
    assert office.taken[-1]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert re.fullmatch(r"<http://localhost/mail/stop\?t=\S+>", header)
    return header.strip("<>").removeprefix("http://localhost")


def test_one_click_ends_mail_about_this_request_alone_and_the_inbox_goes_on(app: Flask, office: PostOffice) -> None:
    id, ann, ben = asked(app, office)
    other = requests.team_request(ann, "system:matomo")
    forget()
    url = unsubscribe_url(office)

    for _ in range(2):  # mail programs try again
        assert app.test_client().post(url, data=ONE_CLICK).status_code == 200
    for request_id in (id, other):
        requests.do(discussion_services.ask, ben, request_id, "And?")
    before = len(office.taken)
    work(app)

    assert [mail["Subject"] for mail in office.taken[before:]] == [f"#{other} Access expansion: Ann"]
    assert len([line for line in told(ann) if line.startswith("question.added")]) == 3

    browser = Browser(app, ann)
    assert f"#{id}" in browser.text("/account/mail")
    never = browser.post("/account/mail/resume", {"request": str(other)})
    assert never.status_code == 409
    assert "Mail about this request is not stopped." in never.text
    browser.post("/account/mail/resume", {"request": str(id)})
    requests.do(discussion_services.ask, ben, id, "Once more?")
    work(app)
    assert office.taken[-1]["Subject"] == f"#{id} Access expansion: Ann"


def test_looking_at_the_link_ends_nothing_and_its_button_does(app: Flask, office: PostOffice) -> None:
    id, ann, _ = asked(app, office)
    url = link(office.taken[-1], "/mail/stop")
    assert url == unsubscribe_url(office)
    before = everything()

    page = app.test_client().get(url)
    app.test_client().head(url)
    assert "You will get no more mail about request" in page.text
    assert everything() == before

    assert app.test_client().post(url).status_code == 200
    assert [stop.request_id for stop in preferences.stopped_by(ann.id)] == [id]


def test_what_was_queued_before_the_click_is_not_sent_after_it(app: Flask, office: PostOffice) -> None:
    id, _, ben = asked(app, office)
    requests.do(discussion_services.ask, ben, id, "And?")
    office.plan = ["450 busy"]
    work(app)
    app.test_client().post(unsubscribe_url(office), data=ONE_CLICK)
    from portal.notifications import sending

    before = len(office.taken)
    import time_machine

    with time_machine.travel(factories.now() + sending.FIRST_WAIT * 3):
        work(app)
    assert len(office.taken) == before


def test_what_waits_for_the_decision_of_those_who_decide_cannot_be_ended(app: Flask, office: PostOffice) -> None:
    dora, ann = factories.director(), factories.member("Ann")
    id = requests.team_request(ann, days_ago=30)
    forget()
    reachable(dora)
    with app.app_context():
        url = "/mail/stop?t=" + mail_tokens.stop_token(mail_tokens.Stop(dora.id, id))
    assert app.test_client().post(url, data=ONE_CLICK).status_code == 200
    reach = preferences.reach_of([dora.id], factories.now())[dora.id]
    from portal.notifications.told import Group
    from portal.notifications.wishes import Choice

    assert reach.choice(None, Group.TURN, id) is Choice.NOW
    assert reach.choice(None, Group.DIRECTOR, id) is Choice.OFF


@pytest.mark.parametrize("change", ["", "x", "cut", "confirm", "other"])
def test_a_token_that_is_not_ours_or_for_something_else_does_nothing(app: Flask, change: str) -> None:
    ann = factories.member("Ann")
    real = mail_tokens.stop_token(mail_tokens.Stop(ann.id, 1))
    token = {
        "": "",
        "x": "x" * 3000,
        "cut": real[:-1],
        "confirm": mail_tokens.confirm_token(ann.id, "n"),
        "other": real.replace(real.split(".")[0], mail_tokens.stop_token(mail_tokens.Stop(ann.id, 2)).split(".")[0]),
    }[change]
    before = everything()

    answer = app.test_client().post("/mail/stop", query_string={"t": token}, data=ONE_CLICK)

    assert answer.status_code == 422
    assert "not whole" in answer.text
    assert everything() == before


def test_a_page_of_another_site_can_not_press_it(app: Flask, office: PostOffice) -> None:
    asked(app, office)
    url = unsubscribe_url(office)

    answer = app.test_client().post(url, data=ONE_CLICK, headers={"Origin": "https://evil.example"})

    assert answer.status_code == 403


def test_tokens_name_nobody_and_stand_in_no_log_and_no_event(
    app: Flask, office: PostOffice, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    _, ann, _ = asked(app, office)
    url = unsubscribe_url(office)
    token = parse_qs(urlsplit(url).query)["t"][0]
    client = app.test_client()
    client.post(url, data=ONE_CLICK)
    client.post(url + "x", data=ONE_CLICK)
    client.post("/mail/confirm", query_string={"t": token})
    kept = str(everything())
    said = caplog.text + capsys.readouterr().err

    assert "Ann" not in url
    for secret in (token, address_of(ann)):
        assert secret not in said
    assert token not in kept
    assert kept.count(address_of(ann)) == 1  # in its own column


def test_a_long_link_stands_in_the_header_as_it_is(app: Flask) -> None:
    from portal.errors import Message
    from portal.notifications.channels.composing import Envelope, compose
    from portal.web.mailing import Content

    stop = mail_tokens.Stop(2**31, 2**31)
    names = Message("%(name)s", name="Name\r\nBcc: evil@example.org <b>é</b>")
    envelope = Envelope("a@example.org", "P <p@example.org>", names, "x" * 60, factories.now(), "t.p1", stop)
    raw = compose(envelope, Content(heading=names)).as_bytes().decode()
    head = raw.split("\r\n\r\n")[0]

    assert f"List-Unsubscribe: <http://localhost/mail/stop?t={mail_tokens.stop_token(stop)}>\r\n" in raw
    assert "\nBcc" not in raw
    assert "=?utf-8?" in head
    assert "&lt;b&gt;" in raw
    assert max(len(line) for line in raw.split("\r\n\r\n", 1)[1].splitlines()) <= 78


def test_mail_that_is_about_no_request_is_ended_by_its_kind(app: Flask, office: PostOffice) -> None:
    dora, ann = factories.director(), factories.member("Ann")
    reachable(ann)
    forget()
    from portal.people import services as people
    from portal.web.unit_of_work import unit_of_work

    with unit_of_work() as now:
        people.end_role_by_hand(dora, ann.id, "software_engineer", reason="Left.", now=now)
    work(app)
    assert office.taken[-1]["References"] is None

    app.test_client().post(unsubscribe_url(office), data=ONE_CLICK)

    assert preferences.chosen_by(ann.id)["own"] == "off"  # type: ignore[index]
    assert filing_services is not None
