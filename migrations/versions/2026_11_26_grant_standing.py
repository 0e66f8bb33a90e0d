"""grant: how it stands, repeated from its newest step

Revision: 2026_11_26_grant_standing, after: 2026_11_26_clock
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.database import UTCDateTime

revision = "2026_11_26_grant_standing"
down_revision = "2026_11_26_clock"
branch_labels = None
depends_on = None

STEPS = sa.Enum(
    "approved",
    "granted",
    "renewed",
    "revoked",
    name="grant_standing",
    native_enum=False,
    create_constraint=True,
    length=32,
)

NEWEST_STEP = """
UPDATE "grant" SET
    standing = (SELECT step FROM grant_step WHERE grant_id = "grant".id ORDER BY id DESC LIMIT 1),
    until = (SELECT until FROM grant_step WHERE grant_id = "grant".id ORDER BY id DESC LIMIT 1)
"""


def upgrade() -> None:
    with op.batch_alter_table("grant", schema=None) as batch_op:
        batch_op.add_column(sa.Column("standing", STEPS, nullable=True, comment="the newest step"))
        batch_op.add_column(
            sa.Column("until", UTCDateTime(), nullable=True, comment="the end that the newest step carries")
        )
    op.execute(NEWEST_STEP)
    with op.batch_alter_table("grant", schema=None) as batch_op:
        batch_op.alter_column("standing", existing_type=STEPS, nullable=False)
        batch_op.create_index("ix_grant_standing_until", ["standing", "until"], unique=False)
    with op.batch_alter_table("grant_step", schema=None) as batch_op:
        batch_op.drop_index("ix_grant_step_grant_id")
        batch_op.create_index("ix_grant_step_grant_id_step_at", ["grant_id", "step", "at"], unique=False)
        batch_op.create_index("ix_grant_step_step_at", ["step", "at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("grant_step", schema=None) as batch_op:
        batch_op.drop_index("ix_grant_step_step_at")
        batch_op.drop_index("ix_grant_step_grant_id_step_at")
        batch_op.create_index("ix_grant_step_grant_id", ["grant_id"], unique=False)
    with op.batch_alter_table("grant", schema=None) as batch_op:
        batch_op.drop_index("ix_grant_standing_until")
        batch_op.drop_column("until")
        batch_op.drop_column("standing")
