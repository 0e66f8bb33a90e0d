"""Two people, or two windows, change the same thing: the second sees both texts and goes on from either."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from portal.requests import filing_services, queries
from portal.requests.discussion_models import CommentAudience
from portal.requests.discussion_services import comment
from tests import factories as people
from tests import pages as sound
from tests.requests import factories
from tests.requests.factories import do, get, team_request
from tests.requests.pages import Browser, Open, hidden, typed, url
from tests.served import fields_of

BOTH = pytest.mark.parametrize("htmx", [False, True])
OTHER = "Written in the other window."
MINE = "Typed here, a little later."


def filled(browser: Browser, path: str, **changes: Any) -> dict[str, Any]:
    """The form of this page as it is filled now, with these changes."""
    return {**fields_of(browser.text(path), path, path), **changes}


def draft_of(browser_of: Open) -> tuple[Browser, int, str]:
    ann = people.member("Ann")
    request_id = factories.draft(ann)
    return browser_of(ann), request_id, url(request_id, "/draft")


@BOTH
@pytest.mark.both_databases
def test_a_draft_in_two_windows(app: Flask, open_as: Open, htmx: bool) -> None:
    ann, request_id, path = draft_of(open_as)
    mine = filled(ann, path, why=MINE, items=["system:matomo"])
    other = filled(ann, path, why=OTHER, items=["system:grafana"], save="1")
    assert ann.post(path, other).status_code == 303

    answer = ann.post(path, mine, htmx=htmx)

    assert answer.status_code == 409
    assert OTHER in answer.text
    assert MINE in answer.text
    assert "Grafana" in answer.text  # what was chosen stands there by its name
    assert get(request_id).draft["details"]["why"] == [OTHER]
    if not htmx:
        assert sound.faults(answer.text) == []
        assert typed(answer.text, "why") == MINE


@BOTH
def test_a_draft_is_saved_over_the_other_by_a_button_with_both_in_view(app: Flask, open_as: Open, htmx: bool) -> None:
    ann, request_id, path = draft_of(open_as)
    mine, other = filled(ann, path, why=MINE), filled(ann, path, why=OTHER)
    ann.post(path, other)
    answer = ann.post(path, mine, htmx=htmx)
    version = "shown_version" if htmx else "draft_version"
    seen = {**mine, version: hidden(answer.text, version)}

    if htmx:  # it saves itself on the next key: nobody has chosen yet
        assert ann.post(path, {**seen, "why": f"{MINE} More."}, htmx=True).status_code == 409
    assert ann.post(path, {**seen, "save": "1"}).status_code == 303

    assert get(request_id).draft["details"]["why"] == [MINE]


def test_the_other_draft_is_taken_by_a_link(app: Flask, open_as: Open) -> None:
    ann, _request_id, path = draft_of(open_as)
    mine = filled(ann, path, why=MINE)
    ann.post(path, filled(ann, path, why=OTHER))

    for htmx in (False, True):
        assert f'<a href="{path}">Take the other version' in ann.post(path, mine, htmx=htmx).text

    assert typed(ann.text(path), "why") == OTHER


def test_the_key_step_in_two_windows(app: Flask, open_as: Open) -> None:
    ann = people.member("Ann")
    path = url(factories.draft(ann), "/key")
    browser = open_as(ann)
    mine, other = filled(browser, path, shell_name="ann-mine"), filled(browser, path, shell_name="ann-other")
    browser.post(path, other)

    answer = browser.post(path, mine)

    assert answer.status_code == 409
    assert sound.faults(answer.text) == []
    assert "ann-other" in answer.text
    assert typed(answer.text, "shell_name") == "ann-mine"


@pytest.mark.parametrize("changes", [{"why": OTHER}, {"phorge_task": "T77"}, {"items": ["system:matomo"]}])
@pytest.mark.both_databases
def test_two_people_edit_one_request(app: Flask, open_as: Open, changes: dict[str, Any]) -> None:
    rita, cleo = people.member("Rita"), people.member("Cleo")
    request_id = team_request(rita, candidate=cleo)
    do(filing_services.agree, cleo, request_id)
    path = url(request_id, "/edit")
    requester, candidate = open_as(rita), open_as(cleo)
    mine, other = filled(candidate, path, why=MINE), filled(requester, path, **changes)
    assert requester.post(path, other).status_code == 303

    answer = candidate.post(path, mine)

    assert answer.status_code == 409
    assert sound.faults(answer.text) == []
    assert answer.text.count("What you typed</h4>") == len({"why", *changes})  # and nothing that nobody changed
    for said in (MINE, *changes.values()):
        assert (said if isinstance(said, str) else "Matomo") in answer.text
    again = candidate.post(path, {**mine, "base": hidden(answer.text, "base")})
    assert again.status_code == 303


def test_two_people_who_edit_it_to_the_same_have_no_conflict(app: Flask, open_as: Open) -> None:
    rita, cleo = people.member("Rita"), people.member("Cleo")
    request_id = team_request(rita, candidate=cleo)
    path = url(request_id, "/edit")
    requester, candidate = open_as(rita), open_as(cleo)
    mine, other = filled(candidate, path, why=OTHER), filled(requester, path, why=OTHER)
    requester.post(path, other)

    assert candidate.post(path, mine).status_code == 303


def test_an_edit_leaves_the_key_as_it_is(app: Flask, open_as: Open) -> None:
    ann = people.member("Ann")
    request_id = team_request(ann)
    do(filing_services.offer_key, ann, request_id, offer := factories.key_offer())
    path, browser = url(request_id, "/edit"), open_as(ann)

    assert browser.post(path, filled(browser, path, why=MINE)).status_code == 303

    key = queries.ssh_key(request_id)
    assert key is not None
    assert key.fingerprint == offer.key.fingerprint


def test_two_windows_that_write_the_same_into_a_comment_have_no_conflict(app: Flask, open_as: Open) -> None:
    ben, request_id = people.member("Ben"), team_request(people.member())
    said = do(comment, ben, request_id, "first", audience=CommentAudience.TEAM).id
    path, browser = url(request_id, f"/comments/{said}/edit"), open_as(ben)
    first, second = filled(browser, path, body=MINE), filled(browser, path, body=MINE)

    assert [browser.post(path, sent).status_code for sent in (first, second)] == [303, 303]


@BOTH
@pytest.mark.both_databases
def test_a_position_on_what_was_changed_meanwhile(app: Flask, open_as: Open, htmx: bool) -> None:
    ann, ben = people.member("Ann"), people.member("Ben")
    request_id = team_request(ann, "system:grafana")
    page, browser = url(request_id), open_as(ben)
    mine = {**fields_of(browser.text(page), url(request_id, "/positions")), "sentence": MINE, "stance": "support"}
    changed = factories.details("access_expansion", ann, "system:matomo")
    do(filing_services.revise, ann, request_id, changed, base=queries.edit_base(request_id, 1))

    answer = browser.post(url(request_id, "/positions"), mine, htmx=htmx)

    assert answer.status_code == 409
    assert "What is asked for was changed while you read it." in answer.text
    assert "Matomo" in answer.text
    assert typed(answer.text, "sentence") == MINE
    assert htmx or sound.faults(answer.text) == []
    again = {**mine, "revision": hidden(answer.text, "revision")}
    assert browser.post(url(request_id, "/positions"), again).status_code == 303
