"""What each person wants by mail: read for many at once, changed by themselves or by a link in a mail."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, select, update

from portal.errors import Invalid, Message, WrongState
from portal.extensions import db
from portal.notifications import addresses
from portal.notifications.mail_models import MailAddress, MailStop, MailWish
from portal.notifications.mail_tokens import Stop
from portal.notifications.told import Group, Row
from portal.notifications.wishes import USUAL, Choice, Kind, choices, kind_of, wanted
from portal.people import queries as people
from portal.people.facts import PersonFacts


@dataclass(frozen=True, slots=True)
class Reach:
    """How one person is reached by mail. ``stopped``: the requests they want no mail about."""

    person: PersonFacts
    address: str
    quiet: bool
    chosen: Mapping[Kind, Choice] = field(default_factory=dict)
    stopped: frozenset[int] = frozenset()

    def choice(self, row: Row | None, reason: Group, request_id: int | None) -> Choice:
        """When a message with this row of the table, for this reason, goes out to them."""
        stopped = request_id in self.stopped
        return wanted(kind_of(row, reason), self.person, self.chosen, stopped=stopped, quiet=self.quiet)


def reach_of(person_ids: Iterable[int], now: datetime) -> dict[int, Reach]:
    """Those of them who have a confirmed address, by id."""
    rows = addresses.of_many(person_ids)
    if not rows:
        return {}
    facts = people.facts_of(rows, now)
    chosen, stops = _chosen(rows), _stops(rows)
    return {
        id: Reach(facts[id], row.address, row.quiet_away, chosen[id], frozenset(stops[id])) for id, row in rows.items()
    }


def _chosen(person_ids: Iterable[int]) -> defaultdict[int, dict[Kind, Choice]]:
    found: defaultdict[int, dict[Kind, Choice]] = defaultdict(dict)
    for row in db.session.scalars(select(MailWish).where(MailWish.person_id.in_(person_ids))):
        found[row.person_id][row.kind] = row.choice
    return found


def _stops(person_ids: Iterable[int]) -> defaultdict[int, set[int]]:
    found: defaultdict[int, set[int]] = defaultdict(set)
    query = select(MailStop.person_id, MailStop.request_id).where(MailStop.person_id.in_(person_ids))
    for person_id, request_id in db.session.execute(query):
        found[person_id].add(request_id)
    return found


def chosen_by(person_id: int) -> dict[Kind, Choice]:
    """What this person has for each kind, chosen or usual."""
    return USUAL | _chosen([person_id])[person_id]


def stopped_by(person_id: int) -> list[MailStop]:
    """The requests about which this person wants no mail, the newest first."""
    query = select(MailStop).where(MailStop.person_id == person_id).order_by(MailStop.id.desc()).limit(50)
    return list(db.session.scalars(query))


def choose(person: PersonFacts, wishes: Mapping[Kind, Choice], *, quiet: bool, now: datetime) -> None:
    """Keep what they chose. Raises Invalid for what they may not choose."""
    for kind, choice in wishes.items():
        if choice not in choices(kind, person):
            raise Invalid(Message("What waits for your decision cannot be switched off."), kind.value)
    db.session.execute(delete(MailWish).where(MailWish.person_id == person.id))
    db.session.add_all(MailWish(person_id=person.id, kind=kind, choice=choice) for kind, choice in wishes.items())
    db.session.execute(update(MailAddress).where(MailAddress.person_id == person.id).values(quiet_away=quiet))


def stop(what: Stop, person: PersonFacts, *, now: datetime) -> None:
    """End this mail. Pressed twice, it is as once. What waits for somebody's decision goes on."""
    if what.request_id is not None:
        mine = (MailStop.person_id == what.person_id, MailStop.request_id == what.request_id)
        if db.session.scalar(select(MailStop.id).where(*mine)) is None:
            db.session.add(MailStop(person_id=what.person_id, request_id=what.request_id, stopped_at=now))
        return
    have = chosen_by(what.person_id)
    ends = [what.kind] if what.kind else [kind for kind, choice in have.items() if choice is Choice.DAILY]
    off = {kind: Choice.OFF for kind in ends if Choice.OFF in choices(kind, person)}
    db.session.execute(delete(MailWish).where(MailWish.person_id == what.person_id, MailWish.kind.in_(off)))
    db.session.add_all(MailWish(person_id=what.person_id, kind=kind, choice=choice) for kind, choice in off.items())


def resume(person_id: int, request_id: int) -> None:
    """Let mail about this request come again. Raises WrongState where it was not stopped."""
    stopped = delete(MailStop).where(MailStop.person_id == person_id, MailStop.request_id == request_id)
    if not db.session.execute(stopped.returning(MailStop.id)).all():
        raise WrongState(Message("Mail about this request is not stopped."))
