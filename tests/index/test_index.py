"""The index finds what reading everything would find, on both databases, whatever is typed."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Select, delete, select, true

from portal.extensions import db
from portal.index import asking, folding, queries, services
from portal.index.models import Indexed, What
from portal.index.services import Entry
from portal.web.unit_of_work import unit_of_work
from tests.index import model
from tests.privacy.kept import everything_indexed

pytestmark = pytest.mark.both_databases

PIECES = [
    "ac", "access", "Access", "accessible", "ACCÉSS", "acc", "a", "b", "key", "keys", "grafana", "grafana-01", "T123",
    "Straße", "STRASSE", "naïve", "ångström", "Å", "Привет", "приве́т", "Ёлка", "運維", "維運", "運",
    "カタカナ", "한국어", "مرحبا", "don't", "dont", "e-mail", "100%", "100", "1", "ﬁle", "①", "foo_bar", "AND",
    "OR", "NOT", "NEAR", "*",
    "(", ")", ":", "^", "&", "|", "!", "<->", "'", "\\", "%", "_", "-", "🎉", "\u200b", "words:",
    "indexed_fts",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=8).map(" ".join)
ASKED = st.lists(st.sampled_from([*PIECES, '"', '"']), max_size=5).flatmap(
    lambda pieces: st.sampled_from([" ".join(pieces), "".join(pieces)])
)


def fill(texts: list[str]) -> None:
    with unit_of_work():
        db.session.execute(delete(Indexed))
        for number, body in enumerate(texts):
            entry = Entry(What.PERSON, number, body)
            db.session.add(Indexed(**entry.values()))
            db.session.flush()


def numbers(page: queries.Found) -> list[int]:
    """The numbers of the texts on a page, in its order."""
    rows = {row.id: row.subject_id for row in db.session.execute(select(Indexed.id, Indexed.subject_id))}
    return [rows[id] for id in page.ids]


def found(typed: str, *, size: int = 100) -> list[int]:
    """The numbers of the texts that the index finds, page by page."""
    seen, before = [], None
    for _page in range(200):
        page = queries.everywhere(asking.parse(typed), anything, before=before, size=size)
        seen += numbers(page)
        if page.older is None:
            return seen
        assert before is None or page.older < before, "a page that leads nowhere"
        before = page.older
    raise AssertionError("pages without end")


def looked_through(typed: str) -> list[int]:
    """The numbers of the texts that are found without the index."""
    return numbers(queries.among(true(), asking.parse(typed), anything, before=None, size=100))


def anything(query: Select[Any], _rows: queries.Row) -> Select[Any]:
    return query


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.lists(TEXTS, max_size=8), st.lists(ASKED, min_size=1, max_size=6))
@example(["grafana access", "access to grafana"], ['"grafana access"', "acc gra", '"grafana acc', "運"])
def test_what_is_found_is_what_reading_everything_finds(app: Flask, texts: list[str], asked: list[str]) -> None:
    fill(texts)

    for typed in asked:
        expected = [number for number, body in enumerate(texts) if model.finds(typed, body)]
        assert found(typed) == looked_through(typed) == expected[::-1], typed
        assert [number for number, body in enumerate(texts) if asking.parse(typed).fits(body)] == expected, typed


def test_pages_follow_each_other_without_gap_or_repeat(app: Flask) -> None:
    fill([f"server {number} {'odd' if number % 2 else 'even'}" for number in range(50)])

    assert found("serv", size=7) == list(range(49, -1, -1))
    assert found("odd server", size=5) == list(range(49, 0, -2))
    assert found("nowhere", size=5) == []


@pytest.mark.parametrize("candidates", [1, 5, 1000])
@pytest.mark.parametrize("newest_looked_at", [1, 20, 1000])
def test_however_little_is_read_for_a_page_all_pages_together_find_everything(
    app: Flask, monkeypatch: pytest.MonkeyPatch, newest_looked_at: int, candidates: int
) -> None:
    monkeypatch.setattr(queries, "NEWEST_LOOKED_AT", newest_looked_at)
    monkeypatch.setattr(queries, "MOST_CANDIDATES", candidates)
    monkeypatch.setattr(queries, "FEW_CANDIDATES", candidates)
    fill([f"{'rare' if number in (0, 1, 2, 30) else 'common'} word number {number % 3}" for number in range(40)])

    assert found("rare", size=2) == [30, 2, 1, 0]
    assert found("word", size=6) == list(range(39, -1, -1))
    assert found('"rare word" num', size=3) == [30, 2, 1, 0]
    assert found('"number 1" "common word"', size=3) == [n for n in range(39, 2, -1) if n % 3 == 1]
    assert found('"word rare"') == found("word nowhere") == []


HOSTILE = [
    "", " ", '"', '""', '"""', "*", "**", "(", ")", "AND", "OR", "NOT", "NEAR(a b, 1)", "a AND", "words:key",
    "-key", "^key", "a\x00b", "\x00", "'; DROP TABLE indexed; --", "a' <-> 'b", "key:*", "!key", "a & | b", "\\",
    "\\'", "'''", "\ue0001", "\ue0010", "{words}: key", "+", '" OR "', "\ud7ff", "\u202e", "key" * 34_000,
    '"a ' * 50_000, "'" * 100_000, "ﷺ" * 200,
    "a b c d e f g h i j k l m n o p q r s t u v w x y z", "\U0001f469\u200d\U0001f4bb",
]  # fmt: skip


@pytest.mark.parametrize("typed", HOSTILE, ids=range(len(HOSTILE)))
def test_nothing_that_can_be_typed_is_an_error(app: Flask, typed: str) -> None:
    fill(["key to the server", "DROP TABLE"])

    found(typed)
    asking.excerpt(asking.parse(typed), "key to the server " + typed[:1000])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.text(max_size=60), st.text(max_size=200))
def test_any_text_can_be_kept_and_asked_for(app: Flask, typed: str, body: str) -> None:
    body = body.replace("\x00", "")  # no text of the portal has it
    fill([body])

    assert found(typed) == ([0] if asking.parse(typed).fits(body) else [])


def test_the_longest_text_can_be_kept(app: Flask) -> None:
    fill(["ﷺ " * 10_000, "運" * 10_000 + " end", "x" * 10_000, "\U0001f170 \U00010400" * 3000])

    assert found("end") == [1]
    assert found('"運運運"') == [1]
    assert found("x" * 200) == [2]


def test_what_leaves_the_index_is_in_none_of_its_tables(app: Flask) -> None:
    fill(["a quokkaword stands here", "another"])
    with unit_of_work():
        connection = db.session.connection()
        services.agree(connection, Indexed.subject_id == 0, [])

    assert found("quokka") == found("quok") == []
    assert "quokka" not in everything_indexed()
    assert "another" in everything_indexed()


def test_words_are_the_same_for_index_and_excerpt() -> None:
    for body in (*PIECES, "Das Café, in der Straße; 運維 und ﬁle."):
        normal = unicodedata.normalize("NFC", body)
        assert [word for word, _start, _end in folding.spans(normal)] == folding.words(body)


def test_an_excerpt_shows_what_was_found_as_it_was_written() -> None:
    body = "Long before. " * 30 + "Here is the CAFÉ, and there the cafés of old. " + "Long after. " * 30

    parts = asking.excerpt(asking.parse("cafe"), body)

    assert [part for part, is_found in parts if is_found] == ["CAFÉ", "cafés"]
    assert len("".join(part for part, _is_found in parts)) < 250
    assert parts[0] == ("… ", False)
    assert parts[-1] == (" …", False)
