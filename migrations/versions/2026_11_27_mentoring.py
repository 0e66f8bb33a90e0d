"""mentoring: who mentors whom, goals, places

Revision: 2026_11_27_mentoring, after: 2026_11_27_marking
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.database import UTCDateTime

revision = "2026_11_27_mentoring"
down_revision = "2026_11_27_marking"
branch_labels = None
depends_on = None


def choice(*names: str, name: str) -> sa.Enum:
    return sa.Enum(*names, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    op.create_table(
        "mentorship",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mentee_id", sa.Integer(), nullable=False),
        sa.Column("mentor_id", sa.Integer(), nullable=False),
        sa.Column("kind", choice("mentoring", "peer_support", name="mentorship_kind"), nullable=False),
        sa.Column("state", choice("asked", "active", "declined", "ended", name="mentorship_state"), nullable=False),
        sa.Column("asked_at", UTCDateTime(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False, comment="the mentee, or who hands it over"),
        sa.Column("until", sa.Date(), nullable=True, comment="the planned last day"),
        sa.Column("from_at", UTCDateTime(), nullable=True, comment="accepted"),
        sa.Column("ended_at", UTCDateTime(), nullable=True, comment="declined, or ended"),
        sa.Column("ended_by_id", sa.Integer(), nullable=True),
        sa.Column("follows_id", sa.Integer(), nullable=True, comment="the one that is handed over"),
        sa.Column("note_id", sa.Integer(), nullable=True, comment="said with asking"),
        sa.Column("answer_id", sa.Integer(), nullable=True, comment="said with declining"),
        sa.Column("reason_id", sa.Integer(), nullable=True, comment="why it ended"),
        *(
            sa.ForeignKeyConstraint([f"{name}_id"], [f"{table}.id"], name=op.f(f"fk_mentorship_{name}_id"))
            for name, table in (
                ("mentee", "person"),
                ("mentor", "person"),
                ("asked_by", "person"),
                ("ended_by", "person"),
                ("follows", "mentorship"),
                ("note", "text"),
                ("answer", "text"),
                ("reason", "text"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mentorship")),
    )
    op.create_index("ix_mentorship_mentee_id_state", "mentorship", ["mentee_id", "state"])
    op.create_index("ix_mentorship_mentor_id_state", "mentorship", ["mentor_id", "state"])
    op.create_index(op.f("ix_mentorship_follows_id"), "mentorship", ["follows_id"])
    op.create_table(
        "mentoring_goal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mentorship_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("target", sa.Integer(), nullable=False),
        sa.Column("set_by_id", sa.Integer(), nullable=False),
        sa.Column("set_at", UTCDateTime(), nullable=False),
        sa.Column("reached_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["standard_item.id"], name=op.f("fk_mentoring_goal_item_id")),
        sa.ForeignKeyConstraint(["mentorship_id"], ["mentorship.id"], name=op.f("fk_mentoring_goal_mentorship_id")),
        sa.ForeignKeyConstraint(["set_by_id"], ["person.id"], name=op.f("fk_mentoring_goal_set_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mentoring_goal")),
        sa.UniqueConstraint("mentorship_id", "item_id", name=op.f("uq_mentoring_goal_mentorship_id_item_id")),
    )
    op.create_table(
        "mentoring_offer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("said_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_mentoring_offer_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mentoring_offer")),
        sa.UniqueConstraint("person_id", name=op.f("uq_mentoring_offer_person_id")),
    )


def downgrade() -> None:
    op.drop_table("mentoring_offer")
    op.drop_table("mentoring_goal")
    op.drop_table("mentorship")
