"""Commands about assessments."""

from __future__ import annotations

import click
from flask import Flask
from flask.cli import AppGroup

from portal.assessments import standards
from portal.errors import PortalError
from portal.web.unit_of_work import unit_of_work

commands = AppGroup("assessments", help="The mentoring standard.")


@commands.command("seed")
def seed() -> None:
    """Publish the organisation's standards that are not in the database yet. Safe to repeat."""
    try:
        with unit_of_work() as now:
            new = standards.seed_standards(now=now)
    except PortalError as error:
        raise click.ClickException(str(error.message)) from error
    click.echo(f"Published versions: {', '.join(map(str, new))}." if new else "Every version is published already.")


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(commands)
