"""Pages of what people are told; binds the feature to the app."""

from __future__ import annotations

from flask import Flask

from portal.notifications import cli, people_rows, registry
from portal.notifications.channels import CHANNELS, ERRANDS


def init_app(app: Flask) -> None:
    """Bind the rows for people and rules, and the commands."""
    app.extensions.setdefault(CHANNELS, [])
    app.extensions.setdefault(ERRANDS, [])
    registry.add_source(app, people_rows.SOURCE)
    cli.init_app(app)
