"""Every page, form and fragment of the portal with the demo data, for everybody: sound, and every word translatable.

The suite sees every endpoint with one or two addresses per person; `./dev test --slow` sees every address.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from portal.demo import tour
from portal.demo.people import DEMO_PEOPLE, find
from portal.extensions import db
from portal.people import services as people
from portal.requests.models import TeamRequest
from portal.requests.workflow import State
from portal.web import clock
from portal.web.unit_of_work import unit_of_work
from tests.whole import demo_world as worlds
from tests.whole.demo_world import ACTORS, World
from tests.whole.test_translatable import data
from tests.whole.walk import WORDS, Walk

NO_PAGES = {"static", "sign_in.start", "sign_in.callback"}  # files, and the way to the wiki and back
UNSENT = {  # on a page only after something that would change all the others: tests below let it happen
    "absence.end_acting",  # the Deputy acts
    "absence.confirm_unreachable",  # somebody reported that the Director cannot be reached
    "removals.remove",  # of a reason; whether the walk meets one depends on which text is whose turn
    *("marking.name", "marking.decline", "marking.agree"),  # of one round and seat; whose turn it is, as well
}
BUSY = {  # who has forms that nobody else has, and on which pages
    "Demo Security Specialist": ("assessment.show", "exchange.fill"),
    "Demo Software Engineer": ("requests.show",),
    "Demo Board": ("appointments.nda",),
}


@pytest.fixture(scope="module")
def bracketed(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The world in the pseudo-locale: what is sound there is sound in every language."""
    return worlds.make(tmp_path_factory.mktemp("world"), PSEUDO_LOCALE="1")


def walk(world: World) -> Walk:
    with world.app.app_context():
        known = {*data(), *worlds.texts(world), WORDS, "Other words."}
    return Walk(world, {text for text in known if len(text) > 1})


def some(world: World, found: dict[str, list[str]], actor: str) -> list[str]:
    """The tour of this person, and one address of each endpoint, another for each person."""
    turn = ACTORS.index(actor)
    with world.app.app_context():
        named = tour.ids(clock.now())
    toured = [address.format(**named) for address in tour.VISITS.get(actor, ())]
    toured += [address for endpoint in BUSY.get(actor, ()) for address in found[endpoint]]
    return list(dict.fromkeys([*toured, *(listed[turn % len(listed)] for listed in found.values())]))


def every(world: World, found: dict[str, list[str]], actor: str) -> list[str]:
    """All there is."""
    return list(dict.fromkeys([*some(world, found, actor), *(one for listed in found.values() for one in listed)]))


def go(world: World, choose: Callable[[World, dict[str, list[str]], str], list[str]], *, each: bool) -> Walk:
    """Everybody fetches what is chosen for them; each form is sent once by somebody, or once by each."""
    walked, found = walk(world), worlds.addresses(world)
    found = {endpoint: listed for endpoint, listed in found.items() if endpoint not in NO_PAGES and listed}

    def wanted(actor: str, endpoint: str) -> bool:
        key = f"{actor if each else ''} {endpoint}"
        return key not in sent and not sent.add(key)  # type: ignore[func-returns-value]  # add answers None

    sent: set[str] = set()
    for actor in ACTORS:
        for address in choose(world, found, actor):
            tree = walked.fetch(actor, address)
            if tree is not None:
                walked.send(actor, address, tree, wanted)
    return walked


def posts(world: World) -> set[str]:
    return {rule.endpoint for rule in world.app.url_map.iter_rules() if "POST" in (rule.methods or ())}


def test_every_endpoint_is_sound_for_everybody(bracketed: World) -> None:
    walked = go(bracketed, some, each=False)

    assert walked.faults == []
    assert posts(bracketed) - walked.sent <= UNSENT
    assert {status for _endpoint, status in walked.statuses} >= {200, 303, 409, 422}


@pytest.mark.slow
def test_every_address_and_form_is_sound_for_everybody(bracketed: World) -> None:
    walked = go(bracketed, every, each=True)

    assert walked.faults == []
    assert posts(bracketed) - walked.sent <= UNSENT
    assert {status for _endpoint, status in walked.statuses} >= {200, 303, 409, 422}


@pytest.mark.parametrize(
    ("happens", "then"),
    [
        (lambda now: people.report_unreachable(find("Demo Project Manager"), now=now), "absence.confirm_unreachable"),
        (lambda now: people.start_acting_by_board(find("Demo Board"), "Ill.", now=now), "absence.end_acting"),
    ],
)
def test_the_page_of_an_absent_director_is_sound_for_everybody(
    bracketed: World, happens: Callable[[datetime], object], then: str
) -> None:
    bracketed.restore()
    with bracketed.app.app_context(), unit_of_work() as now:
        happens(now)
    walked = walk(bracketed)

    trees = {actor: walked.fetch(actor, "/people/director-unreachable") for actor in ACTORS}
    for actor in ("Demo Board", "Demo Software Engineer"):
        tree = trees[actor]
        assert tree is not None
        walked.send(actor, "/people/director-unreachable", tree, lambda _actor, found: found == then)

    assert walked.faults == []
    assert walked.sent == {then}


def test_the_page_that_removes_a_reason_is_sound(bracketed: World) -> None:
    bracketed.restore()
    with bracketed.app.app_context(), unit_of_work() as now:
        away = people.declare_absence(find("Demo Director"), now, to_at=None, reason="Ill.", now=now)
        address = f"/texts/{away.reason_id}/remove"
    walked = walk(bracketed)

    tree = walked.fetch("Demo Director", address)
    assert tree is not None
    walked.send("Demo Director", address, tree, lambda _actor, found: found == "removals.remove")

    assert walked.faults == []
    assert walked.sent == {"removals.remove"}


def test_the_walk_meets_every_stage_and_every_demo_person(bracketed: World) -> None:
    with bracketed.app.app_context():
        stages = {row.state for row in db.session.query(TeamRequest)}

    assert stages == set(State)
    assert {demo.name for demo in DEMO_PEOPLE} <= set(ACTORS)
