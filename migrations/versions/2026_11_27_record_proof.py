"""record proof: what the public record says as one text, checkpoints, hashes of whole blocks of the timeline

Revision: 2026_11_27_record_proof, after: 2026_11_27_search
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.database import UTCDateTime

revision = "2026_11_27_record_proof"
down_revision = "2026_11_27_search"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "checkpoint",
        sa.Column("size", sa.Integer(), autoincrement=False, nullable=False, comment="how many events it covers"),
        sa.Column("root", sa.String(length=64), nullable=False),
        sa.Column("head_hash", sa.String(length=64), nullable=False, comment="hash of the last event it covers"),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("key", sa.String(length=400), nullable=False, comment="the public key it was signed with"),
        sa.Column("note", sa.String(length=2000), nullable=False, comment="the signed note itself"),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_checkpoint")),
    )
    op.create_table(
        "tree_block",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False, comment="from 0"),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_tree_block")),
    )
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "statement_id",
                sa.Integer(),
                nullable=True,
                comment="approved: what the public record says; emptied when the person asks",
            )
        )
        batch_op.create_foreign_key(op.f("fk_decision_statement_id"), "text", ["statement_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("fk_decision_statement_id"), type_="foreignkey")
        batch_op.drop_column("statement_id")
    op.drop_table("tree_block")
    op.drop_table("checkpoint")
