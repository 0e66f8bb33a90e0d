"""Random people do random things to requests; after each, everybody who has to be told of it was, and nobody else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask
from hypothesis.stateful import invariant
from sqlalchemy import select

from portal.audit.models import Event
from portal.extensions import db
from portal.notifications import registry, spreading
from portal.notifications.models import Delivery, Turn
from portal.notifications.told import Group
from portal.people import queries as people
from portal.requests import fact_queries, readiness, turn_jobs, words
from portal.requests.discussion_models import Comment, Concern, Position, Sponsorship
from portal.requests.models import TeamRequest
from portal.requests.workflow import OPEN_STATES
from portal.web.unit_of_work import unit_of_work
from tests import databases
from tests.requests.test_state_machine import MANY, Requests, company, run

FEW = 5  # runs in every suite


class Telling(Requests):
    """As the team of the requests' own machine, with a worker that turns each act into messages."""

    def __init__(self) -> None:
        super().__init__()
        self.seen_event = self.seen_delivery = 0
        self.turns: set[tuple[int, int]] = set()

    @invariant()
    def everybody_is_told_what_the_table_says(self) -> None:
        with time_machine.travel(self.book.now, tick=False):
            spreading.spread()
            with unit_of_work(self.book.now) as now:
                turn_jobs.tick(now)
            spreading.spread()
            db.session.rollback()
            events = db.session.scalars(select(Event).where(Event.id > self.seen_event).order_by(Event.id)).all()
            told = db.session.scalars(select(Delivery).where(Delivery.id > self.seen_delivery)).all()
            self.count_what_the_clock_said(events)
            self.check_readers(events, told)
            self.check_turns(events, told)
            self.check_results(events, told)
            self.seen_event = max([self.seen_event, *(event.id for event in events)])
            self.seen_delivery = max([self.seen_delivery, *(delivery.id for delivery in told)])

    def count_what_the_clock_said(self, events: object) -> None:
        """The rulebook counts events; it does not know of those that only time brings."""
        for event in events:  # type: ignore[attr-defined]
            if event.code == "request.overdue":
                self.book.asked[self.row_ids.index(event.request_id)].events += 1

    def check_readers(self, events: object, told: object) -> None:
        """Nobody is told of their own act, or of what they may not read."""
        views = registry.views(events, self.book.now)  # type: ignore[arg-type]
        for delivery in told:  # type: ignore[attr-defined]
            event = delivery.event
            assert delivery.person_id != event.actor_id, event.code
            assert views[event.id].may_read(people.facts(delivery.person_id, self.book.now)), event.code

    def check_turns(self, events: object, told: object) -> None:
        """Everybody whose turn it becomes is told so, unless nobody else did anything or their account is locked."""
        rows = db.session.scalars(select(TeamRequest).where(TeamRequest.state.in_(OPEN_STATES))).all()
        known, weights = fact_queries.known_of_many(rows, self.book.now), fact_queries.weights()
        turns = {
            (row.id, person_id)
            for row in rows
            for person_id in words.turn(known[row.id].facts, readiness.checks(known[row.id].facts, weights)).people
        }
        assert {tuple(row) for row in db.session.execute(select(Turn.request_id, Turn.person_id))} == turns
        for request_id, person_id in turns - self.turns:
            if people.facts(person_id, self.book.now).locked:
                continue  # they can read nothing
            mine = [d for d in told if (d.request_id, d.person_id) == (request_id, person_id)]  # type: ignore[attr-defined]
            actors = {event.actor_id for event in events if event.request_id == request_id}  # type: ignore[attr-defined]
            assert any(d.reason is Group.TURN for d in mine) or actors == {person_id}, (request_id, person_id)
        self.turns = turns

    def check_results(self, events: object, told: object) -> None:
        """A result reaches the candidate, who filed it and everybody who spoke."""
        for event in events:  # type: ignore[attr-defined]
            row = registry.row_of(event.code)
            if row is None or not row.result:
                continue
            asked = db.session.get_one(TeamRequest, event.request_id)
            facts = fact_queries.facts_of(asked, self.book.now)
            view = registry.views([event], self.book.now)[event.id]
            concerned = {asked.candidate_id, asked.requester_id, *self.spoke(asked.id)} - facts.recused
            able = {id for id in concerned if view.may_read(people.facts(id, self.book.now))} - {event.actor_id}
            assert able <= {d.person_id for d in told if d.event_id == event.id}, event.code  # type: ignore[attr-defined]

    def spoke(self, request_id: int) -> set[int]:
        who = (
            *((Comment, Comment.author_id), (Position, Position.person_id)),
            *((Concern, Concern.author_id), (Sponsorship, Sponsorship.person_id)),
        )
        return {
            id
            for model, column in who
            for id in db.session.scalars(select(column).where(model.request_id == request_id))
        }


@pytest.fixture
def telling(app: Flask, database_kind: str) -> Iterator[type[Telling]]:
    Telling.database = databases.database(database_kind)
    Telling.ids = company()
    db.session.remove()
    db.engine.dispose()
    Telling.database.keep("company")
    yield Telling
    db.session.remove()


def test_everybody_is_told_what_they_have_to_know_whoever_does_what(telling: type[Telling]) -> None:
    run(telling, FEW)


@pytest.mark.slow
def test_everybody_is_told_what_they_have_to_know_in_many_runs(telling: type[Telling]) -> None:
    run(telling, MANY["sqlite"] // 10)
