"""Named duties that wait too long: a reminder to who has it, and a week later a word to the Director.

Each feature says with `add_duties` which duties are open now, since when and whose. Only who is named is reminded;
nobody is chased for not taking a position. Who is away is left in peace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from portal.audit import services as audit
from portal.audit.models import Audience
from portal.errors import Message
from portal.extensions import app_value, db
from portal.notifications.models import Reminder
from portal.notifications.registry import App
from portal.org.catalogue import WHOLE
from portal.people import queries as people
from portal.rules import queries as rules

DUTIES = "duties"
CALLED = "duties_called"


@dataclass(frozen=True, slots=True)
class Duty:
    """Something one person has to do.

    Its reminder is the event "<event>.reminded", the word to the Director "<event>.raised"; ``audience`` says who may
    know of them.
    """

    kind: str
    subject_id: int
    person_id: int
    since: datetime
    event: str
    audience: Audience
    request_id: int | None = None

    @property
    def key(self) -> tuple[str, int, int]:
        return self.kind, self.subject_id, self.person_id


DutySource = Callable[[datetime], Iterable[Duty]]


def add_duties(app: App, source: DutySource, called: Mapping[str, Message]) -> None:
    """Register a function that tells which duties are open at a moment, and what each kind of them is called."""
    app.extensions.setdefault(DUTIES, []).append(source)
    app.extensions.setdefault(CALLED, {}).update(called)


def called(kind: str) -> Message:
    """What a kind of duty is called, whosever it is."""
    words: Mapping[str, Message] = app_value(CALLED)
    return words[kind]


def open_duties(now: datetime) -> list[Duty]:
    """Every named duty that is open, the longest waiting first."""
    sources: list[DutySource] = app_value(DUTIES)
    return sorted((duty for source in sources for duty in source(now)), key=lambda duty: (duty.since, duty.key))


def tick(now: datetime) -> int:
    """Remind, and tell the Director. Returns how many words that were. Done twice, it does nothing more."""
    wait = timedelta(days=int(rules.values_for(WHOLE, now)["question_reminder_days"]))
    duties = {duty.key: duty for duty in open_duties(now)}
    reminders = {(row.duty, row.subject_id, row.person_id): row for row in db.session.scalars(select(Reminder))}
    _forget(reminders, duties)
    standing, count = people.standing(now), 0
    for key, duty in duties.items():
        row = reminders.get(key)
        if now - duty.since < wait or standing.of(duty.person_id).away:
            continue
        if row is None:
            db.session.add(Reminder(duty=duty.kind, subject_id=duty.subject_id, person_id=duty.person_id,
                                    since=duty.since, reminded_at=now))  # fmt: skip
            _record(duty, "reminded", now)
            count += 1
        elif row.raised_at is None and now - row.reminded_at >= wait:
            row.raised_at = now
            _record(duty, "raised", now)
            count += 1
    return count


def _forget(reminders: dict[tuple[str, int, int], Reminder], duties: dict[tuple[str, int, int], Duty]) -> None:
    """What was reminded of a duty that is over, or began anew since, counts no more."""
    over = [key for key, row in reminders.items() if key not in duties or duties[key].since != row.since]
    ids = [reminders.pop(key).id for key in over]
    if ids:
        db.session.execute(delete(Reminder).where(Reminder.id.in_(ids)))


def _record(duty: Duty, what: str, now: datetime) -> None:
    audit.record(
        f"{duty.event}.{what}",
        actor_id=None,
        at=now,
        request_id=duty.request_id,
        person_id=duty.person_id,
        subject_id=duty.subject_id,
        audience=duty.audience,
    )
