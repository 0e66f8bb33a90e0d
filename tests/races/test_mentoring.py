"""Two who accept at the same moment, over HTTP: one mentor for a mentee, and never more mentees than places."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pytest
import requests
from sqlalchemy import select

from portal.audit.services import verify_chain
from portal.extensions import db
from portal.mentoring.models import Mentorship, MentorshipState
from tests import factories as people
from tests.mentoring import factories as made
from tests.served import HttpBrowser, Served, at_once

ROUNDS = 5


def active_of(**person: int) -> int:
    db.session.rollback()
    rows = db.session.scalars(select(Mentorship).filter_by(state=MentorshipState.ACTIVE, **person))
    return len(rows.all())


def accept_at_once(devices: Sequence[HttpBrowser], paths: Sequence[str]) -> Sequence[requests.Response]:
    """Each device presses "Accept" on its page, all at the same moment."""
    for device in devices:
        device.token()
    pairs = zip(devices, paths, strict=True)
    return at_once(
        [partial(device.post, f"{path}/accept", device.form(path, f"{path}/accept")) for device, path in pairs]
    )


@pytest.mark.both_databases
def test_of_two_who_accept_the_same_mentee_one_is_the_mentor(served: Served) -> None:
    ben, carl = people.member(), people.member()
    devices = [served.browser(person) for person in (ben, carl)]

    for _round in range(ROUNDS):
        ann = people.volunteer()
        paths = [f"/mentoring/{made.asked(ann, person)}" for person in (ben, carl)]
        answers = accept_at_once(devices, paths)

        assert sorted(answer.status_code for answer in answers) == [303, 409]
        assert "This has ended already." in next(answer.text for answer in answers if answer.status_code == 409)
        assert active_of(mentee_id=ann.id) == 1
    assert verify_chain().first_bad is None


@pytest.mark.both_databases
def test_the_last_place_is_taken_once(served: Served) -> None:
    ben = people.member()
    devices = [served.browser(ben), served.browser(ben)]  # two devices of one mentor

    for taken in range(ROUNDS):
        made.offered(ben, taken + 1)
        paths = [f"/mentoring/{made.asked(people.volunteer(), ben)}" for _device in devices]
        answers = accept_at_once(devices, paths)

        assert sorted(answer.status_code for answer in answers) == [303, 409]
        assert "You are full" in next(answer.text for answer in answers if answer.status_code == 409)
        assert active_of(mentor_id=ben.id) == taken + 1
    assert verify_chain().first_bad is None
