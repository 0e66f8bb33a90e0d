"""The yardstick: a bare Flask page with one indexed SQLite query and a table of 25 rows."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from flask import Flask, g, render_template
from jinja2 import DictLoader

ROWS = 10_000
TEMPLATE = """<!doctype html><title>Bare</title><table>{% for row in rows %}
<tr><td>{{ row[0] }}</td><td>{{ row[1] }}</td><td>{{ row[2] }}</td><td>{{ row[3] }}</td></tr>{% endfor %}</table>"""


def make(path: Path) -> None:
    """Fill the database of the bare page."""
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE thing (id INTEGER PRIMARY KEY, state TEXT, name TEXT, at TEXT)")
        connection.execute("CREATE INDEX thing_state ON thing (state, id)")
        connection.executemany(
            "INSERT INTO thing (state, name, at) VALUES (?, ?, ?)",
            [("open" if number % 2 else "ended", f"Thing {number}", "2026-11-01") for number in range(ROWS)],
        )


app = Flask(__name__)
app.jinja_loader = DictLoader({"page.html": TEMPLATE})


@app.get("/")
def index() -> str:
    if "connection" not in g:
        g.connection = sqlite3.connect(os.environ["BARE_DATABASE"])
    rows = g.connection.execute("SELECT * FROM thing WHERE state = 'open' ORDER BY id DESC LIMIT 25").fetchall()
    return render_template("page.html", rows=rows)


@app.teardown_appcontext
def close(_error: BaseException | None) -> None:
    if "connection" in g:
        g.connection.close()
