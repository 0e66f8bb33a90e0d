"""Access: approved, granted, renewed, ended; by whom, and what refuses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import select

from portal.access import queries, services
from portal.access.models import GrantStep, ItemType, Step
from portal.access.standing import HeldAccess, Status
from portal.audit import services as audit
from portal.audit.models import Event
from portal.errors import Invalid, NotPermitted, NotVisible, PortalError, WrongState
from portal.extensions import db
from portal.people.models import Capacity, Person
from portal.web.unit_of_work import unit_of_work
from tests import factories as people
from tests.access import factories
from tests.access.factories import GROUP, NOON, SECRET_GROUP

pytestmark = pytest.mark.both_databases
LATER = NOON + people.days(10)


def mark(actor: Person, grant_id: int, at: datetime = LATER) -> None:
    with unit_of_work(at) as now:
        services.mark_granted(actor, grant_id, now=now)


def end(actor: Person, grant_id: int, reason: str | None = None, at: datetime = LATER) -> None:
    with unit_of_work(at) as now:
        services.revoke(actor, grant_id, reason=reason, now=now)


def the_one(person: Person, at: datetime = LATER) -> HeldAccess:
    found = queries.history(person.id, at)
    assert len(found) == 1
    return found[0]


def steps() -> list[Step]:
    return list(db.session.scalars(select(GrantStep.step).order_by(GrantStep.id)))


def events() -> list[str]:
    return list(db.session.scalars(select(Event.code).where(Event.code.startswith("grant.")).order_by(Event.id)))


def test_approved_is_not_granted(app: Flask) -> None:
    holder, director = people.member(), people.director()

    factories.approved(holder, director, decision_id=7, request_id=3)

    access = the_one(holder)
    assert (access.status, access.since, access.decision_id, access.request_id) == (Status.APPROVED, NOON, 7, 3)
    assert queries.desk(0, LATER).waiting == [(access, False)]
    assert events() == ["grant.approved"]


def test_another_member_marks_it_as_granted(app: Flask) -> None:
    holder, director, colleague = people.member(), people.director(), people.member()
    grant = factories.approved(holder, director)

    mark(colleague, grant.id)

    assert (the_one(holder).status, the_one(holder).since) == (Status.GRANTED, LATER)
    assert queries.desk(0, LATER).waiting == []
    assert events() == ["grant.approved", "grant.granted"]


@pytest.mark.parametrize("make", [people.director, people.deputy, people.member])
def test_director_deputy_and_members_may_mark(app: Flask, make: Callable[[], Person]) -> None:
    grant = factories.approved(people.member(), people.person("Earlier Director"))

    mark(make(), grant.id)

    assert steps() == [Step.APPROVED, Step.GRANTED]


@pytest.mark.parametrize("capacity", [None, *Capacity])
def test_who_is_no_member_may_not_mark_whatever_their_capacity(app: Flask, capacity: Capacity | None) -> None:
    grant = factories.approved(people.member(), people.director())
    outsider = people.person("Outsider", capacity=capacity)

    with pytest.raises(NotPermitted, match="Only members"):
        mark(outsider, grant.id)

    assert steps() == [Step.APPROVED]


@pytest.mark.parametrize("role", ["director", "deputy_director", "software_engineer"])
def test_nobody_marks_their_own_access(app: Flask, role: str) -> None:
    holder = people.person("Holder", role)
    grant = factories.approved(holder, people.person("Earlier Director"))

    with pytest.raises(NotPermitted, match="your own access"):
        mark(holder, grant.id)

    assert steps() == [Step.APPROVED]


def test_a_locked_member_marks_and_ends_nothing(app: Flask) -> None:
    grant = factories.approved(people.member(), people.director())
    locked = people.person("Locked", "deputy_director", locked=True)

    with pytest.raises(NotPermitted, match="locked"):
        mark(locked, grant.id)
    with pytest.raises(NotPermitted, match="locked"):
        end(locked, grant.id, "because")


def test_the_second_to_mark_reads_who_was_quicker(app: Flask) -> None:
    first, second = people.member("Quick Member"), people.member()
    grant = factories.approved(people.member(), people.director())
    mark(first, grant.id)

    with pytest.raises(WrongState, match="already marked as granted by Quick Member at 2026-11-12 12:00 UTC"):
        mark(second, grant.id)

    assert steps() == [Step.APPROVED, Step.GRANTED]


def test_access_that_needs_an_nda_waits_for_it(app: Flask) -> None:
    holder, colleague, board = people.member("Holder"), people.member(), people.board_member()
    grant = factories.approved(holder, people.director(), SECRET_GROUP)

    with pytest.raises(WrongState, match="none of Holder is on record"):
        mark(colleague, grant.id)
    factories.signed_nda(holder, board)
    mark(colleague, grant.id)

    assert the_one(holder).status is Status.GRANTED


def test_access_whose_window_has_passed_is_not_granted_any_more(app: Flask) -> None:
    holder, colleague = people.member(), people.member()
    grant = factories.approved(holder, people.director(), until=NOON + people.days(5))

    with pytest.raises(WrongState, match="ended by its date"):
        mark(colleague, grant.id, at=NOON + people.days(5))

    assert queries.desk(0, LATER).waiting == []
    assert queries.held(holder.id, LATER) == []


def test_an_approval_whose_end_has_passed_is_refused(app: Flask) -> None:
    with pytest.raises(WrongState, match="has passed"):
        factories.approved(people.member(), people.director(), until=NOON)


@pytest.mark.parametrize("key", ["no-such-group", "director"])
def test_only_what_the_catalogue_has_can_be_approved(app: Flask, key: str) -> None:
    with pytest.raises(Invalid):
        factories.approved(people.member(), people.director(), key)


def test_a_role_is_no_access(app: Flask) -> None:
    with pytest.raises(Invalid):
        factories.approved(people.member(), people.director(), "software_engineer", item_type=ItemType.ROLE)


def test_a_later_approval_prolongs_what_is_held_and_names_its_decision(app: Flask) -> None:
    holder, director = people.member(), people.director()
    first = factories.approved(holder, director, until=NOON + people.days(20), decision_id=1)

    again = factories.approved(holder, director, until=NOON + people.days(90), decision_id=2, at=LATER)

    assert again.id == first.id
    assert steps() == [Step.APPROVED, Step.RENEWED]
    assert (the_one(holder).until, the_one(holder).decision_id) == (NOON + people.days(90), 2)
    assert queries.of_decision(1, LATER) == queries.of_decision(2, LATER) == [the_one(holder)]
    assert events() == ["grant.approved", "grant.renewed"]


@pytest.mark.parametrize("asked", [20, 10])
def test_an_approval_never_shortens_what_is_held(app: Flask, asked: int) -> None:
    holder, director = people.member(), people.director()
    factories.approved(holder, director, until=NOON + people.days(20))

    factories.approved(holder, director, until=NOON + people.days(asked), decision_id=2)

    assert steps() == [Step.APPROVED]
    assert the_one(holder).until == NOON + people.days(20)


def test_access_without_an_end_is_not_given_one_by_a_second_approval(app: Flask) -> None:
    holder, director = people.member(), people.director()
    factories.approved(holder, director)

    factories.approved(holder, director, until=NOON + people.days(1))

    assert the_one(holder).until is None


def test_a_granted_access_stays_granted_when_it_is_prolonged(app: Flask) -> None:
    holder, director, colleague = people.member(), people.director(), people.member()
    grant = factories.approved(holder, director, until=NOON + people.days(20))
    mark(colleague, grant.id)

    factories.approved(holder, director, until=None, at=LATER)

    assert (the_one(holder).status, the_one(holder).until) == (Status.GRANTED, None)


def test_what_has_ended_by_date_begins_anew_with_a_new_approval(app: Flask) -> None:
    holder, director = people.member(), people.director()
    first = factories.approved(holder, director, until=NOON + people.days(1))

    second = factories.approved(holder, director, at=LATER)

    assert first.id != second.id
    assert [access.status for access in queries.history(holder.id, LATER)] == [Status.ENDED, Status.APPROVED]


def test_the_holder_gives_up_their_access_without_saying_why(app: Flask) -> None:
    holder = people.volunteer()
    grant = factories.granted(holder, people.director())

    end(holder, grant.id)

    assert (the_one(holder).status, the_one(holder).ended_at) == (Status.REVOKED, LATER)
    assert queries.held(holder.id, LATER) == []
    assert events()[-1] == "grant.revoked"


@pytest.mark.parametrize("make", [people.director, people.deputy])
def test_director_and_deputy_revoke_with_a_reason(app: Flask, make: Callable[[], Person]) -> None:
    holder = people.member()
    grant = factories.granted(holder, people.person("Earlier", "infrastructure_specialist"))
    actor = make()

    with pytest.raises(Invalid, match="Say why") as refused:
        end(actor, grant.id, "  ")
    end(actor, grant.id, "Left the team")

    assert refused.value.field == "reason"
    reason = queries.steps(grant.id)[-1].reason
    assert reason is not None
    assert reason.body == "Left the team"


@pytest.mark.parametrize("make", [people.member, people.volunteer, people.board_member])
def test_nobody_else_revokes(app: Flask, make: Callable[[], Person]) -> None:
    grant = factories.approved(people.member(), people.director())

    with pytest.raises(NotPermitted, match="Only the Director or the Deputy"):
        end(make(), grant.id, "because")

    assert steps() == [Step.APPROVED]


def test_what_was_ended_is_neither_ended_again_nor_granted(app: Flask) -> None:
    holder, director = people.member("Holder"), people.director("Dora")
    grant = factories.approved(holder, director)
    end(holder, grant.id)

    with pytest.raises(WrongState, match="already ended by Holder"):
        end(director, grant.id, "again")
    with pytest.raises(WrongState, match="already ended by Holder"):
        mark(director, grant.id)


def test_an_approved_removal_ends_the_access(app: Flask) -> None:
    holder, director = people.member(), people.director()
    factories.granted(holder, director)

    def remove() -> object:
        with unit_of_work(LATER) as now:
            return services.revoke_for(
                holder.id, ItemType.ACCESS_GROUP, GROUP, by_id=director.id, reason=None, now=now, request_id=5
            )

    assert remove() is not None
    assert remove() is None
    assert steps() == [Step.APPROVED, Step.GRANTED, Step.REVOKED]
    assert db.session.scalars(select(Event.request_id).where(Event.code == "grant.revoked")).all() == [5]


def test_access_from_before_the_portal_is_granted_since_then(app: Flask) -> None:
    holder = people.member()
    since = NOON - people.days(700)

    factories.from_before(holder, since=since)

    assert (the_one(holder).status, the_one(holder).since) == (Status.GRANTED, since)
    assert the_one(holder).decision_id is None
    with pytest.raises(WrongState, match="before the portal"):
        mark(people.director(), the_one(holder).grant_id)
    with pytest.raises(WrongState, match="on record already"):
        factories.from_before(holder)


def test_items_held_has_what_is_approved_or_granted_and_live(app: Flask) -> None:
    ann, bob, director = people.member(), people.member(), people.director()
    factories.approved(ann, director, "bastion")
    factories.granted(ann, director, GROUP)
    factories.approved(ann, director, "dns-admins", until=NOON + people.days(1))
    factories.approved(ann, director, "grafana", item_type=ItemType.SYSTEM)

    assert queries.items_held([ann.id, bob.id], LATER) == {
        ann.id: frozenset({("access_group", "bastion"), ("access_group", GROUP), ("system", "grafana")}),
        bob.id: frozenset(),
    }


def test_what_ended_lately_is_listed_if_it_had_been_granted(app: Flask) -> None:
    ann, director = people.member(), people.director()
    lapsed = factories.approved(ann, director, "bastion", until=NOON + people.days(12))
    mark(director, lapsed.id, at=NOON)
    revoked = factories.granted(ann, director, GROUP)
    end(director, revoked.id, "because", at=LATER)
    never_set_up = factories.approved(ann, director, "dns-admins")
    end(director, never_set_up.id, "because", at=LATER)

    def found(at: datetime) -> list[int]:
        return [access.grant_id for access in queries.ended_recently(at)]

    assert found(LATER) == [revoked.id]
    assert found(NOON + people.days(13)) == [lapsed.id, revoked.id]
    assert found(NOON + people.days(60)) == []


def test_there_is_no_access_of_an_unknown_number(app: Flask) -> None:
    for act in (mark, end):
        with pytest.raises(NotVisible):
            act(people.director(), 99)


def test_a_refusal_writes_nothing_and_the_chain_holds(app: Flask) -> None:
    grant = factories.approved(people.member(), people.director())
    before = audit.verify_chain().count

    with pytest.raises(PortalError):
        mark(people.volunteer(), grant.id)

    assert audit.verify_chain().count == before
    assert audit.verify_chain().first_bad is None
