"""`flask doctor`: what an operator has to know, and what to do about each thing that is wrong."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from sqlalchemy import Engine, exists, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from config import Settings
from portal.audit import comparing
from portal.audit.models import Event
from portal.audit.verification import verify_chain
from portal.database import SAFE_WAL_SQLITE
from portal.index.models import Indexed, What
from portal.notifications.models import Delivery, DeliveryState, Spread
from portal.operations import schema, ticking
from portal.requests.models import TeamRequest

SELDOM = timedelta(minutes=10)  # they should run every minute
MOST_NAMED = 10  # deliveries that are parked
SPACE_NEEDED = 200  # MB: below this a backup or a busy day may not fit
OLDEST_POSTGRESQL = 15


class Level(StrEnum):
    """OK, something to know, something to put right."""

    GREEN = "ok"
    YELLOW = "note"
    RED = "RED"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; ``remedy`` says what to do where it is red."""

    level: Level
    says: str
    remedy: str = ""


def examine(engine: Engine, settings: Settings, *, now: datetime) -> list[Finding]:
    """Every finding. Where the database does not answer, only that and the settings are told."""
    found = list(_settings(settings))
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        reason = type(getattr(error, "orig", None) or error).__name__
        remedy = "Check PORTAL_DATABASE_URL, that the database runs, and that its folder can be read and written."
        return [*found, Finding(Level.RED, f"The database does not answer ({reason}).", remedy)]
    found += _sqlite(engine) if engine.dialect.name == "sqlite" else _postgresql(engine)
    found += _migrations(engine)
    if found[-1].level is Level.GREEN:
        found += [*_clock(now), *_deliveries(engine, now), *_timeline(engine), *_search(engine)]
    return found


def _settings(settings: Settings) -> Iterator[Finding]:
    """Faults stop the start, so what is left to say is what is unusual."""
    yield Finding(Level.GREEN, f"The settings are whole; people open {settings.base_url}.")
    if not settings.is_production:
        yield Finding(Level.YELLOW, f"PORTAL_ENV is {settings.env}: not for real use.")
    if settings.is_production and settings.proxy_count == 0:
        yield Finding(Level.YELLOW, "PORTAL_PROXY_COUNT is 0: right only if no proxy stands before the portal.")


def _sqlite(engine: Engine) -> Iterator[Finding]:
    with engine.connect() as connection:
        version = str(connection.exec_driver_sql("SELECT sqlite_version()").scalar())
        journal = str(connection.exec_driver_sql("PRAGMA journal_mode").scalar())
        sound = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar())
        dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    safe = tuple(int(part) for part in version.split(".")) >= SAFE_WAL_SQLITE
    if safe:
        yield Finding(Level.GREEN, f"SQLite {version} answers, journal mode {journal}.")
    elif journal == "wal":
        remedy = "Stop everything that has the database open, then start the portal: it leaves WAL by itself."
        yield Finding(Level.RED, f"SQLite {version} can corrupt a database in WAL mode, and this one is in it.", remedy)
    else:
        yield Finding(
            Level.YELLOW, f"SQLite {version} is older than 3.51.3, so WAL is off: safe, but writers wait more."
        )
    if sound != "ok":
        yield Finding(
            Level.RED, f"The database file is damaged: {sound}.", "Restore the newest backup: flask restore FILE."
        )
    if dangling is not None:
        says = f"A row of table {dangling[0]} points at nothing."
        yield Finding(Level.RED, says, "Restore the newest backup: flask restore FILE.")
    yield from _space(Path(str(engine.url.database)).absolute().parent)


def _space(folder: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(folder).free // 1_000_000
    if free < SPACE_NEEDED:
        yield Finding(Level.RED, f"Only {free} MB are free in {folder}.", "Free some space, or move the database.")


def _postgresql(engine: Engine) -> Iterator[Finding]:
    with engine.connect() as connection:
        number = int(str(connection.exec_driver_sql("SHOW server_version_num").scalar()))
        version = str(connection.exec_driver_sql("SHOW server_version").scalar())
        read_only = connection.exec_driver_sql("SHOW in_hot_standby").scalar() == "on"
    if number // 10_000 < OLDEST_POSTGRESQL:
        remedy = f"Upgrade to PostgreSQL {OLDEST_POSTGRESQL} or newer."
        yield Finding(Level.RED, f"PostgreSQL {version} is older than what is tested.", remedy)
    else:
        yield Finding(Level.GREEN, f"PostgreSQL {version} answers.")
    if read_only:
        yield Finding(Level.RED, "This PostgreSQL is a standby and takes no writes.", "Point to the primary.")


def _migrations(engine: Engine) -> Iterator[Finding]:
    current, newest = schema.current(engine), schema.newest()
    if current == newest:
        yield Finding(Level.GREEN, f"The schema is at {newest}.")
        return
    says = f"The schema is at {current or 'nothing'}, this release needs {newest}."
    yield Finding(Level.RED, says, "Run: flask db upgrade.")


def _clock(now: datetime) -> Iterator[Finding]:
    """A clock that cannot be believed, or jobs that wait for somebody to look, or that nobody runs."""
    doubt, why_wait = ticking.doubt(now), ticking.why_wait(now)
    if doubt:
        says = f"The server's clock says {now:%Y-%m-%d %H:%M} UTC, but {doubt}: nothing is decided meanwhile."
        remedy = "Put it right (for example: timedatectl set-ntp true). If it is right now: flask clock confirm."
        yield Finding(Level.RED, says, remedy)
        return
    yield Finding(Level.GREEN, f"The clock says {now:%Y-%m-%d %H:%M} UTC, after the newest event.")
    last = ticking.last_run()
    if why_wait:
        remedy = "See what is due (flask clock tick --rehearse), then run: flask clock confirm."
        yield Finding(Level.RED, f"The clock's jobs wait: {why_wait}.", remedy)
    elif last is None or now - last > SELDOM:
        says = f"The clock's jobs last ran {f'at {last:%Y-%m-%d %H:%M} UTC' if last else 'never'}: is their timer on?"
        yield Finding(Level.YELLOW, says)


def _deliveries(engine: Engine, now: datetime) -> Iterator[Finding]:
    """What could not be sent, by id, never its text; and whether somebody reads the timeline at all."""
    with engine.connect() as connection:
        parked = select(Delivery.id).where(Delivery.state == DeliveryState.PARKED).order_by(Delivery.id)
        ids = [str(id) for (id,) in connection.execute(parked.limit(MOST_NAMED + 1))]
        read = connection.execute(select(Spread.event_id)).scalar() or 0
        waits = connection.execute(select(func.min(Event.at)).where(Event.id > read)).scalar()
    if ids:
        named = ", ".join(ids[:MOST_NAMED]) + (" ..." if len(ids) > MOST_NAMED else "")
        yield Finding(Level.YELLOW, f"Deliveries that could not be sent: {named} (flask notifications parked).")
    if waits is not None and now - waits > SELDOM:
        says = f"Nobody was told of what happened since {waits:%Y-%m-%d %H:%M} UTC"
        yield Finding(Level.YELLOW, f"{says}: does flask notifications deliver run?")


def _timeline(engine: Engine) -> Iterator[Finding]:
    found = verify_chain(engine)
    otherwise = list(comparing.disagreements(engine)) if found.first_bad is None else []
    if found.first_bad is None and not otherwise:
        yield Finding(Level.GREEN, f"The timeline holds: {found.count} events.")
        return
    says = f"The timeline does not hold from event {found.first_bad}: {found.reason}."
    if otherwise:
        says = (
            f"Rows are otherwise than the timeline says, {len(otherwise)} in all: {otherwise[0]} (flask audit verify)."
        )
    remedy = (
        "Somebody changed the database past the portal. Keep a copy, find out who, restore the newest whole backup."
    )
    yield Finding(Level.RED, says, remedy)


def _search(engine: Engine) -> Iterator[Finding]:
    """Requests that a search cannot find: the index is younger than the rows, or rows were written past the portal."""
    has_title = exists().where(Indexed.what == What.TITLE, Indexed.subject_id == TeamRequest.id)
    with engine.connect() as connection:
        lacking = select(TeamRequest.id).where(TeamRequest.submitted_at.is_not(None), ~has_title)
        if connection.execute(lacking.limit(1)).first() is not None:
            yield Finding(Level.YELLOW, "The search does not find every request.", "Run: flask search rebuild.")
