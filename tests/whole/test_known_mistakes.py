"""Mistakes that comparable systems shipped, and the tests that keep them out of this one.

Each names the tests by address, so that none can be renamed or removed without a look here.
"""

from __future__ import annotations

import ast

import pytest
from flask import Flask
from sqlalchemy import func, select

import config
from portal.assessments import services as assessments
from portal.audit.models import Event, Text
from portal.audit.services import verify_chain
from portal.errors import Invalid
from portal.extensions import db
from portal.requests import filing_services
from portal.requests.discussion_models import Position
from portal.requests.models import TeamRequest
from portal.rules import services as rules
from portal.web import clock
from portal.web.unit_of_work import unit_of_work
from tests import factories as people
from tests.assessments import factories as made
from tests.requests.factories import decide, do, team_request

MISTAKES: dict[str, tuple[str, ...]] = {
    "Approving one's own request returned quietly unchanged": (
        "tests/requests/test_who_decides.py::test_nobody_decides_their_own_request",
        "tests/whole/test_permissions.py::test_some_of_everybody_meet_what_the_page_says",
    ),
    "A refused join request was a GET link": (
        "tests/whole/test_pages.py::test_every_page_answers_soundly_and_writes_nothing",
        "tests/whole/test_permissions.py::test_everybody_meets_what_the_page_says_everywhere",
    ),
    "A decision was guarded only by disabling buttons": (
        "tests/requests/test_decision_pages.py::test_who_may_not_decide_is_told_so_and_nothing_happens",
        "tests/whole/test_permissions.py::test_some_of_everybody_meet_what_the_page_says",
    ),
    "A pending request became approvable again under later rules": (
        "tests/whole/test_known_mistakes.py::test_a_rule_that_changes_later_does_not_make_a_waiting_request_approvable",
        "tests/requests/test_filing.py::test_a_revision_keeps_the_rules_it_was_submitted_under",
    ),
    "Approval after the asked window had lapsed": (
        "tests/requests/test_decisions.py::test_an_approval_after_the_asked_time_has_passed_is_refused",
        "tests/access/test_services.py::test_access_whose_window_has_passed_is_not_granted_any_more",
    ),
    "Two approvers raced into a double grant": (
        "tests/races/test_deciders.py::test_one_of_four_decides",
        "tests/races/test_pairs.py::test_an_approval_against_something_else_is_one_after_the_other",
        "tests/requests/test_decisions.py::test_the_slower_of_two_deciders_is_told_who_was_first_and_when",
        "tests/requests/test_who_decides.py::test_an_access_that_is_held_already_is_not_given_twice",
    ),
    "The audit line was written before the change and outside its transaction": (
        "tests/requests/test_who_decides.py::test_a_failure_in_the_effect_leaves_nothing_behind",
    ),
    "Audit rows vanished with a soft-deleted parent": (
        "tests/whole/test_known_mistakes.py::test_what_happened_stays_on_the_timeline_when_the_thing_itself_is_gone",
        "tests/whole/test_known_mistakes.py::test_no_row_of_the_timeline_hangs_on_another_row",
    ),
    "A POST was accepted under a read permission": (
        "tests/web/test_access.py::test_a_right_to_read_opens_no_route_that_changes_something",
        "tests/whole/test_permissions.py::test_every_route_declares_the_action_that_the_page_names",
    ),
    "Staff-only comments leaked to applicants, or hid from staff": (
        "tests/whole/test_permissions_on_pages.py::"
        "test_the_page_shows_and_offers_what_its_reader_may_do_at_every_stage",
        "tests/privacy/test_canaries.py::*",
    ),
    '"Agree" silently counted as a review': (
        "tests/whole/test_known_mistakes.py::test_agreeing_to_be_the_candidate_is_no_position",
    ),
    "A reminder was marked sent before it was sent": (
        "tests/notifications/test_sending.py::test_it_waits_longer_after_each_failure_and_is_parked_after_ten",
        "tests/notifications/test_kills.py::test_a_worker_that_dies_anywhere_loses_nothing_and_doubles_nothing",
    ),
    "An administrator's decision notified nobody": (
        "tests/notifications/test_spreading.py::test_the_result_reaches_the_candidate_the_requester_and_who_spoke",
        "tests/notifications/test_table.py::test_every_code_of_the_timeline_has_a_row_and_every_row_a_code",
    ),
    "Everyone was told of everything until nobody read it": (
        "tests/notifications/test_recipients.py::test_everybody_in_a_named_group_is_told_with_the_strongest_reason",
        "tests/notifications/test_turns.py::test_a_member_who_says_nothing_is_never_told_of_their_silence",
    ),
    "A person renamed on the wiki became a second account": (
        "tests/people/test_sign_in.py::test_a_rename_changes_the_shown_name_and_nothing_else",
    ),
    "A fragment fetched alone skipped the permission check around it": (
        "tests/whole/test_permissions.py::test_some_of_everybody_meet_what_the_page_says",
    ),
    "A typed comment was lost when the session had expired": (
        "tests/people/test_held_forms.py::test_what_was_typed_comes_back_after_signing_in_again",
        "tests/requests/test_decision_pages.py::test_an_ended_sign_in_loses_no_comment",
    ),
    "A freed user name let a stranger take over a binding": (
        "tests/people/test_sign_in.py::test_a_freed_name_taken_by_somebody_else_is_another_person",
        "tests/people/test_sign_in.py::test_an_account_registered_after_the_name_was_bound_gains_nothing",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_each_mistake_has_its_tests(mistake: str) -> None:
    for address in MISTAKES[mistake]:
        path, _, name = address.partition("::")
        tree = ast.parse((config.ROOT / path).read_text(encoding="utf-8"))
        there = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert name in there or (name == "*" and any(found.startswith("test_") for found in there)), address


def test_a_rule_that_changes_later_does_not_make_a_waiting_request_approvable(app: Flask) -> None:
    director, ann = people.director(), people.member()
    waiting = team_request(ann, "system:grafana", days_ago=8)
    with unit_of_work(clock.now() - people.days(7)) as now:
        rules.change_rule(
            director, "positions", "access_expansion", value=0, reason="Fewer.", based_on=None, now=now
        )  # fmt: skip
    later = team_request(ann, "system:github", days_ago=3.5)

    with pytest.raises(Invalid, match="decide anyway"):
        decide(director, waiting, anyway=None)

    decide(director, later, anyway=None)


def test_what_happened_stays_on_the_timeline_when_the_thing_itself_is_gone(app: Flask) -> None:
    made.seed()
    ann = people.volunteer()
    draft = made.self_assessment(ann)
    before = list(db.session.scalars(select(Event.code).order_by(Event.id)))

    with unit_of_work() as now:
        assessments.discard(ann, draft, now=now)

    after = list(db.session.scalars(select(Event.code).order_by(Event.id)))
    assert after == [*before, "assessment.discarded"]
    assert before
    assert verify_chain().first_bad is None


def test_no_row_of_the_timeline_hangs_on_another_row(app: Flask) -> None:
    """What an event names may go; the event stays, and so it holds numbers and no references."""
    assert list(Event.__table__.foreign_keys) == []
    assert all(key.ondelete is None for key in Text.__table__.foreign_keys)


def test_agreeing_to_be_the_candidate_is_no_position(app: Flask) -> None:
    ann, ben = people.member(), people.member()
    request_id = team_request(ben, candidate=ann)

    do(filing_services.agree, ann, request_id)

    assert db.session.get_one(TeamRequest, request_id).agreed_at is not None
    assert db.session.scalar(select(func.count()).select_from(Position)) == 0
