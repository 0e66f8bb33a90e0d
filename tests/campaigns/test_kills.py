"""kill -9 of the whole server under 16 writers, in the suite: once each; 30 times each in its slow part."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete, text

from portal.assessments.models import Seat
from portal.extensions import db
from portal.notifications import spreading
from portal.requests.discussion_models import Position
from portal.web.unit_of_work import unit_of_work
from tests import factories, invariants
from tests.assessments import factories as marking
from tests.campaigns import kills
from tests.mentoring import factories as mentoring
from tests.requests import factories as making

SLOW_ROUNDS = 30  # on each database


@pytest.mark.parametrize("database_kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
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
        "the search lacks title": text("DELETE FROM indexed WHERE what = 'title'"),
        "the search finds person": text("UPDATE indexed SET mark = 'Eve' WHERE what = 'person'"),
    }
    for says, half in halves.items():
        assert says in "\n".join(_found_after(half)), says


@pytest.mark.both_databases
def test_half_a_mentorship_a_round_or_something_told_is_found(app: Flask) -> None:
    """The eyes of the campaign, for what stands beside the requests."""
    marking.seed()
    ann, ben, carl = factories.member("Ann"), factories.member("Ben"), factories.member("Carl")
    factories.director()
    mentoring.active(ann, ben)
    mentoring.active(ann, carl, kind=mentoring.PEER)
    round_id = marking.revealed(ann, ben, carl)
    marking.final(ben, round_id)
    marking.agree(ben, round_id)
    marking.agree(carl, round_id)
    making.position(ben, making.team_request(ann, days_ago=5))
    spreading.spread()
    assert invariants.broken() == []

    second = marking.seated(round_id, Seat.SECOND)
    for says, half in (
        ("mentorship: rows without event", "UPDATE mentorship SET id = 70 WHERE kind = 'peer_support'"),
        ("has two mentors", "UPDATE mentorship SET kind = 'mentoring'"),
        ("locked assessment", f"UPDATE assessment SET state = 'draft' WHERE id = {second}"),
        ("does not fit its round", f"UPDATE assessment SET person_id = {carl.id} WHERE id = {second}"),
        ("does not fit its round", f"UPDATE assessment SET seat = NULL WHERE id = {second}"),
        ("one person in two seats", f"UPDATE assessment SET marker_id = {ben.id} WHERE id = {second}"),
        ("closed round", "UPDATE marking SET closed_at = NULL"),
        ("is of nothing that was told", "UPDATE spread SET event_id = 1"),
        ("is of nothing that was told", "UPDATE delivery SET person_id = NULL"),
        ("is of nothing that was told", "UPDATE delivery SET request_id = 70"),
        ("is of no request", "UPDATE turn SET request_id = 70"),
    ):
        assert says in "\n".join(_found_after(text(half))), half


def test_a_server_that_is_late_has_failed_the_campaign() -> None:
    in_time, late = kills.Round(Counter(), kills.READY, []), kills.Round(Counter(), kills.READY + 0.01, [])

    assert not kills.failed([in_time])
    assert kills.failed([in_time, late])
    assert kills.failed([in_time, kills.Round(Counter(), 0.0, ["lost: comment"])])
    assert "1 times later than 3 s" in kills.in_words([in_time, late])


def _found_after(*statements: object) -> list[str]:
    """What is found broken after this, which is undone again."""
    found: list[str] = []
    with pytest.raises(ZeroDivisionError), unit_of_work():
        for statement in statements:
            db.session.execute(statement)  # type: ignore[call-overload]
        found = invariants.looked_at()
        raise ZeroDivisionError
    return found
