"""`flask notifications`: sends what is to be told, and shows an operator what could not be sent."""

from __future__ import annotations

import logging
import time

import click
from flask import Flask
from flask.cli import AppGroup
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from portal.extensions import db
from portal.notifications import sending, spreading
from portal.notifications.channels import Errand, errands
from portal.notifications.models import Delivery, DeliveryState
from portal.web import logs
from portal.web.unit_of_work import unit_of_work

commands = AppGroup("notifications", help="What people are told.")


@commands.command("deliver")
@click.option("--every", type=click.IntRange(min=1), help="Go on, once in this many seconds, until stopped.")
def deliver(every: int | None) -> None:
    """Write the deliveries of what happened since the last time, and send what is due.

    Several may run at once on PostgreSQL. A failure of a mail server or chat is no failure of this command.
    """
    if not every:
        _once()
        return
    while True:
        try:
            _once()
        except SQLAlchemyError as error:  # the database is away for a moment
            logs.write(logging.ERROR, "deliver", error=type(error).__name__)
        db.session.remove()
        time.sleep(every)


def _once() -> None:
    events, sent = spreading.spread(), sending.send_due()
    done = sum(_run(errand) for errand in errands())
    if events or sent or done:
        click.echo(f"{events} events read, {sent + done} deliveries tried")


def _run(errand: Errand) -> int:
    """An errand of a channel; its failure stops no other."""
    try:
        return errand()
    except Exception as error:
        db.session.rollback()
        logs.write(logging.ERROR, "errand", error=type(error).__name__)
        return 0


@commands.command("parked")
def parked() -> None:
    """List what was given up: id, channel, event, tries and the kind of failure; never a text."""
    query = select(Delivery).where(Delivery.state == DeliveryState.PARKED).order_by(Delivery.id)
    found = db.session.scalars(query).all()
    for delivery in found:
        line = (f"event={delivery.event_id}", f"tries={delivery.tries}", f"failure={delivery.failure}")
        click.echo(" ".join([f"{delivery.id}", delivery.channel, *line]))
    if not found:
        click.echo("Nothing is parked.")


@commands.command("retry")
@click.argument("delivery_id", type=click.IntRange(min=1))
def retry(delivery_id: int) -> None:
    """Try a parked delivery again from the beginning."""
    parked = (Delivery.id == delivery_id, Delivery.state == DeliveryState.PARKED)
    with unit_of_work() as now:
        values = {"state": DeliveryState.QUEUED, "tries": 0, "failure": "", "not_before": now, "settled_at": None}
        ids = db.session.scalars(update(Delivery).where(*parked).values(values).returning(Delivery.id)).all()
    click.echo(f"Delivery {delivery_id} will be tried again." if ids else f"No delivery {delivery_id} is parked.")


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(commands)
