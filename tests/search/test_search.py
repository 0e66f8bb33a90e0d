"""The search page: who finds what, where it leads, and that the index always says what is there."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from portal.audit.models import Text
from portal.extensions import db
from portal.index import asking, services
from portal.index import queries as index
from portal.index.models import Indexed, What
from portal.operations import backup, restore
from portal.org import organisation
from portal.people import queries as people_queries
from portal.people.models import Person
from portal.requests import (
    decision_services,
    discussion_services,
    filing_services,
    findings,
    objection_services,
    queries,
    texts,
)
from portal.requests.discussion_models import CommentAudience, Recusal
from portal.requests.workflow import State
from portal.web import clock
from portal.web.unit_of_work import unit_of_work
from tests import factories as people
from tests import pages as sound
from tests.index import model as index_model
from tests.permissions import Standing, permissions
from tests.privacy.scene import ACTORS, EVERYBODY, Scene
from tests.queries import statements
from tests.requests.factories import decide, details, do, draft, get, team_request
from tests.requests.pages import Open, swapped

FOUND = {f"{place.model.__tablename__}.{place.column.key}" for place in texts.PLACES if place.what}
NOT_FOUND = {  # what the Board reads of a request, but finds on its page alone
    ("board", column) for column in ("decision_note.text_id",)
}


def found(reader: Person, typed: str) -> list[str]:
    """What this person finds on requests, the newest first."""
    facts = people_queries.facts(reader.id, clock.now())
    page = findings.said(facts, asking.parse(typed), before=None, size=100)
    return [f"{hit.what} on {hit.request_id}" for hit in page.rows]


@pytest.mark.both_databases
@pytest.mark.parametrize("actor", [actor for actor in ACTORS if actor not in ("anonymous", "locked")])
def test_each_word_is_found_by_its_readers_and_by_nobody_else(
    app: Flask, scene: Scene, actor: str
) -> None:  # fmt: skip
    reader, missed = scene.person(actor), []
    for canary in scene.canaries:
        if canary.column in FOUND and not canary.hidden:
            finds = bool(found(reader, canary.word))
            if finds != (actor in canary.readers):
                missed.append(canary)
    assert [canary for canary in missed if actor not in canary.readers] == []
    assert [
        canary for canary in missed if (actor, canary.column) not in NOT_FOUND and canary.readers != EVERYBODY
    ] == []


@pytest.mark.both_databases
def test_only_the_newest_version_is_found_and_nothing_once_removed(app: Flask) -> None:
    ann, ben = people.member("Ann"), people.member("Ben")
    request_id = team_request(ann)
    said = do(discussion_services.comment, ben, request_id, "Walrus first", audience=CommentAudience.SHARED)
    assert found(ann, "walrus") == [f"comment on {request_id}"]

    base = said.text_id
    do(discussion_services.edit_comment, ben, request_id, said.id, "Narwhal now", base_text_id=base)
    assert found(ann, "walrus") == []
    assert found(ann, "narwhal") == [f"comment on {request_id}"]

    newest = db.session.get_one(type(said), said.id).text_id
    do(objection_services.redact, ben, request_id, newest)
    assert found(ann, "narwhal") == []
    assert db.session.scalars(select(Text.body).where(Text.id == newest)).one() is None


@pytest.mark.both_databases
def test_a_request_is_found_by_its_title_also_after_a_rename(app: Flask) -> None:
    ann, vera = people.member("Ann"), people.volunteer("Vera")
    request_id = team_request(vera, "role:software_engineer", kind="new_member")
    assert found(ann, "vera engineer") == [f"title on {request_id}"]

    with unit_of_work():
        db.session.get_one(Person, vera.id).name = "Wanda"

    assert found(ann, "vera") == []
    assert found(ann, "wanda") == [f"title on {request_id}"]


@pytest.mark.both_databases
def test_drafts_are_not_found(app: Flask) -> None:
    ann = people.member("Ann")
    draft(ann)

    assert found(ann, "ann") == []


@pytest.mark.both_databases
def test_what_is_kept_in_step_is_what_would_be_made_anew(app: Flask, scene: Scene) -> None:
    def everything() -> dict[tuple[str, int], tuple[object, ...]]:
        columns = (
            Indexed.what,
            Indexed.subject_id,
            Indexed.request_id,
            Indexed.read_by,
            Indexed.text_id,
            Indexed.words,
        )
        return {(row[0], row[1]): tuple(row) for row in db.session.execute(select(*columns))}

    def kept_by_the_database() -> list[str]:
        return [name for name, _sql in db.session.execute(text(made))]

    made = services.TRIGGERS if db.engine.dialect.name == "sqlite" else services.GIN
    in_step, keeps = everything(), kept_by_the_database()
    db.session.remove()  # who reads the index holds up the making of it
    result = app.test_cli_runner().invoke(args=["search", "rebuild"])

    assert result.output == f"{len(in_step)} things can be found.\n"
    assert everything() == in_step
    assert kept_by_the_database() == keeps != []


@pytest.mark.both_databases
def test_a_restored_portal_finds_again(app: Flask, tmp_path: Path) -> None:
    ann = people.member("Ann")
    request_id = team_request(ann)
    do(discussion_services.comment, ann, request_id, "Walrus", audience=CommentAudience.SHARED)
    backup.backup(db.engine, tmp_path / "kept", now=clock.now())
    said = do(discussion_services.comment, ann, request_id, "Narwhal", audience=CommentAudience.SHARED)
    assert said.id
    db.session.remove()

    restore.restore(db.engine, tmp_path / "kept", now=clock.now())

    ann = db.session.scalars(select(Person)).one()
    assert found(ann, "walrus") == [f"comment on {request_id}"]
    assert found(ann, "narwhal") == []
    do(discussion_services.comment, ann, request_id, "Dolphin", audience=CommentAudience.SHARED)
    assert found(ann, "dolphin") == [f"comment on {request_id}"]


@dataclass
class Cast:
    """People of every column of docs/permissions.md, four requests, and every comment that was made on these."""

    people: dict[str, tuple[Person, frozenset[str]]]  # with the columns that follow from what they hold
    requests: list[int]
    said: list[tuple[int, int, CommentAudience, str]] = field(default_factory=list)  # id, request, for whom, text

    def standing(self, name: str, request_id: int) -> Standing:
        person, codes = self.people[name]
        row = get(request_id)
        own = {"CA"} if row.candidate_id == person.id else {"RQ"} if row.requester_id == person.id else set()
        return Standing(codes | own, board_has_the_word=row.state is State.WITH_BOARD)

    def writers(self, request_id: int, audience: CommentAudience) -> list[str]:
        """Who may say something for this audience there, by the page; who recused themselves takes no part."""
        action = permissions().actions["comment:team" if audience is CommentAudience.TEAM else "comment"]
        gone = set(db.session.scalars(select(Recusal.person_id).where(Recusal.request_id == request_id)))
        return [
            name
            for name, (person, _) in self.people.items()
            if person.id not in gone and action.allows(self.standing(name, request_id))
        ]

    def expected(self, name: str, typed: str) -> list[int]:
        """The comments that have what was typed and that this person reads by the page, the newest first."""
        by_page = {CommentAudience.TEAM: "read_team", CommentAudience.SHARED: "read"}
        return [
            id
            for id, request_id, audience, body in reversed(self.said)
            if index_model.finds(typed, body)
            and permissions().actions[by_page[audience]].allows(self.standing(name, request_id))
        ]


@pytest.fixture
def cast(app: Flask) -> Cast:
    """Discussed by all, with one who recused themselves; not agreed to; with the Board; about the Deputy."""
    team, nobody = frozenset({"TM"}), frozenset({"OU"})
    known = {
        "director": (people.director(), frozenset({"DI"})),
        "deputy": (people.deputy(), frozenset({"DE"})),
        "ann": (people.member("Ann"), team),
        "ben": (people.member("Ben"), team),
        "recused": (people.member("Rae"), team),
        "member": (people.member("Mel"), team),
        "board": (people.board_member("Bo"), frozenset({"OU", "BO"})),
        "vera": (people.volunteer("Vera"), nobody),
        "outsider": (people.volunteer("Otto"), nobody),
    }
    who = {name: person for name, (person, _) in known.items()}
    discussed = team_request(who["ann"])
    do(discussion_services.recuse, who["recused"], discussed, None)
    waiting = team_request(who["ben"], "role:software_engineer", kind="new_member", candidate=who["vera"])
    referred = team_request(who["member"], "system:matomo", days_ago=30)
    do(decision_services.refer, who["director"], referred, "For the Board.")
    return Cast(known, [discussed, waiting, referred, team_request(who["deputy"])])


def comments_found(reader: Person, typed: str) -> list[int]:
    """The ids of the comments that a search finds, page by page."""
    facts, seen, before = people_queries.facts(reader.id, clock.now()), list[int](), None
    while True:
        page = findings.said(facts, asking.parse(typed), before=before, size=7)
        seen += [hit.subject_id for hit in page.rows if hit.what is What.COMMENT]
        if page.older is None:
            return seen
        before = page.older


WORDS = ("access", "Access", "accessible", "acc", "key", "keys", "server", "Straße", "運維")
SAYING = st.tuples(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join),
    st.sampled_from(list(CommentAudience)),
    st.integers(0, 3),  # which request
    st.integers(0, 20),  # which of those who may write there
)
ASKING = st.sampled_from([*WORDS, "ac", "ser key", '"access key"', '"acc key', "strasse"])


@pytest.mark.both_databases
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    max_examples=20,
    phases=[Phase.generate],  # what was said before is a part of each example, so there is nothing to shrink
    database=None,
)
@given(st.lists(SAYING, min_size=2, max_size=4), ASKING)
def test_everybody_finds_exactly_the_comments_that_they_may_read_and_that_have_the_words(
    app: Flask, cast: Cast, sayings: list[tuple[str, CommentAudience, int, int]], typed: str
) -> None:
    """What is said stays there from one example to the next, as in a portal that is used."""
    for body, audience, which, writer in sayings:
        request_id = cast.requests[which]
        writers = cast.writers(request_id, audience)
        author = cast.people[writers[writer % len(writers)]][0]
        said = do(discussion_services.comment, author, request_id, body, audience=audience)
        cast.said.append((said.id, request_id, audience, body))

    for name, (reader, _) in cast.people.items():
        assert comments_found(reader, typed) == cast.expected(name, typed), (name, typed)


def test_the_page_is_sound_and_its_results_a_panel_for_htmx(app: Flask, open_as: Open) -> None:
    ann = people.member("Ann Walrus")
    request_id = team_request(ann)
    said = do(discussion_services.comment, ann, request_id, "A <b>walrus</b> & more", audience=CommentAudience.SHARED)
    ben = open_as(people.member("Ben"))

    page, panel = ben.text("/search?q=walr"), ben.text("/search?q=walr", htmx=True)

    assert sound.faults(page) == []
    assert swapped(panel) == ("results", set())
    assert f'href="/requests/{request_id}#comment-{said.id}"' in page
    assert "A &lt;b&gt;<mark>walrus</mark>&lt;/b&gt; &amp; more" in page
    assert f'href="/people/{ann.id}"' in page


def test_an_old_comment_is_led_to_where_it_stands(app: Flask, open_as: Open) -> None:
    ann = people.member("Ann")
    request_id = team_request(ann)
    shared = CommentAudience.SHARED
    said = do(discussion_services.comment, ann, request_id, "Walrus", audience=shared)
    for _ in range(30):
        do(discussion_services.comment, ann, request_id, "More", audience=shared)
    browser = open_as(ann)

    address = f"/requests/{request_id}?before={said.id + 1}"

    assert f'href="{address}#comment-{said.id}"' in browser.text("/search?q=walrus")
    assert f'id="comment-{said.id}"' in browser.text(address)


def test_who_is_not_signed_in_finds_what_is_public(app: Flask) -> None:
    director, vera = people.director("Dora Public"), people.volunteer("Vera Private")
    team_request(vera, "role:software_engineer", kind="new_member")
    client = app.test_client()

    assert f'href="/people/{director.id}"' in client.get("/search?q=dora").text
    assert 'href="/people/' not in client.get("/search?q=vera").text
    assert 'href="/requests/' not in client.get("/search?q=vera").text
    assert 'href="/roles#software_engineer"' in client.get("/search?q=software engineer").text
    assert "grafana" in client.get("/search?q=grafana").text.split('id="results"')[1].lower()


def test_everybody_finds_a_rule_by_its_words_and_is_led_to_where_it_stands(app: Flask, client: FlaskClient) -> None:
    rule = next(rule for rule in organisation().rules.values() if "portal" not in rule.values)

    results = client.get("/search", query_string={"q": rule.sentence}).text.split('id="results"')[1]

    assert f'href="/rules#{next(iter(rule.values))}"' in results
    shown = re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", "", results)))
    assert "Rule" in shown
    assert rule.sentence in shown


def test_what_was_found_goes_on_page_by_page(app: Flask, open_as: Open) -> None:
    ann = people.member("Ann")
    request_id = team_request(ann)
    ids = [
        do(discussion_services.comment, ann, request_id, f"Walrus {number}", audience=CommentAudience.SHARED).id
        for number in range(60)
    ]
    browser, address, seen = open_as(ann), "/search?q=walrus", []

    for _page in range(4):
        page = browser.text(address)
        seen += [id for id in reversed(ids) if f'#comment-{id}"' in page]
        links = [part.split('"')[0] for part in page.split('href="')[1:] if "before=" in part.split('"')[0]]
        older = [link for link in links if link.startswith("/search")]
        if not older:
            break
        address = older[0].replace("&amp;", "&")

    assert seen == ids[::-1]


def test_a_search_asks_the_database_a_fixed_number_of_times(app: Flask, open_as: Open) -> None:
    ann = people.member("Ann")
    browsers = [open_as(ann), open_as(people.volunteer())]
    counts: list[list[int]] = [[], []]
    for _ in range(2):
        for _ in range(4):
            request_id = team_request(people.member())
            do(discussion_services.comment, ann, request_id, "Walrus", audience=CommentAudience.SHARED)
        for browser, found_counts in zip(browsers, counts, strict=True):
            with statements() as sent:
                browser.text("/search?q=walrus")
            found_counts.append(len(sent))

    assert [first for first, _second in counts] == [second for _first, second in counts]
    assert max(map(max, counts)) <= 12


@pytest.mark.parametrize(
    "query", ["q=" + "%22" * 3000, "q=%22&in=people", "in=nothing", "before=7&q=a", "q=a&in=said&before=1"]
)
def test_no_address_of_the_search_is_an_error(app: Flask, open_as: Open, query: str) -> None:
    assert open_as(people.member()).get(f"/search?{query}").status_code == 200


def test_somebody_who_withdraws_is_no_longer_found_by_what_they_sponsored(app: Flask) -> None:
    ann, ben = people.member("Ann"), people.member("Ben")
    request_id = team_request(ann)
    do(discussion_services.sponsor, ben, request_id, "A walrus of a colleague")
    assert found(ann, "walrus") == [f"sponsorship on {request_id}"]

    do(discussion_services.withdraw_sponsorship, ben, request_id)

    assert found(ann, "walrus") == []


def test_a_changed_answer_is_found_by_its_newest_words(app: Flask) -> None:
    ann = people.member("Ann")
    request_id = team_request(ann)
    filled = details("access_expansion", ann, "system:grafana")
    field = next(iter(filled.answers))
    base = queries.edit_base(request_id, get(request_id).revision_number)
    changed = replace(filled, answers={**filled.answers, field: "Walrus"})
    do(filing_services.revise, ann, request_id, changed, base=base)

    assert found(ann, "walrus") == [f"answer on {request_id}"]
    assert found(ann, f'"because of {field}"') == []


def test_a_decision_is_found_by_its_reason(app: Flask) -> None:
    director, ann = people.director(), people.member("Ann")
    request_id = team_request(ann)
    decide(director, request_id, reason="Walrus needed")

    assert found(ann, "walrus needed") == [f"reason on {request_id}"]


def test_the_doctor_tells_when_requests_are_not_found(app: Flask) -> None:
    from sqlalchemy import delete

    request_id = team_request(people.member("Ann"))
    with unit_of_work():
        db.session.execute(delete(Indexed).where(Indexed.request_id == request_id))

    assert "flask search rebuild" in app.test_cli_runner().invoke(args=["doctor"]).output
    app.test_cli_runner().invoke(args=["search", "rebuild"])
    assert "flask search rebuild" not in app.test_cli_runner().invoke(args=["doctor"]).output


@pytest.mark.both_databases
@pytest.mark.parametrize("address", ["/search", "/requests/"])
def test_a_page_that_looked_through_the_newest_alone_says_so_and_leads_on(
    app: Flask, open_as: Open, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr(index, "NEWEST_LOOKED_AT", 2)
    monkeypatch.setattr(index, "MOST_CANDIDATES", 2)
    monkeypatch.setattr(index, "FEW_CANDIDATES", 2)
    monkeypatch.setattr(findings, "NEWEST_LOOKED_AT", 1)
    ann = people.member("Ann")
    ids = [team_request(people.member()) for _ in range(5)]
    do(discussion_services.comment, ann, ids[0], "Grey walrus", audience=CommentAudience.SHARED)
    for id in [*ids] * 3:
        do(discussion_services.comment, ann, id, "Walrus grey", audience=CommentAudience.SHARED)
    browser, next_address, seen = open_as(ann), f'{address}?q="grey walrus"', 0

    while f'href="/requests/{ids[0]}' not in (page := browser.text(next_address)):
        assert sound.faults(page) == []
        assert "Only the newest have been looked through so far." in page
        assert "Nothing that you may read" not in page
        assert "No request matches" not in page
        older = page.split('class="pager"')[1].split('href="')[1].split('"')[0]
        next_address, seen = older.replace("&amp;", "&"), seen + 1
        assert seen < 20

    assert bool(seen) == (db.engine.dialect.name == "postgresql")
