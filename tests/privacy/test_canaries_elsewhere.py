"""What the portal says otherwise than in answers: its timeline, its commands.

Mail, exports and feeds that are not routes belong into `OUTPUTS`, with the actor each of them is for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import click
import pytest
from flask import Flask
from sqlalchemy import select

from portal.audit.models import Event
from portal.extensions import db
from tests.privacy import sent_out
from tests.privacy.browsing import any_of
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


OUTPUTS: dict[str, Callable[[Flask], Iterator[Output]]] = {
    "mails": sent_out.mails,
    "digests": sent_out.digests,
    "rooms": sent_out.rooms,
    "timeline": timeline,
    "commands": commands,
}
"""Whatever leaves the portal and is no answer to a browser. Add what is written later."""


@pytest.mark.parametrize("database_kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
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
