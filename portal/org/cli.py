"""`flask org`: checks an organisation's data before it is used."""

from __future__ import annotations

from pathlib import Path

import click
from flask import Flask
from flask.cli import AppGroup

from portal.org import loader, usage

group = AppGroup("org", help="The organisation's data.")


@group.command("check")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--database", is_flag=True, help="Also check that every entry in use in the database is there.")
def check(folder: Path, *, database: bool) -> None:
    """Check the organisation in FOLDER. Exit code 1 and a line for each fault, naming file, line and key."""
    try:
        organisation = loader.load(folder)
    except loader.OrganisationError as error:
        _fail(error.faults)
    missing = usage.missing_entries(organisation) if database else []
    if missing:
        _fail(missing)
    click.echo(
        f"{organisation.name}: {len(organisation.roles)} roles, {len(organisation.access_groups)} access groups, "
        f"{len(organisation.systems)} systems, {len(organisation.rules)} rules. No fault found."
    )


def _fail(faults: list[str]) -> None:
    for fault in faults:
        click.echo(fault, err=True)
    click.echo(f"Faults: {len(faults)}", err=True)
    raise click.exceptions.Exit(1)


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(group)
