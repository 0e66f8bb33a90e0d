"""Signing in with the wiki over real HTTP: who comes in, who does not, and what stays of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from devwiki.accounts import SUBS, Block
from devwiki.wiki import GENERATIONS, DevWiki
from portal.audit.models import Event
from portal.extensions import db
from portal.people.models import NameBinding, Person, SignIn, WikiIdentity
from portal.web.unit_of_work import unit_of_work
from tests.devwiki_fixture import sign_in

pytestmark = pytest.mark.both_databases


def names() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(Person.name).order_by(Person.id)))


def codes() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(Event.code).order_by(Event.id)))


def wait_for(name: str, *, days_ago: float = 0.0) -> int:
    """Somebody whom an operator named, so many days ago. Returns the person's id."""
    with unit_of_work() as now:
        person = Person(name=name, created_at=now)
        db.session.add(person)
        db.session.flush()
        made = now - timedelta(days=days_ago)
        db.session.add(
            NameBinding(person_id=person.id, username=name, created_at=made, expires_at=made + timedelta(days=7))
        )
    return person.id


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_wiki_account_signs_in_and_becomes_a_person(visitor: FlaskClient, wiki: DevWiki, generation: str) -> None:
    wiki.generation = generation

    answer = sign_in(visitor, "Demo Volunteer", "/sign-in?next=/account")

    assert (answer.status_code, answer.headers["Location"]) == (302, "/account")
    page = visitor.get("/account").text
    assert "Demo Volunteer" in page
    assert "Sign out" in page
    identity = db.session.scalars(select(WikiIdentity)).one()
    assert (identity.sub, identity.person.name) == ("9012", "Demo Volunteer")
    assert codes() == ["person.arrived"]


def test_the_same_account_is_the_same_person_again(visitor: FlaskClient) -> None:
    sign_in(visitor, "Demo Volunteer")
    sign_in(visitor, "Demo Volunteer")

    assert names() == ["Demo Volunteer"]
    assert codes() == ["person.arrived"]


def test_no_wiki_token_is_kept(visitor: FlaskClient, wiki: DevWiki) -> None:
    sign_in(visitor, "Demo Volunteer")

    with visitor.session_transaction() as session:
        kept = str(dict(session))
    assert not any(token in kept for token in wiki.tokens)
    assert "errands" not in kept


def test_the_portal_names_itself_to_the_wiki(visitor: FlaskClient, wiki: DevWiki) -> None:
    sign_in(visitor, "Demo Volunteer")

    assert set(wiki.user_agents) == {"PortalTests/1.0 (tests)"}


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_token_is_shown_in_a_header_as_both_generations_take_it_and_no_secret_stands_in_an_address(
    visitor: FlaskClient, wiki: DevWiki, generation: str
) -> None:
    """The older one refuses "bearer" in lower case, both refuse a token in the address, which logs would keep."""
    wiki.generation = generation
    sign_in(visitor, "Demo Volunteer")

    (token,) = wiki.tokens
    shown = [header for address, header in wiki.asked if address.startswith("/w/rest.php/oauth2/resource/profile")]
    assert shown == [f"Bearer {token}"]
    secrets = {token, wiki.client.secret, *wiki.codes}
    assert [address for address, _header in wiki.asked if any(secret in address for secret in secrets)] == []
    assert any(address.startswith("/w/rest.php/oauth2/access_token") for address, _header in wiki.asked)


REFUSED = {
    "Demo Blocked": "blocked from the whole wiki",
    "Demo Hidden": "hidden by the wiki",
    "Demo Globally Locked": "locked on all wikis",
}


@pytest.mark.parametrize(("name", "says"), REFUSED.items())
def test_an_account_the_wiki_shuts_out_is_refused_and_nothing_created(
    visitor: FlaskClient, name: str, says: str
) -> None:
    answer = sign_in(visitor, name)

    assert answer.status_code == 403
    assert says in answer.text
    assert (names(), codes()) == ([], [])
    assert visitor.get("/account").status_code == 401


@pytest.mark.parametrize("central_auth", [True, False])
def test_a_partly_blocked_account_signs_in(visitor: FlaskClient, wiki: DevWiki, central_auth: bool) -> None:
    wiki.central_auth = central_auth

    assert sign_in(visitor, "Demo Partly Blocked").status_code == 302
    assert names() == ["Demo Partly Blocked"]


def test_a_known_person_who_is_blocked_loses_their_sessions_until_the_block_ends(
    visitor: FlaskClient, wiki: DevWiki
) -> None:
    elsewhere = visitor.application.test_client()
    sign_in(elsewhere, "Demo Volunteer")
    wiki.change(SUBS["Demo Volunteer"], block=Block.SITEWIDE)

    assert sign_in(visitor, "Demo Volunteer").status_code == 403
    assert elsewhere.get("/account").status_code == 401
    assert db.session.scalars(select(WikiIdentity.locked_at)).one() is not None

    wiki.change(SUBS["Demo Volunteer"], block=Block.NONE)
    assert sign_in(visitor, "Demo Volunteer").status_code == 302
    assert visitor.get("/account").status_code == 200
    assert codes() == ["person.arrived", "identity.locked", "identity.unlocked"]


def test_a_hidden_account_of_a_known_person_locks_them_too(visitor: FlaskClient, wiki: DevWiki) -> None:
    sign_in(visitor, "Demo Volunteer")
    wiki.change(SUBS["Demo Volunteer"], block=Block.SITEWIDE, hidden=True)

    sign_in(visitor.application.test_client(), "Demo Volunteer")

    assert visitor.get("/account").status_code == 401


def test_a_rename_changes_the_shown_name_and_nothing_else(visitor: FlaskClient, wiki: DevWiki) -> None:
    sign_in(visitor, "Demo Renamable")
    wiki.rename(SUBS["Demo Renamable"], "Zoë Renamed")

    sign_in(visitor, SUBS["Demo Renamable"])

    assert names() == ["Zoë Renamed"]
    assert codes() == ["person.arrived", "person.renamed"]
    assert db.session.scalars(select(Event.data).where(Event.code == "person.renamed")).one() == {}


def test_a_freed_name_taken_by_somebody_else_is_another_person(visitor: FlaskClient, wiki: DevWiki) -> None:
    sign_in(visitor, "Demo Renamable")
    wiki.rename(SUBS["Demo Renamable"], "Renamed")
    stranger = wiki.register("Demo Renamable")

    sign_in(visitor.application.test_client(), stranger.sub)
    sign_in(visitor, SUBS["Demo Renamable"])

    assert sorted(names()) == ["Demo Renamable", "Renamed"]


def test_a_person_named_before_takes_their_place_at_the_first_sign_in(visitor: FlaskClient) -> None:
    waiting = wait_for("Demo_Volunteer")

    sign_in(visitor, "Demo Volunteer")

    assert names() == ["Demo Volunteer"]
    assert db.session.scalars(select(WikiIdentity.person_id)).one() == waiting
    assert codes() == ["identity.bound"]


def test_a_name_waits_seven_days_at_most(visitor: FlaskClient) -> None:
    waiting = wait_for("Demo Volunteer", days_ago=7)

    sign_in(visitor, "Demo Volunteer")

    assert len(names()) == 2
    assert db.session.scalars(select(WikiIdentity.person_id)).one() != waiting


def test_an_account_registered_after_the_name_was_bound_gains_nothing(visitor: FlaskClient, wiki: DevWiki) -> None:
    waiting = wait_for("Demo Renamable")
    wiki.rename(SUBS["Demo Renamable"], "Renamed")
    stranger = wiki.register("Demo Renamable", registered="20991231000000")

    sign_in(visitor, stranger.sub)

    assert len(names()) == 2
    assert db.session.scalars(select(WikiIdentity.person_id)).one() != waiting
    assert codes() == ["binding.refused", "person.arrived"]


def test_a_very_old_account_without_a_date_takes_its_place(visitor: FlaskClient, wiki: DevWiki) -> None:
    wait_for("Demo Volunteer")
    wiki.change(SUBS["Demo Volunteer"], registered=None)

    sign_in(visitor, "Demo Volunteer")

    assert names() == ["Demo Volunteer"]


def test_a_binding_is_used_once(visitor: FlaskClient, wiki: DevWiki) -> None:
    wait_for("Demo Renamable")
    sign_in(visitor, "Demo Renamable")
    wiki.rename(SUBS["Demo Renamable"], "Renamed")
    second = wiki.register("Demo Renamable", registered="20200101000000")

    sign_in(visitor.application.test_client(), second.sub)

    assert len(names()) == 2


def test_a_session_is_a_row_that_knows_the_token_only_by_its_hash(visitor: FlaskClient) -> None:
    sign_in(visitor, "Demo Volunteer")

    with visitor.session_transaction() as session:
        token = session["_user_id"]
    row = db.session.scalars(select(SignIn)).one()
    assert token not in (row.token_hash, str(row.id))
    assert row.expires_at - row.created_at == timedelta(days=30)
