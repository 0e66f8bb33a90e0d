"""Filing through the pages: nothing typed is lost, and nothing is filed twice."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.extensions import db
from portal.requests import filing_services, queries
from portal.requests.models import SshKey, TeamRequest
from portal.requests.workflow import State
from tests import factories as people
from tests import pages as sound
from tests.requests import factories
from tests.requests.factories import do, draft, get, key_offer, state, team_request
from tests.requests.pages import Browser, Open, hidden, parse, typed, url


def filled(**changes: Any) -> dict[str, Any]:
    """The first form, filled in."""
    parts = {
        "for_whom": "me",
        "items": ["system:grafana"],
        "why": "To read **dashboards**.",
        "benefit": "Everybody.",
        "draft_version": "0",
    }
    return {**parts, **changes}


def test_starting_twice_opens_the_same_draft(app: Flask, open_as: Open) -> None:
    ann, sent = open_as(people.member()), {"kind": "access_expansion", "submission_id": uuid.uuid4().hex}

    places = {ann.post("/requests/new", sent).headers["Location"] for _ in range(2)}

    assert len(places) == 1
    assert db.session.scalar(select(func.count()).select_from(TeamRequest)) == 1


@pytest.mark.parametrize(
    "sent",
    [{"kind": "spending", "submission_id": "x" * 32}, {"kind": "access_expansion", "submission_id": "short"}, {}],
)
def test_a_start_that_makes_no_sense_makes_nothing(app: Flask, open_as: Open, sent: dict[str, str]) -> None:
    assert open_as(people.member()).post("/requests/new", sent).status_code == 422
    assert db.session.scalar(select(func.count()).select_from(TeamRequest)) == 0


def test_a_volunteer_is_told_what_they_may_file(app: Flask, open_as: Open) -> None:
    page = open_as(people.volunteer()).text("/requests/new")

    assert sound.faults(page) == []
    assert "Only members of the team can file this" in page


def test_the_draft_is_saved_and_comes_back(app: Flask, open_as: Open) -> None:
    person = people.member()
    ann, request_id = open_as(person), draft(person)

    assert ann.post(url(request_id, "/draft"), filled()).status_code == 303
    page = ann.text(url(request_id, "/draft"))

    assert sound.faults(page) == []
    assert typed(page, "why") == "To read **dashboards**."
    assert hidden(page, "draft_version") == "1"
    assert "checked" in page
    assert url(request_id, "/draft") in ann.text("/requests/new")


def test_autosave_answers_with_a_note_and_the_new_version(app: Flask, open_as: Open) -> None:
    person = people.member()
    ann, request_id = open_as(person), draft(person)

    answer = ann.post(url(request_id, "/draft"), filled(), htmx=True)

    assert answer.status_code == 200
    assert "Saved" in answer.text
    version = next(element for element in parse(answer.text).iter() if element.get("name") == "draft_version")
    assert (version.get("value"), version.get("hx-swap-oob")) == ("1", "true")
    again = ann.post(url(request_id, "/draft"), filled(why="More", draft_version="1"), htmx=True)
    assert again.status_code == 200
    assert get(request_id).draft["details"]["why"] == ["More"]


def test_autosave_says_what_the_team_would_miss(app: Flask, open_as: Open) -> None:
    person = people.member()
    ann, request_id = open_as(person), draft(person)

    answer = ann.post(url(request_id, "/draft"), filled(items=["access_group:mediawiki-admins"]), htmx=True)

    assert "Something it builds on is missing" in answer.text


def test_a_second_window_sees_both_texts_and_may_then_save(app: Flask, open_as: Open) -> None:
    person = people.member()
    ann, request_id = open_as(person), draft(person)
    ann.post(url(request_id, "/draft"), filled(why="from window one"))

    quiet = ann.post(url(request_id, "/draft"), filled(why="from window two"), htmx=True)
    assert quiet.status_code == 409
    assert "another window" in quiet.text
    answer = ann.post(url(request_id, "/draft"), filled(why="from window two"))

    assert answer.status_code == 409
    assert sound.faults(answer.text) == []
    assert "from window one" in answer.text
    assert typed(answer.text, "why") == "from window two"
    assert get(request_id).draft["details"]["why"] == ["from window one"]
    resolved = filled(why="both", draft_version=hidden(answer.text, "draft_version"))
    assert ann.post(url(request_id, "/draft"), resolved).status_code == 303
    assert get(request_id).draft["details"]["why"] == ["both"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"items": []}, "Choose at least one thing"),
        ({"why": ""}, "Write something here."),
        ({"items": ["role:director"]}, "There is a problem"),
        ({"items": ["access_group:puppet-users"]}, "There is a problem"),
        ({"until": "soon"}, "Give a day like"),
        ({"phorge_task": "task nine"}, "Write the task as T123"),
        ({"for_whom": "other"}, "Say who it is for"),
        ({"for_whom": "other", "candidate_name": "Nobody Known"}, "has signed in here"),
        ({"why": "x" * 10_001}, "There is a problem"),
    ],
)
def test_what_does_not_hold_comes_back_with_everything_typed(
    app: Flask, open_as: Open, changes: dict[str, Any], words: str
) -> None:
    person = people.member()
    ann, request_id = open_as(person), draft(person)

    answer = ann.post(url(request_id, "/draft"), filled(go_on="1", **changes))

    assert answer.status_code == 422
    assert sound.faults(answer.text) == []
    assert "There is a problem" in answer.text
    assert words in answer.text
    assert typed(answer.text, "benefit") == "Everybody."
    assert get(request_id).draft["details"]["benefit"] == ["Everybody."]


def key_fields(**changes: str) -> dict[str, str]:
    offer = key_offer()
    parts = {
        "shell_name": "ann",
        "github_name": "@ann",
        "key": offer.key.text,
        "wiki_proof": offer.wiki_proof,
        "github_proof": offer.github_proof,
    }
    return {**parts, **changes}


def with_shell(ann: Browser, request_id: int) -> None:
    answer = ann.post(url(request_id, "/draft"), filled(go_on="1", items=["access_group:bastion"]))
    assert answer.headers["Location"].endswith("/key")


def test_shell_access_asks_for_a_key_and_shows_its_fingerprint(app: Flask, open_as: Open) -> None:
    person = people.member()
    ann, request_id = open_as(person), draft(person)
    with_shell(ann, request_id)
    fields = key_fields(draft_version="1")

    shown = ann.post(url(request_id, "/fingerprint"), {"key": fields["key"]}, htmx=True).text
    answer = ann.post(url(request_id, "/key"), {**fields, "go_on": "1"})
    review = ann.text(answer.headers["Location"])

    assert "SHA256:" in shown
    assert "SHA256:" in review
    assert sound.faults(ann.text(url(request_id, "/key"))) == []
    assert ann.post(url(request_id, "/submit")).status_code == 303
    assert db.session.scalars(select(SshKey.shell_name)).all() == ["ann"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"key": "ssh-rsa AAAA"}, "key"),
        ({"key": "-----BEGIN OPENSSH PRIVATE KEY-----"}, "key"),
        ({"shell_name": "Root!"}, "shell_name"),
        ({"github_name": "-no-"}, "github_name"),
        ({"wiki_proof": "javascript://example.org/%0aalert(1)"}, "wiki_proof"),
        ({"github_proof": "over there"}, "github_proof"),
    ],
)
def test_a_key_that_does_not_hold_comes_back(app: Flask, open_as: Open, changes: dict[str, str], field: str) -> None:
    person = people.member()
    ann, request_id = open_as(person), draft(person)
    with_shell(ann, request_id)

    answer = ann.post(url(request_id, "/key"), {**key_fields(**changes), "draft_version": "1", "go_on": "1"})

    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert typed(answer.text, field) == changes[field]


def test_the_key_may_come_later(app: Flask, open_as: Open) -> None:
    person = people.member()
    ann, request_id = open_as(person), draft(person)
    with_shell(ann, request_id)

    answer = ann.post(url(request_id, "/key"), {"draft_version": "1", "later": "1"})

    assert "Not given yet" in ann.text(answer.headers["Location"])
    assert ann.post(url(request_id, "/submit")).status_code == 303
    assert state(request_id) is State.DISCUSSION


def test_submitting_twice_files_once(app: Flask, open_as: Open) -> None:
    person = people.member()
    ann, request_id = open_as(person), draft(person)
    ann.post(url(request_id, "/draft"), filled(go_on="1"))

    answers = [ann.post(url(request_id, "/submit")) for _ in range(2)]

    assert {answer.headers["Location"] for answer in answers} == {url(request_id, "/filed")}
    assert factories.events(request_id) == ["request.filed/shared"]
    page = ann.text(url(request_id, "/filed"))
    assert "What happens now" in page
    assert sound.faults(page) == []


def test_a_duplicate_leads_to_the_first_request(app: Flask, open_as: Open) -> None:
    person = people.member()
    first = team_request(person, "system:grafana")
    ann, request_id = open_as(person), draft(person)
    ann.post(url(request_id, "/draft"), filled(go_on="1"))

    answer = ann.post(url(request_id, "/submit"))

    assert answer.status_code == 409
    assert sound.faults(answer.text) == []
    assert f'href="{url(first)}"' in answer.text
    assert state(request_id) is State.DRAFT
    assert get(request_id).draft["details"]["why"] == ["To read **dashboards**."]


def test_a_draft_keeps_no_choice_that_its_form_does_not_offer(app: Flask, open_as: Open) -> None:
    ann = people.member()
    request_id = draft(ann)
    sent = filled(for_whom="everybody", items=["role:director", "system:grafana"], save="1")

    open_as(ann).post(url(request_id, "/draft"), sent)

    kept = get(request_id).draft["details"]
    assert (kept["for_whom"], kept["items"]) == ([], ["system:grafana"])
    assert kept["why"] == ["To read **dashboards**."]


def test_an_empty_draft_is_not_submitted(app: Flask, open_as: Open) -> None:
    person = people.member()
    request_id = draft(person)

    answer = open_as(person).post(url(request_id, "/submit"))

    assert answer.status_code == 422
    assert state(request_id) is State.DRAFT


def test_a_deleted_draft_is_gone_for_everybody(app: Flask, open_as: Open) -> None:
    person, director = people.member("Ann"), people.director()
    ann, request_id = open_as(person), draft(person)
    assert sound.faults(ann.text(url(request_id, "/withdraw"))) == []

    assert ann.post(url(request_id, "/withdraw")).status_code == 303

    for browser in (ann, open_as(director)):
        assert browser.get(url(request_id)).status_code == 404
        assert f"#{request_id}<" not in browser.text("/requests/")


def test_somebody_else_agrees_on_their_page(app: Flask, open_as: Open) -> None:
    ann, ben = people.member("Ann"), people.member("Ben")
    browser, request_id = open_as(ann), draft(ann)
    browser.post(url(request_id, "/draft"), filled(go_on="1", for_whom="other", candidate_name="Ben"))
    assert browser.post(url(request_id, "/submit")).status_code == 303
    assert "I agree</button>" not in browser.text(url(request_id))
    assert browser.post(url(request_id, "/agree")).status_code == 403

    other = open_as(ben)
    assert "I agree</button>" in other.text(url(request_id))
    assert other.post(url(request_id, "/agree")).status_code == 303
    assert "In discussion" in other.text(url(request_id))


def edit_fields(page: str, **changes: Any) -> dict[str, Any]:
    return {**filled(), "base": hidden(page, "base"), **changes}


def test_an_edit_that_does_not_hold_keeps_what_was_typed(app: Flask, open_as: Open) -> None:
    person = people.member()
    ann, request_id = open_as(person), team_request(person)
    page = ann.text(url(request_id, "/edit"))
    assert sound.faults(page) == []

    answer = ann.post(url(request_id, "/edit"), edit_fields(page, why="", benefit="My careful words"))

    assert answer.status_code == 422
    assert typed(answer.text, "benefit") == "My careful words"


def test_two_windows_that_edit_a_request_see_both_texts(app: Flask, open_as: Open) -> None:
    person = people.member()
    ann, request_id = open_as(person), team_request(person)
    page = ann.text(url(request_id, "/edit"))
    assert ann.post(url(request_id, "/edit"), edit_fields(page, why="from window one")).status_code == 303

    answer = ann.post(url(request_id, "/edit"), edit_fields(page, why="from window two"))

    assert answer.status_code == 409
    assert sound.faults(answer.text) == []
    assert "from window one" in answer.text
    assert typed(answer.text, "why") == "from window two"
    assert ann.post(url(request_id, "/edit"), edit_fields(answer.text, why="both")).status_code == 303
    assert queries.answers(request_id)["why"].text.body == "both"


def test_a_candidate_who_edits_what_others_filed_stays_the_candidate(app: Flask, open_as: Open) -> None:
    ann, ben = people.member("Ann"), people.member("Ben")
    request_id = team_request(ann, candidate=ben)
    do(filing_services.agree, ben, request_id)
    browser = open_as(ben)

    page = browser.text(url(request_id, "/edit"))
    answer = browser.post(url(request_id, "/edit"), edit_fields(page, why="In my own words"))

    assert "Somebody else" not in page
    assert answer.status_code == 303
    assert (get(request_id).candidate_id, get(request_id).revision_number) == (ben.id, 1)
    assert state(request_id) is State.DISCUSSION


def test_withdrawing_asks_first(app: Flask, open_as: Open) -> None:
    person = people.member()
    ann, request_id = open_as(person), team_request(person)

    assert sound.faults(ann.text(url(request_id, "/withdraw"))) == []
    assert state(request_id) is State.DISCUSSION
    assert ann.post(url(request_id, "/withdraw")).status_code == 303
    assert state(request_id) is State.WITHDRAWN
    assert ann.post(url(request_id, "/withdraw")).status_code == 409


def test_the_candidate_adds_a_key_on_a_page_of_its_own(app: Flask, open_as: Open) -> None:
    ann, ben = people.member("Ann"), people.member("Ben")
    request_id = team_request(ben, "access_group:bastion", candidate=ann)
    browser, offer = open_as(ann), key_offer()
    filled = {
        "shell_name": offer.shell_name,
        "github_name": offer.github_name,
        "key": offer.key.text,
        "wiki_proof": offer.wiki_proof,
        "github_proof": offer.github_proof,
    }

    assert "Add your key" in browser.text(url(request_id))
    assert open_as(ben).post(url(request_id, "/own-key"), filled).status_code == 403
    damaged = browser.post(url(request_id, "/own-key"), {**filled, "key": "ssh-ed25519 AAAA"})
    assert damaged.status_code == 422
    assert offer.github_proof in damaged.text
    assert browser.post(url(request_id, "/own-key"), filled).status_code == 303

    assert offer.key.fingerprint in browser.text(url(request_id))
    assert offer.key.fingerprint not in open_as(ben).text(url(request_id))
