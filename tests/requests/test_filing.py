"""Filing: the draft, submitting, agreeing, changing, taking back."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.errors import Invalid, NotPermitted, NotVisible, WrongState
from portal.extensions import db
from portal.people.models import Person
from portal.requests import fact_queries, filing_services, objection_services, queries
from portal.requests.filing_checks import Details, DuplicateRequest
from portal.requests.filing_services import DraftConflict, EditConflict
from portal.requests.models import Answer, Revision, SshKey, TeamRequest
from portal.requests.workflow import State
from portal.web import clock
from tests import factories as people
from tests.access import factories as access
from tests.requests import factories
from tests.requests.factories import CANARY, asked, details, do, draft, events, get, state, team_request

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("whole_timeline")]


def count(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def start(actor: Person, kind: str = "access_expansion", submission_id: str | None = None) -> TeamRequest:
    return do(filing_services.start_draft, actor, kind, submission_id or uuid.uuid4().hex)


def submit(actor: Person, request_id: int, filled: Details) -> TeamRequest:
    return do(filing_services.submit, actor, request_id, filled)


def file(actor: Person, filled: Details, kind: str = "access_expansion") -> int:
    return submit(actor, draft(actor, kind), filled).id


def revise(actor: Person, request_id: int, filled: Details, *, base: str | None = None) -> None:
    base = queries.edit_base(request_id, get(request_id).revision_number) if base is None else base
    do(filing_services.revise, actor, request_id, filled, base=base)


def test_starting_twice_with_one_submission_id_makes_one_draft(app: Flask) -> None:
    ann, once = people.member(), uuid.uuid4().hex

    first, second = start(ann, submission_id=once).id, start(ann, submission_id=once).id

    assert first == second
    assert count(TeamRequest) == 1


def test_somebody_elses_submission_id_is_refused(app: Flask) -> None:
    once = uuid.uuid4().hex
    start(people.member(), submission_id=once)

    with pytest.raises(Invalid):
        start(people.member(), submission_id=once)


def test_an_unknown_kind_is_refused(app: Flask) -> None:
    with pytest.raises(Invalid):
        start(people.member(), "spending")


@pytest.mark.parametrize(
    ("kind", "volunteer", "member"),
    [("access_expansion", False, True), ("role_change", False, True), ("new_member", True, True)],
)
def test_who_may_begin_which_kind(app: Flask, kind: str, volunteer: bool, member: bool) -> None:
    for person, may in ((people.volunteer(), volunteer), (people.member(), member)):
        if may:
            assert start(person, kind).state is State.DRAFT
        else:
            with pytest.raises(NotPermitted, match="members of the team"):
                start(person, kind)


def test_a_draft_writes_nothing_on_the_timeline(app: Flask) -> None:
    draft(people.member())

    assert events() == []


def test_a_draft_that_another_window_changed_is_not_overwritten(app: Flask) -> None:
    ann = people.member()
    request_id = draft(ann)
    do(filing_services.save_draft, ann, request_id, {"details": {"why": ["one"]}}, base_version=0)

    with pytest.raises(DraftConflict) as refused:
        do(filing_services.save_draft, ann, request_id, {"details": {"why": ["two"]}}, base_version=0)

    assert refused.value.saved == {"details": {"why": ["one"]}}
    assert refused.value.version == 1
    assert get(request_id).draft == {"details": {"why": ["one"]}}


def test_saving_the_same_again_is_no_conflict(app: Flask) -> None:
    ann = people.member()
    request_id = draft(ann)
    for _ in range(2):
        do(filing_services.save_draft, ann, request_id, {"details": {"why": ["one"]}}, base_version=0)

    assert get(request_id).draft_version == 1


def test_the_parts_of_a_draft_are_kept_beside_each_other(app: Flask) -> None:
    ann = people.member()
    request_id = draft(ann)
    do(filing_services.save_draft, ann, request_id, {"details": {"why": ["one"]}}, base_version=0)
    do(filing_services.save_draft, ann, request_id, {"key": {"key": ["ssh"]}}, base_version=1)

    assert set(get(request_id).draft) == {"details", "key"}


def test_a_draft_has_a_limit(app: Flask) -> None:
    ann = people.member()
    request_id = draft(ann)

    with pytest.raises(Invalid, match="longer than"):
        do(filing_services.save_draft, ann, request_id, {"details": {"why": ["x" * 200_000]}}, base_version=0)


def test_nobody_else_saves_or_submits_or_deletes_a_draft(app: Flask) -> None:
    ann, director = people.member(), people.director()
    request_id = draft(ann)
    filled = details("access_expansion", ann, "system:grafana")

    attempts: list[Callable[[], object]] = [
        lambda: do(filing_services.save_draft, director, request_id, {}, base_version=0),
        lambda: submit(director, request_id, filled),
        lambda: do(filing_services.withdraw, director, request_id),
    ]
    for act in attempts:
        with pytest.raises(NotVisible):
            act()


def test_a_deleted_draft_is_gone_and_nobody_hears_of_it(app: Flask) -> None:
    ann = people.member()
    request_id = draft(ann)

    do(filing_services.withdraw, ann, request_id)

    assert count(TeamRequest) == 0
    assert events() == []


def test_filing_for_oneself_opens_the_discussion(app: Flask) -> None:
    ann = people.member()

    request_id = team_request(ann, "system:grafana", "system:github")

    row = get(request_id)
    assert (row.state, row.candidate_id, row.revision_number, row.draft) == (State.DISCUSSION, ann.id, 1, {})
    assert row.discussion_at == row.submitted_at == row.state_since
    assert [item.item_key for item in queries.current_revision(row).items] == ["grafana", "github"]
    assert queries.answers(request_id)["why"].text.body == "Because of why."
    assert events(request_id) == ["request.filed/shared"]


def test_submitting_twice_is_submitting_once(app: Flask) -> None:
    ann = people.member()
    request_id = draft(ann)
    filled = details("access_expansion", ann, "system:grafana")

    submit(ann, request_id, filled)
    submit(ann, request_id, filled)

    assert (count(Revision), events()) == (1, ["request.filed/shared"])


def test_a_revision_keeps_the_rules_it_was_submitted_under(app: Flask) -> None:
    rules = queries.current_revision(get(team_request(people.member()))).rules

    assert (rules["discussion_days"], rules["positions"], rules["prerequisites"]) == (3, 1, True)


def test_a_second_open_request_for_the_same_is_refused_with_the_first_ones_id(app: Flask) -> None:
    ann = people.member()
    first = team_request(ann, "system:grafana", "system:github")
    second = draft(ann)

    with pytest.raises(DuplicateRequest) as refused:
        submit(ann, second, details("access_expansion", ann, "system:discord", "system:github"))

    assert refused.value.request_id == first
    assert state(second) is State.DRAFT


def test_a_duplicate_is_one_of_person_item_and_direction(app: Flask) -> None:
    ann, ben = people.member(), people.member()
    team_request(ann, "system:grafana")

    team_request(ben, "system:grafana")
    team_request(ann, "system:github")
    withdrawn = team_request(ann, "system:discord")
    do(filing_services.withdraw, ann, withdrawn)
    team_request(ann, "system:discord")

    assert count(TeamRequest) == 5


@pytest.mark.parametrize(
    ("kind", "item", "words"),
    [
        ("role_change", "role:director", "appointed, not requested"),
        ("role_change", "role:deputy_director", "appointed, not requested"),
        ("role_change", "role:software_engineer", "held already"),
        ("role_change", "-role:project_manager", "not held"),
        ("role_change", "role:wizard", "not in the catalogue"),
        ("access_expansion", "role:project_manager", "not in the catalogue"),
        ("access_expansion", "access_group:bastion", "held already"),
        ("access_expansion", "access_group:puppet-users", "by itself"),
        ("access_expansion", "-system:grafana", "not held"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_beside_its_field(app: Flask, kind: str, item: str, words: str) -> None:
    ann = people.member()
    access.from_before(ann, "bastion", since=clock.now())

    with pytest.raises(Invalid, match=words) as refused:
        file(ann, details(kind, ann, item), kind)

    assert refused.value.field == "items"


def test_whoever_joins_asks_for_a_role(app: Flask) -> None:
    vera = people.volunteer()

    with pytest.raises(Invalid, match="Choose the role"):
        file(vera, details("new_member", vera, "system:grafana"), "new_member")


def test_the_candidate_offers_a_key_later_and_may_replace_it(app: Flask) -> None:
    ann, ben = people.member(), people.member()
    request_id = team_request(ann, "access_group:bastion", candidate=ben)

    with pytest.raises(NotPermitted):
        do(filing_services.offer_key, ann, request_id, factories.key_offer())
    for _ in range(2):
        do(filing_services.offer_key, ben, request_id, factories.key_offer())

    assert fact_queries.facts_of(get(request_id), clock.now()).key_offered
    assert [key.replaced_at is None for key in db.session.scalars(select(SshKey).order_by(SshKey.id))] == [False, True]
    assert events(request_id)[1:] == ["request.edited/shared"] * 2


def test_a_key_whose_text_was_removed_proves_nothing(app: Flask) -> None:
    ann = people.member()
    request_id = team_request(ann, "access_group:bastion")
    do(filing_services.offer_key, ann, request_id, factories.key_offer())
    key = queries.ssh_key(request_id)
    assert key is not None

    do(objection_services.redact, ann, request_id, key.key_id)

    assert not fact_queries.facts_of(get(request_id), clock.now()).key_offered


def test_nothing_asked_for_and_a_question_not_answered_are_refused(app: Flask) -> None:
    ann = people.member()
    full = details("access_expansion", ann, "system:grafana")

    with pytest.raises(Invalid, match="at least one"):
        file(ann, replace(full, items=()))
    with pytest.raises(Invalid, match="Why is it needed") as refused:
        file(ann, replace(full, answers={"benefit": "All"}))

    assert refused.value.field == "why"


@pytest.mark.parametrize(("days", "ok"), [(-1, False), (0, False), (1, True)])
def test_an_end_date_has_to_lie_ahead(app: Flask, days: int, ok: bool) -> None:
    ann = people.member()
    until = (clock.now() + timedelta(days=days)).date()
    filled = replace(details("access_expansion", ann), items=(replace(asked("system:grafana")[0], until=until),))

    if ok:
        file(ann, filled)
    else:
        with pytest.raises(Invalid) as refused:
            file(ann, filled)
        assert refused.value.field == "until"


def test_what_a_member_files_for_another_waits_for_their_agreement(app: Flask) -> None:
    ann, ben = people.member(), people.member()
    request_id = team_request(ann, candidate=ben)
    assert (state(request_id), get(request_id).discussion_at) == (State.AGREEMENT, None)

    with pytest.raises(NotPermitted):
        do(filing_services.agree, ann, request_id)
    do(filing_services.agree, ben, request_id)

    row = get(request_id)
    assert (row.state, row.discussion_at, row.agreed_at) == (State.DISCUSSION, row.state_since, row.state_since)
    assert events(request_id) == ["request.filed/shared", "request.agreed/shared"]
    with pytest.raises(WrongState):
        do(filing_services.agree, ben, request_id)


@pytest.mark.parametrize(
    ("kind", "item", "newcomer", "words"),
    [
        ("access_expansion", "system:grafana", True, "for members of the team"),
        ("role_change", "role:project_manager", True, "for members of the team"),
        ("new_member", "role:project_manager", False, "not on the team"),
    ],
)
def test_members_and_newcomers_have_their_own_kinds(
    app: Flask, kind: str, item: str, newcomer: bool, words: str
) -> None:
    ann = people.member()
    other = people.volunteer() if newcomer else people.member()

    with pytest.raises(Invalid, match=words) as refused:
        file(ann, details(kind, other, item), kind)

    assert refused.value.field == "candidate_name"


def test_a_volunteer_files_for_themselves_and_for_nobody_else(app: Flask) -> None:
    vera, other = people.volunteer(), people.volunteer()

    request_id = team_request(vera, "role:software_engineer", kind="new_member")
    assert state(request_id) is State.DISCUSSION

    with pytest.raises(Invalid, match="only members can file for somebody else"):
        file(vera, details("new_member", other, "role:software_engineer"), "new_member")


def test_a_member_files_for_a_newcomer_who_then_agrees(app: Flask) -> None:
    vera = people.volunteer()
    request_id = team_request(people.member(), "role:software_engineer", candidate=vera, kind="new_member")

    do(filing_services.agree, vera, request_id)

    assert state(request_id) is State.DISCUSSION


def test_a_key_is_used_once(app: Flask) -> None:
    ann, ben, offer = people.member(), people.member(), factories.key_offer()
    request_id = file(ann, details("access_expansion", ann, "access_group:bastion", key=offer))
    assert fact_queries.facts_of(get(request_id), clock.now()).key_offered

    for person in (ann, ben):
        with pytest.raises(Invalid, match="offered here before") as refused:
            file(person, details("access_expansion", person, "access_group:ops", key=offer))
        assert refused.value.field == "key"


@pytest.mark.parametrize("field", ["wiki_proof", "github_proof"])
@pytest.mark.parametrize("address", ["javascript://example.org/%0aalert(1)", "https://[", "https://a:b@example.org"])
def test_proofs_are_addresses_on_the_web(app: Flask, field: str, address: str) -> None:
    ann = people.member()
    parts: dict[str, Any] = {field: address}
    offer = replace(factories.key_offer(), **parts)

    with pytest.raises(Invalid) as refused:
        file(ann, details("access_expansion", ann, "access_group:bastion", key=offer))

    assert refused.value.field == field


def test_another_answer_is_an_edit_and_keeps_the_revision_and_its_positions(app: Flask) -> None:
    ann, ben = people.member(), people.member()
    request_id = team_request(ann)
    factories.position(ben, request_id)
    filled = details("access_expansion", ann, "system:grafana")

    revise(ann, request_id, replace(filled, answers={**filled.answers, "why": f"Better words {CANARY}"}))

    facts = fact_queries.facts_of(get(request_id), clock.now())
    assert (facts.revision_number, len(facts.positions)) == (1, 1)
    assert queries.answers(request_id)["why"].text.body == f"Better words {CANARY}"
    assert count(Answer) == 3
    assert events(request_id)[-1] == "request.edited/shared"


@pytest.mark.parametrize("items", [("system:github",), ("system:grafana", "system:github")])
def test_other_items_make_a_new_revision_that_sets_positions_aside(app: Flask, items: tuple[str, ...]) -> None:
    ann, ben = people.member(), people.member()
    request_id = team_request(ann, days_ago=2)
    began = get(request_id).discussion_at
    factories.position(ben, request_id)

    revise(ann, request_id, details("access_expansion", ann, *items))

    facts = fact_queries.facts_of(get(request_id), clock.now())
    assert (facts.revision_number, facts.positions) == (2, ())
    assert facts.discussion_at != began
    assert events(request_id)[-1] == "request.revised/shared"


def test_another_end_date_makes_a_new_revision(app: Flask) -> None:
    ann = people.member()
    request_id = team_request(ann)
    until = (clock.now() + timedelta(days=30)).date()
    item = replace(asked("system:grafana")[0], until=until)

    revise(ann, request_id, replace(details("access_expansion", ann), items=(item,)))

    assert get(request_id).revision_number == 2


def test_saving_what_stands_there_changes_nothing(app: Flask) -> None:
    ann = people.member()
    request_id = team_request(ann, "system:grafana", "system:github")
    before = events()

    revise(ann, request_id, details("access_expansion", ann, "system:github", "system:grafana"))

    assert (get(request_id).revision_number, events()) == (1, before)


def test_an_edit_of_an_older_version_is_a_conflict(app: Flask) -> None:
    ann = people.member()
    request_id = team_request(ann)
    base = queries.edit_base(request_id, 1)
    revise(ann, request_id, details("access_expansion", ann, "system:github"))

    with pytest.raises(EditConflict):
        revise(ann, request_id, details("access_expansion", ann, "system:discord"), base=base)

    assert get(request_id).revision_number == 2


def test_a_request_cannot_be_changed_into_a_duplicate(app: Flask) -> None:
    ann = people.member()
    first, second = team_request(ann, "system:github"), team_request(ann, "system:grafana")

    with pytest.raises(DuplicateRequest) as refused:
        revise(ann, second, details("access_expansion", ann, "system:github"))

    assert refused.value.request_id == first


def test_a_request_stays_about_the_same_person(app: Flask) -> None:
    """What the team said was about this one: a former candidate who is a member would read it."""
    ann, ben = people.member(), people.member()
    request_id = team_request(ann)

    with pytest.raises(Invalid, match="stays about the same person") as refused:
        revise(ann, request_id, details("access_expansion", ben, "system:grafana"))

    assert (refused.value.field, get(request_id).candidate_id) == ("candidate_name", ann.id)


def test_what_somebody_else_changed_the_candidate_agrees_to_anew(app: Flask) -> None:
    ann, ben = people.member(), people.member()
    request_id = team_request(ann, candidate=ben)
    do(filing_services.agree, ben, request_id)

    revise(ann, request_id, details("access_expansion", ben, "system:github"))
    assert (state(request_id), get(request_id).agreed_at) == (State.AGREEMENT, None)
    do(filing_services.agree, ben, request_id)
    revise(ben, request_id, details("access_expansion", ben, "system:discord"))

    assert state(request_id) is State.DISCUSSION


def test_only_its_parties_change_or_withdraw_a_request(app: Flask) -> None:
    ann, ben, director = people.member(), people.member(), people.director()
    request_id = team_request(ann)

    for person in (ben, director):
        with pytest.raises(NotPermitted):
            revise(person, request_id, details("access_expansion", ann, "system:github"))
        with pytest.raises(NotPermitted):
            do(filing_services.withdraw, person, request_id)
    with pytest.raises(NotVisible):
        do(filing_services.withdraw, people.volunteer(), request_id)


def test_candidate_and_requester_may_withdraw_and_then_nothing_more(app: Flask) -> None:
    ann, ben = people.member(), people.member()
    for person in (ann, ben):
        request_id = team_request(ann, candidate=ben)

        do(filing_services.withdraw, person, request_id)

        assert state(request_id) is State.WITHDRAWN
        assert get(request_id).closed_at is not None
        assert events(request_id) == ["request.filed/shared", "request.withdrawn/shared"]
        with pytest.raises(WrongState):
            do(filing_services.withdraw, person, request_id)
        with pytest.raises(WrongState):
            revise(ann, request_id, details("access_expansion", ben, "system:github"))
