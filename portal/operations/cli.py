"""`flask doctor`, `backup`, `restore` and `clock`."""

from __future__ import annotations

import time
from pathlib import Path

import click
from flask import Flask
from flask.cli import AppGroup, with_appcontext
from sqlalchemy.exc import SQLAlchemyError

from config import Settings
from portal.audit import comparing
from portal.extensions import app_value, db
from portal.operations import archive, ticking
from portal.operations import backup as backups
from portal.operations import doctor as doctors
from portal.operations import restore as restores
from portal.web import clock, ticks
from portal.web.unit_of_work import unit_of_work

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("doctor")
@with_appcontext
@click.pass_context
def doctor(context: click.Context) -> None:
    """Examine database, clock, schema, timeline and settings. Exit code 1 if anything is red."""
    settings: Settings = app_value("settings")
    findings = doctors.examine(db.engine, settings, now=clock.now())
    for finding in findings:
        click.echo(f"{finding.level:<5} {finding.says}" + (f" -> {finding.remedy}" if finding.remedy else ""))
    if any(finding.level is doctors.Level.RED for finding in findings):
        context.exit(1)


@click.command("backup")
@click.argument("file", type=FILE)
@with_appcontext
def backup(file: Path) -> None:
    """Write everything into FILE while the portal runs. An older FILE is replaced only by a proved one."""
    try:
        contents = backups.backup(db.engine, file.absolute(), now=clock.now())
    except (SQLAlchemyError, OSError, archive.Damaged) as error:
        raise click.ClickException(f"No backup was made: {_in_words(error)}.") from error
    click.echo(f"{file}: {contents.rows} rows, {contents.sequence} events, proved by reading it back.")


@click.command("restore")
@click.argument("file", type=FILE)
@with_appcontext
def restore(file: Path) -> None:
    """Put FILE in the place of what is there. It is proved first; a damaged one changes nothing."""
    db.session.remove()
    try:
        contents, aside = restores.restore(db.engine, file.absolute(), now=clock.now())
    except restores.Refused as refusal:
        raise click.ClickException(f"{refusal} Nothing was changed.") from refusal
    except (SQLAlchemyError, OSError) as error:
        raise click.ClickException(f"Nothing was restored: {_in_words(error)}.") from error
    click.echo(
        f"Restored {contents.rows} rows and {contents.sequence} events of {contents.made_at:%Y-%m-%d %H:%M} UTC."
    )
    click.echo(f"What was there before is kept: {aside}. Everybody signs in again.")
    if otherwise := len(list(comparing.disagreements())):
        click.echo(f"In it {otherwise} things are otherwise than its timeline says: flask audit verify names them.")


def _in_words(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"{error.filename or 'the file'}: {error.strerror or error}"
    return str(getattr(error, "orig", None) or error).strip().rstrip(".")


clock_commands = AppGroup("clock", help="What has to happen by itself.")


@clock_commands.command("tick")
@click.option("--every", type=click.IntRange(min=1), help="Go on, once in this many seconds, until stopped.")
@click.option("--rehearse", is_flag=True, help="Only tell what would be done.")
@click.pass_context
def tick(context: click.Context, every: int | None, rehearse: bool) -> None:
    """Do what is due: expire, remind, close. Doing it twice does nothing more.

    Exit code 1 if a job failed, or if it only lists because an operator has to confirm the clock first.
    """
    fine = _tick(rehearse=rehearse)
    while every:
        time.sleep(every)
        _tick(rehearse=rehearse)
    context.exit(0 if fine else 1)


@clock_commands.command("confirm")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def confirm(context: click.Context, yes: bool) -> None:
    """Say that the server's clock is right now: decisions go on, and what `tick` only listed is done."""
    why = ticking.why_wait(clock.now())
    if not why:
        click.echo("Nothing waits for it: the clock raises no doubt.")
        return
    _run_jobs(rehearse=True)
    click.echo(f"In doubt because {why}.")
    if not yes:
        click.confirm("Is this the right time now, and shall all of this be done?", abort=True)
    with unit_of_work() as now:
        ticking.confirm(now)
    context.exit(0 if _tick(rehearse=False) else 1)


def _tick(*, rehearse: bool) -> bool:
    why = ticking.why_wait(clock.now())
    fine = _run_jobs(rehearse=rehearse or bool(why))
    if why:
        click.echo(f"Nothing was done: {why}. If that is right, run: flask clock confirm", err=True)
    elif not rehearse:
        with unit_of_work() as now:
            ticking.note_run(now)
    return fine and not why


def _run_jobs(*, rehearse: bool) -> bool:
    ran = ticks.run_all(rehearse=rehearse)
    for job in ran:
        if job.failure:
            click.echo(f"{job.name}: failed ({job.failure}), nothing of it was kept", err=True)
        elif job.count:
            click.echo(f"{job.name}: {job.count}{' (rehearsed)' if rehearse else ''}")
        for event in job.would_record:
            click.echo(f"  {event}")
    return not any(job.failure for job in ran)


def init_app(app: Flask) -> None:
    """Add the commands."""
    for command in (doctor, backup, restore, clock_commands):
        app.cli.add_command(command)
