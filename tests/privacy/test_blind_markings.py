"""What stands on a marking that is still blind makes no difference to what anybody else reads, anywhere.

The words of remarks are followed by the canaries; scores are digits, so here they are changed behind everybody's back,
and every page has to stay as it was.
"""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import update

from portal.assessments.models import AssessmentScore, Score, Seat
from portal.extensions import db
from portal.web.unit_of_work import unit_of_work
from tests.assessments import factories as sheets
from tests.privacy.browsing import Reader, reader
from tests.privacy.crawling import addresses
from tests.privacy.scene import Scene

SECRET = re.compile(r'(value|content|nonce)="[^"]{16,}"|<time.*?</time>|Reference: \w+')  # made anew for each page
LOOKED_AT = ("assess", "marking", "exchange", "home", "requests.show", "notifications")
KEPT_FROM = {  # the documents of the blind round that each of these may not read
    "candidate": (Seat.MENTOR, Seat.SECOND),
    "marker": (Seat.OWN, Seat.SECOND),
    "deputy": (Seat.OWN, Seat.MENTOR),
    "director": (Seat.MENTOR, Seat.SECOND),
    "member": (Seat.MENTOR, Seat.SECOND),  # the sums of the own one stand on the request it is linked to
}


def pages(app: Flask, browser: Reader) -> dict[str, tuple[int, str]]:
    """Every page of this reader on which something of an assessment could stand."""
    found = {}
    for endpoint, address in addresses(app):
        if endpoint.startswith(LOOKED_AT):
            answer = browser.get(address)
            found[address] = (answer.status_code, SECRET.sub("", answer.text))
    return found


def change(assessment_id: int) -> None:
    """Other scores than those that stand there, past every service."""
    with unit_of_work():
        rows = update(AssessmentScore).where(AssessmentScore.assessment_id == assessment_id)
        db.session.execute(rows.values(score=Score.NOT_APPLICABLE))


@pytest.mark.parametrize("actor", KEPT_FROM)
def test_scores_that_are_blind_change_no_page_of_who_may_not_read_them(app: Flask, scene: Scene, actor: str) -> None:
    browser = reader(app, scene, actor)
    before = pages(app, browser)
    assert len(before) > 20

    for seat in KEPT_FROM[actor]:
        change(sheets.seated(scene.markings["blind"], seat))

    after = pages(app, browser)
    differing = [
        (address, [line for line in page[1].splitlines() if line not in before[address][1].splitlines()])
        for address, page in after.items()
        if page != before[address]
    ]
    assert differing == []


@pytest.mark.parametrize("actor", ["marker", "deputy", "candidate"])
def test_the_comparison_would_notice_a_change(app: Flask, scene: Scene, actor: str) -> None:
    mine = {"marker": Seat.MENTOR, "deputy": Seat.SECOND, "candidate": Seat.OWN}[actor]
    browser = reader(app, scene, actor)
    before = pages(app, browser)

    change(sheets.seated(scene.markings["blind"], mine))

    assert pages(app, browser) != before
