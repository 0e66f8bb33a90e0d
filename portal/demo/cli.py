"""`flask demo load`: something to look at and to try, on the machine of whoever develops the portal."""

from __future__ import annotations

import json

import click
from flask import Flask
from flask.cli import AppGroup

from config import Settings
from portal.demo import mail, people, requests, tour
from portal.extensions import app_value
from portal.notifications import spreading
from portal.record import checkpoints
from portal.web import clock
from portal.web.unit_of_work import unit_of_work

commands = AppGroup("demo", help="Data to try the portal with (development only).")


@commands.command("load")
def load() -> None:
    """Load the demo data. What is there already stays as it is."""
    settings: Settings = app_value("settings")
    if settings.is_production or not settings.dev_wiki:
        raise click.ClickException("Demo data belongs to the development wiki login, which is off here.")
    with unit_of_work() as now:
        who = people.load(settings.wiki_url, now=now)
        requests.load(who, now=now)
    with unit_of_work() as now:
        checkpoints.tick(now)
    spreading.spread()
    with unit_of_work() as now:
        mail.load(now=now)  # now that what happened long ago is told: mail is about what happens from here on
    names = ", ".join(demo.name for demo in people.DEMO_PEOPLE)
    click.echo(f'"Sign in with {_wiki()}" as one of: {names}')


@commands.command("tour")
def show_tour() -> None:
    """Say as JSON who of the demo data looks at which page, for ./dev shots."""
    click.echo(json.dumps(tour.whole(clock.now())))


def _wiki() -> str:
    return str(app_value("organisation").wiki_name)


def init_app(app: Flask) -> None:
    """Add the command."""
    app.cli.add_command(commands)
