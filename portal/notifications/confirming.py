"""Sends the question "is this address yours?" to an address that somebody typed, with the button that answers it."""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime

from sqlalchemy import select

from portal.errors import Message
from portal.extensions import app_value, db
from portal.notifications.channels import PermanentFailure, TemporaryFailure
from portal.notifications.channels.composing import Envelope, compose, confirm_path
from portal.notifications.channels.mail import Mail
from portal.notifications.mail_models import MailAddress
from portal.notifications.mail_tokens import confirm_token
from portal.notifications.sending import FIRST_WAIT, TRIES
from portal.people.models import Person
from portal.web import clock, logs
from portal.web.addresses import absolute
from portal.web.mailing import Content, Link
from portal.web.unit_of_work import unit_of_work


def send_questions(mail: Mail) -> int:
    """Send what is due. Returns how many were tried; what failed is tried again, each time later."""
    due = select(MailAddress.id).where(MailAddress.send_at <= clock.now()).order_by(MailAddress.id).limit(50)
    ids = db.session.scalars(due).all()
    db.session.rollback()
    return sum(_send(mail, id) for id in ids)


def _send(mail: Mail, id: int) -> bool:
    taken = _take(id)
    if taken is None:
        return False
    envelope, content = taken
    failure = ""
    try:
        mail.server.send(compose(envelope, content), envelope.to)
    except (TemporaryFailure, PermanentFailure) as error:
        failure = error.kind
        logs.write(logging.WARNING, "mail_question", row=id, failure=failure)
        if isinstance(error, TemporaryFailure):
            return True
    with unit_of_work():
        row = db.session.get(MailAddress, id)
        if row is not None and envelope.id == _message_id(row):
            row.send_at = None
    return True


def _take(id: int) -> tuple[Envelope, Content] | None:
    """The question; by then it is noted when it is tried again, should this try come to nothing."""
    with unit_of_work() as now:
        row = db.session.get(MailAddress, id)
        if row is None or row.send_at is None or row.send_at > now or not row.wanted:
            return None
        row.tries += 1
        row.send_at = now + FIRST_WAIT * 2 ** (row.tries - 1) if row.tries < TRIES else None
        name = db.session.get_one(Person, row.person_id).name
        return _question(row, name, now)


def _question(row: MailAddress, name: str, now: datetime) -> tuple[Envelope, Content]:
    url = absolute(confirm_path(confirm_token(row.person_id, row.nonce)))
    site = absolute("")
    content = Content(
        heading=Message("Is this your mail address?"),
        lines=(
            Message(
                "%(name)s wants to get mail from %(site)s at this address. If that is you, confirm it:",
                name=name,
                site=site,
            ),
        ),
        button=Link(Message("Confirm this address"), url),
        notes=(
            Message("The page that opens has a button; nothing happens before you press it. It works for a day."),
            Message("If you do not know what this is, do nothing: this address will not be used."),
        ),
    )
    envelope = Envelope(
        to=row.wanted,
        sender=app_value("settings").smtp.sender,
        subject=Message("Confirm your mail address"),
        id=_message_id(row),
        at=now,
    )
    return envelope, content


def _message_id(row: MailAddress) -> str:
    return f"confirm.{hashlib.sha256(row.nonce.encode()).hexdigest()[:24]}"
