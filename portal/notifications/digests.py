"""The daily mail: what somebody wants once a day, and what waited while they were away, in one.

What is in a digest is fixed before its first try, and so is its message id: whatever happens on the way, the recipient
sees each thing once.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, time, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import joinedload

from portal.errors import Message
from portal.extensions import db
from portal.notifications import describing, preferences, registry
from portal.notifications.channels import PermanentFailure, TemporaryFailure
from portal.notifications.channels.composing import Envelope, compose
from portal.notifications.channels.mail import DIGEST, Mail
from portal.notifications.mail_models import Digest, DigestState
from portal.notifications.mail_tokens import Stop
from portal.notifications.models import Delivery, DeliveryState
from portal.notifications.preferences import Reach
from portal.notifications.sending import FIRST_WAIT, LEASE, LONGEST_WAIT, TRIES
from portal.notifications.wishes import Choice
from portal.web import clock, logs
from portal.web.addresses import absolute, path_to
from portal.web.filters import utc
from portal.web.mailing import Content, Item, Link
from portal.web.unit_of_work import unit_of_work

HOUR = time(7)  # UTC: before most people's working day
MOST_ITEMS = 50  # in one mail; the rest is in the inbox


def send_digests(mail: Mail) -> int:
    """Gather what is due and send it. Returns how many digests were tried."""
    now = clock.now()
    if now.time() >= HOUR:
        _gather(now)
    due = select(Digest.id).where(Digest.state == DigestState.QUEUED, Digest.not_before <= now).order_by(Digest.id)
    ids = db.session.scalars(due.limit(1000)).all()
    db.session.rollback()
    return sum(_send(mail, id) for id in ids)


def _gather(now: datetime) -> None:
    """Fix what today's digests hold: for each person who has something waiting, is not away, and had none today."""
    begin = datetime.combine(now.date(), HOUR, now.tzinfo)
    waiting = (Delivery.channel == DIGEST, Delivery.state == DeliveryState.QUEUED, Delivery.created_at < begin)
    query = select(Delivery.person_id, func.max(Delivery.id)).where(*waiting).group_by(Delivery.person_id)
    newest = {person_id: upto for person_id, upto in db.session.execute(query) if person_id is not None}
    if not newest:
        return
    away = {id for id, reach in preferences.reach_of(newest, now).items() if reach.quiet and reach.person.away}
    open_or_had = (Digest.day == now.date()) | (Digest.state == DigestState.QUEUED)
    with unit_of_work():
        had = set(db.session.scalars(select(Digest.person_id).where(Digest.person_id.in_(newest), open_or_had)))
        db.session.add_all(
            Digest(person_id=id, day=now.date(), upto=upto, state=DigestState.QUEUED, not_before=now)
            for id, upto in sorted(newest.items())
            if id not in had | away
        )


def _send(mail: Mail, id: int) -> bool:
    now = clock.now()
    digest = _take(id)
    if digest is None:
        return False
    person_id, upto, tries, day = digest.person_id, digest.upto, digest.tries, digest.day
    reach = preferences.reach_of([person_id], now).get(person_id)
    items = _items(reach, upto, now) if reach else []
    db.session.rollback()
    failure: TemporaryFailure | PermanentFailure | None = None
    if reach is not None and items:
        envelope = Envelope(
            to=reach.address,
            sender=mail.settings.sender,
            subject=Message("What happened: %(day)s", day=day.isoformat()),
            id=f"digest-{id}",
            at=now,
            stop=Stop(person_id),
        )
        try:
            mail.server.send(compose(envelope, _content(items)), reach.address)
        except (TemporaryFailure, PermanentFailure) as error:
            failure = error
    _note(id, person_id, upto, tries, failure, [item_id for item_id, _ in items])
    return True


def _take(id: int) -> Digest | None:
    """The digest, if no other worker has it."""
    with unit_of_work() as now:
        mine = (Digest.id == id, Digest.state == DigestState.QUEUED, Digest.not_before <= now)
        taken = update(Digest).where(*mine).values(not_before=now + LEASE, tries=Digest.tries + 1).returning(Digest)
        found = db.session.scalars(taken).one_or_none()
        if found is not None:
            db.session.expunge(found)
        return found


def _waiting(person_id: int, upto: int) -> tuple[object, ...]:
    mine = (Delivery.person_id == person_id, Delivery.channel == DIGEST)
    return (*mine, Delivery.state == DeliveryState.QUEUED, Delivery.id <= upto)


def _items(reach: Reach, upto: int, now: datetime) -> list[tuple[int, Item]]:
    """What they still may read and still want, by the id of its delivery; what is about one request stands together."""
    if reach.person.locked:
        return []
    query = select(Delivery).where(*_waiting(reach.person.id, upto)).options(joinedload(Delivery.event))  # type: ignore[arg-type]
    rows: Sequence[Delivery] = db.session.scalars(query.order_by(Delivery.id)).all()
    views = registry.views([row.event for row in rows], now)
    names = describing.names_of([row.event for row in rows], now)
    found = []
    for row in rows:
        view = views.get(row.event_id)
        wants = reach.choice(registry.row_of(row.event.code), row.reason, row.request_id) is not Choice.OFF
        if view is not None and wants and view.may_read(reach.person):
            says, why = describing.says(row.event, row.reason, names), describing.why(row.reason)
            found.append((row.id, row.request_id, Item(view.title, says, why, utc(row.event.at), absolute(view.path))))
    first: dict[int | None, int] = {}
    for id, request_id, _ in found:
        first.setdefault(request_id, id)
    found.sort(key=lambda part: (first[part[1]], part[0]))
    return [(id, item) for id, _, item in found]


def _content(items: Sequence[tuple[int, Item]]) -> Content:
    shown = tuple(item for _, item in items[:MOST_ITEMS])
    more = len(items) - len(shown)
    notes = (Message("%(count)s more are in your inbox.", count=more),) if more else ()
    return Content(
        heading=Message("What happened since the last daily mail"),
        items=shown,
        notes=notes,
        button=Link(Message("Open the portal"), absolute(path_to("home.index"))),
    )


def _note(
    id: int,
    person_id: int,
    upto: int,
    tries: int,
    failure: TemporaryFailure | PermanentFailure | None,
    sent: Sequence[int],
) -> None:
    """What came of it: for the digest, and for each delivery in it."""
    given_up = isinstance(failure, PermanentFailure) or (failure is not None and tries >= TRIES)
    kind = failure.kind[:64] if failure else ""
    if failure is not None:
        logs.write(logging.WARNING, "digest", digest=id, tries=tries, failure=kind)
    with unit_of_work() as now:
        if failure is not None and not given_up:
            wait = max(min(FIRST_WAIT * 2 ** (tries - 1), LONGEST_WAIT), getattr(failure, "after", None) or timedelta())
            db.session.execute(update(Digest).where(Digest.id == id).values(not_before=now + wait, failure=kind))
            return
        state, each = DigestState.SENT, DeliveryState.SENT
        if given_up:
            state, each = DigestState.PARKED, DeliveryState.PARKED
        db.session.execute(update(Digest).where(Digest.id == id).values(state=state, failure=kind))
        settled = {"settled_at": now, "tries": tries, "failure": kind}
        for start in range(0, len(sent), 500):
            part = sent[start : start + 500]
            db.session.execute(update(Delivery).where(Delivery.id.in_(part)).values(state=each, **settled))
        rest = {"state": DeliveryState.DROPPED, "settled_at": now}
        db.session.execute(update(Delivery).where(*_waiting(person_id, upto)).values(rest))  # type: ignore[arg-type]
