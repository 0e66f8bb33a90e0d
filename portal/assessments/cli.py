"""Commands about assessments."""

from __future__ import annotations

from pathlib import Path

import click
from flask import Flask
from flask.cli import AppGroup

from portal.assessments import drafting, standards, words
from portal.assessments.drafting import Proposal
from portal.assessments.exchange.form_tables import read_form_table
from portal.assessments.exchange.tables import Unreadable
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


@commands.command("import-standard")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say what it holds; change nothing.")
def import_standard(file: Path, dry_run: bool) -> None:
    """Read the standard from a page of the wiki or its export, and keep it as a draft.

    The Director publishes a draft in the portal. What cannot be read is named by line and cell, and nothing is kept.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
        proposal = drafting.propose(text)
        _say(proposal)
        _say_form(text, proposal)
        if dry_run:
            click.echo("Nothing was changed.")
            return
        with unit_of_work() as now:
            version = drafting.import_draft(None, text, now=now).version
    except UnicodeDecodeError as error:
        raise click.ClickException("This file is no text in UTF-8.") from error
    except PortalError as error:
        raise click.ClickException(str(error.message)) from error
    click.echo(f"Imported as version {version}, a draft. The Director publishes it in the portal.")


def _say(proposal: Proposal) -> None:
    sections = ", ".join(f"{words.SECTIONS[section]} {count}" for section, count in proposal.sections.items())
    click.echo(f"{len(proposal.items)} items: {sections}.")
    if proposal.against is None:
        return
    found = proposal.changes
    counts = {"new": found.added, "removed": found.removed, "reworded": found.reworded, "moved": found.moved}
    said = ", ".join(f"{len(items)} {what}" for what, items in counts.items())
    click.echo(f"Against version {proposal.against}: {said}.")


def _say_form(text: str, proposal: Proposal) -> None:
    """The participant form, where it stands in the same file."""
    try:
        titles = {line.title for line in read_form_table(text).lines}
    except Unreadable:
        return
    lacking = [item.title for item in proposal.items if item.title not in titles]
    click.echo(
        f"The participant form in it has {len(titles)} items" + (f"; without {', '.join(lacking)}." if lacking else ".")
    )


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(commands)
