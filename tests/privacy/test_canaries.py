"""Private words come to their readers and to nobody else: pages, fragments, search, error pages, events, logs, cookies.

The routes are taken from the app and the ids from the scene, so what is written later is covered. What the portal says
otherwise is in test_canaries_elsewhere.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote_plus

import pytest
from flask import Flask

from tests.privacy import crawling
from tests.privacy.browsing import Reader, everything_logged, reader
from tests.privacy.scene import ACTORS, Scene

TURNS = 12  # in the fast suite an actor opens every twelfth address that has an id; --slow opens all
WHOLE_FOR = ("director",)  # opens everything also in the fast suite
ACTORS_IN_TURN = [actor for actor in ACTORS if actor not in WHOLE_FOR]


def read_everything(app: Flask, browser: Reader, *, turns: int = 1) -> None:
    """Open every request and every list, which are fragments too; of other addresses with an id one of so many."""
    turn = list(ACTORS).index(browser.actor)
    lists = {rule.rule for rule in app.url_map.iter_rules() if not rule.arguments}
    for number, (endpoint, address) in enumerate(list(crawling.addresses(app))):
        whole = turns == 1 or (number + turn) % turns == 0
        if whole or address in lists or endpoint == "requests.show":
            browser.get(address, htmx=not whole and address in lists and bool((number + turn) % 2))
        if turns == 1 and address in lists:
            browser.get(address, htmx=True)


def check_reading(app: Flask, scene: Scene, actor: str, *, turns: int) -> Reader:
    browser = reader(app, scene, actor)
    with everything_logged() as lines:
        read_everything(app, browser, turns=turns)
    assert browser.leaks == []
    assert browser.known.findall("\n".join(lines)) == []
    return browser


@pytest.mark.parametrize("actor", ACTORS_IN_TURN)
def test_nobody_reads_what_is_not_for_them(app: Flask, scene: Scene, actor: str) -> None:
    check_reading(app, scene, actor, turns=TURNS)


@pytest.mark.parametrize("actor", WHOLE_FOR)
def test_they_read_all_that_is_for_them_and_nothing_else(app: Flask, scene: Scene, actor: str) -> None:
    browser = check_reading(app, scene, actor, turns=1)

    assert browser.readable - browser.found == set()


@pytest.mark.slow
@pytest.mark.both_databases
@pytest.mark.parametrize("actor", ACTORS)
def test_everybody_reads_all_that_is_for_them_and_nothing_else(app: Flask, scene: Scene, actor: str) -> None:
    browser = check_reading(app, scene, actor, turns=1)

    assert browser.readable - browser.found == set()


NOTHING = "zq999-nothing"  # as long as a word can be, and in no text


def search_fields(browser: Reader, app: Flask) -> Iterator[tuple[str, str]]:
    """(address, name) of every field to type in of every form that asks for a list."""
    pages = [address for _endpoint, address in crawling.addresses(app) if address.count("/") < 3]
    plain = [rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and not rule.arguments]
    for page in sorted(set(pages) & set(plain)):
        for form in crawling.forms(browser.get(page).text, page):
            if form.method == "get":
                yield from ((form.action, field.name) for field in form.fields if field.is_typed)


def without(word: str, html: str) -> str:
    """A page without what differs each time or repeats what was looked for."""
    html, word = (unquote_plus(unquote_plus(text)).replace("+", " ") for text in (html, word))  # links hold links
    return re.sub(r'value="[^"]*"|nonce="[^"]*"', "", html.replace(word, ""))


def check_search(app: Flask, scene: Scene, actor: str, *, turns: int) -> None:
    """Looking for a word that is not theirs answers exactly what looking for nonsense does."""
    browser = reader(app, scene, actor)
    turn = list(ACTORS).index(actor)
    words = [canary.word for canary in scene.canaries if actor not in canary.readers][turn % turns :: turns]
    told = []
    for address, name in dict.fromkeys(search_fields(browser, app)):
        nothing = without(NOTHING, browser.client.get(address, query_string={name: NOTHING}).text)
        for word in words:
            if without(word, browser.client.get(address, query_string={name: word}).text) != nothing:
                told.append(f"{address}?{name}={word}")
    assert told == []


@pytest.mark.parametrize("actor", ACTORS)
def test_a_search_for_a_word_that_is_not_theirs_finds_nothing(app: Flask, scene: Scene, actor: str) -> None:
    check_search(app, scene, actor, turns=24)


@pytest.mark.slow
@pytest.mark.both_databases
@pytest.mark.parametrize("actor", ACTORS)
def test_a_search_for_any_word_that_is_not_theirs_finds_nothing(app: Flask, scene: Scene, actor: str) -> None:
    check_search(app, scene, actor, turns=1)


@pytest.mark.parametrize("name", ["team-comment", "concern", "concern-name", "answer", "shared-comment"])
def test_a_search_finds_the_request_for_those_who_may_read_the_word(app: Flask, scene: Scene, name: str) -> None:
    browser = reader(app, scene, "member")
    told = scene.requests["discussed"]
    word = next(canary.word for canary in scene.canaries if canary.word.endswith(f"-{name}"))

    assert f'href="/requests/{told.id}"' in browser.get(f"/requests/?q={word}").text
