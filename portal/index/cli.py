"""`flask search`: the index of words."""

from __future__ import annotations

import click
from flask import Flask
from flask.cli import AppGroup

from portal.extensions import db
from portal.index import services
from portal.web.unit_of_work import unit_of_work

commands = AppGroup("search", help="The index of words.")


@commands.command("rebuild")
def rebuild() -> None:
    """Make the index anew from what is there. Nobody can write meanwhile, nor search on PostgreSQL; reading goes on."""
    with unit_of_work():
        count = services.rebuild(db.session.connection())
    click.echo(f"{count} things can be found.")


def init_app(app: Flask) -> None:
    """Add the command."""
    app.cli.add_command(commands)
