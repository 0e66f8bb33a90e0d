"""A filled form comes into a draft after a look at it, and leaves for who may read it; a finished one is taken on."""

from __future__ import annotations

import html
import json
import re
from io import BytesIO

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from portal.assessments import carrying, drafting, evidence, queries, services
from portal.assessments.entries import EMPTY, Entry, Typed
from portal.assessments.models import MentoringType, Score
from portal.errors import NotPermitted, NotVisible, WrongState
from portal.extensions import db
from portal.people.models import Person
from portal.web.unit_of_work import unit_of_work
from tests import factories
from tests.assessments import factories as made
from tests.requests.pages import Browser, hidden

LOGS, SECURITY = "log-interpretation", "web-security"
FILE = """\
* Preferred Role Focus: Infrastructure Specialist
* Date: 03/10/2026

| Title | Score | Remark |
|---|---|---|
| Log Interpretation | 2 | From the file |
| Web Security | 3 | |
| Juggling | 3 | |
| Technical Communication | 9 | |
"""


@pytest.fixture(autouse=True)
def _seeded(app: Flask) -> None:
    made.seed()


def stored(assessment_id: int) -> dict[str, Entry]:
    db.session.rollback()
    found = queries.find(assessment_id)
    rows = queries.score_rows(assessment_id)
    return {
        item.key: queries.entry_of(rows[item.id]) for item in queries.items_of(found.standard_id) if item.id in rows
    }


def look(browser: Browser, draft: int, text: str = FILE) -> TestResponse:
    return browser.post(f"/assessments/{draft}/import", {"text": text})


def take(browser: Browser, draft: int, looked: TestResponse, text: str = FILE, **more: str) -> TestResponse:
    fields = {"text": text, "previewed": hidden(looked.text, "previewed"), "take": "1", **more}
    return browser.post(f"/assessments/{draft}/import", fields)


def words(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_a_form_is_shown_first_and_what_does_not_fit_is_named_by_line(app: Flask) -> None:
    ann = factories.member()
    draft = made.self_assessment(ann)

    page = words(look(Browser(app, ann), draft).text)

    assert stored(draft) == {}
    assert "New in the draft 2" in page
    assert "Line 8: “Juggling” is no item of this standard." in page
    assert "Line 9: “Technical Communication”: “9” is no score. Use 0, 1, 2, 3 or N/A." in page
    assert "Not in the file (25)" in page


def test_what_fits_lands_in_an_empty_draft_with_its_header(app: Flask) -> None:
    ann = factories.member()
    draft, browser = made.self_assessment(ann), Browser(app, ann)

    answer = take(browser, draft, look(browser, draft))

    assert answer.headers["Location"] == f"/assessments/{draft}"
    assert stored(draft) == {
        LOGS: Entry(Score.INDEPENDENT, "From the file"),
        SECURITY: Entry(Score.TEACHES),
    }
    assert queries.find(draft).role_focus == "Infrastructure Specialist"
    assert f"{queries.find(draft).assessed_on}" == "2026-10-03"


def test_what_stands_in_the_draft_is_shown_and_stays(app: Flask) -> None:
    ann = factories.member()
    draft, browser = made.self_assessment(ann), Browser(app, ann)
    made.fill(ann, draft, {LOGS: Entry(Score.BASIC, "Typed before")})

    looked = look(browser, draft)
    take(browser, draft, looked)

    assert "Typed before" in words(looked.text)
    assert stored(draft) == {LOGS: Entry(Score.BASIC, "Typed before"), SECURITY: Entry(Score.TEACHES)}
    assert queries.find(draft).role_focus != "Infrastructure Specialist"


def test_what_stands_in_the_draft_is_replaced_by_who_says_so(app: Flask) -> None:
    ann = factories.member()
    draft, browser = made.self_assessment(ann), Browser(app, ann)
    made.fill(ann, draft, {LOGS: Entry(Score.BASIC, "Typed before")})

    take(browser, draft, look(browser, draft), replace="y")

    assert stored(draft)[LOGS] == Entry(Score.INDEPENDENT, "From the file")
    assert queries.find(draft).role_focus == "Infrastructure Specialist"


def test_what_was_typed_after_the_look_is_looked_at_first(app: Flask) -> None:
    ann = factories.member()
    draft, browser = made.self_assessment(ann), Browser(app, ann)
    looked = look(browser, draft)
    made.fill(ann, draft, {LOGS: Entry(Score.BASIC, "Typed meanwhile")})

    again = take(browser, draft, looked, replace="y")

    assert again.status_code == 200
    assert "Typed meanwhile" in words(again.text)
    assert stored(draft) == {LOGS: Entry(Score.BASIC, "Typed meanwhile")}


def test_what_cannot_be_read_stays_on_the_page_and_changes_nothing(app: Flask) -> None:
    ann = factories.member()
    draft, browser = made.self_assessment(ann), Browser(app, ann)

    answer = look(browser, draft, "My own words")

    assert answer.status_code == 422
    assert "Nothing in it can be read as a table." in words(answer.text)
    assert "My own words" in answer.text


@pytest.mark.parametrize("layout", ["json", "csv", "wikitext"])
def test_an_exported_form_comes_back_into_another_draft_with_nothing_lost(app: Flask, layout: str) -> None:
    ann, ben = factories.member("Ann =1+1 [[Category:X]]"), factories.member()
    entries = {
        LOGS: Entry(
            Score.TEACHES, "=HYPERLINK(\"x\")\n| a || {{b}} '''c''' <nowiki>\n@x", "https://example.org/T1?a=[b]|c"
        ),
        SECURITY: Entry(Score.NOT_APPLICABLE, "-1"),
    }
    draft = made.self_assessment(ann)
    made.fill(ann, draft, entries)

    sent = Browser(app, ann).get(f"/assessments/{draft}/export/{layout}")
    review = made.review(ann, ben)
    browser, path = Browser(app, ben), f"/assessments/{review}/import"
    looked = browser.post(path, {"file": (BytesIO(sent.data), "form.txt")})
    text = html.unescape(re.search(r'<textarea[^>]*name="text"[^>]*>\r?\n?([^<]*)</textarea>', looked.text)[1])  # type: ignore[index]
    take(browser, review, looked, text)

    assert stored(review) == entries
    assert "The file says “Self-assessment”; this is: Mentor review." in words(looked.text)


def test_only_who_may_read_an_assessment_exports_it(app: Flask) -> None:
    ann, ben = factories.member(), factories.member()
    draft, locked = made.self_assessment(ann), made.locked_review(ann, ben)

    def status(person: Person, assessment_id: int) -> int:
        return Browser(app, person).get(f"/assessments/{assessment_id}/export/json").status_code

    assert [status(ann, draft), status(ben, draft), status(factories.director(), draft)] == [200, 404, 404]
    assert [status(ann, locked), status(ben, locked), status(factories.member(), locked)] == [200, 200, 404]


def test_a_file_is_kept_by_the_browser_and_never_shown_as_a_page(app: Flask) -> None:
    ann = factories.member()
    answer = Browser(app, ann).get(f"/assessments/{made.self_assessment(ann)}/export/json")

    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert json.loads(answer.text)["standard"]["version"] == 2


def test_a_locked_assessment_takes_no_file(app: Flask) -> None:
    ann = factories.member()
    assert look(Browser(app, ann), made.locked_self(ann)).status_code == 409


# Taken on into a new draft


def old_and_new() -> tuple[Person, int]:
    """A finished self-assessment against version 2, and version 3 in force: one item less, one reworded."""
    ann = factories.member()
    finished = made.self_assessment(ann)
    first, *_rest = made.keys(finished)
    entries = {key: Entry(Score.INDEPENDENT) for key in made.keys(finished)}
    entries |= {
        LOGS: Entry(Score.TEACHES, "I teach it", "https://example.org/T1"),
        first: Entry(Score.BASIC, "Dropped"),
    }
    with unit_of_work() as now:
        services.lock(ann, finished, Typed(entries, dict.fromkeys(entries, EMPTY.token)), now=now)
        queries.find(finished).mentoring_type = MentoringType.PEER
    version, director = made.draft_standard(), factories.director()
    with unit_of_work() as now:
        seen = drafting.digest(queries.items_of(drafting.get_draft(version).id))
        drafting.publish(director, version, seen=seen, now=now)
    return ann, finished


def carry(person: Person, finished: int) -> int:
    with unit_of_work() as now:
        return carrying.carry(person, finished, submission_id="c" * 32, now=now)


@pytest.mark.both_databases
def test_what_the_new_version_still_has_comes_along_and_the_finished_one_stays() -> None:
    ann, finished = old_and_new()
    before = (stored(finished), evidence.summary(finished))

    draft = carry(ann, finished)

    assert stored(draft) == {key: entry for key, entry in stored(finished).items() if entry.remark != "Dropped"}
    assert stored(draft)[LOGS] == Entry(Score.TEACHES, "I teach it", "https://example.org/T1")
    assert (queries.find(draft).standard.version, queries.find(draft).mentoring_type) == (3, MentoringType.PEER)
    assert (stored(finished), evidence.summary(finished)) == before
    assert queries.find(finished).standard.version == 2


def test_what_is_dropped_and_what_is_worded_otherwise_is_listed_before(app: Flask) -> None:
    ann, finished = old_and_new()

    page = words(Browser(app, ann).text(f"/assessments/{finished}/carry"))

    assert "Dropped: no longer in the standard (1) Open Source Ecosystem Awareness" in page
    assert "Worded otherwise now: read them once more (1) Log Interpretation" in page


def test_an_open_draft_is_never_overwritten(app: Flask) -> None:
    ann, finished = old_and_new()
    draft = made.self_assessment(ann)

    with pytest.raises(WrongState, match="You have a draft already"):
        carry(ann, finished)
    assert stored(draft) == {}
    assert "Open the draft" in Browser(app, ann).text(f"/assessments/{finished}/carry")


def test_nobody_takes_on_what_is_somebody_elses_or_no_finished_self_assessment() -> None:
    ann, finished = old_and_new()
    ben = factories.member()

    with pytest.raises(NotVisible):
        carry(ben, finished)
    with pytest.raises(NotPermitted):
        carry(ann, made.locked_review(ann, ben))
    with pytest.raises(NotPermitted):
        carry(ann, made.self_assessment(ann))


def test_a_removed_remark_does_not_come_back() -> None:
    ann, finished = old_and_new()
    with unit_of_work() as now:
        services.redact_remark(ann, finished, LOGS, now=now)

    assert stored(carry(ann, finished))[LOGS] == Entry(Score.TEACHES, "", "https://example.org/T1")


def test_the_page_of_an_old_assessment_shows_the_words_it_was_made_with(app: Flask) -> None:
    ann, finished = old_and_new()

    page = words(Browser(app, ann).text(f"/assessments/{finished}"))

    assert "Open Source Ecosystem Awareness" in page
    assert "Version 2" in page
    assert "Superseded standard" in page
    assert "Take it on into a new draft" in page
