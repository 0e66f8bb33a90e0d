"""What no page would send, to every form of the portal: never a 5xx, nothing set that is not offered, nothing half."""

from __future__ import annotations

import random
import re
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from portal.extensions import db
from tests import databases, pages
from tests.whole.bad_bodies import MARK, Body, bad, encoded, filled
from tests.whole.campaign import Campaign, by_endpoint
from tests.whole.found_forms import Form
from tests.whole.rows import Row, shape

SEED = 20261126
FEW, MANY = 60, 2500  # posts in every run; in the campaign, on each database
SLOW = 1.0  # seconds of work for one answer
KEEPS_WHAT_WAS_TYPED = {"requests.save_details", "requests.save_key"}  # a draft, also where "Continue" is refused
UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
# A body that is refused half-way leaves the parts that Werkzeug had read to the garbage collector.
HALF_READ = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@dataclass(slots=True)
class Learned:
    """What the untouched forms of one endpoint do: the most that any other body may do there."""

    shapes: list[dict[str, list[str]]] = field(default_factory=list)
    tables: set[str] = field(default_factory=set)
    codes: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)


@pytest.fixture
def campaign(app: Flask, database_kind: str) -> Iterator[Campaign]:
    found = Campaign(app, databases.database(database_kind))
    found.stage()
    yield found
    db.session.remove()
    db.engine.dispose()


def codes(changed: dict[str, list[Row]]) -> set[str]:
    """What the timeline says of a change."""
    column = [column.name for column in db.metadata.tables["event"].columns].index("code")
    return {row[column] for row in changed.get("event", [])}


def learn(campaign: Campaign, forms: list[Form]) -> Learned:
    learned = Learned()
    for form in forms:
        answer, changed = campaign.send(form, encoded(filled(form)))
        if answer.status_code >= 400:
            learned.refused.append(f"{answer.status_code} {form.actor} {form.url}: {said(answer)}")
            continue
        learned.shapes.append(shape(changed))
        learned.tables |= set(changed)
        learned.codes |= codes(changed)
    return learned


def said(answer: TestResponse) -> str:
    """What an answer complains of."""
    words = re.findall(r'class="(?:field__error|error-box__says)[^>]*>(.*?)</p>', answer.text, re.DOTALL)
    return " ".join(" ".join(re.sub("<[^>]+>", "", text).split()) for text in words)


def judge(
    form: Form, body: Body, answer: TestResponse, changed: dict[str, list[Row]], learned: Learned
) -> Iterator[str]:
    """What is wrong with this answer."""
    if answer.status_code >= 500:
        yield f"{answer.status_code}"
    elif answer.status_code >= 400:
        if changed and not (form.endpoint in KEEPS_WHAT_WAS_TYPED and set(changed) == {"team_request"}):
            yield f"refused with {answer.status_code}, and changed {sorted(changed)}"
        if 'role="alert"' not in answer.text and "Not saved" not in answer.text:
            yield f"refused with {answer.status_code} without a word"
    else:
        yield from _accepted(form, body, changed, learned)
    if MARK in repr(changed):
        yield "kept what was sent where nothing is offered"
    if any(
        UNSEEN.search(value) for found in changed.values() for row in found for value in row if isinstance(value, str)
    ):
        yield "kept a character that nobody can read"


def _accepted(form: Form, body: Body, changed: dict[str, list[Row]], learned: Learned) -> Iterator[str]:
    if not set(changed) <= learned.tables:
        yield f"changed {sorted(set(changed) - learned.tables)} too"
    if not codes(changed) <= learned.codes:
        yield f"wrote {sorted(codes(changed) - learned.codes)} too"
    if changed and learned.codes and set(changed) - {"team_request", "sent_form"} and not codes(changed):
        yield f"changed {sorted(changed)} without an event"
    exact = (body.same or body.how == "foreign") and form.endpoint not in KEEPS_WHAT_WAS_TYPED
    if exact and changed and shape(changed) not in learned.shapes:
        yield f"did something else than the form does: {shape(changed)}"


def fuzz(campaign: Campaign, count: int) -> list[str]:
    chance, forms = random.Random(SEED), campaign.forms()
    endpoints = by_endpoint(forms)
    learned = {endpoint: learn(campaign, found) for endpoint, found in endpoints.items()}
    looked: defaultdict[str, set[int]] = defaultdict(set)
    faults = [f"{name}: no form of it is taken: {found.refused}" for name, found in learned.items() if not found.shapes]
    names = list(endpoints)
    for number in range(count):
        form = chance.choice(endpoints[names[number % len(names)]])
        body = bad(form, forms, chance)
        began = time.process_time()
        answer, changed = campaign.send(form, body.data, body.content_type, htmx=chance.random() < 0.3)
        found = list(judge(form, body, answer, changed, learned[form.endpoint]))
        if time.process_time() - began > SLOW:
            found.append(f"took {time.process_time() - began:.1f} s")
        fresh = answer.status_code not in looked[form.endpoint] and not answer.location
        if fresh and answer.text.startswith("<!doctype"):
            looked[form.endpoint].add(answer.status_code)
            found += pages.faults(answer.text)
        faults += [f"{number} {form.actor} {form.url} {body.how} {body.data[:300]!r}: {fault}" for fault in found]
    return faults


@HALF_READ
def test_every_post_is_in_a_form_and_bodies_that_no_page_sends_set_nothing(campaign: Campaign) -> None:
    routes = {rule.endpoint for rule in campaign.app.url_map.iter_rules() if "POST" in (rule.methods or ())}

    assert routes - set(by_endpoint(campaign.forms())) == set()
    assert fuzz(campaign, FEW) == []


@HALF_READ
@pytest.mark.slow
@pytest.mark.both_databases
def test_five_thousand_bodies_that_no_page_sends_break_nothing_and_set_nothing(campaign: Campaign) -> None:
    assert fuzz(campaign, MANY) == []
