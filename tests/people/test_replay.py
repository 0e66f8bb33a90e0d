"""What was planted before a sign-in, or copied before its end, is worth nothing; and what the cookie carries."""

from __future__ import annotations

import random
import re
import string
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from devwiki.accounts import SUBS
from portal.extensions import db
from portal.people.models import Person, SignIn
from portal.web import clock
from portal.web.addresses import LONGEST
from tests.devwiki_fixture import answer_consent, path_of, sign_in, to_the_callback
from tests.whole.test_pages import everything

OF_FLASK = {"_user_id", "_fresh", "_permanent", "_id", "_flashes", "csrf_token"}  # _id: a hash of address and browser
KNOWN_KEYS = OF_FLASK | {"seen", "paused", "errands"}
ROOM = 4_000  # bytes: browsers drop a cookie of 4,096 with its name and attributes
PRIVATE = "what nobody else may read"


def cookie_of(client: FlaskClient) -> str:
    found = client.get_cookie("portal")
    assert found
    return found.value


def thief(portal: Flask, cookie: str) -> FlaskClient:
    """Another browser with a copied or planted cookie."""
    client = portal.test_client()
    client.set_cookie("portal", cookie)
    return client


def secret_of(client: FlaskClient, address: str = "/account") -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(address).text)
    assert found
    return found[1]


def is_in(client: FlaskClient) -> bool:
    return client.get("/account").status_code == 200


def carried(client: FlaskClient) -> dict[str, object]:
    """What anybody reads who holds the cookie: it is signed, not encrypted."""
    serializer = SecureCookieSessionInterface().get_signing_serializer(client.application)
    assert serializer
    found: dict[str, object] = serializer.loads(cookie_of(client))
    return found


def test_a_cookie_planted_before_the_sign_in_gains_nothing_by_it(portal: Flask, visitor: FlaskClient) -> None:
    attacker = portal.test_client()
    address = to_the_callback(attacker, "Demo Volunteer")
    planted = cookie_of(attacker)
    visitor.set_cookie("portal", planted)

    sign_in(visitor, "Demo Director")

    assert is_in(visitor)
    assert cookie_of(visitor) != planted
    assert not is_in(thief(portal, planted))
    again = visitor.get(address)  # the attacker's own way in, sent to the victim afterwards
    assert again.status_code == 400
    assert "You are still signed in as Demo Director" in again.text


def test_the_secret_of_forms_changes_with_the_sign_in(portal: Flask, visitor: FlaskClient) -> None:
    sign_in(visitor, "Demo Volunteer")
    first, cookie = secret_of(visitor), cookie_of(visitor)
    sign_in(visitor, "Demo Director")

    assert visitor.post("/sign-out", data={"csrf_token": first}).status_code == 400
    assert thief(portal, cookie).post("/sign-out/everywhere", data={"csrf_token": first}).status_code == 401
    assert is_in(visitor)


def signs_out(client: FlaskClient) -> None:
    client.post("/sign-out", data={"csrf_token": secret_of(client)})


def signs_out_everywhere_else(client: FlaskClient) -> None:
    other = client.application.test_client()
    sign_in(other, "Demo Volunteer")
    other.post("/sign-out/everywhere", data={"csrf_token": secret_of(other)})


def ends_it_from_the_account_page(client: FlaskClient) -> None:
    other = client.application.test_client()
    oldest = db.session.scalars(select(func.min(SignIn.id))).one()
    sign_in(other, "Demo Volunteer")
    other.post("/account", data={"csrf_token": secret_of(other), "session": str(oldest)})


def signs_in_anew(client: FlaskClient) -> None:
    sign_in(client, "Demo Volunteer")


ENDS = [signs_out, signs_out_everywhere_else, ends_it_from_the_account_page, signs_in_anew]


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_a_copied_cookie_is_worth_nothing_once_the_session_has_ended(
    portal: Flask, visitor: FlaskClient, end: Callable[[FlaskClient], None]
) -> None:
    sign_in(visitor, "Demo Volunteer")
    copied, secret = cookie_of(visitor), secret_of(visitor)
    assert is_in(thief(portal, copied))

    end(visitor)
    before = everything()
    late = thief(portal, copied)

    assert late.get("/account").status_code == 401
    assert late.post("/people/me/absence", data={"csrf_token": secret, "reason": ""}).status_code == 401
    assert late.post("/sign-out/everywhere", data={"csrf_token": secret}).status_code == 401
    assert {name: rows for name, rows in everything().items() if name != "held_form"} == {
        name: rows for name, rows in before.items() if name != "held_form"
    }


def test_use_does_not_lengthen_the_thirty_days(portal: Flask, visitor: FlaskClient) -> None:
    sign_in(visitor, "Demo Volunteer")
    copied, began = cookie_of(visitor), clock.now()

    for passed in range(0, 30, 3):
        with time_machine.travel(began + timedelta(days=passed), tick=False):
            assert is_in(visitor)
    with time_machine.travel(began + timedelta(days=30, seconds=1), tick=False):
        assert not is_in(visitor)
        assert not is_in(thief(portal, copied))


def test_somebody_elses_code_is_not_taken_with_ones_own_state(portal: Flask, visitor: FlaskClient) -> None:
    """Who gets a victim to open a callback with the attacker's code would see what the victim writes."""
    attacker = portal.test_client()
    code = parse_qs(urlsplit(to_the_callback(attacker, "Demo Director")).query)["code"][0]
    begun = parse_qs(urlsplit(visitor.get("/sign-in").headers["Location"]).query)
    before = everything()

    answer = visitor.get("/sign-in/callback", query_string={"code": code, "state": begun["state"][0]})

    assert answer.status_code == 400
    assert "did not accept this sign-in" in answer.text
    assert not is_in(visitor)
    assert everything() == before


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["in order", "the later first"])
def test_of_two_tabs_at_the_wiki_the_second_to_come_back_is_told_so(
    visitor: FlaskClient, order: tuple[int, int]
) -> None:
    begun = [visitor.get(f"/sign-in?next=/account?tab={tab}").headers["Location"] for tab in (1, 2)]
    back = [path_of(answer_consent(address, account=SUBS["Demo Volunteer"])) for address in begun]

    first = visitor.get(back[order[0]])
    before = everything()
    second = visitor.get(back[order[1]])

    assert first.headers["Location"] == f"/account?tab={order[0] + 1}"
    assert second.status_code == 400
    assert "You are still signed in as Demo Volunteer" in second.text
    assert is_in(visitor)
    assert everything() == before


def test_of_two_tabs_that_begin_at_the_same_moment_one_comes_in_and_the_other_is_told(
    portal: Flask, visitor: FlaskClient
) -> None:
    """Both set out with the same cookie, so the browser keeps the answer that came last."""
    visitor.get("/sign-in")
    shared = cookie_of(visitor)
    early, late = thief(portal, shared), thief(portal, shared)
    lost, kept = to_the_callback(early, "Demo Volunteer"), to_the_callback(late, "Demo Volunteer")

    assert late.get(lost).status_code == 400
    assert "Begin it again." in late.get(lost).text
    assert late.get(kept).status_code == 302
    assert is_in(late)


def test_a_callback_that_is_opened_twice_at_once_signs_in_once(portal: Flask, visitor: FlaskClient) -> None:
    address = to_the_callback(visitor, "Demo Volunteer")
    twin = thief(portal, cookie_of(visitor))

    answers = sorted(client.get(address).status_code for client in (visitor, twin))

    assert answers == [302, 400]
    assert db.session.scalars(select(func.count(SignIn.id))).one() == 1
    assert db.session.scalars(select(func.count(Person.id))).one() == 1


def noise(length: int, seed: int) -> str:
    """Text that cannot be made shorter."""
    letters = random.Random(seed)  # the same in every run
    return "".join(letters.choice(string.ascii_letters + string.digits) for _ in range(length))


def test_the_cookie_stays_small_whatever_was_typed(visitor: FlaskClient) -> None:
    for seed in range(8):
        visitor.get("/sign-in", query_string={"next": "/" + noise(LONGEST - 1, seed)})
        assert len(cookie_of(visitor)) < ROOM
    with visitor.session_transaction() as session:
        assert len(session["errands"]) == 3
    assert sign_in(visitor, "Demo Volunteer").status_code == 302

    for seed in range(20):
        data = {"csrf_token": secret_of(visitor), "reason": noise(4_000, seed)}
        visitor.post("/people/me/absence", data=data)
        visitor.post("/people/me/absence", data={**data, "to_day": noise(300, seed)})
        assert len(cookie_of(visitor)) < ROOM


def test_the_cookie_carries_nothing_private_and_no_token_of_the_wiki(visitor: FlaskClient) -> None:
    sign_in(visitor, "Demo Volunteer", "/sign-in?next=/account")
    secret = secret_of(visitor)
    visitor.post("/people/me/absence", data={"csrf_token": secret, "reason": PRIVATE})
    said = carried(visitor)
    visitor.post("/people/me/absence", data={"csrf_token": secret, "reason": PRIVATE, "to_day": PRIVATE})
    visitor.post("/people/me/absence", data={"csrf_token": "stale", "reason": PRIVATE})
    visitor.get("/requests/", query_string={"q": PRIVATE})

    for cookie in (said, carried(visitor)):
        assert set(cookie) <= KNOWN_KEYS, cookie
        assert PRIVATE not in str(cookie)
        assert not re.search(r"eyJ|def50200", str(cookie))


def test_every_cookie_is_out_of_reach_of_script_and_of_other_sites(visitor: FlaskClient) -> None:
    answers: list[TestResponse] = [visitor.get("/sign-in"), sign_in(visitor, "Demo Volunteer"), visitor.get("/account")]
    answers.append(visitor.post("/sign-out", data={"csrf_token": secret_of(visitor)}))
    answers.append(visitor.get("/"))

    set_cookies = [cookie for answer in answers for cookie in answer.headers.getlist("Set-Cookie")]

    assert len(set_cookies) >= 4
    for cookie in set_cookies:
        attributes = {part.strip().partition("=")[0] for part in cookie.split(";")[1:]}
        assert {"HttpOnly", "Path", "SameSite"} <= attributes, cookie
        assert "SameSite=Lax" in cookie
        assert "Domain" not in attributes
