"""Every route with a method, an id, a page number or a body that is none: 4xx in words, at once.

Taken from the map of routes, so that a route which is not written yet is covered too.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests import factories as people
from tests import pages
from tests.requests.pages import Browser
from tests.requests.scenes import scene

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "TRACE", "BREW")
BAD_IDS = (
    *("-1", "2147483648", "9" * 40, "x", "%00", "1%00", "%ff", "%ED%A0%80", "%EF%BC%91", "%D9%A3", "1.0", "1e3"),
    *("0x1", "+1", "%201", "1%20", "1%0a", "null", "..", "%2e%2e", "1;2", "%E2%80%AE1", "x" * 3000),
)
BAD_KEYS = ("nothing", "%00", "%ff", "%ED%A0%80", "%E2%80%AEx", "..%5c", "x" * 3000)
BAD_PAGES = ("x", "-1", "0", "2147483648", "9" * 40, "%00", "%ff", "%EF%BC%91", "1.5", "+1", "%201", "null")
PAGED = ("/requests/", "/requests/1", "/record", "/record/checkpoints", "/assessments", "/inbox", "/search?q=a")
WORK = 1.0  # seconds of this process for one answer
LARGE = 20 * 1024 * 1024
CHUNKED = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}  # as gunicorn hands it on


def rules(app: Flask) -> list[Rule]:
    return sorted((rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"), key=str)


def address(rule: Rule, value: str = "1") -> str:
    """The rule's address with this in place of each argument."""
    return "".join(part if is_text else value for is_text, part in _parts(rule.rule))


def _parts(rule: str) -> Iterator[tuple[bool, str]]:
    for place, part in enumerate(rule.replace(">", "<").split("<")):
        yield place % 2 == 0, part


class Judge:
    """Sends requests and collects what is wrong with the answers. A page of each sort is read strictly once."""

    def __init__(self, browser: Browser) -> None:
        self.client = browser.client
        self.headers = {"X-CSRFToken": browser.token()}
        self.faults: list[str] = []
        self._read: set[tuple[int, str]] = set()

    def send(self, method: str, url: str, *wanted: int, **kwargs: Any) -> TestResponse:
        """Send it; the status has to be one of those wanted, the answer quick and, where it is a page, sound."""
        for _again in range(2):  # a pause of the test process itself is not the answer's
            began = time.process_time()
            answer = self.client.open(url, method=method, headers=self.headers, **kwargs)
            if (took := time.process_time() - began) <= WORK:
                break
        if answer.status_code not in wanted:
            self.faults.append(f"{method} {url[:90]}: {answer.status_code}")
        if took > WORK:
            self.faults.append(f"{method} {url[:90]} took {took:.1f} s")
        if 400 <= answer.status_code < 500 and method != "HEAD":
            if 'role="alert"' not in answer.text:
                self.faults.append(f"{method} {url[:90]}: {answer.status_code} without words")
            if (answer.status_code, answer.text[:300]) not in self._read:
                self._read.add((answer.status_code, answer.text[:300]))
                self.faults += [f"{method} {url[:90]}: {fault}" for fault in pages.faults(answer.text)]
        return answer


@pytest.fixture
def judge(app: Flask) -> Judge:
    scene()
    return Judge(Browser(app, people.director("Dana")))


def taken(app: Flask, url: str) -> set[str]:
    """The methods that some route takes at this address."""
    return set(app.url_map.bind("localhost").allowed_methods(url))


def test_a_method_that_an_address_does_not_take_is_a_405_that_names_those_it_takes(app: Flask, judge: Judge) -> None:
    for url in dict.fromkeys(address(rule) for rule in rules(app)):
        for method in METHODS:
            if method not in taken(app, url):
                answer = judge.send(method, url, 405)
                assert set(answer.allow) == taken(app, url), url

    assert judge.faults == []


@pytest.mark.both_databases
def test_what_is_no_id_is_not_there(app: Flask, judge: Judge) -> None:
    for rule in rules(app):
        numbers = [name for name, converter in rule._converters.items() if converter.regex == "[0-9]+"]
        values = BAD_IDS if numbers else BAD_KEYS if rule.arguments else ()
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            for value in values if method == "GET" else values[:4]:
                judge.send(method, address(rule, value), 400, 404, 405)

    assert judge.faults == []


@pytest.mark.both_databases
@pytest.mark.parametrize("value", ["0", "2147483647"])
def test_an_id_that_nothing_has_is_not_there(app: Flask, judge: Judge, value: str) -> None:
    for rule in rules(app):
        for method in sorted((rule.methods or set()) & {"GET", "POST"}) if rule.arguments else ():
            judge.send(method, address(rule, value), 404, 422)

    assert judge.faults == []


@pytest.mark.both_databases
def test_a_page_of_a_list_that_cannot_be_is_not_there(app: Flask, judge: Judge) -> None:
    for value in BAD_PAGES:
        for url in PAGED:
            judge.send("GET", url + ("&" if "?" in url else "?") + f"before={value}", 400, 404)

    assert judge.faults == []


def test_an_address_that_does_not_page_answers_as_if_no_page_were_asked_for(app: Flask, judge: Judge) -> None:
    """So one that pages is named above, or it is found here."""
    named = {url.partition("?")[0] for url in PAGED}
    for rule in rules(app):
        if "GET" in (rule.methods or ()) and not rule.arguments and rule.rule not in named:
            plain = judge.client.get(rule.rule).status_code
            for value in ("x", "9" * 40):
                judge.send("GET", f"{rule.rule}?before={value}", plain)

    assert judge.faults == [], "put an address that refuses these into PAGED"


@pytest.mark.parametrize("database_kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def test_no_query_breaks_a_page(app: Flask, judge: Judge) -> None:
    queries = (
        "&".join(f"q{n}=x" for n in range(2000)) + "&=&&==&%zz&before=1&before=x&stage[]=open&stage[a][b]=1",
        f"q=%ED%A0%80%ff{'%' * 3000}&kind={'kind=' * 500}&kept={'x' * 5000}",
        f"q={'%CC%81%CC%A7' * 10_000}",
    )
    for rule in rules(app):
        for query in queries if "GET" in (rule.methods or ()) else ():
            judge.send("GET", f"{address(rule)}?{query}", *range(200, 500))

    assert judge.faults == []


class Endless(io.RawIOBase):
    """A body of twenty mebibytes that notes how much of it was read."""

    def __init__(self) -> None:
        self.left = LARGE
        self.taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size = min(len(buffer), self.left)
        buffer[:size] = b"a" * size
        self.left -= size
        self.taken += size
        return size


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_large_is_refused_before_it_is_read(app: Flask, judge: Judge, chunked: bool) -> None:
    for rule in rules(app):
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            if chunked and method == "GET":
                continue  # nobody asks for that body, so nobody reads it
            body = Endless()
            environ: dict[str, Any] = {"wsgi.input": body, "CONTENT_TYPE": "application/x-www-form-urlencoded"}
            environ |= CHUNKED if chunked else {"CONTENT_LENGTH": str(LARGE)}
            judge.send(method, address(rule), 411 if chunked else 413, environ_overrides=environ)
            assert body.taken <= 2_000_000, rule

    assert judge.faults == []
