"""The management commands, from every feature."""

from __future__ import annotations

from flask import Flask

from portal.access import cli as access_cli
from portal.audit import cli as audit_cli
from portal.demo import cli as demo_cli
from portal.operations import cli as operations_cli
from portal.org import cli as org_cli
from portal.people import cli as people_cli


def init_app(app: Flask) -> None:
    """Add the commands to ``flask``."""
    org_cli.init_app(app)
    people_cli.init_app(app)
    access_cli.init_app(app)
    audit_cli.init_app(app)
    operations_cli.init_app(app)
    demo_cli.init_app(app)
