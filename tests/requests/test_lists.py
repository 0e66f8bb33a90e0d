"""Lists: who finds what, by which filter, page by page, and in how many statements."""

from __future__ import annotations

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from portal.people import queries as people_queries
from portal.people.models import Person
from portal.requests import discussion_services, findings, lists
from portal.requests.discussion_models import CommentAudience
from portal.requests.lists import Filters
from portal.web import clock
from tests import factories as people
from tests import pages as sound
from tests.queries import statements
from tests.requests.factories import decide, do, draft, position, team_request
from tests.requests.pages import Open, swapped


def found(reader: Person, /, **args: str) -> list[int]:
    """The ids of the first page, in order."""
    facts = people_queries.facts(reader.id, clock.now())
    page = lists.find(facts, Filters.read(MultiDict(args)), before=None, now=clock.now())
    return [row.row.id for row in page.rows]


@pytest.mark.both_databases
def test_each_filter_finds_what_it_names(app: Flask) -> None:
    director, ann, ben, vera = people.director(), people.member("Ann_A"), people.member("Ben"), people.volunteer("Vera")
    one = team_request(ann, "system:grafana")
    two = team_request(ben, "role:project_manager", kind="role_change")
    three = team_request(vera, "role:software_engineer", kind="new_member")
    four = team_request(ann, "system:github", candidate=ben)
    decide(director, two)

    assert found(ann) == [four, three, two, one]
    assert found(ann, kind="role_change") == [two]
    assert found(ann, stage="discussion") == [three, one]
    assert found(ann, stage="open") == [four, three, one]
    assert found(ann, stage="ended") == [two]
    assert found(ann, stage="approved") == [two]
    assert found(ann, person="Ben") == [four, two]
    assert found(ann, person="Nobody") == []
    assert found(ann, item="system:grafana") == [one]
    assert found(ann, item="role:software_engineer") == [three]
    assert found(ann, mine="1") == [four, one]
    assert found(ben, waiting="1") == [four]
    assert found(ann, kind="access_expansion", stage="open", mine="1", item="system:github") == [four]
    assert found(ann, q=f"#{three}") == [three]
    assert found(ann, q=str(one)) == [one]
    assert found(ann, q="vERa") == [three]


@pytest.mark.both_databases
def test_search_finds_in_answers_and_readable_comments_only(app: Flask) -> None:
    ann, ben, board, stranger = people.member(), people.member(), people.board_member(), people.volunteer()
    request_id = team_request(ann)
    do(discussion_services.comment, ben, request_id, "Secret 100%_word", audience=CommentAudience.TEAM)
    do(discussion_services.comment, ben, request_id, "Open sesame", audience=CommentAudience.SHARED)

    assert found(ben, q="100%_wo") == found(ben, q="wor secr") == found(ben, q='"secret 100"') == [request_id]
    assert found(ben, q='"100 secret"') == found(ben, q="ecret") == []
    assert found(ben, q="%_") == []
    for person in (ann, board, stranger):
        assert found(person, q="secret") == []
    assert found(ann, q="SESAME") == found(board, q="sesame") == [request_id]
    assert found(ann, q="because of why") == [request_id]
    assert found(stranger, q="sesame") == []


@pytest.mark.both_databases
def test_a_removed_comment_is_not_found_any_more(app: Flask) -> None:
    from portal.requests import objection_services

    ben = people.member()
    request_id = team_request(people.member())
    said = do(discussion_services.comment, ben, request_id, "Password", audience=CommentAudience.TEAM)
    do(objection_services.redact, ben, request_id, said.text_id)

    assert found(ben, q="password") == []


@pytest.mark.both_databases
def test_drafts_are_for_those_who_write_them(app: Flask) -> None:
    ann, director = people.member(), people.director()
    request_id = draft(ann)

    assert found(ann) == [request_id]
    assert found(director) == []
    assert found(director, stage="draft") == []


@pytest.mark.both_databases
def test_an_outsider_lists_only_what_they_are_part_of(app: Flask) -> None:
    ann, vera = people.member(), people.volunteer()
    team_request(ann)
    own = team_request(vera, "role:software_engineer", kind="new_member")
    about = team_request(ann, "role:software_engineer", candidate=people.volunteer(), kind="new_member")

    assert found(vera) == [own]
    assert about in found(ann)


@pytest.mark.both_databases
def test_what_waits_for_me_is_my_turn(app: Flask) -> None:
    director, ann = people.director(), people.member()
    ready = team_request(ann, days_ago=4)
    position(people.member(), ready)
    team_request(ann, "system:github")
    asked = team_request(ann, "system:discord")
    do(discussion_services.ask, people.member(), asked, "Which?")

    assert found(director, waiting="1") == [ready]
    assert found(ann, waiting="1") == [asked]


WILD = st.text(max_size=40) | st.sampled_from(
    ["%", "_", "\\", "'", '"', "#", "#12", "٣٤", "role:", ":", "\x00", "a\x00b"]
)


@pytest.mark.both_databases
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(
    st.dictionaries(
        st.sampled_from(["kind", "stage", "person", "item", "mine", "waiting", "q", "before"]), WILD, max_size=4
    )
)
def test_no_filter_value_is_an_error(app: Flask, args: dict[str, str]) -> None:
    ann = people_queries.facts(1, clock.now())

    lists.find(ann, Filters.read(MultiDict(args)), before=None, now=clock.now())


@pytest.mark.parametrize(
    "query",
    [
        "kind=spending", "stage=nowhere", "item=nothing", "item=thing:x", "item=role", "person=%00", "item=%00:x",
        "q=%00", "q=" + "x" * 5000, "before=", "mine=maybe", "waiting=2", "unheard=of", "q=" + "9" * 15,
    ],
)  # fmt: skip
def test_an_unknown_value_in_the_url_does_no_harm(app: Flask, open_as: Open, query: str) -> None:
    team_request(people.member())
    browser = open_as(people.member())

    for htmx in (False, True):
        assert browser.get(f"/requests/?{query}", htmx=htmx).status_code == (400 if "%00" in query else 200)


def test_the_list_is_a_sound_page_and_a_panel_for_htmx(app: Flask, open_as: Open) -> None:
    team_request(people.member("Ann"))
    ben = open_as(people.member())

    page = ben.text("/requests/?stage=open&q=Ann")
    panel = ben.text("/requests/?stage=open&q=Ann", htmx=True)

    assert sound.faults(page) == []
    assert swapped(panel) == ("request-list", set())
    assert "Clear filters" in panel


def test_no_result_offers_to_clear_the_filters(app: Flask, open_as: Open) -> None:
    page = open_as(people.member()).text("/requests/?q=nothing-like-this")

    assert "No request matches." in page
    assert "Clear filters" in page


def test_pages_follow_each_other_without_gap_or_repeat(app: Flask, open_as: Open) -> None:
    ids = [team_request(people.member()) for _ in range(30)]
    ben = open_as(people.member())

    first = ben.text("/requests/?stage=open")
    older = f"/requests/?stage=open&before={ids[5]}"
    second = ben.text(older)

    assert older.replace("&", "&amp;") in first
    assert [id for id in ids if f'href="/requests/{id}"' in first] == ids[5:]
    assert [id for id in ids if f'href="/requests/{id}"' in second] == ids[:5]


def test_the_list_asks_the_database_no_more_when_it_is_longer(app: Flask, open_as: Open) -> None:
    browser = open_as(people.member())
    for path in ("/requests/", "/requests/?waiting=1", "/"):
        counts = []
        for _ in range(2):
            for _ in range(5):
                team_request(people.member(), "system:grafana", "system:github")
            with statements() as sent:
                browser.text(path)
            counts.append(len(sent))

        assert counts[0] == counts[1], path
        assert counts[0] <= 12, path


@pytest.mark.both_databases
@pytest.mark.parametrize("looked_at", [1, 7, 1_000])
def test_a_search_finds_the_same_however_many_are_looked_through_at_first(
    app: Flask, monkeypatch: pytest.MonkeyPatch, looked_at: int
) -> None:  # fmt: skip
    monkeypatch.setattr(findings, "NEWEST_LOOKED_AT", looked_at)
    ids = [team_request(people.member(f"{'Odd' if number % 2 else 'Even'} One")) for number in range(30)]
    ben = people_queries.facts(people.member().id, clock.now())

    for words, expected in (("odd", ids[1::2]), ("one", ids), ("nobody", [])):
        seen, before = [], None
        for _page in range(3):
            page = lists.find(ben, Filters.read(MultiDict({"q": words})), before=before, now=clock.now())
            seen += [row.row.id for row in page.rows]
            before = page.older
            if before is None:
                break
        assert seen == expected[::-1], words
