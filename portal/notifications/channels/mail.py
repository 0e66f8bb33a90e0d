"""E-mail: what somebody wants at once goes out by itself, what they want once a day is gathered by `digests`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import select

from config import Smtp
from portal.audit.models import Event
from portal.errors import Message
from portal.extensions import db
from portal.notifications import preferences
from portal.notifications.channels import NotWanted, Outgoing, Planned
from portal.notifications.channels.composing import Envelope, compose
from portal.notifications.channels.smtp import MailServer
from portal.notifications.mail_models import MailAddress
from portal.notifications.mail_tokens import Stop
from portal.notifications.models import Delivery, DeliveryState
from portal.notifications.registry import row_of
from portal.notifications.told import Group
from portal.notifications.wishes import Choice, kind_of
from portal.people.facts import PersonFacts
from portal.web import clock
from portal.web.addresses import absolute
from portal.web.filters import utc
from portal.web.mailing import Content, Link

MAIL, DIGEST = "mail", "digest"


def last_refused(row: MailAddress) -> datetime | None:
    """When the mail server refused for good what went to this address last; None if it took it, or nothing went."""
    mine = (
        Delivery.person_id == row.person_id,
        Delivery.channel.in_((MAIL, DIGEST)),
        Delivery.settled_at > row.asked_at,
    )
    settled = Delivery.state.in_((DeliveryState.SENT, DeliveryState.PARKED))
    query = select(Delivery).where(*mine, settled).order_by(Delivery.settled_at.desc(), Delivery.id.desc()).limit(1)
    last = db.session.scalars(query).one_or_none()
    return last.settled_at if last is not None and last.failure.startswith("smtp_5") else None


class _ByMail:
    """What both have in common: they reach those with a confirmed address, as these chose."""

    name = ""
    choice = Choice.OFF

    def plan(self, event: Event, told: Mapping[int, Group], now: datetime) -> Iterable[Planned]:
        """Those of ``told`` who want this kind of message this way."""
        row = row_of(event.code)
        for person_id, reach in sorted(preferences.reach_of(told, now).items()):
            if reach.choice(row, told[person_id], event.request_id) is self.choice:
                yield Planned(person_id=person_id)

    def reads_as(self, room: str) -> PersonFacts | None:
        """There are no rooms."""
        return None


class Mail(_ByMail):
    """One mail for each message that somebody wants at once."""

    name, choice = MAIL, Choice.NOW

    def __init__(self, settings: Smtp) -> None:
        self.settings, self.server = settings, MailServer(settings)

    def send(self, outgoing: Outgoing) -> None:
        """Hand it over, unless they want it no longer. Raises NotWanted and what the server's refusals are."""
        person_id = outgoing.person_id or 0
        reach = preferences.reach_of([person_id], clock.now()).get(person_id)
        db.session.rollback()  # nothing is held open while the server is slow
        row = row_of(outgoing.code)
        if reach is None or reach.choice(row, outgoing.reason, outgoing.request_id) is Choice.OFF:
            raise NotWanted
        self.server.send(compose(self._envelope(outgoing, reach.address), content(outgoing)), reach.address)

    def _envelope(self, outgoing: Outgoing, address: str) -> Envelope:
        person_id, request_id = outgoing.person_id or 0, outgoing.request_id
        kind = kind_of(row_of(outgoing.code), outgoing.reason)
        return Envelope(
            to=address,
            sender=self.settings.sender,
            subject=outgoing.title,
            id=outgoing.key,
            at=outgoing.at,
            thread=f"request-{request_id}.p{person_id}" if request_id else "",
            stop=Stop(person_id, request_id) if request_id else Stop(person_id, kind=kind),
        )


class Digests(_ByMail):
    """What waits for the daily mail: `portal.notifications.digests` gathers and sends it, not the worker."""

    name, choice = DIGEST, Choice.DAILY
    gathers = True

    def send(self, outgoing: Outgoing) -> None:
        """Never asked."""
        raise NotImplementedError


def content(outgoing: Outgoing) -> Content:
    """One message in words. Who wants to read what somebody wrote follows the link."""
    return Content(
        heading=outgoing.says,
        lines=(outgoing.title,),
        button=Link(Message("Open it in the portal"), absolute(outgoing.path)),
        notes=(outgoing.why, Message("%(when)s", when=utc(outgoing.at))),
    )
