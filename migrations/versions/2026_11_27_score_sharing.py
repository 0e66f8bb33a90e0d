"""score sharing: who lets the team count their agreed scores

Revision: 2026_11_27_score_sharing, after: 2026_11_27_portfolio
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.database import UTCDateTime

revision = "2026_11_27_score_sharing"
down_revision = "2026_11_27_portfolio"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "score_sharing",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("said_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_score_sharing_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_score_sharing")),
        sa.UniqueConstraint("person_id", name=op.f("uq_score_sharing_person_id")),
    )


def downgrade() -> None:
    op.drop_table("score_sharing")
