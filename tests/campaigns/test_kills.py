"""kill -9 of the whole server under 16 writers, in the suite: once each; 30 times each in its slow part."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete, text

from portal.extensions import db
from portal.requests.discussion_models import Position
from portal.web.unit_of_work import unit_of_work
from tests import factories, invariants
from tests.campaigns import kills
from tests.requests import factories as making

SLOW_ROUNDS = 30  # on each database


@pytest.mark.both_databases
def test_a_killed_server_has_lost_nothing_it_said_it_saved(app: Flask, tmp_path: Path) -> None:
    rounds = list(kills.campaign(app, tmp_path, 1))

    assert [fault for found in rounds for fault in found.faults] == []
    assert sum(found.acknowledged.total() for found in rounds) > 0


@pytest.mark.slow
@pytest.mark.both_databases
def test_thirty_kills_lose_nothing_and_the_server_is_back_in_three_seconds(app: Flask, tmp_path: Path) -> None:
    rounds = list(kills.campaign(app, tmp_path, SLOW_ROUNDS, seed=2))

    assert [fault for found in rounds for fault in found.faults] == []
    assert [found.ready_after for found in rounds if found.ready_after > kills.READY] == []
    told = sum((found.acknowledged for found in rounds), Counter())
    assert min(told[kind] for kind in ("comments", "positions", "filed", "decided")) > 0, "each kind was written"


@pytest.mark.both_databases
def test_what_is_half_there_is_found(app: Flask) -> None:
    """The eyes of the campaign: each half of a position, a grant and a text."""
    ann, director = factories.member("Ann"), factories.director()
    request_id = making.team_request(factories.member())
    making.position(ann, request_id)
    making.decide(director, request_id)
    assert invariants.broken() == []

    halves = {
        "position": delete(Position),
        "decision": text("UPDATE team_request SET state = 'discussion'"),
        "access": text("UPDATE \"grant\" SET item_key = 'phorge'"),
        "grant approved": text("DELETE FROM grant_step"),
        "counts its comments": text("UPDATE team_request SET comment_count = 7"),
        "filed request": text("UPDATE team_request SET submitted_at = NULL"),
        "belongs to nothing": text("DELETE FROM answer"),
    }
    for says, half in halves.items():
        assert says in "\n".join(_found_after(half)), says


def _found_after(*statements: object) -> list[str]:
    """What is found broken after this, which is undone again."""
    found: list[str] = []
    with pytest.raises(ZeroDivisionError), unit_of_work():
        for statement in statements:
            db.session.execute(statement)  # type: ignore[call-overload]
        found = invariants.looked_at()
        raise ZeroDivisionError
    return found
