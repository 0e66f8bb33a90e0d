"""portfolio: evidence for items, and what markers say of it

Revision: 2026_11_27_portfolio, after: 2026_11_27_mentoring
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.database import JSONValue, UTCDateTime

revision = "2026_11_27_portfolio"
down_revision = "2026_11_27_mentoring"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "portfolio_piece",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False, comment="whose work it shows"),
        sa.Column("items", JSONValue, nullable=False, comment="keys of items, which are the same in every version"),
        sa.Column("link", sa.String(length=2000), nullable=True),
        sa.Column("sentence_id", sa.Integer(), nullable=False),
        sa.Column("added_at", UTCDateTime(), nullable=False),
        sa.Column("withdrawn_at", UTCDateTime(), nullable=True),
        sa.Column("replaces_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_portfolio_piece_person_id")),
        sa.ForeignKeyConstraint(["sentence_id"], ["text.id"], name=op.f("fk_portfolio_piece_sentence_id")),
        sa.ForeignKeyConstraint(["replaces_id"], ["portfolio_piece.id"], name=op.f("fk_portfolio_piece_replaces_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portfolio_piece")),
        sa.UniqueConstraint("replaces_id", name=op.f("uq_portfolio_piece_replaces_id")),
    )
    op.create_index(op.f("ix_portfolio_piece_person_id"), "portfolio_piece", ["person_id"])
    op.create_table(
        "portfolio_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("piece_id", sa.Integer(), nullable=False),
        sa.Column("marker_id", sa.Integer(), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum("accepted", "questioned", name="verdict", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("sentence_id", sa.Integer(), nullable=True),
        sa.Column("answered_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["marker_id"], ["person.id"], name=op.f("fk_portfolio_answer_marker_id")),
        sa.ForeignKeyConstraint(["piece_id"], ["portfolio_piece.id"], name=op.f("fk_portfolio_answer_piece_id")),
        sa.ForeignKeyConstraint(["sentence_id"], ["text.id"], name=op.f("fk_portfolio_answer_sentence_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portfolio_answer")),
    )
    op.create_index(op.f("ix_portfolio_answer_piece_id"), "portfolio_answer", ["piece_id"])


def downgrade() -> None:
    op.drop_table("portfolio_answer")
    op.drop_table("portfolio_piece")
