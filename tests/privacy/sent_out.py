"""What leaves the portal by itself: mails as they lie in mailboxes, and what stands in rooms of chats."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import time_machine
from flask import Flask
from sqlalchemy import delete, select, update

import config
from portal.extensions import db
from portal.notifications.mail_models import MailAddress, MailWish
from portal.notifications.models import Delivery, Spread, Turn
from portal.notifications.wishes import Choice, Kind
from portal.web import clock
from portal.web.unit_of_work import unit_of_work
from tests.notifications import chat_server
from tests.notifications.post_office import part, post_office, work
from tests.privacy.scene import MEMBERS

Output = tuple[str, str]


def mails(app: Flask) -> Iterator[Output]:
    """Every mail to everybody, each message at once: its headers and both parts, for whose address it is."""
    everybody_wants(Choice.NOW)
    with post_office(app) as office:
        work(app)
    assert len({mail["To"] for mail in office.taken}) > 10
    yield from map(_read, office.taken)


def digests(app: Flask) -> Iterator[Output]:
    """The daily mail of everybody."""
    everybody_wants(Choice.DAILY)
    with post_office(app) as office:
        work(app)
        tomorrow = clock.now().date() + timedelta(days=20)  # by then nobody is away
        with time_machine.travel(datetime.combine(tomorrow, datetime.min.time(), UTC) + timedelta(hours=8)):
            work(app)
    assert len({mail["To"] for mail in office.taken}) > 10
    yield from map(_read, office.taken)


def rooms(app: Flask) -> Iterator[Output]:
    """A room that is public, and one in which every member sits."""
    nobody_was_told()
    with chat_server.chat_server() as chat:
        kinds = ("discord", "mattermost")
        found = [config.Room(f"{k}-{p}", p, k, chat.url(f"{k}-{p}")) for k in kinds for p in (False, True)]
        with chat_server.connected(app, found):
            work(app)
    assert {path for path, _, _ in chat.taken} == {f"/hooks/{room.name}" for room in found}
    for path, key, body in chat.taken:
        for actor in ("nobody",) if path.endswith("True") else sorted(MEMBERS):
            yield actor, f"{key} {body}"


def nobody_was_told() -> None:
    """The whole timeline is told anew, by the channels that are there now."""
    with unit_of_work():
        for table in (Turn, Delivery):
            db.session.execute(delete(table))
        db.session.execute(update(Spread).values(event_id=0))


def everybody_wants(choice: Choice) -> None:
    """All kinds this way, also while away."""
    nobody_was_told()
    with unit_of_work():
        for row in db.session.scalars(select(MailAddress)):
            row.quiet_away = False
            db.session.add_all(MailWish(person_id=row.person_id, kind=kind, choice=choice) for kind in Kind)


def _read(mail: EmailMessage) -> Output:
    actor = re.search(r"-mail-(\w+)@", str(mail["To"]))
    words = "\n".join([*(f"{name}: {value}" for name, value in mail.items()), part(mail, "plain"), part(mail, "html")])
    return (actor[1] if actor else "nobody"), words
