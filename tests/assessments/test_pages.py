"""The pages of assessments, as a browser without JavaScript and as htmx see them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select
from werkzeug.test import TestResponse

from portal.assessments import queries
from portal.assessments.entries import Entry
from portal.assessments.models import Assessment, AssessmentScore, Score
from portal.extensions import db
from portal.people import services as people_services
from portal.people.models import Person
from portal.web import attention
from portal.web.unit_of_work import unit_of_work
from tests import factories, pages
from tests.assessments import factories as made
from tests.requests.pages import Browser

AsPerson = Callable[[Person], FlaskClient]
KEY = "web-security"
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture(autouse=True)
def standards(app: Flask) -> None:
    made.seed()


def hidden(page: TestResponse, name: str) -> str:
    found = re.search(rf'name="{re.escape(name)}"[^>]*value="([^"]*)"', page.text)
    assert found, name
    return found[1]


def typed(page: TestResponse, **changes: str) -> dict[str, str]:
    """The form of a page as a browser would send it, with changes."""
    fields = dict(re.findall(r'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"', page.text))
    fields |= {
        name: value
        for tag in re.findall(r'<input[^>]*type="radio"[^>]*>', page.text)
        if "checked" in tag
        for name, value in [(_attribute(tag, "name"), _attribute(tag, "value"))]
    }
    fields |= {
        name: text.strip() for name, text in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>([^<]*)<', page.text)
    }
    fields |= {"role_focus": "Generalist", "mentoring_type": "mentee", "assessed_on": "2026-11-01"}
    return {**fields, **changes}


def csrf(client: FlaskClient, **fields: str) -> dict[str, str]:
    """Fields with the token of this client's session."""
    return {"csrf_token": hidden(client.get("/assessments"), "csrf_token"), **fields}


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf'{name}="([^"]*)"', tag)
    return found[1] if found else ""


def stored(assessment_id: int, key: str = KEY) -> Entry:
    db.session.rollback()
    item = next(i for i in queries.items_of(queries.find(assessment_id).standard_id) if i.key == key)
    return queries.entry_of(queries.score_rows(assessment_id).get(item.id))


@contextmanager
def statements() -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_c: object, _cur: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield seen
    event.remove(db.engine, "before_cursor_execute", note)


def test_starting_leads_to_the_form_with_every_item_and_every_meaning(as_person: AsPerson) -> None:
    client = as_person(factories.volunteer("Ann"))
    page = client.get("/assessments")

    answer = client.post("/assessments/start", data=typed(page))

    assert answer.status_code == 303
    form = client.get(answer.location)
    assert form.status_code == 200
    assert form.text.count('class="scores"') == 28
    assert len(re.findall(r'type="radio"', form.text)) == 28 * 5
    assert "Can teach or lead others in this area" in form.text
    assert "0 of 28" in form.text
    for label in ("Username", "Preferred Role Focus", "Mentoring Type", "Assessment Type", "Date"):
        assert label in form.text


def test_the_draft_is_saved_and_resumed_without_script(as_person: AsPerson) -> None:
    ann = factories.volunteer()
    client, draft = as_person(ann), made.self_assessment(ann)
    url = f"/assessments/{draft}"

    answer = client.post(
        url,
        data=typed(
            client.get(url),
            **{f"score-{KEY}": "1", f"remark-{KEY}": "a <b>word</b>", "role_focus": "MediaWiki Specialist"},
        ),
    )

    assert answer.status_code == 303
    again = client.get(url)
    assert "1 of 28" in again.text
    assert "a &lt;b&gt;word&lt;/b&gt;" in again.text
    assert again.text.index('id="item-mediawiki-architecture') < again.text.index('id="item-open-source-ecosystem')
    assert "1 of 28" in client.get("/assessments").text


def test_a_date_may_be_typed_as_on_the_paper_form(as_person: AsPerson) -> None:
    ann = factories.volunteer()
    client, draft = as_person(ann), made.self_assessment(ann)
    url = f"/assessments/{draft}"

    client.post(url, data=typed(client.get(url), assessed_on="05/10/2026"))

    db.session.rollback()
    assert queries.find(draft).assessed_on.isoformat() == "2026-10-05"


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        (f"link-{KEY}", "javascript:alert(1)", "begins with https://"),
        (f"score-{KEY}", "7", "Choose one of those that are offered."),
        (f"remark-{KEY}", "x" * 2001, "The most is 2000"),
        ("assessed_on", "31/02/2026", "DD/MM/YYYY"),
        ("role_focus", "Emperor", "Choose one of those that are offered."),
    ],
)
def test_what_cannot_be_taken_is_said_and_what_was_typed_is_kept(
    as_person: AsPerson, field: str, value: str, says: str
) -> None:
    ann = factories.volunteer()
    client, draft = as_person(ann), made.self_assessment(ann)
    url = f"/assessments/{draft}"
    other = "remark-log-interpretation"

    answer = client.post(url, data=typed(client.get(url), **{field: value, other: "kept words"}))

    assert answer.status_code == 422
    assert "There is a problem" in answer.text
    assert f'href="#{field}"' in answer.text
    assert says in answer.text
    assert "kept words" in answer.text
    assert stored(draft, "log-interpretation").is_empty


def test_locking_links_each_missing_item_and_then_locks(as_person: AsPerson) -> None:
    ann = factories.volunteer()
    client, draft = as_person(ann), made.self_assessment(ann)
    url = f"/assessments/{draft}"
    scores = {f"score-{key}": "2" for key in made.keys(draft)}
    missing = {name: value for name, value in scores.items() if name != f"score-{KEY}"}

    refused = client.post(f"{url}/lock", data=typed(client.get(url), **missing))

    assert refused.status_code == 422
    assert refused.text.count('<li><a href="#') == 1
    assert f'href="#score-{KEY}"' in refused.text
    assert f'id="score-{KEY}"' in refused.text

    done = client.post(f"{url}/lock", data=typed(client.get(url), **scores))
    assert done.status_code == 303
    page = client.get(url).text
    assert "Locked" in page
    assert "<textarea" not in page
    assert "Knowledge" in page


def test_a_locked_assessment_is_changed_by_no_form(as_person: AsPerson) -> None:
    ann = factories.volunteer()
    client, draft = as_person(ann), made.self_assessment(ann)
    url = f"/assessments/{draft}"
    fields = typed(client.get(url), **{f"score-{KEY}": "0", f"remark-{KEY}": "later"})
    made.lock(ann, draft)
    before = db.session.execute(select(AssessmentScore.id, AssessmentScore.score, AssessmentScore.remark_id)).all()

    for path in ("", "/lock", f"/items/{KEY}", "/header", "/discard"):
        assert client.post(url + path, data=fields).status_code == 409, path
        assert client.post(url + path, data=fields, headers=HTMX).status_code == 409, path

    db.session.rollback()
    after = db.session.execute(select(AssessmentScore.id, AssessmentScore.score, AssessmentScore.remark_id)).all()
    assert after == before


def test_one_item_saves_by_itself_and_tells_the_progress(as_person: AsPerson) -> None:
    ann = factories.volunteer()
    client, draft = as_person(ann), made.self_assessment(ann)
    url = f"/assessments/{draft}"
    fields = typed(client.get(url), **{f"score-{KEY}": "3"})

    answer = client.post(f"{url}/items/{KEY}", data=fields, headers=HTMX)

    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert re.search(r"Saved \d\d:\d\d", answer.text)
    assert "1 of 28" in answer.text
    assert hidden(answer, f"seen-{KEY}") == Entry(Score.TEACHES).token
    assert stored(draft) == Entry(Score.TEACHES)


def test_the_header_saves_by_itself(as_person: AsPerson) -> None:
    ann = factories.volunteer()
    client, draft = as_person(ann), made.self_assessment(ann)
    url = f"/assessments/{draft}"
    fields = typed(client.get(url), mentoring_type="mentor")

    answer = client.post(f"{url}/header", data=fields, headers=HTMX)

    assert answer.status_code == 200
    assert "Saved" in answer.text
    db.session.rollback()
    assert queries.find(draft).mentoring_type == "mentor"
    stale = client.post(f"{url}/header", data={**fields, "mentoring_type": "peer_support"}, headers=HTMX)
    assert stale.status_code == 409


@pytest.mark.parametrize("headers", [HTMX, {}])
def test_a_stale_item_shows_both_texts_and_saves_when_sent_again(as_person: AsPerson, headers: dict[str, str]) -> None:
    ann = factories.volunteer()
    client, draft = as_person(ann), made.self_assessment(ann)
    url = f"/assessments/{draft}"
    path = f"{url}/items/{KEY}" if headers else url
    fields = typed(client.get(url), **{f"remark-{KEY}": "from tab two"})
    made.fill(ann, draft, {KEY: Entry(Score.BASIC, "from tab one")})

    refused = client.post(path, data=fields, headers=headers)

    assert refused.status_code == 409
    assert "from tab one" in refused.text
    assert "from tab two" in refused.text
    assert stored(draft).remark == "from tab one"
    token = hidden(refused, f"seen-{KEY}")
    again = client.post(path, data={**fields, f"seen-{KEY}": token}, headers=headers)
    assert again.status_code in (200, 303)
    assert stored(draft).remark == "from tab two"


def test_a_mistyped_link_does_not_make_a_stale_item_look_fresh(as_person: AsPerson) -> None:
    ann = factories.volunteer()
    client, draft = as_person(ann), made.self_assessment(ann)
    url = f"/assessments/{draft}/items/{KEY}"
    fields = typed(client.get(f"/assessments/{draft}"), **{f"remark-{KEY}": "from tab two", f"link-{KEY}": "nope"})
    made.fill(ann, draft, {KEY: Entry(Score.BASIC, "from tab one")})

    refused = client.post(url, data=fields, headers=HTMX)
    token = hidden(refused, f"seen-{KEY}")
    again = client.post(url, data={**fields, f"link-{KEY}": "", f"seen-{KEY}": token}, headers=HTMX)

    assert (refused.status_code, again.status_code) == (422, 409)
    assert stored(draft).remark == "from tab one"


def test_a_form_without_tokens_overwrites_nothing(as_person: AsPerson) -> None:
    ann = factories.volunteer()
    client, draft = as_person(ann), made.self_assessment(ann)
    made.fill(ann, draft, {KEY: Entry(Score.BASIC, "words")})

    answer = client.post(
        f"/assessments/{draft}/items/{KEY}", data=csrf(client, **{f"remark-{KEY}": "others"}), headers=HTMX
    )

    assert answer.status_code == 409
    assert stored(draft).remark == "words"


def test_asking_for_a_review_puts_it_before_the_member(as_person: AsPerson) -> None:
    ann, bob = factories.volunteer("Ann"), factories.member("Bob")
    client = as_person(ann)
    page = client.get("/assessments/reviews/new")
    assert "Bob" in page.text
    assert "Whose work" not in page.text

    fields = typed(page, marker=str(bob.id))
    assert client.post("/assessments/reviews/new", data=fields).status_code == 303

    assert "Mentor review by Bob" in client.get("/assessments").text
    with client.application.test_request_context():
        found = attention.of_person(bob.id, factories.now())
    assert [str(item.title) for item in found] == ["Mentor review of Ann"]
    form = as_person(bob).get(found[0].url)
    assert form.status_code == 200
    assert "Mentor review of Ann" in form.text


@pytest.mark.parametrize("form", [{}, {"marker": "0"}, {"marker": "x"}, {"marker": "99999"}])
def test_a_marker_who_is_not_a_member_is_refused(as_person: AsPerson, form: dict[str, str]) -> None:
    factories.member()

    client = as_person(factories.volunteer())
    answer = client.post("/assessments/reviews/new", data=csrf(client, **form, submission_id="s" * 32))

    assert answer.status_code == 422
    assert "There is a problem" in answer.text


def test_the_director_asks_for_somebody_else_by_name(as_person: AsPerson) -> None:
    ann, bob = factories.volunteer("Ann"), factories.member("Bob")
    client = as_person(factories.director())
    fields = csrf(client, marker=str(bob.id), submission_id="s" * 32)

    nobody = client.post("/assessments/reviews/new", data={**fields, "person": "No Such"})
    themselves = client.post("/assessments/reviews/new", data={**fields, "person": "Bob"})
    good = client.post("/assessments/reviews/new", data={**fields, "person": "Ann"})

    assert (nobody.status_code, themselves.status_code, good.status_code) == (422, 422, 303)
    assert "Nobody is known under this name" in nobody.text
    db.session.rollback()
    assert db.session.scalars(select(Assessment.person_id)).all() == [ann.id]


def test_who_may_not_read_finds_nothing(as_person: AsPerson, client: FlaskClient) -> None:
    ann, bob = factories.volunteer("Ann"), factories.member("Bob")
    review = made.review(ann, bob)
    made.fill(bob, review, {KEY: Entry(Score.NONE, "CANARY-REMARK", "https://canary.example")})
    readers = {
        "person": ann,
        "stranger": factories.volunteer(),
        "member": factories.member(),
        "board": factories.board_member(),
        "director": factories.director(),
        "deputy": factories.deputy(),
    }
    url = f"/assessments/{review}"
    paths = [url, "/assessments", f"/assessments/of/{ann.id}"]

    for name, reader in readers.items():
        signed_in = as_person(reader)
        assert signed_in.get(url).status_code == 404, name
        assert not any("CANARY" in signed_in.get(path).text.upper() for path in paths), name
        for path in ("", "/lock", f"/items/{KEY}", "/header", f"/items/{KEY}/redact"):
            assert signed_in.post(url + path, data=csrf(signed_in)).status_code == 404, (name, path)
    rest = {key: Entry(Score.INDEPENDENT) for key in made.keys(review) if key != KEY}
    made.fill(bob, review, rest)
    form = as_person(bob)
    assert form.post(f"{url}/lock", data=typed(form.get(url))).status_code == 303

    seen = {name for name, reader in readers.items() if as_person(reader).get(url).status_code == 200}
    assert seen == {"person", "director", "deputy"}
    assert "CANARY-REMARK" in as_person(ann).get(url).text
    assert client.get(url).status_code in (302, 303, 401)
    of = {name for name, reader in readers.items() if as_person(reader).get(paths[2]).status_code == 200}
    assert of == {"person", "director", "deputy"}


def test_a_remark_is_removed_from_a_locked_document(as_person: AsPerson) -> None:
    ann = factories.volunteer()
    client, draft = as_person(ann), made.self_assessment(ann)
    url = f"/assessments/{draft}"
    scores = {f"score-{key}": "2" for key in made.keys(draft)}
    client.post(f"{url}/lock", data=typed(client.get(url), **scores, **{f"remark-{KEY}": "too private"}))
    assert "too private" in client.get(url).text

    assert client.post(f"{url}/items/{KEY}/redact", data=csrf(client)).status_code == 303

    page = client.get(url).text
    assert "too private" not in page
    assert "The remark was removed." in page


def test_a_draft_is_discarded(as_person: AsPerson) -> None:
    ann = factories.volunteer()
    client, draft = as_person(ann), made.self_assessment(ann)

    assert client.post(f"/assessments/{draft}/discard", data=csrf(client)).status_code == 303
    assert client.get(f"/assessments/{draft}").status_code == 404


def test_the_standards_are_public_and_the_old_one_says_so(client: FlaskClient) -> None:
    old, new = client.get("/standards/1"), client.get("/standards/2")

    assert (old.status_code, new.status_code) == (200, 200)
    assert "Superseded" in old.text
    assert "Superseded" not in new.text
    assert "Html::rawElement" in new.text
    assert "Web Security" not in old.text
    assert client.get("/standards/3").status_code == 404
    assert client.get(f"/standards/{10**30}").status_code == 404


def test_an_unknown_number_is_simply_not_found(as_person: AsPerson) -> None:
    client = as_person(factories.director())

    for number in (0, 999, 2**31, 10**30):
        assert client.get(f"/assessments/{number}").status_code == 404
        assert client.get(f"/assessments/of/{number}").status_code == 404


def test_a_damaged_part_that_is_not_shown_is_told_without_a_link_to_it(app: Flask) -> None:
    ann = factories.volunteer()
    address = f"/assessments/{made.self_assessment(ann)}"

    answer = Browser(app, ann).post(address, {"seen": "x" * 65})

    assert answer.status_code == 422
    assert "A part of this form that is not shown did not arrive as it was." in answer.text
    assert pages.faults(answer.text) == []


def test_an_unfinished_draft_needs_attention(app: Flask) -> None:
    ann = factories.volunteer()
    made.self_assessment(ann)

    with app.test_request_context():
        found = attention.of_person(ann.id, factories.now())

    assert [str(item.title) for item in found] == ["Your self-assessment"]
    assert "0 of 28" in str(found[0].reason)


def test_the_pages_need_the_same_statements_however_much_is_on_them(as_person: AsPerson) -> None:
    ann = factories.volunteer()
    client, draft = as_person(ann), made.self_assessment(ann)
    counts: dict[str, list[int]] = {}
    for _round in range(2):
        for path in (f"/assessments/{draft}", "/assessments", f"/assessments/of/{ann.id}"):
            with statements() as seen:
                assert client.get(path).status_code == 200
            counts.setdefault(path, []).append(len(seen))
        if _round == 0:
            made.fill(ann, draft, {key: Entry(Score.BASIC, "words") for key in made.keys(draft)})
            for _ in range(5):
                made.locked_review(ann, factories.member())

    for path, (empty, full) in counts.items():
        allowed = empty + (2 if path.endswith(str(ann.id)) or path == "/assessments" else 0)
        assert full <= allowed, path
    assert counts[f"/assessments/{draft}"][0] <= 12


def test_the_command_seeds_and_can_be_repeated(app: Flask) -> None:
    answer = app.test_cli_runner().invoke(args=["assessments", "seed"])

    assert (answer.exit_code, answer.output) == (0, "Every version is published already.\n")


def test_who_has_left_the_team_is_shown_no_review_that_they_can_no_longer_open(app: Flask, as_person: AsPerson) -> None:
    ann, ben, dana = factories.volunteer("Ann"), factories.member(), factories.director()
    made.review(ann, ben)
    found = list(attention.of_person(ben.id, factories.now()))
    assert len(found) == 1
    with unit_of_work() as now:
        people_services.end_role_by_hand(dana, ben.id, "software_engineer", reason="It is over.", now=now)

    assert list(attention.of_person(ben.id, factories.now())) == []
    assert "Mentor review of Ann" not in as_person(ben).get("/assessments").text
