"""mail: where it goes, what each person wants by it, and digests on their way

Revision: 2026_11_27_mail, after: 2026_11_27_record_proof
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.database import UTCDateTime

revision = "2026_11_27_mail"
down_revision = "2026_11_27_record_proof"
branch_labels = None
depends_on = None


def choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def person_key(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f(f"fk_{table}_person_id"))


def upgrade() -> None:
    op.create_table(
        "mail_address",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False, comment="confirmed; empty: none"),
        sa.Column("wanted", sa.String(length=254), nullable=False, comment="waits for the button in the mail"),
        sa.Column("nonce", sa.String(length=43), nullable=False),
        sa.Column("asked_at", UTCDateTime(), nullable=False),
        sa.Column(
            "asked_times",
            sa.Integer(),
            nullable=False,
            comment="within a day: the portal is no way to flood strangers",
        ),
        sa.Column(
            "quiet_away",
            sa.Boolean(),
            nullable=False,
            comment="while away, all waits for the digest on return",
        ),
        sa.Column("send_at", UTCDateTime(), nullable=True, comment="when to try next to send the question"),
        sa.Column("tries", sa.Integer(), nullable=False),
        person_key("mail_address"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_address")),
        sa.UniqueConstraint("person_id", name=op.f("uq_mail_address_person_id")),
    )
    op.create_index(op.f("ix_mail_address_send_at"), "mail_address", ["send_at"])
    op.create_table(
        "mail_wish",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", choice("mail_kind", "turn", "result", "own", "talk", "team"), nullable=False),
        sa.Column("choice", choice("mail_choice", "now", "daily", "off"), nullable=False),
        person_key("mail_wish"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_wish")),
        sa.UniqueConstraint("person_id", "kind", name=op.f("uq_mail_wish_person_id_kind")),
    )
    op.create_table(
        "mail_stop",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column(
            "request_id", sa.Integer(), nullable=False, comment="team_request.id; requests lie above notifications"
        ),
        sa.Column("stopped_at", UTCDateTime(), nullable=False),
        person_key("mail_stop"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_stop")),
        sa.UniqueConstraint("person_id", "request_id", name=op.f("uq_mail_stop_person_id_request_id")),
    )
    op.create_table(
        "digest",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("upto", sa.Integer(), nullable=False, comment="the newest delivery in it"),
        sa.Column("state", choice("digest_state", "queued", "sent", "parked"), nullable=False),
        sa.Column("not_before", UTCDateTime(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("failure", sa.String(length=64), nullable=False),
        person_key("digest"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digest")),
        sa.UniqueConstraint("person_id", "day", name=op.f("uq_digest_person_id_day")),
    )
    op.create_index("ix_digest_state_not_before", "digest", ["state", "not_before"])


def downgrade() -> None:
    for table in ("digest", "mail_stop", "mail_wish", "mail_address"):
        op.drop_table(table)
