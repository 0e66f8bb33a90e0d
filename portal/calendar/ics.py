"""iCalendar files (RFC 5545), as far as the portal needs them: events of whole days. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

LINE = 75  # octets, without the line end
END = "\r\n"


@dataclass(frozen=True, slots=True)
class Entry:
    """One event. ``uid`` never changes for the same thing; ``last`` is its last day; ``stamp`` when it was said."""

    uid: str
    first: date
    last: date
    says: str
    stamp: datetime
    url: str = ""


def calendar(name: str, entries: Iterable[Entry]) -> str:
    """The whole file. The same entries make the same file."""
    lines = [
        *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Technology team portal//EN", "CALSCALE:GREGORIAN"),
        *("METHOD:PUBLISH", f"X-WR-CALNAME:{text(name)}", "REFRESH-INTERVAL;VALUE=DURATION:PT6H"),
    ]
    for entry in entries:
        lines += _event(entry)
    return "".join(f"{part}{END}" for line in [*lines, "END:VCALENDAR"] for part in folded(line))


def _event(entry: Entry) -> list[str]:
    """The end of whole days is the day after the last."""
    after = date.fromordinal(max(entry.first, entry.last).toordinal() + 1)
    return [
        *("BEGIN:VEVENT", f"UID:{text(entry.uid)}", f"DTSTAMP:{entry.stamp.astimezone(UTC):%Y%m%dT%H%M%SZ}"),
        *(f"DTSTART;VALUE=DATE:{entry.first:%Y%m%d}", f"DTEND;VALUE=DATE:{after:%Y%m%d}"),
        *(f"SUMMARY:{text(entry.says)}", "TRANSP:TRANSPARENT"),
        *([f"URL:{entry.url}"] if entry.url else []),
        "END:VEVENT",
    ]


def text(value: str) -> str:
    """A value of type TEXT: no controls, and nothing that ends the value or the line."""
    plain = "".join(" " if unicodedata.category(ch) in ("Cc", "Cs", "Zl", "Zp") else ch for ch in value)
    return plain.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")


def folded(line: str) -> Iterator[str]:
    """The line in pieces of at most `LINE` octets; each but the first begins with a space. No character is cut."""
    piece, size = "", 0
    for ch in line:
        width = len(ch.encode())
        if size + width > LINE:
            yield piece
            piece, size = " ", 1
        piece, size = piece + ch, size + width
    yield piece
