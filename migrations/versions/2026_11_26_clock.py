"""clock: the newest believed moment beside the head, and when the clock's jobs last ran

Revision: 2026_11_26_clock, after: 2026_11_23_initial
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.database import UTCDateTime

revision = "2026_11_26_clock"
down_revision = "2026_11_23_initial"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "clock_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock_run")),
    )
    with op.batch_alter_table("chain_head", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "newest_at",
                UTCDateTime(),
                nullable=True,
                comment="of all events written under a clock that could be believed",
            )
        )
    op.execute("UPDATE chain_head SET newest_at = (SELECT max(at) FROM event)")


def downgrade() -> None:
    with op.batch_alter_table("chain_head", schema=None) as batch_op:
        batch_op.drop_column("newest_at")
    op.drop_table("clock_run")
