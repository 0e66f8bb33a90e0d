"""Each kind of mail as a mail program shows it: light and dark, wide and on a phone, with axe-core's eyes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
import time_machine
from flask import Flask
from playwright.sync_api import Page

from portal.notifications import addresses, digests, preferences
from portal.notifications.wishes import Choice, Kind
from portal.people import queries
from portal.people.models import Person
from portal.requests import discussion_services
from portal.requests.discussion_models import CommentAudience
from portal.rules import services as rules
from portal.web.unit_of_work import unit_of_work
from tests import factories
from tests.journeys import looking
from tests.notifications.factories import forget
from tests.notifications.post_office import PostOffice, address_of, part, post_office, reachable, work
from tests.notifications.test_digest import at_seven
from tests.requests import factories as requests

LONG = "Wolfeschlegelsteinhausenbergerdorffwelchevoralternwaren"  # no space to break it at
MIRRORED = "ليلى 123 (مهندسة)"
SHARED, TEAM = CommentAudience.SHARED, CommentAudience.TEAM
TURNED = """() => [...document.querySelectorAll("body *")]
  .filter((element) => getComputedStyle(element).direction === "rtl").map((element) => element.textContent)"""
MANY = digests.MOST_ITEMS + 3


@pytest.fixture
def office(app: Flask) -> Iterator[PostOffice]:
    with post_office(app) as found:
        yield found


def mails(app: Flask, office: PostOffice) -> dict[str, str]:
    """The HTML of one mail of each kind, as it came, by what it is."""
    ann, ben, cleo, dan = (factories.member(name) for name in (LONG, MIRRORED, "Cleo", "Dan"))
    dora = factories.director()
    id = requests.team_request(ann, days_ago=30)
    for person in (cleo, dan):
        requests.do(discussion_services.comment, person, id, "I listen.", audience=TEAM)
    forget()
    with unit_of_work() as now:
        addresses.ask(ann.id, address_of(ann), now=now)
    found: dict[str, str] = {}
    (found["question"],) = newest(app, office, ann)
    reachable(ann, cleo, dan)
    at_once(cleo)
    requests.do(discussion_services.ask, ben, id, "Which?")
    found["turn"], found["talk"] = newest(app, office, ann, cleo)
    requests.do(discussion_services.comment, dan, id, "Words.", audience=SHARED)
    (found["own"],) = newest(app, office, ann)
    with unit_of_work() as now:
        rules.change_rule(dora, "discussion_days", "new_member", value=9, reason="To think.", based_on=None, now=now)
    (found["team"],) = newest(app, office, cleo)
    (found["digest"],) = newest(app, office, dan, at=at_seven(1))
    for _ in range(MANY):
        requests.do(discussion_services.comment, ben, id, "Words.", audience=TEAM)
    (found["long digest"],) = newest(app, office, dan, at=at_seven(2))
    requests.decide(dora, id, anyway="It cannot wait.")
    (found["result"],) = newest(app, office, ann)
    return found


def at_once(person: Person) -> None:
    """Everything comes by itself, not once a day."""
    with unit_of_work() as now:
        facts = queries.facts(person.id, now)
        preferences.choose(facts, dict.fromkeys(Kind, Choice.NOW), quiet=False, now=now)


def newest(app: Flask, office: PostOffice, *people: Person, at: datetime | None = None) -> list[str]:
    """The one mail that comes to each of them now; or, of what happened until now, at this moment."""
    before = [len(office.to(address_of(person))) for person in people]
    forget()
    with time_machine.travel(at or factories.now()):
        work(app)
    came = [office.to(address_of(person))[count:] for person, count in zip(people, before, strict=True)]
    assert [len(found) for found in came] == [1] * len(people)
    return [part(found[0], "html") for found in came]


@pytest.mark.browser
def test_each_kind_of_mail_is_sound_in_every_look(app: Flask, office: PostOffice, page: Page) -> None:
    faults = []
    found = mails(app, office)
    for kind, html in found.items():
        page.set_content(html)
        faults += [f"{kind} {fault}" for fault in looking.faults(page, looking.EVERY_LOOK)]
        faults += [f"{kind}: turned round: {text}" for text in page.evaluate(TURNED)]

    assert faults == []
    assert "3 more are in your inbox." in found["long digest"]
