"""The daily mail, what each person chose, and quiet while away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from portal.extensions import db
from portal.notifications import digests, preferences
from portal.notifications.mail_models import Digest
from portal.notifications.mail_tokens import Stop
from portal.notifications.models import Delivery
from portal.notifications.told import Group
from portal.notifications.wishes import Choice, Kind
from portal.people import queries
from portal.people import services as people
from portal.people.facts import PersonFacts
from portal.people.models import Person
from portal.requests import discussion_services
from portal.requests.discussion_models import CommentAudience
from portal.web.unit_of_work import unit_of_work
from tests import factories
from tests.notifications.factories import forget
from tests.notifications.post_office import LATE_DROP, PostOffice, part, post_office, reachable, work
from tests.requests import factories as requests
from tests.requests.pages import Browser

pytestmark = pytest.mark.both_databases
TEAM = CommentAudience.TEAM


@pytest.fixture
def office(app: Flask) -> Iterator[PostOffice]:
    with post_office(app) as found:
        yield found


def at_seven(days: int = 1) -> datetime:
    """Some minutes after the digests of that day are made."""
    return datetime.combine(factories.now().date() + timedelta(days=days), digests.HOUR, factories.now().tzinfo) + (
        timedelta(minutes=5)
    )


def talk(count: int = 2) -> tuple[list[int], Person, Person]:
    """Requests on which Cleo spoke; Ben comments on each of them, one after the other and again."""
    ann, ben, cleo = (factories.member(name) for name in ("Ann", "Ben", "Cleo"))
    ids = [requests.team_request(ann, item) for item in ("system:grafana", "system:matomo")[:count]]
    for id in ids:
        requests.do(discussion_services.comment, cleo, id, "I listen.", audience=TEAM)
    forget()
    reachable(cleo)
    for id in (*ids, *ids):
        requests.do(discussion_services.comment, ben, id, "Words.", audience=TEAM)
    return ids, ben, cleo


def test_what_somebody_wants_once_a_day_comes_in_one_mail_by_request(app: Flask, office: PostOffice) -> None:
    ids, ben, _ = talk()
    work(app)
    assert office.taken == []
    with time_machine.travel(at_seven()):
        work(app)
        work(app)

    (mail,) = office.taken
    for kind in ("plain", "html"):
        body = part(mail, kind)
        assert body.count("Ben commented") == 4
        places = [body.index(f"/requests/{id}") for id in ids]
        assert places == sorted(places)
        assert body.rindex(f"/requests/{ids[0]}") < body.index(f"/requests/{ids[1]}")
    assert "daily" in str(part(mail, "plain"))
    assert mail["List-Unsubscribe-Post"]
    requests.do(discussion_services.comment, ben, ids[0], "More.", audience=TEAM)
    work(app)
    with time_machine.travel(at_seven(2)):
        work(app)
    assert len(office.taken) == 2
    assert part(office.taken[1], "plain").count("Ben commented") == 1


def test_after_a_lost_answer_the_same_digest_goes_out_with_the_same_id(app: Flask, office: PostOffice) -> None:
    ids, ben, _ = talk(1)
    work(app)
    office.plan = [LATE_DROP]
    with time_machine.travel(at_seven()):
        work(app)
        requests.do(discussion_services.comment, ben, ids[0], "Meanwhile.", audience=TEAM)
    with time_machine.travel(at_seven() + timedelta(minutes=3)):
        work(app)

    assert len(office.taken) == 2
    assert len(office.seen) == 1
    assert part(office.taken[0], "plain") == part(office.taken[1], "plain")
    with time_machine.travel(at_seven(2)):
        work(app)
    assert part(office.seen[1], "plain").count("Ben commented") == 1  # what came meanwhile


def test_what_somebody_may_no_longer_read_or_wants_no_more_is_not_in_it(app: Flask, office: PostOffice) -> None:
    ids, _, cleo = talk()
    work(app)
    with unit_of_work() as now:
        preferences.stop(Stop(cleo.id, ids[0]), queries.facts(cleo.id, now), now=now)
    with time_machine.travel(at_seven()):
        work(app)
    assert f"/requests/{ids[0]}" not in part(office.taken[0], "plain")
    assert f"/requests/{ids[1]}" in part(office.taken[0], "plain")

    dora = factories.director()
    ben = db.session.scalars(select(Person).where(Person.name == "Ben")).one()
    requests.do(discussion_services.comment, ben, ids[1], "Team only.", audience=TEAM)
    work(app)
    with unit_of_work() as now:
        people.end_role_by_hand(dora, cleo.id, "software_engineer", reason="Left.", now=now)
    before = len(office.taken)
    with time_machine.travel(at_seven(2)):
        work(app)
    assert not [mail for mail in office.taken[before:] if "Ben commented" in part(mail, "plain")]


def test_a_dead_server_gives_up_a_digest_after_ten_tries_and_says_so_by_id(app: Flask, office: PostOffice) -> None:
    talk(1)
    work(app)
    office.plan = ["450 busy"] * 20
    moment = at_seven()
    for _ in range(12):
        with time_machine.travel(moment, tick=False):
            work(app)
        db.session.rollback()
        moment = max(db.session.scalars(select(Digest.not_before)).one(), moment + timedelta(seconds=1))

    assert len(office.plan) == 10
    shown = app.test_cli_runner().invoke(args=["notifications", "parked"]).output
    assert shown.count("failure=smtp_450") == 2


def test_while_away_nothing_comes_and_on_return_it_comes_in_one_mail(app: Flask, office: PostOffice) -> None:
    ann, ben = factories.member("Ann"), factories.member("Ben")
    id = requests.team_request(ann)
    forget()
    reachable(ann)
    with unit_of_work() as now:
        people.declare_absence(ann, now, to_at=now + timedelta(days=3), reason=None, now=now)
    forget()
    for question in ("Which?", "Why?"):
        requests.do(discussion_services.ask, ben, id, question)
    work(app)
    for day in (1, 2):
        with time_machine.travel(at_seven(day)):
            work(app)
    assert office.taken == []
    with time_machine.travel(at_seven(4)):
        work(app)

    (mail,) = office.taken
    assert part(mail, "plain").count("Ben asks you something") == 2


def test_who_wants_no_quiet_gets_their_mail_while_away(app: Flask, office: PostOffice) -> None:
    ann, ben = factories.member("Ann"), factories.member("Ben")
    id = requests.team_request(ann)
    forget()
    reachable(ann)
    usual = {"turn": "now", "result": "now", "own": "now", "team": "daily", "talk": "daily"}
    assert Browser(app, ann).post("/account/mail", usual).status_code == 303  # the box of "quiet" is not ticked
    with unit_of_work() as now:
        people.declare_absence(ann, now, to_at=now + timedelta(days=3), reason=None, now=now)
    forget()
    requests.do(discussion_services.ask, ben, id, "Which?")
    work(app)

    (mail,) = office.taken
    assert "Ben asks you something" in part(mail, "plain")


def test_what_is_chosen_on_the_page_counts(app: Flask, office: PostOffice) -> None:
    ids, ben, cleo = talk(1)
    work(app)
    browser = Browser(app, cleo)
    page = browser.text("/account/mail")
    assert 'value="off"' in page
    usual = {"turn": "now", "result": "now", "own": "now", "team": "daily"}
    assert browser.post("/account/mail", {**usual, "talk": "now", "quiet": "y"}).status_code == 303
    requests.do(discussion_services.comment, ben, ids[0], "Now.", audience=TEAM)
    work(app)
    assert len(office.taken) == 1

    assert browser.post("/account/mail", {**usual, "talk": "off"}).status_code == 303
    requests.do(discussion_services.comment, ben, ids[0], "Off.", audience=TEAM)
    with time_machine.travel(at_seven()):
        work(app)
    assert len(office.taken) == 1  # also what waited for the digest before
    assert browser.post("/account/mail", {**usual, "talk": "sometimes"}).status_code == 422


@pytest.mark.parametrize("role", ["director", "deputy", "board_member"])
def test_a_deciders_duty_cannot_be_switched_off(app: Flask, role: str) -> None:
    person = getattr(factories, role)()
    browser = Browser(app, person)
    page = browser.text("/account/mail")
    assert "What waits for your decision cannot be switched off." in page
    wishes = {kind.value: "off" for kind in Kind}
    assert browser.post("/account/mail", wishes).status_code == 422
    assert preferences.chosen_by(person.id)[Kind.TURN] is Choice.NOW

    assert browser.post("/account/mail", {**wishes, "turn": "daily"}).status_code == 303
    assert preferences.chosen_by(person.id) == dict.fromkeys(Kind, Choice.OFF) | {Kind.TURN: Choice.DAILY}


def test_a_duty_that_comes_with_an_office_counts_over_an_older_wish(app: Flask) -> None:
    ann = factories.member("Ann")
    reachable(ann)
    assert Browser(app, ann).post("/account/mail", {kind.value: "off" for kind in Kind}).status_code == 303
    reach = preferences.reach_of([ann.id], factories.now())[ann.id]
    assert reach.choice(None, Group.TURN, 1) is Choice.OFF

    as_director = preferences.Reach(PersonFacts(ann.id, is_director=True), "a@b.c", False, reach.chosen)
    assert as_director.choice(None, Group.TURN, 1) is Choice.NOW


def test_whose_address_is_gone_gets_nothing_more(app: Flask, office: PostOffice) -> None:
    ids, ben, cleo = talk(1)
    work(app)
    assert Browser(app, cleo).post("/account/mail/address/remove").status_code == 303
    with time_machine.travel(at_seven()):
        work(app)
    requests.do(discussion_services.comment, ben, ids[0], "More.", audience=TEAM)
    work(app)

    assert office.taken == []
    assert "dropped" in list(db.session.scalars(select(Delivery.state).where(Delivery.channel == "digest")))
