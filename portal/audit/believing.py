"""Whether the server's clock can be believed, and what waits until it can (docs/adr/0009).

Every change that others may rely on writes an event, so this is asked in one place: where the events of a unit of work
are sealed. What is not named in `GOES_ON` waits, so that changes which are not written yet wait too.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from portal.audit.models import ChainHead, Event
from portal.errors import PortalError
from portal.web import clock

BEHIND = timedelta(minutes=2)  # so much may two servers differ, or a clock be corrected
CONFIRMED = "clock.confirmed"  # an operator said: the clock is right now
MARK = {"clock": "wrong"}  # what an event says that was written while the clock could not be believed

GOES_ON = frozenset(
    {
        # People come in and talk: the order of words is their number's, not the clock's.
        *("person.arrived", "person.renamed", "identity.locked", "identity.unlocked", "binding.refused"),
        *("comment.added", "comment.edited", "question.added", "answer.added", "note.written"),
        *("position.taken", "concern.raised", "concern.resolved", "sponsorship.given", "sponsorship.withdrawn"),
        *("evidence.linked", "evidence.unlinked"),
        *("assessment.started", "assessment.discarded", "assessment.marker_named"),
        # They protect somebody, whatever the time.
        *("recusal.declared", "text.redacted", "assessment.remark_redacted"),
    }
)


class ClockLooksWrong(PortalError):
    """The change rests on the time, and the server's clock cannot be believed. Nothing the person did is wrong."""

    status = 503


def doubt(newest_at: datetime | None, now: datetime) -> str:
    """Why the clock cannot be believed, for an operator; empty if it can. ``newest_at``: of the newest event."""
    if newest_at is not None and newest_at - now > BEHIND:
        return f"the newest event is of {newest_at:%Y-%m-%d %H:%M}"
    if clock.watch().is_far_off():
        minutes = round(clock.watch().moved().total_seconds() / 60)
        return f"it was moved by {minutes:+} minutes while the portal ran"
    return ""


def mark_or_refuse(head: ChainHead, events: Iterable[Event], now: datetime) -> None:
    """Raise ClockLooksWrong if the clock is in doubt and one of the events has to wait; mark those that go on."""
    if not doubt(head.newest_at, now):
        return
    if any(event.code not in GOES_ON | {CONFIRMED} for event in events):
        raise ClockLooksWrong(clock.looks_wrong(now))
    for event in events:
        if event.code != CONFIRMED:
            event.data = {**event.data, **MARK}


def newest_after(newest_at: datetime | None, event: Event) -> datetime | None:
    """The newest believed moment once this event is on record: a word of an operator starts it anew."""
    if event.data.get("clock") == MARK["clock"]:
        return newest_at
    if event.code == CONFIRMED or newest_at is None:
        return event.at
    return max(newest_at, event.at)
