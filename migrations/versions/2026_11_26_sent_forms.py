"""forms that were sent, so that sending twice is done once

Revision: 2026_11_26_sent_forms, after: 2026_11_26_grant_standing
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.database import UTCDateTime

revision = "2026_11_26_sent_forms"
down_revision = "2026_11_26_grant_standing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sent_form",
        sa.Column("key", sa.String(length=64), nullable=False, comment="hash of person, address, page and content"),
        sa.Column(
            "led_to", sa.String(length=200), nullable=False, comment="the address to which the first sending led"
        ),
        sa.Column("sent_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sent_form")),
    )
    op.create_index(op.f("ix_sent_form_sent_at"), "sent_form", ["sent_at"])
    with op.batch_alter_table("comment") as batch_op:
        batch_op.drop_constraint(op.f("uq_comment_submission_id"), type_="unique")
        batch_op.drop_column("submission_id")


def downgrade() -> None:
    with op.batch_alter_table("comment") as batch_op:
        batch_op.add_column(sa.Column("submission_id", sa.String(length=64), nullable=True))
        batch_op.create_unique_constraint(op.f("uq_comment_submission_id"), ["submission_id"])
    op.drop_table("sent_form")
