"""The page shows the fixed rules of the portal as a whole; the code that keeps them must hold the same numbers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import Flask

from portal.org.catalogue import WHOLE
from portal.people.absence_queries import SILENCE
from portal.rules.queries import values_for


def test_what_is_shown_is_what_is_kept(app: Flask) -> None:
    shown = values_for(WHOLE, datetime(2026, 11, 3, tzinfo=UTC))

    assert timedelta(hours=shown["unreachable_hours"]) == SILENCE
