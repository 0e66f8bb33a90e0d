"""What the addresses of pages name, in the demo data."""

from __future__ import annotations

from portal.demo import tour
from portal.web import clock
from tests.journeys.staged import StagedPortal


def find(portal: StagedPortal) -> dict[str, int]:
    """Ids by the names that the addresses of the tests use."""
    with portal.app.app_context():
        return tour.ids(clock.now())
