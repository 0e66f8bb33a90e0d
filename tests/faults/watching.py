"""What a failure may leave behind: a page in words, one line in the log, and rows as they were."""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from sqlalchemy import select

from portal.extensions import db
from portal.web.logs import JsonLines
from tests import pages

PRIVATE = "her landlord's number is 555-0199"  # stands in an exception, and nowhere else afterwards
TYPED = "Grafana shows the queue since Tuesday, please look."
TRACES = ("Traceback", 'File "', ".py", "sqlalchemy", "psycopg", "sqlite", "werkzeug", PRIVATE)


class Answer(Protocol):
    """What the test client and a real HTTP client have in common."""

    status_code: int

    @property
    def text(self) -> str: ...

    @property
    def headers(self) -> Any: ...


class Lines(logging.Handler):
    """The log as it is written, a line each, from the portal and from every library."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.setFormatter(JsonLines())
        self.written: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.written.append(self.format(record))


@contextmanager
def log_lines() -> Iterator[list[str]]:
    """What is logged while the block runs."""
    lines = Lines()
    logging.getLogger().addHandler(lines)
    try:
        yield lines.written
    finally:
        logging.getLogger().removeHandler(lines)


def rows() -> dict[str, str]:
    """A digest of every table, to see that nothing was changed."""
    db.session.rollback()
    found = {}
    for table in db.metadata.sorted_tables:
        content = db.session.execute(select(table).order_by(*table.primary_key)).all()
        found[table.name] = hashlib.sha256(repr(content).encode()).hexdigest()
    return found


def reference_in(text: str) -> str:
    found = re.search(r"Reference: ([0-9a-f]{8})", text)
    assert found, text
    return found[1]


def faults_of(answer: Answer, lines: list[str], status: int, *, person_id: int | None, typed: str = "") -> list[str]:
    """What is wrong with this answer to a failure and the log of it; nothing if all is as promised."""
    text, found = answer.text, []
    if answer.status_code != status:
        return [f"status {answer.status_code}"]
    found += [f"shows {trace!r}" for trace in TRACES if trace in text]
    if "<!doctype" in text:
        found += pages.faults(text)
    if typed and typed not in text:
        found.append("the typed text is gone")
    if len(lines) != 1:
        return [*found, f"logged {len(lines)} times: {lines}"]
    return found + _faults_of_line(lines[0], answer, person_id=person_id)


def _faults_of_line(written: str, answer: Answer, *, person_id: int | None) -> list[str]:
    line: dict[str, Any] = json.loads(written)
    ids = {line["request"], answer.headers["X-Request-Id"], reference_in(answer.text)}
    found = [] if len(ids) == 1 else [f"different ids: {ids}"]
    if line["person"] != person_id:
        found.append(f"logged for {line['person']}")
    if not (line["type"] and line["where"] and line["at"] and line["status"] == answer.status_code):
        found.append(f"says too little: {line}")
    return found + [f"logged {text!r}" for text in (PRIVATE, TYPED) if text in written]
