"""Random people do random things to requests; after each, portal and rulebook have to agree on all of it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, or_, select

from portal.access.models import Grant
from portal.audit.models import Event
from portal.audit.services import verify_chain
from portal.errors import NotVisible, PortalError
from portal.extensions import db
from portal.people import queries as people_queries
from portal.people import services as people_services
from portal.people.models import Capacity, Person, RoleAssignment
from portal.requests import clock_jobs, fact_queries, filing_services, policy
from portal.requests.discussion_models import Concern, Position, Sponsorship
from portal.requests.models import Decision, Revision, TeamRequest
from portal.requests.workflow import Action, State
from portal.web.unit_of_work import unit_of_work
from tests import databases, factories
from tests.requests.deeds import DOINGS, ITEMS, Deed, Doing
from tests.requests.factories import details
from tests.requests.rulebook import DAY, Asked, Rulebook

FEW, STEPS = 12, 40  # runs in every suite, and the longest run
MANY = {"sqlite": 2000, "postgresql": 500}  # runs of the campaign; a run costs twice as much on PostgreSQL
BEGIN, END = datetime(2024, 2, 1, 12, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)  # roles are held since January 2024
ROLE = "role:software_engineer"
TEAM = ("Dora", "Dep", "Bea", "Mira", "Milo", "Lock")
NAMES = (*TEAM, "Bo", "Nell")
DEMOTED = ("Mira", "Milo", "Bea", "Nell", "Lock")  # who holds, or may come to hold, a role that is not appointed
ABOUT_REQUESTS = (
    *("request.", "comment.", "question.", "answer.", "position.", "concern."),
    *("sponsorship.", "recusal.", "note.", "decision.", "evidence."),
)
MOST = 3  # requests in one run


def company() -> dict[str, int]:
    """Bea is a member and of the Board, Bo of the Board alone, Nell nobody yet; the account of Lock is locked."""
    people = [
        *(factories.director("Dora"), factories.deputy("Dep"), factories.member("Mira"), factories.member("Milo")),
        factories.person("Bea", "mediawiki_specialist", capacity=Capacity.BOARD),
        *(factories.person("Lock", "software_engineer", locked=True), factories.board_member("Bo")),
        factories.volunteer("Nell"),
    ]
    return {person.name: person.id for person in people}


class Requests(RuleBasedStateMachine):
    """One team, up to three requests, and a clock that only goes forward."""

    database: databases.SqliteDatabase | databases.PostgresqlDatabase
    ids: dict[str, int]

    def __init__(self) -> None:
        super().__init__()
        db.session.remove()
        db.engine.dispose()
        self.database.reset("company")
        self.book = Rulebook(BEGIN, "Dora", "Dep", {"Bo", "Bea"}, set(TEAM), {"Lock"})
        self.row_ids: list[int] = []

    @initialize(requester=st.sampled_from(TEAM[:5]), candidate=st.sampled_from(TEAM[:5]))
    def begin(self, requester: str, candidate: str) -> None:
        self.file(requester, candidate, "access_expansion", ITEMS[0])

    @precondition(lambda self: len(self.book.asked) < MOST)
    @rule(
        requester=st.sampled_from(NAMES),
        candidate=st.sampled_from(NAMES),
        kind=st.sampled_from(["access_expansion", "new_member"]),
        item=st.sampled_from(ITEMS),
    )
    def file(self, requester: str, candidate: str, kind: str, item: str) -> None:
        item, actor_id = ROLE if kind == "new_member" else item, self.ids[requester]
        with unit_of_work(self.book.now) as now:
            person = db.session.get_one(Person, self.ids[candidate])
            filled = details(kind, person, item)
            draft = TeamRequest(
                kind=kind, state=State.DRAFT, state_since=now, requester_id=actor_id, candidate_id=actor_id,
                created_at=now, updated_at=now, submission_id=uuid.uuid4().hex, draft={},
            )  # fmt: skip
            db.session.add(draft)
            db.session.flush()
            draft_id = draft.id
        with_rules = self.book.can_be_asked(requester, candidate, kind, item)
        done = self.tried(lambda now: filing_services.submit(actor_id, draft_id, filled, now=now))
        assert (done == "done") == with_rules, (requester, candidate, kind, item, done)
        if with_rules:
            own, now = requester == candidate, self.book.now
            state = "discussion" if own else "agreement"
            asked = Asked(kind, requester, candidate, item, state, now, now if own else None, own)
            self.book.asked.append(asked)
            self.row_ids.append(draft_id)
            self.compare(asked)

    def tried(self, act: object) -> str:
        """What became of it: done, refused, or hidden as if it were not there."""
        try:
            with unit_of_work(self.book.now) as now:
                act(now)  # type: ignore[operator]
        except NotVisible:
            return "hidden"
        except PortalError:
            return "refused"
        return "done"

    @rule(
        doing=st.sampled_from(DOINGS),
        who=st.sampled_from(NAMES),
        which=st.integers(0, MOST - 1),
        number=st.integers(0, 2),
        flag=st.booleans(),
    )
    def try_anything(self, doing: Doing, who: str, which: int, number: int, flag: bool) -> None:
        self.act(doing, self.deed(who, which, number, flag))

    @rule(
        places=st.lists(st.integers(0, 99), min_size=1, max_size=3),
        person=st.integers(0, 9),
        which=st.integers(0, MOST - 1),
        number=st.integers(0, 2),
        flag=st.booleans(),
    )
    def do_what_one_may(self, places: list[int], person: int, which: int, number: int, flag: bool) -> None:
        """Something the rulebook allows: the discussion goes on, and seldom comes to an end without an approval."""
        for place in places:
            self.do_one(place, person, which, number, flag)
            person += 1

    def do_one(self, place: int, person: int, which: int, number: int, flag: bool) -> None:
        deeds = [self.deed(name, which, number, flag) for name in NAMES]
        can = {doing: [deed for deed in deeds if self.allows(doing, deed)] for doing in DOINGS}
        wanted = [doing for doing in DOINGS if (place < 20 or not doing.ends) and (place % 5 == 0 or not doing.quiet)]
        found = [doing for doing in wanted if can[doing]]
        if found:
            doing = found[place % len(found)]
            self.act(doing, can[doing][person % len(can[doing])])

    def deed(self, who: str, which: int, number: int, flag: bool) -> Deed:
        place = which % len(self.book.asked)
        return Deed(self.book, self.book.asked[place], who, self.ids[who], self.row_ids[place], number, flag)

    def allows(self, doing: Doing, deed: Deed) -> bool:
        return self.book.may(deed.who, doing.name, deed.asked) and doing.also(deed)

    def act(self, doing: Doing, deed: Deed) -> None:
        asked, expected, reads = deed.asked, self.allows(doing, deed), self.book.reads(deed.who, deed.asked)
        done = self.tried(lambda _now: doing.do(deed))
        db.session.rollback()
        where = f"{deed.who} {type(doing).__name__} {asked}: {done}"
        assert (done == "done") == expected, where
        assert done == "hidden" or reads, where
        assert done != "hidden" or not reads or not doing.also(deed), where
        if expected:
            asked.events += 1
            doing.note(deed)
        self.compare(asked)

    @rule(hours=st.sampled_from([1, 20, 80, 24 * 8, 24 * 31, 24 * 61]), ticks=st.booleans())
    def wait(self, hours: int, ticks: bool) -> None:
        """Time passes. The clock reminds after 7 days and closes after 30, never without a reminder in time."""
        self.book.now = min(self.book.now + timedelta(hours=hours), END)
        if not ticks:
            return
        with unit_of_work(self.book.now) as now:
            clock_jobs.tick(now)
        for asked in self.book.asked:
            for question in asked.open_questions if asked.state == "needs_information" else ():
                if question.reminded_at is None and now - question.asked_at >= 7 * DAY:
                    question.reminded_at = now
                    asked.events += 1
            if asked.state == "needs_information" and any(self.is_overdue(asked, q) for q in asked.open_questions):
                asked.become("closed", now)
                asked.events += 1

    def is_overdue(self, asked: Asked, question: object) -> bool:
        since, reminded = max(question.asked_at, asked.state_since), question.reminded_at  # type: ignore[attr-defined]
        now = self.book.now
        return now - since >= 30 * DAY and reminded is not None and now - reminded >= 23 * DAY

    @rule(who=st.sampled_from(["Dora", "Bo", "Mira"]), begins=st.booleans())
    def act_for_the_director(self, who: str, begins: bool) -> None:
        """By declared absence, or by a record of the Board; the end is the Director's word or the Board's."""
        person, book = db.session.get_one(Person, self.ids[who]), self.book
        if who == "Dora" and begins:
            expected = not book.away
            done = self.tried(
                lambda now: people_services.declare_absence(person, now, to_at=None, reason=None, now=now)
            )
            book.away, book.acting = True, book.acting or expected
        elif who == "Dora":
            expected = book.away or book.acting
            done = self.tried(lambda now: people_services.end_absence(person, now=now))
            book.away = book.acting = False
        elif begins:
            expected = who in book.board and not book.acting
            done = self.tried(lambda now: people_services.start_acting_by_board(person, "Gone.", now=now))
            book.acting = book.acting or expected
        else:
            expected = who in book.board and book.acting
            done = self.tried(lambda now: people_services.end_acting_by_hand(person, now=now))
            book.acting = book.acting and not expected
        assert (done == "done") == expected, (who, begins, done)
        for asked in self.book.asked:
            self.compare(asked)

    @rule(who=st.sampled_from(NAMES), whose=st.sampled_from(DEMOTED))
    def end_a_role(self, who: str, whose: str) -> None:
        """By oneself, or by Director or Deputy. Access that was given stays; what was said counts no longer."""
        person, book = db.session.get_one(Person, self.ids[who]), self.book
        held = people_queries.facts(self.ids[whose], book.now).roles
        key = min(held, default="software_engineer")
        expected = whose in book.members and who not in book.locked and who in {whose, book.director, book.deputy}
        done = self.tried(
            lambda now: people_services.end_role_by_hand(person, self.ids[whose], key, reason="Gone.", now=now)
        )
        assert (done == "done") == expected, (who, whose, done)
        if expected:
            book.members.discard(whose)
            book.held.discard((whose, f"role:{key}"))
        for asked in book.asked:
            self.compare(asked)

    def compare(self, asked: Asked) -> None:
        row_id = self.row_ids[self.book.asked.index(asked)]
        row = db.session.get_one(TeamRequest, row_id)
        facts = fact_queries.facts_of(row, self.book.now)
        standing = people_queries.facts_of(self.ids.values(), self.book.now)
        for name, person_id in self.ids.items():
            for action, word in ((Action.APPROVE, "decide"), (Action.RECORD_APPROVAL, "record"), (Action.ASK, "ask")):
                may = policy.may(standing[person_id], action, facts)
                assert may == self.book.may(name, word, asked), (name, word, asked)
        assert (str(row.state), row.revision_number, row.discussion_at) == (
            asked.state,
            asked.revision,
            asked.discussed_since,
        )
        assert {name for name, id in self.ids.items() if standing[id].is_member} == self.book.members
        assert self.counts(row_id) == {
            "positions": asked.positions_ever,
            "concerns": len(asked.concerns),
            "open": len(asked.open_concerns),
            "decisions": len(asked.decisions),
            "grants": asked.grants,
            "events": asked.events,
        }

    def counts(self, row_id: int) -> dict[str, int]:
        of = {
            "positions": select(func.count(Position.id)).where(Position.request_id == row_id),
            "concerns": select(func.count(Concern.id)).where(Concern.request_id == row_id),
            "open": select(func.count(Concern.id)).where(Concern.request_id == row_id, Concern.closed_at.is_(None)),
            "decisions": select(func.count(Decision.id)).where(Decision.request_id == row_id),
            "grants": select(func.count(Grant.id)).where(Grant.request_id == row_id),
            "events": select(func.count(Event.id)).where(
                Event.request_id == row_id, or_(*(Event.code.startswith(code) for code in ABOUT_REQUESTS))
            ),
        }
        found = db.session.execute(select(*(query.scalar_subquery().label(name) for name, query in of.items())))
        return dict(found.mappings().one())

    def teardown(self) -> None:
        """What must hold whatever happened."""
        db.session.rollback()
        for asked in self.book.asked:
            self.compare(asked)
        per_revision = select(func.count(Decision.id)).group_by(Decision.revision_id)
        assert set(db.session.scalars(per_revision)) <= {1}
        approved = set(db.session.scalars(select(Decision.id).where(Decision.approved.is_(True))))
        assert set(db.session.scalars(select(Grant.decision_id))) <= approved
        given = select(RoleAssignment.decision_id).where(RoleAssignment.decision_id.is_not(None))
        assert set(db.session.scalars(given)) <= approved
        for model, column in (
            (Position, Position.person_id),
            (Concern, Concern.author_id),
            (Sponsorship, Sponsorship.person_id),
        ):
            own = select(model.id).join(TeamRequest, TeamRequest.id == model.request_id)
            assert db.session.scalars(own.where(column == TeamRequest.candidate_id)).all() == []
        decided = select(Decision.id).join(Revision, Revision.id == Decision.revision_id)
        assert db.session.scalars(decided.where(Decision.decided_by_id == Revision.candidate_id)).all() == []
        assert verify_chain().first_bad is None


@pytest.fixture
def machine(app: Flask, database_kind: str) -> Iterator[type[Requests]]:
    Requests.database, Requests.ids = databases.database(database_kind), company()
    db.session.remove()
    db.engine.dispose()
    Requests.database.keep("company")
    yield Requests
    db.session.remove()
    db.engine.dispose()


def run(machine: type[Requests], runs: int) -> None:
    chosen = settings(max_examples=runs, stateful_step_count=STEPS, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(machine, settings=chosen)


def test_the_portal_does_what_the_rules_say_whoever_does_what(machine: type[Requests]) -> None:
    run(machine, FEW)


@pytest.mark.slow
@pytest.mark.both_databases
def test_the_portal_does_what_the_rules_say_in_two_thousand_runs(machine: type[Requests], database_kind: str) -> None:
    run(machine, MANY[database_kind])
