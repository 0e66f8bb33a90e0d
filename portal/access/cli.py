"""Commands about access: bring in what was held before the portal."""

from __future__ import annotations

from pathlib import Path

import click
from flask import Flask
from flask.cli import AppGroup

from portal.access import importing, intake
from portal.org import organisation
from portal.people.entry_lists import ImportFault, Unreadable
from portal.web import clock
from portal.web.unit_of_work import unit_of_work

access_cli = AppGroup("access", help="Bring in the access that people hold.")


class _DryRun(Exception):
    """Ends the unit of work of a dry run, so that it keeps nothing."""


def init_app(app: Flask) -> None:
    """Add ``flask access``."""
    app.cli.add_command(access_cli)


@access_cli.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Print what would happen and write nothing.")
def import_command(file: Path, dry_run: bool) -> None:
    """Bring in access as "held before the portal".

    FILE is YAML or CSV: name (as on the wiki), group or system (its key), since (2024-09-30; may be left out). If one
    line cannot be taken, all such lines are named and nothing is written (exit code 1; 2 for an unreadable file).
    """
    try:
        text = file.read_text(encoding="utf-8")
        entries = importing.read(text, file.suffix, organisation(), today=clock.now().date())
        outcomes = _bring_in(entries, dry_run=dry_run)
    except UnicodeDecodeError:
        raise _failure(file, ["this file is not UTF-8 text"], code=2) from None
    except Unreadable as error:
        raise _failure(file, error.faults, code=2) from None
    except ImportFault as error:
        raise _failure(file, error.faults, code=1) from None
    for outcome in outcomes:
        entry, says = outcome.entry, "added" if outcome.added else "held already"
        click.echo(f"{entry.name}: {entry.item_key}, since {entry.since or 'before the portal'}, {says}")
    added = sum(outcome.added for outcome in outcomes)
    click.echo(f"{added} added, {len(outcomes) - added} held already.")
    if dry_run:
        click.echo("Dry run: nothing was written.")


def _bring_in(entries: list[importing.Entry], *, dry_run: bool) -> list[intake.Outcome]:
    """The dry run does the very same work, and is then rolled back."""
    outcomes: list[intake.Outcome] = []
    try:
        with unit_of_work() as now:
            outcomes = intake.bring_in(entries, now=now)
            if dry_run:
                raise _DryRun
    except _DryRun:
        pass
    return outcomes


def _failure(file: Path, faults: list[str], *, code: int) -> click.exceptions.Exit:
    for fault in faults:
        click.echo(f"{file.name}, {fault}", err=True)
    click.echo("Nothing was imported.", err=True)
    return click.exceptions.Exit(code)
