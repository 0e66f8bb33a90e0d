"""The inbox as a page: what waits, why, done and later; its number in the frame; many thousand messages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, select

from portal.errors import Message
from portal.extensions import db
from portal.notifications import inbox, registry
from portal.notifications.inbox import Show
from portal.notifications.models import INBOX, Delivery, DeliveryState
from portal.notifications.told import GROUPS, Group
from portal.people import services as people
from portal.people.models import Person
from portal.requests import discussion_services
from portal.requests.discussion_models import CommentAudience
from portal.web.unit_of_work import unit_of_work
from tests import factories, pages
from tests.notifications.factories import told
from tests.queries import statements
from tests.requests import factories as requests
from tests.requests.pages import HTMX, hidden

pytestmark = pytest.mark.both_databases
Reader = Callable[[Person], FlaskClient]


def press(client: FlaskClient, htmx: bool = False, **button: object) -> str:
    data = {"csrf_token": hidden(client.get("/privacy").text, "csrf_token"), **button}
    answer = client.post("/inbox", data=data, headers=HTMX if htmx else None, follow_redirects=True)
    assert answer.status_code in (200, 404)
    return answer.text if answer.status_code == 200 else "not found"


def of(person: Person) -> int:
    """The newest message of this person."""
    told(person)
    return (
        db.session.scalars(
            select(Delivery.id).where(Delivery.person_id == person.id).order_by(Delivery.id.desc())
        ).first()
        or 0
    )


def test_the_inbox_says_what_happened_and_why_you(app: Flask, as_person: Reader) -> None:
    ann, ben = factories.member("Ann"), factories.member("Ben")
    id = requests.team_request(ann)
    requests.do(discussion_services.ask, ben, id, "What for, exactly?")
    told(ann)

    page = as_person(ann).get("/inbox").text

    assert "Ben asks you something" in page  # it is their turn, and they are the candidate
    assert "Your turn" in page
    assert f'href="/requests/{id}"' in page
    assert "What for, exactly?" not in page
    assert "Ann" in as_person(ben).get("/inbox").text
    assert "You are in the team." in as_person(ben).get("/inbox").text


def test_the_number_in_the_frame_counts_what_waits(app: Flask, as_person: Reader) -> None:
    ann, ben = factories.member("Ann"), factories.member("Ben")
    requests.team_request(ann)
    message, client = of(ben), as_person(ben)
    for other in (ann, ben, factories.member("Cleo")):
        as_person(other)  # sessions of others, and more than one of one's own, change nothing
    assert client.get("/").text.count('<span class="count">1<') == 2  # beside the link, and on a phone beside "Menu"

    moved = press(client, htmx=True, done=message)

    assert "Done:" in moved
    assert 'hx-swap-oob="true"' in moved
    assert 'class="count"' not in client.get("/").text
    assert inbox.count_open(ben.id, factories.now()) == 0


def test_done_later_and_back_again(app: Flask, as_person: Reader) -> None:
    ann, ben = factories.member("Ann"), factories.member("Ben")
    id = requests.team_request(ann)
    message, client, link = of(ben), as_person(ben), f'href="/requests/{id}"'

    press(client, later=message)
    assert link not in client.get("/inbox").text
    assert link in client.get("/inbox?show=later").text
    with time_machine.travel(factories.now() + inbox.LATER + timedelta(minutes=1)):
        assert link in client.get("/inbox").text

    press(client, done=message)
    assert link in client.get("/inbox?show=done").text
    press(client, open=message)
    assert link in client.get("/inbox").text


def test_all_is_done_but_not_what_came_after_the_page(app: Flask, as_person: Reader) -> None:
    ann, ben = factories.member("Ann"), factories.member("Ben")
    requests.team_request(ann)
    seen = of(ben)
    requests.team_request(ann, "system:phorge")
    newest = of(ben)

    assert "1 message is done" in press(as_person(ben), all=seen)

    assert [line.id for line in inbox.page(ben.id, Show.OPEN, before=None, now=factories.now()).rows] == [newest]


def test_nobody_touches_the_message_of_somebody_else(app: Flask, as_person: Reader) -> None:
    ann, ben, cleo = (factories.member(name) for name in ("Ann", "Ben", "Cleo"))
    requests.team_request(ann)
    message = of(ben)

    assert press(as_person(cleo), done=message) == "not found"
    assert press(as_person(cleo), later=message) == "not found"
    press(as_person(cleo), all=message)

    db.session.rollback()
    assert db.session.get_one(Delivery, message).done_at is None


def test_who_left_the_team_reads_no_more_of_what_they_were_told(app: Flask, as_person: Reader) -> None:
    dora = factories.director()
    ann, ben, cleo = (factories.member(name) for name in ("Ann", "Ben", "Cleo"))
    id = requests.team_request(ann)
    requests.do(discussion_services.comment, cleo, id, "Hm.", audience=CommentAudience.TEAM)
    requests.do(discussion_services.comment, ben, id, "Hm.", audience=CommentAudience.TEAM)
    told(cleo)
    assert "Ben commented" in as_person(cleo).get("/inbox").text

    with unit_of_work() as now:
        people.end_role_by_hand(dora, cleo.id, "software_engineer", reason="Left.", now=now)

    page = as_person(cleo).get("/inbox").text
    assert "Something you can no longer read" in page
    assert "Ben commented" not in page
    assert f"/requests/{id}" not in page


def test_ten_thousand_messages_cost_no_more_than_ten(app: Flask, as_person: Reader) -> None:
    ann, ben = factories.member("Ann"), factories.member("Ben")
    requests.team_request(ann)
    first, client = of(ben), as_person(ben)
    event_id = db.session.scalars(select(Delivery.event_id).where(Delivery.id == first)).one()
    client.get("/inbox")
    with statements() as few:
        client.get("/inbox")
    many(ben, event_id, 10_000)

    with statements() as sent:
        page = client.get("/inbox").text
    assert len(sent) <= len(few) <= 12
    assert "99+" in page
    assert page.count('id="message-') == 25
    last = client.get(f"/inbox?before={first + 2}").text
    assert last.count('id="message-') <= 25


def many(person: Person, event_id: int, count: int) -> None:
    """So many more messages, as if the same event had come by as many ways."""
    with unit_of_work() as now:
        values = {
            "event_id": event_id, "person_id": person.id, "room": "", "reason": Group.TEAM, "state": DeliveryState.SENT,
            "channel": INBOX, "created_at": now, "not_before": now, "tries": 0, "failure": "",
        }  # fmt: skip
        db.session.execute(db.metadata.tables["event"].insert(), _events(event_id, count))
        rows = [{**values, "key": f"many-{number}", "event_id": 1_000_000 + number} for number in range(count)]
        db.session.execute(insert(Delivery), rows)


def _events(event_id: int, count: int) -> list[dict[str, object]]:
    """Copies of one event, which only a test may make: nothing walks along the chain here."""
    table = db.metadata.tables["event"]
    row = db.session.execute(select(table).where(table.c.id == event_id)).mappings().one()
    return [{**row, "id": 1_000_000 + number, "hash": f"{number:064}"} for number in range(count)]


def in_words(message: Message) -> str:
    """As the page says it of somebody."""
    return message.id % {**message.values, "who": "Somebody"} if message.values or "%(" in message.id else message.id


def test_the_table_shows_every_row_with_its_words_for_each_group_and_marks_results(
    app: Flask, client: FlaskClient
) -> None:
    tree, faults = pages.parse(client.get("/told").text)
    assert faults == []
    shown = [
        (pages.text_of(row.find("th")), pages.text_of(row.find("td")), [pages.text_of(p) for p in row.iter("p")])
        for body in tree.iter("tbody")
        for row in body.iter("tr")
    ]
    rows = [row for source in reversed(registry.sources()) for row in source.rows.values()]

    assert [what for what, _, _ in shown] == [in_words(row.says) for row in rows]
    for (what, who, own_words), row in zip(shown, rows, strict=True):
        told = ", ".join(GROUPS[group].id for group in row.to) or f"nobody. {row.silent.id if row.silent else ''}"
        assert who.startswith(told), what
        assert own_words == [f"{GROUPS[group].id}: {in_words(says)}" for group, says in row.says_to.items()], what
        assert ("also those who muted it" in who) == row.result, what
    results = {what for what, who, _ in shown if "also those who muted it" in who}
    assert {"Somebody approved it", "Somebody answered: not yet", "Somebody withdrew the request"} <= results
    assert [who for what, who, _ in shown if what == "Somebody approved it"] == [
        "the candidate, who filed it, who spoke, who watches it Result: also those who muted it "
        "the candidate: Somebody approved your request"
    ]
