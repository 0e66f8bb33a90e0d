"""search: the index of words

Revision: 2026_11_27_search, after: 2026_11_27_notifications
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_27_search"
down_revision = "2026_11_27_notifications"
branch_labels = None
depends_on = None

WHAT = (
    "person", "title", "answer", "comment", "position", "concern name", "concern", "concern closed", "sponsorship",
    "evidence", "referral", "reason", "would help", "anyway", "note",
)  # fmt: skip
READ_BY = ("all", "team", "deciders")
# Prefixes of these lengths have a place of their own in the index: a common beginning is found without reading on.
FTS5 = """
CREATE VIRTUAL TABLE indexed_fts USING fts5(
    words, content='indexed', content_rowid='id', tokenize='ascii', prefix='2 3 4 5 6'
)
"""
GONE = "INSERT INTO indexed_fts(indexed_fts, rowid, words) VALUES ('delete', old.id, old.words)"
COME = "INSERT INTO indexed_fts(rowid, words) VALUES (new.id, new.words)"
SECURE_DELETE_FROM = (3, 42, 0)


def choice(names: tuple[str, ...], name: str) -> sa.Enum:
    return sa.Enum(*names, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    op.create_table(
        "indexed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("what", choice(WHAT, "what"), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False, comment="id of the person, request, comment, ..."),
        sa.Column("request_id", sa.Integer(), nullable=True, comment="the request it was said on"),
        sa.Column("read_by", choice(READ_BY, "read_by"), nullable=False),
        sa.Column("text_id", sa.Integer(), nullable=True, comment="the text the words are from; empty for names"),
        sa.Column("mark", sa.String(length=64), nullable=True, comment="hash of the names the words are from"),
        sa.Column("words", sa.Text() if is_sqlite else postgresql.TSVECTOR(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indexed")),
        sa.UniqueConstraint("what", "subject_id", name=op.f("uq_indexed_what_subject_id")),
    )
    op.create_index(op.f("ix_indexed_request_id"), "indexed", ["request_id"])
    if is_sqlite:
        make_fts5()
        return
    options = {"postgresql_using": "gin", "postgresql_with": {"fastupdate": "off"}}
    op.create_index("ix_indexed_words", "indexed", ["words"], **options)


def make_fts5() -> None:
    op.execute(FTS5)
    version = str(op.get_bind().exec_driver_sql("SELECT sqlite_version()").scalar())
    if tuple(map(int, version.split("."))) >= SECURE_DELETE_FROM:
        op.execute("INSERT INTO indexed_fts(indexed_fts, rank) VALUES ('secure-delete', 1)")
    op.execute(f"CREATE TRIGGER indexed_come AFTER INSERT ON indexed BEGIN {COME}; END")
    op.execute(f"CREATE TRIGGER indexed_gone AFTER DELETE ON indexed BEGIN {GONE}; END")
    op.execute(f"CREATE TRIGGER indexed_changed AFTER UPDATE OF words ON indexed BEGIN {GONE}; {COME}; END")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE indexed_fts")
    op.drop_table("indexed")
