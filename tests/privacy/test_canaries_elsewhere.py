"""What the portal says otherwise than in answers: its timeline, its commands. And what was removed is nowhere at all.

Mail, exports and feeds that are not routes belong into `OUTPUTS`, with the actor each of them is for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from urllib.parse import urlencode

import click
import pytest
from flask import Flask
from sqlalchemy import select

from portal.audit.models import Event, Text
from portal.audit.services import verify_chain
from portal.extensions import db
from tests.privacy import crawling
from tests.privacy.browsing import any_of, reader
from tests.privacy.kept import everything_kept
from tests.privacy.scene import Scene

Output = tuple[str, str]  # the actor it is for, or "nobody"; and what it says
OWN_WORDS = {"db", "run", "shell", "routes", "translate"}  # commands of Flask and its extensions


def timeline(_app: Flask) -> Iterator[Output]:
    """Every event: the whole chain may be shown to anybody one day."""
    for event in db.session.scalars(select(Event)):
        yield "nobody", json.dumps([event.code, event.data, event.hash])


def commands(app: Flask) -> Iterator[Output]:
    """What each command of the portal prints when it is called by itself."""
    for names in leaves(app.cli):
        if names[0] not in OWN_WORDS:
            yield "nobody", app.test_cli_runner().invoke(args=names).output


def leaves(group: click.Command, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The names of every command under this one."""
    if not isinstance(group, click.Group):
        yield before
        return
    for name, command in group.commands.items():
        yield from leaves(command, (*before, name))


OUTPUTS: dict[str, Callable[[Flask], Iterator[Output]]] = {"timeline": timeline, "commands": commands}
"""Whatever leaves the portal and is no answer to a browser. Add what is written later."""


@pytest.mark.both_databases
@pytest.mark.parametrize("name", OUTPUTS)
def test_what_leaves_the_portal_otherwise_holds_nothing_private(app: Flask, scene: Scene, name: str) -> None:
    leaks = []
    private = {canary.word for canary in scene.canaries if canary.readers != set(scene.ids) | {"anonymous"}}

    said = list(OUTPUTS[name](app))
    for actor, text in said:
        words = any_of(scene.forbidden(actor) if actor in scene.ids else private)
        leaks += [f"{word} in what {name} sends to {actor}" for word in words.findall(text)]

    assert said
    assert leaks == []


def words_of(scene: Scene, text_ids: set[int]) -> set[str]:
    """The canaries in these texts and in every version of them."""
    firsts = {text.first_id or text.id for text in db.session.scalars(select(Text).where(Text.id.in_(text_ids)))}
    versions = db.session.scalars(select(Text.body).where(Text.id.in_(firsts) | Text.first_id.in_(firsts)))
    bodies = "\n".join(body or "" for body in versions)
    return {canary.word for canary in scene.canaries if canary.word in bodies}


@pytest.mark.both_databases
def test_what_was_removed_is_nowhere_in_any_version_for_anybody(app: Flask, scene: Scene) -> None:
    request_id = scene.requests["discussed"].id
    ids = {text for request, text in crawling.texts() if request == request_id}
    gone = words_of(scene, ids)
    director, author = reader(app, scene, "director"), reader(app, scene, "author")
    assert len(gone) >= 20

    for text_id in ids:  # those of which another version was removed before are refused in words
        assert director.post(f"/requests/{request_id}/texts/{text_id}/remove", {}).status_code in (303, 409)

    found = any_of(gone)
    assert found.findall(everything_kept()) == []
    for browser in (director, author):
        assert found.findall(browser.get(f"/requests/{request_id}").text) == []
        for word in gone:
            assert f'href="/requests/{request_id}"' not in browser.get("/requests/?" + urlencode({"q": word})).text
    assert verify_chain().first_bad is None
