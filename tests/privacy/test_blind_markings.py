"""What stands on a marking that is still blind makes no difference to what anybody else reads, anywhere.

The words of remarks are followed by the canaries; scores are digits, so here they are changed behind everybody's back,
and every page has to stay as it was.
"""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import update

from portal.assessments import queries
from portal.assessments.models import AssessmentScore, Score, Seat
from portal.extensions import db
from portal.org import organisation
from portal.web.unit_of_work import unit_of_work
from tests.assessments import factories as sheets
from tests.privacy.browsing import Reader, reader
from tests.privacy.crawling import addresses
from tests.privacy.scene import Scene

SECRET = re.compile(  # made anew for each page
    r'(value|content|nonce)="[^"]{16,}"|<time.*?</time>|Reference: \w+|\d{4}-\d\d-\d\dT[\d:.]+(\+00:00|Z)'
    r"|[\w-]{20,}\.[\w-]{6}\.[\w-]{27}"  # something signed
)
LOOKED_AT = ("assess", "marking", "exchange", "home", "requests.show", "notifications")
KEPT_FROM = {  # the documents of the blind round that each of these may not read
    "candidate": (Seat.MENTOR, Seat.SECOND),
    "marker": (Seat.OWN, Seat.SECOND),
    "deputy": (Seat.OWN, Seat.MENTOR),
    "director": (Seat.MENTOR, Seat.SECOND),
    "member": (Seat.MENTOR, Seat.SECOND),  # the sums of the own one stand on the request it is linked to
}


def pages(app: Flask, browser: Reader, looked_at: tuple[str, ...] = LOOKED_AT) -> dict[str, tuple[int, str]]:
    """Every page of this reader on which something of an assessment could stand."""
    found = {}
    for endpoint, address in addresses(app):
        if endpoint.startswith(looked_at) and endpoint != "sign_in.start":
            answer = browser.get(address)
            found[address] = (answer.status_code, SECRET.sub("", answer.text))
    return found


def change(assessment_id: int) -> None:
    """Other scores than those that stand there, past every service."""
    with unit_of_work():
        rows = update(AssessmentScore).where(AssessmentScore.assessment_id == assessment_id)
        db.session.execute(rows.values(score=Score.NOT_APPLICABLE))


def differing(before: dict[str, tuple[int, str]], after: dict[str, tuple[int, str]]) -> list[tuple[str, list[str]]]:
    """Each page that is not as it was, with its new lines."""
    return [
        (address, [line for line in page[1].splitlines() if line not in before[address][1].splitlines()])
        for address, page in after.items()
        if page != before[address]
    ]


@pytest.mark.parametrize("actor", KEPT_FROM)
def test_scores_that_are_blind_change_no_page_of_who_may_not_read_them(app: Flask, scene: Scene, actor: str) -> None:
    browser = reader(app, scene, actor)
    before = pages(app, browser)
    assert len(before) > 20

    for seat in KEPT_FROM[actor]:
        change(sheets.seated(scene.markings["blind"], seat))

    assert differing(before, pages(app, browser)) == []


OUTSIDE = {  # who has no part in the revealed round, and who has none in the single review
    "revealed": ("outsider", "board", "sponsor", "marker"),
    "review": ("outsider", "board", "sponsor", "member"),
}


def documents(scene: Scene, name: str) -> list[int]:
    if name == "review":
        return [scene.assessment_id]
    return [sheets.newest(scene.markings["revealed"], seat) for seat in (Seat.MENTOR, Seat.SECOND)]


def swap_within_groups(assessment_id: int, pair: tuple[Score, Score]) -> None:
    """Give these two scores to two items of each group of items that every sum, and every profile, counts alike."""
    profiles = list(organisation().profiles.values())
    groups: dict[object, list[int]] = {}
    for item in queries.items_of(queries.find(assessment_id).standard_id):
        advised = tuple(profile.advised.get(item.key) for profile in profiles)
        groups.setdefault((item.section, item.role_focus, advised), []).append(item.id)
    with unit_of_work():
        for ids in (ids for ids in groups.values() if len(ids) > 1):
            for item_id, score in zip(ids, pair, strict=False):
                row = update(AssessmentScore).where(AssessmentScore.assessment_id == assessment_id)
                db.session.execute(row.where(AssessmentScore.item_id == item_id).values(score=score))


def check_that_single_scores_make_no_difference(
    app: Flask, scene: Scene, case: str, actor: str, at: tuple[str, ...]
) -> None:
    one, other = (Score.BASIC, Score.TEACHES), (Score.TEACHES, Score.BASIC)
    for id in documents(scene, case):
        swap_within_groups(id, one)
    before = pages(app, browser := reader(app, scene, actor), at)

    for id in documents(scene, case):
        swap_within_groups(id, other)

    assert differing(before, pages(app, browser, at)) == []


@pytest.mark.parametrize(("case", "actor"), [("revealed", "marker"), ("review", "member"), ("review", "board")])
def test_what_one_item_was_given_makes_no_difference_to_who_reads_sums_at_most(
    app: Flask, scene: Scene, case: str, actor: str
) -> None:
    check_that_single_scores_make_no_difference(app, scene, case, actor, LOOKED_AT)


@pytest.mark.slow
@pytest.mark.parametrize(("case", "actor"), [(case, actor) for case, actors in OUTSIDE.items() for actor in actors])
def test_what_one_item_was_given_makes_no_difference_anywhere(app: Flask, scene: Scene, case: str, actor: str) -> None:
    check_that_single_scores_make_no_difference(app, scene, case, actor, ("",))


@pytest.mark.parametrize(("case", "actor"), [("revealed", "holder"), ("review", "candidate")])
def test_the_swap_is_noticed_by_whom_it_is_about(app: Flask, scene: Scene, case: str, actor: str) -> None:
    browser, (first, *_others) = reader(app, scene, actor), documents(scene, case)
    swap_within_groups(first, (Score.BASIC, Score.TEACHES))
    before = browser.get(f"/assessments/{first}").text

    swap_within_groups(first, (Score.TEACHES, Score.BASIC))

    assert browser.get(f"/assessments/{first}").text != before


@pytest.mark.parametrize("actor", ["marker", "deputy", "candidate"])
def test_the_comparison_would_notice_a_change(app: Flask, scene: Scene, actor: str) -> None:
    mine = {"marker": Seat.MENTOR, "deputy": Seat.SECOND, "candidate": Seat.OWN}[actor]
    browser = reader(app, scene, actor)
    before = pages(app, browser)

    change(sheets.seated(scene.markings["blind"], mine))

    assert pages(app, browser) != before
