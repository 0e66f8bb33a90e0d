"""`flask audit`: whether the timeline still holds, and where it stands."""

from __future__ import annotations

import click
from flask import Flask
from flask.cli import AppGroup

from portal.audit import comparing, services

MOST = 50  # faults that are listed one by one
commands = AppGroup("audit", help="The timeline: is it whole, where does it end.")


@commands.command("verify")
@click.option("--head", "known", nargs=2, type=(int, str), default=None, help='What "flask audit head" gave earlier.')
@click.pass_context
def verify(context: click.Context, known: tuple[int, str] | None) -> None:
    """Walk the whole chain, then compare texts, decisions, access, roles and rules with it.

    Exit code 0 with its length and head, or 1 naming the first bad sequence number, or what differs from the timeline.
    """
    found = services.verify_chain(known=known)
    if found.first_bad is not None:
        click.echo(f"The timeline does not hold from sequence number {found.first_bad}: {found.reason}.")
        context.exit(1)
    otherwise = list(comparing.disagreements())
    for fault in otherwise[:MOST]:
        click.echo(f"Otherwise than the timeline says: {fault}.")
    if otherwise:
        click.echo(f"The timeline holds, but {len(otherwise)} things were changed past the portal.")
        context.exit(1)
    click.echo(f"The timeline holds: {found.count} events, head {found.head}.")


@commands.command("head")
def head() -> None:
    """Print "SEQUENCE HASH", to be kept elsewhere: it finds a tail cut off or a timeline written anew."""
    sequence, digest = services.chain_head()
    click.echo(f"{sequence} {digest}")


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(commands)
