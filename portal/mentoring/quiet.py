"""Mentors who cannot be there for their mentee just now: away, silent, or no longer in the team.

Silent means: for as many days as the rule says, nothing they did stands on the timeline, here or anywhere in the
portal, they have not signed in, and the mentoring did not begin since. Reading alone leaves no mark, but a sign-in
lasts 30 days, so who reads signs in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.mentoring import queries
from portal.mentoring.models import Mentorship
from portal.people import absence_queries
from portal.people import queries as people
from portal.people.models import Absence


@dataclass(frozen=True, slots=True)
class Quiet:
    """A mentorship whose mentor is not there. ``silent_since``: their last sign, where that is the reason."""

    row: Mentorship
    absence: Absence | None = None
    silent_since: datetime | None = None
    left: bool = False


def mentors(going_on: Sequence[Mentorship], longest: timedelta, now: datetime) -> list[Quiet]:
    """Those of these mentorships, for the Director and the Deputy; ``longest``: so long without a sign is silence."""
    ids = {row.mentor_id for row in going_on}
    standing, away = people.standing(now), absence_queries.absences_of(ids, now)
    signs = queries.last_signs(ids, now)
    found = []
    for row in going_on:
        began = row.from_at or row.asked_at
        last = max(signs.get(row.mentor_id, began), began)
        if not standing.of(row.mentor_id).is_member:
            found.append(Quiet(row, left=True))
        elif row.mentor_id in away:
            found.append(Quiet(row, absence=away[row.mentor_id]))
        elif now - last >= longest:
            found.append(Quiet(row, silent_since=last))
    return found
