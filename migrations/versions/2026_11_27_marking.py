"""marking: rounds of double marking, who agreed, documents that correct others

Revision: 2026_11_27_marking, after: 2026_11_27_calendar
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.database import UTCDateTime

revision = "2026_11_27_marking"
down_revision = "2026_11_27_calendar"
branch_labels = None
depends_on = None


def choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


BEFORE = choice("assessment_state", "draft", "locked")
AFTER = choice("assessment_state", "draft", "locked", "declined")
OPEN = sa.text("closed_at IS NULL")
LIVE = sa.text("state <> 'declined' AND supersedes_id IS NULL")
KEYS = {"marking_id": "marking", "co_marker_id": "person", "supersedes_id": "assessment", "declined_id": "text"}
NEW = ("marking_id", "seat", "co_marker_id", "supersedes_id", "others_in_view", "declined_id")


def key(table: str, column: str, of: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{of}.id"], name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    op.create_table(
        "marking",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False, comment="who is assessed"),
        sa.Column("standard_id", sa.Integer(), nullable=False),
        sa.Column("opened_by_id", sa.Integer(), nullable=False),
        sa.Column("opened_at", UTCDateTime(), nullable=False),
        sa.Column("closed_at", UTCDateTime(), nullable=True),
        key("marking", "person_id", "person"),
        key("marking", "standard_id", "standard"),
        key("marking", "opened_by_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_marking")),
    )
    op.create_index(op.f("ix_marking_person_id"), "marking", ["person_id"])
    op.create_index(
        "uq_marking_person_id_standard_id_open",
        "marking",
        ["person_id", "standard_id"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    add_columns()
    op.create_index(
        "uq_assessment_marking_id_seat_live",
        "assessment",
        ["marking_id", "seat"],
        unique=True,
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    )
    op.create_table(
        "agreement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("assessment_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("agreed_at", UTCDateTime(), nullable=False),
        sa.Column("cleared_at", UTCDateTime(), nullable=True),
        sa.Column("cleared_by_id", sa.Integer(), nullable=True),
        key("agreement", "assessment_id", "assessment"),
        key("agreement", "person_id", "person"),
        key("agreement", "cleared_by_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement")),
        sa.UniqueConstraint("assessment_id", "person_id", name=op.f("uq_agreement_assessment_id_person_id")),
    )


def add_columns() -> None:
    comments = {
        "marking_id": "the round it belongs to, if any",
        "supersedes_id": "the locked document that this one corrects",
        "declined_id": "why its marker declined",
    }
    with op.batch_alter_table("assessment", schema=None) as batch_op:
        batch_op.alter_column("state", existing_type=BEFORE, type_=AFTER, existing_nullable=False)
        for name in KEYS:
            batch_op.add_column(sa.Column(name, sa.Integer(), nullable=True, comment=comments.get(name)))
        seats = choice("assessment_seat", "own", "mentor", "second", "final")
        batch_op.add_column(sa.Column("seat", seats, nullable=True, comment="as what it belongs to it"))
        batch_op.add_column(
            sa.Column(
                "others_in_view",
                sa.Boolean(),
                nullable=False,
                server_default=sa.false(),
                comment="locked when the other markings of the round could be read",
            )
        )
        for name, of in KEYS.items():
            batch_op.create_foreign_key(op.f(f"fk_assessment_{name}"), of, [name], ["id"])
        batch_op.create_unique_constraint(op.f("uq_assessment_supersedes_id"), ["supersedes_id"])
        batch_op.create_index(op.f("ix_assessment_co_marker_id"), ["co_marker_id"], unique=False)
    with op.batch_alter_table("assessment", schema=None) as batch_op:
        batch_op.alter_column("others_in_view", existing_type=sa.Boolean(), server_default=None)


def downgrade() -> None:
    """What only the new tables can say is lost: rounds, agreements, which document corrects which, who declined."""
    op.drop_table("agreement")
    op.drop_index("uq_assessment_marking_id_seat_live", table_name="assessment")
    op.execute(
        "DELETE FROM assessment_score WHERE assessment_id IN (SELECT id FROM assessment WHERE state = 'declined')"
    )
    op.execute("DELETE FROM assessment WHERE state = 'declined'")
    with op.batch_alter_table("assessment", schema=None) as batch_op:
        batch_op.drop_index(op.f("ix_assessment_co_marker_id"))
        batch_op.drop_constraint(op.f("uq_assessment_supersedes_id"), type_="unique")
        for name in KEYS:
            batch_op.drop_constraint(op.f(f"fk_assessment_{name}"), type_="foreignkey")
        batch_op.drop_constraint(op.f("ck_assessment_assessment_seat"), type_="check")
        for name in NEW:
            batch_op.drop_column(name)
        batch_op.alter_column("state", existing_type=AFTER, type_=BEFORE, existing_nullable=False)
    op.drop_table("marking")
