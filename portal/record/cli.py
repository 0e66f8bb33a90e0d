"""`flask record`: the key that signs checkpoints, and a checkpoint on demand."""

from __future__ import annotations

import click
from flask import Flask
from flask.cli import AppGroup

from config import Settings
from portal.extensions import app_value
from portal.record import signing

commands = AppGroup("record", help="The public record and its proof.")


@commands.command("key")
def key() -> None:
    """Make a new signing key. It is kept nowhere: put the first line into the settings, and publish the second."""
    settings: Settings = app_value("settings")
    secret, signer = signing.new_key(settings.base_url)
    click.echo(f"PORTAL_SIGNING_KEY={secret}")
    click.echo(f"Public key: {signer.key}")


@commands.command("public-key")
def public_key() -> None:
    """Print the public key of the settings, to be published where people trust it."""
    found = signing.signer()
    if found is None:
        raise click.ClickException("There is no PORTAL_SIGNING_KEY, so nothing is signed. Make one: flask record key")
    click.echo(found.key)


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(commands)
