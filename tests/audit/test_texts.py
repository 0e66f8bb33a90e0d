"""Texts and what events say of them: kept apart, vouched for, emptied in every version, and looked after."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from portal.audit import services as audit
from portal.audit.comparing import disagreements
from portal.audit.models import Event, Text
from portal.extensions import db
from portal.web.unit_of_work import unit_of_work
from tests import factories

NOON = datetime(2026, 11, 2, 12, 30, 15, 42, tzinfo=UTC)
CODE = "comment.added"


def written(*bodies: str, author_id: int | None = None) -> list[Text]:
    """Versions of one text, each in a unit of work of its own."""
    versions: list[Text] = []
    for body in bodies:
        with unit_of_work(NOON) as now:
            previous = db.session.get_one(Text, versions[-1].id) if versions else None
            versions.append(audit.write_text(author_id, body, at=now, previous=previous))
            audit.record(CODE, actor_id=author_id, at=now)
    return versions


def erased(text_id: int, by_id: int) -> int:
    with unit_of_work(NOON) as now:
        count = audit.erase_text(db.session.get_one(Text, text_id), by_id=by_id, at=now)
        audit.record("text.redacted", actor_id=by_id, at=now)
        return count


def told() -> list[dict[str, object]]:
    """What each event holds, in order."""
    return list(db.session.scalars(select(Event.data).order_by(Event.id)))


def past_the_portal(statement: object) -> list[str]:
    """What is found after a change that no event tells of."""
    with unit_of_work():
        db.session.execute(statement)  # type: ignore[call-overload]
    return list(disagreements())


def test_every_version_points_to_the_first(app: Flask) -> None:
    author = factories.member()
    first, second, third = written("one", "two", "three", author_id=author.id)

    assert (first.first_id, second.first_id, third.first_id) == (None, first.id, first.id)
    assert {text.author_id for text in (first, second, third)} == {author.id}
    assert third.created_at == NOON


def test_the_same_words_have_another_hash_in_another_text(app: Flask) -> None:
    one, other = *written("yes"), *written("yes")

    assert audit.text_hash(one) != audit.text_hash(other)
    assert len(one.salt or "") == 32


@pytest.mark.parametrize(
    "text", [None, Text(), Text(body="yes"), Text(salt="0" * 32)], ids=["none", "empty", "unsalted", "salt"]
)
def test_of_a_text_that_is_not_there_or_lacks_its_salt_nothing_is_said(text: Text | None) -> None:
    assert audit.text_hash(text) is None


def test_a_text_has_the_same_hash_in_every_release() -> None:
    """What an event said of a text has to hold for ever; an empty text is a text."""
    known = "622f32338a9138253158606faa84058f5144865d0dc4f19a53c5401057b0901e"

    assert audit.text_hash(Text(body="Zebra", salt="0" * 32)) == known
    assert audit.text_hash(Text(body="", salt="0" * 32))


def test_the_last_event_of_a_change_vouches_for_its_texts(app: Flask) -> None:
    with unit_of_work() as now:
        texts = [audit.write_text(None, body, at=now) for body in ("one", "two")]
        for count in (1, 2, 3):
            audit.record(CODE, actor_id=None, at=now, count=count)

    said = [f"{text.id}:{audit.text_hash(text)}" for text in texts]
    assert told() == [{"count": 1}, {"count": 2}, {"count": 3, "texts": said}]


def test_emptying_any_version_empties_them_all_and_nothing_else(app: Flask) -> None:
    by = factories.volunteer().id
    for place in range(3):
        other, versions = written("another")[0], written("one", "two", "three")
        ids = [text.id for text in versions]

        assert erased(ids[place], by) == 3

        for text in db.session.scalars(select(Text).where(Text.id.in_(ids))):
            assert (text.body, text.salt, text.redacted_at, text.redacted_by_id) == (None, None, NOON, by)
        assert db.session.get_one(Text, other.id).body == "another"
        assert told()[-1] == {"emptied": ids}
    assert list(disagreements()) == []


def test_what_was_done_to_a_text_past_the_portal_is_named(app: Flask) -> None:
    first, second, third = (*written("one"), *written("two"), *written("three"))
    ids = [first.id, second.id, third.id]
    erased(ids[2], factories.volunteer().id)
    whole = {"body": first.body, "salt": first.salt}

    assert list(disagreements()) == []
    assert past_the_portal(update(Text).where(Text.id == ids[0]).values(body="won")) == [
        f"text {ids[0]} is not what was written"
    ]
    assert past_the_portal(update(Text).where(Text.id == ids[0]).values(body=None, salt=None)) == [
        f"text {ids[0]} was emptied"
    ]
    assert past_the_portal(update(Text).where(Text.id == ids[0]).values(whole)) == []
    for back in ({"body": "three"}, {"salt": "0" * 32}, {"body": "three", "salt": "0" * 32}):
        nothing = {"body": None, "salt": None}
        assert past_the_portal(update(Text).where(Text.id == ids[2]).values({**nothing, **back})) == [
            f"text {ids[2]} was removed and is there again"
        ]
    assert past_the_portal(update(Text).where(Text.id == ids[2]).values(body=None, salt=None)) == []
    assert past_the_portal(delete(Text).where(Text.id.in_(ids[:2]))) == [
        f"text {ids[0]} is missing",
        f"text {ids[1]} is missing",
    ]


def test_a_text_that_no_event_vouches_for_is_nobodys_business(app: Flask) -> None:
    """Drafts and typed words are such."""
    written("one")
    with unit_of_work() as now:
        db.session.add(Text(body="by the way", salt="0" * 32, created_at=now))

    assert list(disagreements()) == []


def test_a_moment_is_told_in_utc_to_the_second() -> None:
    assert audit.stamp(NOON) == "2026-11-02t12:30:15z"
    assert audit.stamp(None) is None
