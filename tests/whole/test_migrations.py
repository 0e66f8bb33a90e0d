"""A migration keeps what is there, also where SQLite has to make a table anew."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask_migrate import upgrade
from sqlalchemy import text

import config
from portal import create_app
from portal.extensions import db
from portal.web.unit_of_work import unit_of_work
from tests import databases

FIRST = "2026_11_23_initial"
ROWS = (
    "INSERT INTO person (id, name, created_at) VALUES (1, 'Ann', '2026-01-01')",
    "INSERT INTO text (id, body, salt, author_id, created_at) VALUES (1, 'Which?', 'salt', 1, '2026-01-01')",
    "INSERT INTO team_request (id, kind, state, state_since, requester_id, candidate_id, created_at, updated_at,"
    " revision_number, submission_id, draft, draft_version, comment_count) VALUES"
    " (1, 'access_expansion', 'discussion', '2026-01-01', 1, 1, '2026-01-01', '2026-01-01', 1, 's', '{}', 0, 2)",
    "INSERT INTO comment (id, request_id, author_id, type, audience, text_id, created_at, submission_id) VALUES"
    " (1, 1, 1, 'question', 'shared', 1, '2026-01-01', 'one')",
    "INSERT INTO comment (id, request_id, author_id, type, audience, text_id, created_at, answers_id) VALUES"
    " (2, 1, 1, 'answer', 'shared', 1, '2026-01-01', 1)",
    'INSERT INTO "grant" (id, person_id, item_type, item_key, origin, created_at) VALUES'
    " (1, 1, 'system', 'grafana', 'before_portal', '2026-01-01')",
    "INSERT INTO grant_step (id, grant_id, step, at) VALUES (1, 1, 'granted', '2026-01-01')",
)
POINTERS = "SELECT id, answers_id FROM comment UNION ALL SELECT id, grant_id FROM grant_step ORDER BY 1, 2"


def test_an_upgrade_keeps_rows_that_point_at_each_other(tmp_path: Path) -> None:
    folder = str(config.ROOT / "migrations")
    app = create_app(databases.settings(f"sqlite:///{tmp_path / 'old.db'}"))
    with app.app_context():
        upgrade(directory=folder, revision=FIRST)
        with unit_of_work():
            for row in ROWS:
                db.session.execute(text(row))

        upgrade(directory=folder)

        assert db.session.execute(text(POINTERS)).all() == [(1, None), (1, 1), (2, 1)]
        with pytest.raises(Exception, match="FOREIGN KEY"), unit_of_work():  # the pointers are guarded again
            db.session.execute(text("DELETE FROM comment WHERE id = 1"))
        db.engine.dispose()
