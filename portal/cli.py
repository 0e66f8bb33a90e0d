"""The management commands, from every feature."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click
from flask import Flask
from sqlalchemy.exc import DBAPIError

from portal.access import cli as access_cli
from portal.audit import cli as audit_cli
from portal.demo import cli as demo_cli
from portal.errors import PortalError
from portal.index import cli as index_cli
from portal.operations import cli as operations_cli
from portal.org import cli as org_cli
from portal.people import cli as people_cli
from portal.record import cli as record_cli


def init_app(app: Flask) -> None:
    """Add the commands to ``flask``. What they cannot do they say in words, without a trace."""
    there = set(app.cli.commands)
    org_cli.init_app(app)
    people_cli.init_app(app)
    access_cli.init_app(app)
    audit_cli.init_app(app)
    index_cli.init_app(app)
    operations_cli.init_app(app)
    record_cli.init_app(app)
    demo_cli.init_app(app)
    for name in set(app.cli.commands) - there:
        _let_speak(app.cli.commands[name])


def _let_speak(command: click.Command) -> None:
    if isinstance(command, click.Group):
        for part in command.commands.values():
            _let_speak(part)
    if command.callback is not None and not hasattr(command.callback, "speaks"):
        command.callback = _in_words(command.callback)


def _in_words(callback: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(callback)
    def speaking(*args: Any, **kwargs: Any) -> Any:
        try:
            return callback(*args, **kwargs)
        except PortalError as refusal:
            raise click.ClickException(f"{refusal} Nothing was changed.") from None
        except DBAPIError as error:
            reason = str(error.orig).strip().split("\n")[0]
            raise click.ClickException(f"The database cannot be used ({reason}). Run: flask doctor") from None

    speaking.speaks = True  # type: ignore[attr-defined]  # a command is wrapped once, however many apps there are
    return speaking
