"""Commands about people: bring in the existing team, start an empty portal."""

from __future__ import annotations

from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import AppGroup

import config
from portal.errors import PortalError
from portal.org import organisation
from portal.people import entry_lists, importing, intake
from portal.people.policy import Post
from portal.web import clock
from portal.web.unit_of_work import unit_of_work

people_cli = AppGroup("people", help="Bring people in: the existing team, the first posts.")


class _DryRun(Exception):
    """Ends the unit of work of a dry run, so that it keeps nothing."""


def init_app(app: Flask) -> None:
    """Add ``flask people``."""
    app.cli.add_command(people_cli)


@people_cli.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Print what would happen and write nothing.")
def import_command(file: Path, dry_run: bool) -> None:
    """Bring in the existing team as "held before the portal".

    FILE is YAML or CSV (name; role or capacity; since), or the wiki page with its list "New titles". If one line
    cannot be taken, all such lines are named and nothing is written (exit code 1; 2 for a file that cannot be read).
    """
    try:
        text = file.read_text(encoding="utf-8")
        entries = importing.read(text, file.suffix, organisation(), today=clock.now().date())
        outcomes = _bring_in(entries, dry_run=dry_run)
    except UnicodeDecodeError:
        raise _failure(file, ["this file is not UTF-8 text"], code=2) from None
    except entry_lists.Unreadable as error:
        raise _failure(file, error.faults, code=2) from None
    except entry_lists.ImportFault as error:
        raise _failure(file, error.faults, code=1) from None
    _print(outcomes)
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


def _print(outcomes: list[intake.Outcome]) -> None:
    rows = [("Name", "Holds", "Since", "", "Account")]
    rows += [
        (
            outcome.entry.name,
            outcome.entry.title,
            str(outcome.entry.since or "before the portal"),
            "added" if outcome.added else "held already",
            f"waits for the first sign-in until {outcome.waits_until:%Y-%m-%d %H:%M} UTC"
            if outcome.waits_until
            else "signs in already",
        )
        for outcome in outcomes
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    for row in rows:
        click.echo("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())
    added = sum(outcome.added for outcome in outcomes)
    click.echo(f"{added} added, {len(outcomes) - added} held already.")


@people_cli.command("appoint")
@click.argument("name")
@click.argument("post", type=click.Choice([post.value for post in Post]))
@click.option("--sub", metavar="N", help="The wiki's id of the account: binds it for certain, at once.")
@click.option("--recover", is_flag=True, help="Although others could appoint in pages; needs --sub.")
def appoint_command(name: str, post: str, sub: str | None, recover: bool) -> None:
    """Fill a post of a portal in which nobody with an account can appoint yet.

    Without --sub the post waits for the first sign-in of an account of this name, for 7 days; the team page shows it.
    """
    settings: config.Settings = current_app.extensions["settings"]
    if sub is not None and (not sub.isascii() or not sub.isdecimal() or int(sub) == 0):
        raise click.UsageError("--sub is the account's number on the wiki, such as 12345.")
    try:
        with unit_of_work() as now:
            person, waits_until = intake.appoint_first(
                name, Post(post), issuer=settings.wiki_url, sub=sub, recover=recover, now=now
            )
    except PortalError as error:
        raise click.ClickException(f"{error} Nothing was changed.") from None
    click.echo(f"{person.name} holds the post of {post}.")
    if waits_until:
        click.echo(f"It waits for the first sign-in of that wiki account until {waits_until:%Y-%m-%d %H:%M} UTC.")
