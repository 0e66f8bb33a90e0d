"""Where a person's mail goes: typed by them, confirmed by a button in a mail to it, known to nobody else.

The wiki tells no address. The question is sent by the worker: a dead mail server does not keep anybody waiting.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from portal.errors import Invalid, Message, WrongState
from portal.extensions import app_value, db
from portal.notifications.mail_models import MailAddress
from portal.notifications.mail_tokens import read_confirm

CONFIRM_WITHIN = timedelta(days=1)
ASK_AT_MOST, ASK_WITHIN = 5, timedelta(days=1)
ADDRESS = re.compile(r"(?=.{3,254}\Z)[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?=[^@]*[A-Za-z0-9]\Z)[A-Za-z0-9.-]+")
DEAD = Message("This link works no longer: it was used, is older than a day, or another address was typed since.")


def sends_mail() -> bool:
    """Whether this portal has a mail server."""
    return app_value("settings").smtp is not None


def of(person_id: int) -> MailAddress | None:
    """The person's own row."""
    return db.session.scalars(select(MailAddress).where(MailAddress.person_id == person_id)).one_or_none()


def of_many(person_ids: Iterable[int]) -> dict[int, MailAddress]:
    """The rows of those who have a confirmed address, by person."""
    query = select(MailAddress).where(MailAddress.person_id.in_(set(person_ids)), MailAddress.address != "")
    return {row.person_id: row for row in db.session.scalars(query)}


def ask(person_id: int, typed: str, *, now: datetime) -> MailAddress:
    """Keep the address until its button is pressed, and let the worker send that button.

    Raises Invalid for what is no address and for too many questions in a day, WrongState where no mail is sent.
    """
    if not sends_mail():
        raise WrongState("This portal sends no mail yet: nobody set up a mail server.")
    if not ADDRESS.fullmatch(typed) or ".." in typed or ".@" in typed:
        raise Invalid(Message("That is no mail address. It looks like name@example.org."), "address")
    row = of(person_id)
    if row is None:
        row = MailAddress(person_id=person_id, asked_at=now, asked_times=0, tries=0)
        db.session.add(row)
    elif now - row.asked_at >= ASK_WITHIN:
        row.asked_times = 0
    if row.asked_times >= ASK_AT_MOST:
        raise Invalid(
            Message("That was asked %(times)s times today. Try again tomorrow.", times=ASK_AT_MOST), "address"
        )
    row.wanted, row.nonce = typed, secrets.token_urlsafe(32)
    row.asked_at, row.asked_times, row.send_at, row.tries = now, row.asked_times + 1, now, 0
    return row


def asked(token: str, now: datetime) -> MailAddress | None:
    """The row that a link's token is about, if it still works; also when its button was pressed already."""
    found = read_confirm(token)
    row = of(found[0]) if found else None
    if found is None or row is None or not row.nonce or not secrets.compare_digest(row.nonce, found[1]):
        return None
    return row if now - row.asked_at <= CONFIRM_WITHIN else None


def confirm(token: str, *, now: datetime) -> MailAddress:
    """Take the address that was typed as the person's own. Pressed twice, it is as once. Raises WrongState."""
    row = asked(token, now)
    if row is None:
        raise WrongState(DEAD)
    if row.wanted:
        row.address, row.wanted, row.send_at = row.wanted, "", None
    return row


def remove(person_id: int) -> None:
    """Forget the address, and what waits to be confirmed. How often was asked is kept for the day."""
    gone = {"address": "", "wanted": "", "nonce": "", "send_at": None}
    db.session.execute(update(MailAddress).where(MailAddress.person_id == person_id).values(gone))


def forget_unconfirmed(now: datetime) -> int:
    """The clock's job: what nobody confirmed in time is forgotten, and with it an address that may be a stranger's."""
    late = (MailAddress.asked_at < now - CONFIRM_WITHIN, MailAddress.wanted != "")
    gone = {"wanted": "", "nonce": "", "send_at": None}
    ids = db.session.scalars(update(MailAddress).where(*late).values(gone).returning(MailAddress.id)).all()
    empty = (MailAddress.address == "", MailAddress.wanted == "", MailAddress.asked_at < now - ASK_WITHIN)
    db.session.execute(delete(MailAddress).where(*empty))
    return len(ids)
