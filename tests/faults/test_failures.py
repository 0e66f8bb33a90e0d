"""An exception anywhere: a page in words with a reference, one line in the log, nothing changed, nothing given away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from werkzeug.routing import Rule

from portal.audit import services as audit
from portal.extensions import db, login_manager
from portal.people.models import Capacity, Person
from portal.requests.discussion_models import Comment
from portal.web import failures, unit_of_work
from portal.web.access import rule_of
from tests import factories
from tests.faults.watching import PRIVATE, TYPED, faults_of, log_lines, rows
from tests.requests import factories as requests
from tests.requests.pages import Browser


class Broken(Exception):
    """An error of ours that carries what somebody wrote."""


def broken(*_args: object, **_kwargs: object) -> NoReturn:
    raise Broken(PRIVATE)


@pytest.fixture
def everybody(app: Flask) -> Person:
    """Somebody whom no door is shut to."""
    return factories.person("Every Body", "director", capacity=Capacity.BOARD)


@pytest.fixture
def browser(app: Flask, everybody: Person) -> Browser:
    browser = Browser(app, everybody)
    browser.token()
    return browser


@pytest.fixture
def lines() -> Iterator[list[str]]:
    with log_lines() as written:
        yield written


@pytest.fixture
def failing_views(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every view behind its own door fails. Covers views that are not written yet."""
    for endpoint, view in list(app.view_functions.items()):
        if not endpoint.endswith("static"):
            monkeypatch.setitem(app.view_functions, endpoint, _failing_like(view))


def _failing_like(view: Callable[..., Any]) -> Callable[..., Any]:
    def fails(**_values: object) -> NoReturn:
        broken()

    fails.access_rule = rule_of(view)  # type: ignore[attr-defined]  # a view function carries its rule
    return fails


def addresses(app: Flask) -> Iterator[tuple[str, str]]:
    """Method and address of every route, with some id where one is asked for."""
    adapter = app.url_map.bind("localhost")
    rules: list[Rule] = list(app.url_map.iter_rules())
    for rule in rules:
        values: dict[str, Any] = dict.fromkeys(rule.arguments, 1)
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            if not rule.endpoint.endswith("static"):
                yield method, adapter.build(rule.endpoint, values, method=method)


def test_whatever_view_fails_says_so_in_words_and_logs_it_once(
    app: Flask, browser: Browser, everybody: Person, failing_views: None, lines: list[str]
) -> None:
    before, wrong, person_id, count = rows(), [], everybody.id, 0

    for method, address in addresses(app):
        for htmx in (False, True):
            lines.clear()
            if method == "POST":
                answer, typed = browser.post(address, {"body": TYPED}, htmx=htmx), TYPED
            else:
                answer, typed = browser.get(address, htmx=htmx), ""
            wrong += [(address, htmx, it) for it in faults_of(answer, lines, 500, person_id=person_id, typed=typed)]
            count += 1

    assert wrong == []
    assert count > 200
    assert rows() == before


@pytest.fixture
def discussion(browser: Browser) -> str:
    """Where comments on a request are sent."""
    return f"/requests/{requests.team_request(factories.member())}/comments"


def comment(browser: Browser, address: str) -> Any:
    return browser.post(address, {"body": TYPED, "audience": "team"})


def before_the_view(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.before_request_funcs, None, [*app.before_request_funcs[None], broken])


def before_anything_is_written(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "write_text", broken)


def when_everything_is_written(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unit_of_work, "_before_commit", [*unit_of_work._before_commit, broken])


def in_the_database(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A constraint refuses a row; the driver's error quotes the statement and what was to be written."""

    def refused(_session: object) -> None:
        db.session.execute(
            text("INSERT INTO person (name, created_at) VALUES (:name, :at)"), {"name": PRIVATE, "at": None}
        )

    monkeypatch.setattr(unit_of_work, "_before_commit", [*unit_of_work._before_commit, refused])


def after_the_view(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def once(response: Any) -> Any:
        return response if response.status_code == 500 else broken()

    monkeypatch.setitem(app.after_request_funcs, None, [once, *app.after_request_funcs[None]])


SPOTS = [before_the_view, before_anything_is_written, when_everything_is_written, in_the_database]


@pytest.mark.both_databases
@pytest.mark.parametrize("spot", SPOTS)
@pytest.mark.parametrize("htmx", [False, True])
def test_wherever_a_change_fails_nothing_is_changed_and_the_text_comes_back(
    app: Flask,
    browser: Browser,
    everybody: Person,
    discussion: str,
    lines: list[str],
    monkeypatch: pytest.MonkeyPatch,
    spot: Callable[[Flask, pytest.MonkeyPatch], None],
    htmx: bool,
) -> None:
    before, person_id = rows(), everybody.id
    spot(app, monkeypatch)

    answer = browser.post(discussion, {"body": TYPED, "audience": "team"}, htmx=htmx)

    assert faults_of(answer, lines, 500, person_id=person_id, typed=TYPED) == []
    assert rows() == before


def test_a_comment_is_saved_when_nothing_fails(browser: Browser, discussion: str) -> None:
    """What the tests above break does work."""
    before = rows()

    assert comment(browser, discussion).status_code == 303

    changed = rows()
    assert {name for name in before if before[name] != changed[name]} >= {"comment", "text", "event", "chain_head"}


def test_a_template_that_fails_says_so_in_words(
    app: Flask, browser: Browser, everybody: Person, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    person_id = everybody.id
    monkeypatch.setitem(app.jinja_env.globals, "footer_links", broken)

    answer = browser.get("/roles")

    assert faults_of(answer, lines, 500, person_id=person_id) == []
    assert "site-name" in answer.text, "the frame is drawn without what failed"


def test_a_page_that_fails_after_the_change_does_not_say_that_nothing_was_saved(
    app: Flask,
    browser: Browser,
    everybody: Person,
    discussion: str,
    lines: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    person_id = everybody.id
    monkeypatch.setitem(app.jinja_env.filters, "when", broken)

    answer = browser.post(discussion, {"body": TYPED, "audience": "team"}, htmx=True)

    assert faults_of(answer, lines, 500, person_id=person_id, typed=TYPED) == []
    assert "Look whether it is there before you send it again" in answer.text
    assert "Nothing was saved" not in answer.text
    assert db.session.scalars(select(Comment)).one().text.body == TYPED


def test_a_refusal_whose_page_fails_is_a_failure_and_logged_once(
    app: Flask, browser: Browser, everybody: Person, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    person_id = everybody.id
    monkeypatch.setitem(app.jinja_env.globals, "footer_links", broken)

    answer = browser.get("/requests/999999")

    assert faults_of(answer, lines, 500, person_id=person_id) == []


@pytest.mark.parametrize("address", ["/", "/roles", "/requests/", "/nothing-here"])
def test_not_knowing_who_is_signed_in_is_a_failure_too(
    app: Flask, browser: Browser, lines: list[str], monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr(login_manager, "_user_callback", broken)

    answer = browser.get(address)

    assert faults_of(answer, lines, 500, person_id=None) == []


def test_what_fails_after_the_view_is_answered_in_words(
    app: Flask, browser: Browser, everybody: Person, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    person_id = everybody.id
    after_the_view(app, monkeypatch)

    answer = browser.get("/roles")

    assert faults_of(answer, lines, 500, person_id=person_id) == []
    assert "Content-Security-Policy" in answer.headers


def test_when_even_the_error_page_fails_a_plain_one_says_so(
    app: Flask,
    browser: Browser,
    everybody: Person,
    failing_views: None,
    lines: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    person_id = everybody.id
    monkeypatch.setattr(failures, "render_alone", broken)

    answer = browser.get("/roles")

    assert faults_of(answer, lines, 500, person_id=person_id) == []
    assert "It is not your fault" in answer.text


def test_a_library_that_logs_a_trace_leaves_no_private_text(app: Flask, lines: list[str]) -> None:
    try:
        broken()
    except Broken:
        app.logger.exception("it went wrong")

    assert len(lines) == 1
    assert '"type": "Broken"' in lines[0]
    assert PRIVATE not in lines[0]


def test_the_log_reaches_the_error_stream_once_and_as_it_is(
    client: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    reference = client.get("/nothing-here").headers["X-Request-Id"]

    said = [line for line in capsys.readouterr().err.splitlines() if reference in line]

    assert len(said) == 1
    assert said[0].startswith('{"at": "')
