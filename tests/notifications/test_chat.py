"""Rooms of chats: who hears what, and what happens when the chat misbehaves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

import config
from portal.extensions import db
from portal.notifications.channels import outward
from portal.people import queries
from portal.record import services as record
from portal.requests import discussion_services, objection_services
from portal.requests.discussion_models import CommentAudience
from portal.requests.models import Decision
from portal.web.unit_of_work import unit_of_work
from tests import factories
from tests.notifications.chat_server import DROP, HANG, LATE_DROP, ChatServer, chat_server, connected
from tests.notifications.factories import forget
from tests.notifications.post_office import work
from tests.requests import factories as requests

SHARED, TEAM = CommentAudience.SHARED, CommentAudience.TEAM
KINDS = ("discord", "mattermost")


@pytest.fixture
def chat(app: Flask) -> Iterator[ChatServer]:
    with chat_server() as server:
        rooms = [
            config.Room(f"{kind}-{'public' if public else 'team'}", public, kind, server.url(f"{kind}-{public}"))
            for kind in KINDS
            for public in (False, True)
        ]
        with connected(app, rooms):
            yield server


@pytest.mark.both_databases
@pytest.mark.parametrize("kind", KINDS)
def test_a_public_room_hears_what_is_on_the_public_record_and_a_team_room_what_all_may_read(
    app: Flask, chat: ChatServer, kind: str
) -> None:
    dora, ann, ben = factories.director(), factories.member("Ann"), factories.member("Ben")
    forget()
    id = requests.team_request(ann, days_ago=30)
    requests.do(discussion_services.comment, ben, id, "For the team.", audience=TEAM)
    requests.do(objection_services.raise_concern, ben, id, "Named", "Not for Ann, who is in the room too.")
    requests.do(discussion_services.comment, ben, id, "For Ann too.", audience=SHARED)
    work(app)
    before = list(chat.texts(f"{kind}-True"))
    requests.decide(dora, id, overrides={1: "Heard."}, anyway="It cannot wait.")
    work(app)

    team, public = "\n".join(chat.texts(f"{kind}-False")), chat.texts(f"{kind}-True")[len(before) :]
    assert not [text for text in before if f"{id}" in text and "Access" in text]
    assert "Ben commented" in team
    assert team.count("commented") == 1  # the one for the team is kept from a candidate, so from the room
    assert "concern" not in team.lower()
    assert len([text for text in public if "approved" in text]) == 1
    assert all("/record/" in text or "/people/" in text or "/access" in text for text in public)
    for word in ("For the team", "Not for Ann", "For Ann too", "Heard", "cannot wait"):
        assert word not in "\n".join([team, *public])


@pytest.mark.both_databases
@pytest.mark.parametrize("kind", KINDS)
def test_what_waits_for_a_public_room_is_not_said_once_the_person_is_off_the_public_record(
    app: Flask, chat: ChatServer, kind: str
) -> None:
    dora, ann = factories.director(), factories.member("Ann")
    id = requests.team_request(ann, days_ago=30)
    forget()
    requests.decide(dora, id, overrides={}, anyway="It cannot wait.")
    chat.plan = [(503, {})] * 20  # the chats are away for a while
    begin = factories.now()
    work(app)
    with unit_of_work() as now:
        decision = db.session.scalars(select(Decision)).one()
        record.remove(queries.facts(dora.id, now), decision.id, now=now)
    chat.plan = []
    with time_machine.travel(begin + factories.days(10 / 1440)):
        work(app)

    assert not [text for text in chat.texts(f"{kind}-True") if "Access" in text]
    assert len([text for text in chat.texts(f"{kind}-False") if "approved it" in text]) == 1  # the team still reads it


def test_nobody_is_pinged_and_no_name_becomes_markdown(app: Flask, chat: ChatServer) -> None:
    factories.director()
    eve = factories.member("@everyone [x](https://evil.example) **b** <@1> `c`")
    forget()
    requests.team_request(eve)
    work(app)

    for kind in KINDS:
        (text,) = [text for text in chat.texts(f"{kind}-False") if "Access" in text]
        assert "@everyone" not in text
        assert "@\u200beveryone" in text
        assert "](https" not in text.replace("\\]\\(https", "")
        assert "\\*\\*b\\*\\*" in text
    assert all(body.get("allowed_mentions", {}).get("parse", []) == [] for _, _, body in chat.taken)


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "fault",
    [(429, {"Retry-After": "90"}), (500, {}), (503, {"Retry-After": "soon"}), (408, {}), HANG, DROP, LATE_DROP],
    ids=str,
)
def test_after_a_fault_each_message_is_there_once_and_in_order(
    app: Flask, monkeypatch: pytest.MonkeyPatch, fault: tuple[int, dict[str, str]] | str
) -> None:
    """In order, and once for whoever knows a message by its key.

    A chat knows no key, so nobody in the room does: what it took without being able to say so stands there twice.
    """
    monkeypatch.setattr(outward, "SILENCE", 0.5)
    ann, ben = factories.member("Ann"), factories.member("Ben")
    id = requests.team_request(ann)
    forget()
    with chat_server() as chat, connected(app, [config.Room("team", False, "discord", chat.url("team"))]):
        chat.plan = [fault]
        for text in ("One.", "Two."):
            requests.do(discussion_services.comment, ben, id, text, audience=SHARED)
        requests.do(discussion_services.ask, ben, id, "Three?")
        begin = factories.now()
        work(app)
        assert len(chat.taken) == (1 if fault == LATE_DROP else 0)  # the later ones wait for the first
        for minutes in (1, 2, 4):
            with time_machine.travel(begin + factories.days(minutes / 1440)):
                work(app)

    assert [text.split("\n")[1] for text in chat.texts("team")] == [
        "Ben commented",
        "Ben commented",
        "Ben asked the candidate",
    ]
    in_the_room = [(key, body) for _, key, body in chat.taken]  # as its people see it
    once = [message for number, message in enumerate(in_the_room) if message not in in_the_room[:number]]
    assert len({key for key, _ in once}) == len(once) == 3
    assert in_the_room == ([once[0], *once] if fault == LATE_DROP else once)


def test_who_asks_to_wait_is_not_asked_before(app: Flask) -> None:
    ann, ben = factories.member("Ann"), factories.member("Ben")
    id = requests.team_request(ann)
    forget()
    with chat_server() as chat, connected(app, [config.Room("team", False, "mattermost", chat.url("team"))]):
        chat.plan = [(429, {"Retry-After": "600"})]
        requests.do(discussion_services.comment, ben, id, "One.", audience=SHARED)
        begin = factories.now()
        work(app)
        with time_machine.travel(begin + factories.days(9 / 1440)):
            work(app)
        assert chat.asked == 1
        with time_machine.travel(begin + factories.days(11 / 1440)):
            work(app)
        assert len(chat.taken) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 301, 302, 307])
def test_what_will_never_be_taken_is_parked_and_holds_nobody_up(app: Flask, status: int) -> None:
    ann, ben = factories.member("Ann"), factories.member("Ben")
    id = requests.team_request(ann)
    forget()
    with chat_server() as chat, connected(app, [config.Room("team", False, "discord", chat.url("team"))]):
        chat.plan = [(status, {"Location": chat.url("elsewhere")})]
        for text in ("One.", "Two."):
            requests.do(discussion_services.comment, ben, id, text, audience=SHARED)
        work(app)

    assert [path for path, _, _ in chat.taken] == ["/hooks/team"]  # the second; no redirect was followed
    assert chat.asked == 2
    shown = app.test_cli_runner().invoke(args=["notifications", "parked"]).output
    assert f"failure=http_{status}" in shown
    assert "hooks" not in shown


def test_a_dead_chat_is_asked_once_in_half_a_minute_not_once_for_each_message(app: Flask) -> None:
    people = [factories.member() for _ in range(5)]
    ids = [requests.team_request(person) for person in people]
    forget()
    with chat_server() as chat, connected(app, [config.Room("team", False, "discord", chat.url("team"))]):
        chat.plan = [DROP]
        for id in ids:
            requests.do(discussion_services.ask, factories.director(), id, "Why?")
        work(app)
        assert chat.asked == 1
        with time_machine.travel(factories.now() + factories.days(2 / 1440)):
            work(app)
        assert len(chat.taken) == 5
