"""The harness that serves the portal for real does what the tests that stand on it rely on."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.extensions import db
from portal.requests.discussion_models import Comment
from tests import factories as people
from tests.requests import factories
from tests.served import at_once, serving


def comments() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Comment)) or 0


@pytest.mark.both_databases
def test_two_people_comment_at_once_and_a_killed_server_keeps_both(app: Flask, tmp_path: Path) -> None:
    ann, ben = people.member("Ann"), people.member("Ben")
    request_id = factories.team_request(ann)
    path = f"/requests/{request_id}/comments"
    with serving(app, tmp_path, workers=2, preload=True) as served:
        browsers = [served.browser(ann), served.browser(ben)]
        forms = [browser.form(f"/requests/{request_id}", path) for browser in browsers]

        answers = at_once(
            [
                lambda browser=browser, form=form: browser.post(path, {**form, "body": "Hello"})  # type: ignore[misc]
                for browser, form in zip(browsers, forms, strict=True)
            ]
        )
        served.kill()

        assert [answer.status_code for answer in answers] == [303, 303]
        assert not served.is_healthy()
        served.start()
        assert browsers[0].get(f"/requests/{request_id}").status_code == 200
        assert comments() == 2
    assert not served.is_healthy()
