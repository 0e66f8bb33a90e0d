"""The week's approvals as wikitext, ready to paste. Only what the public record shows; what people wrote is escaped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from portal.org import organisation
from portal.record import page, queries
from portal.record.wikitext import plain
from portal.requests.models import Decision
from portal.web.addresses import absolute

WEEK = re.compile(r"(\d{4})-W(\d{2})")
REASON = 600  # characters: more stands on the record


@dataclass(frozen=True, slots=True)
class Week:
    """A week from Monday to Sunday, in UTC."""

    monday: date

    @classmethod
    def read(cls, raw: str, *, now: datetime) -> Week:
        """The week of the URL ("2026-W47"); the last whole one for anything else, or for one that lies ahead."""
        today = now.astimezone(UTC).date()
        last = cls(cls.of(now).monday - timedelta(days=7))
        found = WEEK.fullmatch(raw)
        if found is None or int(found[1]) < queries.FIRST_YEAR:
            return last
        try:
            asked = cls(date.fromisocalendar(int(found[1]), int(found[2]), 1))
        except ValueError:
            return last
        return asked if asked.monday <= today else last

    @classmethod
    def of(cls, moment: datetime) -> Week:
        """The week in which this moment lies."""
        day = moment.astimezone(UTC).date()
        return cls(day - timedelta(days=day.weekday()))

    @property
    def sunday(self) -> date:
        return self.monday + timedelta(days=6)

    @property
    def name(self) -> str:
        """As the URL says it."""
        year, number, _day = self.monday.isocalendar()
        return f"{year}-W{number:02}"

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        """Its first moment, and the first one after it."""
        start = datetime(self.monday.year, self.monday.month, self.monday.day, tzinfo=UTC)
        return start, start + timedelta(days=7)

    def earlier(self) -> Week | None:
        """The week before, as far as there is a record."""
        before = Week(self.monday - timedelta(days=7))
        return before if before.monday.isocalendar()[0] >= queries.FIRST_YEAR else None

    def later(self, now: datetime) -> Week | None:
        """The week after, if it has begun."""
        after = Week(self.monday + timedelta(days=7))
        return after if after.bounds[0] <= now else None


def wikitext(week: Week, decisions: Sequence[Decision]) -> str:
    """The digest. In English, as the wiki page it is for."""
    title = f"{plain(organisation().team)}, {_day(week.monday)} to {_day(week.sunday)}"
    lines = [_line(decision) for decision in decisions] or ["Nothing was approved this week."]
    return "\n".join([f"== {title} ==", *lines, f"Record of all decisions: {absolute('/record')}", ""])


def _line(decision: Decision) -> str:
    link = f"[{absolute(f'/record/{decision.id}')} record {decision.id}]"
    if page.is_removed(decision):
        return f"* An approval of {_day(decision.decided_at)}, removed on request of the person ({link})"
    asked = decision.team_request
    items = "; ".join(_item(row) for row in page.approved(decision))
    by = organisation().board if decision.capacity == "board" else decision.decided_by.name
    capacity = "" if decision.capacity == "board" else f" ({plain(str(page.capacity(decision)))})"
    return (
        f"* '''{plain(page.kind_name(asked.kind))}''' for {plain(asked.candidate.name)}: {items}. "
        f"Decided by {plain(by)}{capacity} on {_day(decision.decided_at)} ({link}). {_reason(decision)}"
    )


def _item(row: page.ItemRow) -> str:
    until = f" until {_day(row.given_until)}" if row.given_until else ""
    return f"{str(row.action).lower()} {plain(str(row.item.name))}{until}"


def _reason(decision: Decision) -> str:
    body = decision.reason.body
    return f"Reason: {plain(body, longest=REASON)}" if body else "The reason was removed."


def _day(moment: date) -> str:
    return f"{moment.day} {moment:%B %Y}"
