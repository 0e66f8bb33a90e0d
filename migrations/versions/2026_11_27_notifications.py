"""what people are told: deliveries, whose turn it is, what they watch, what they were reminded of

Nothing is told of what happened before: the reading of the timeline begins at its head.

Revision: 2026_11_27_notifications, after: 2026_11_26_sent_forms
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.database import UTCDateTime

revision = "2026_11_27_notifications"
down_revision = "2026_11_26_sent_forms"
branch_labels = None
depends_on = None

REASONS = (
    *("turn", "candidate", "requester", "person", "named", "spoke", "watching"),
    *("director", "deciders", "board", "team", "room"),
)


def choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    op.create_table(
        "spread",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False, comment="the newest event that was turned into deliveries"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spread")),
    )
    op.execute("INSERT INTO spread (id, event_id) SELECT 1, coalesce(max(sequence), 0) FROM chain_head")
    op.create_table(
        "delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False, comment="event.channel.recipient; the same at each try"),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=True, comment="what belongs to one request arrives in order"),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("room", sa.String(length=32), nullable=False, comment="where it goes, if to no person"),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("reason", choice("told_reason", *REASONS), nullable=False, comment="why them"),
        sa.Column("state", choice("delivery_state", "queued", "sent", "dropped", "parked"), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("not_before", UTCDateTime(), nullable=False, comment="when to try next"),
        sa.Column(
            "leased_until", UTCDateTime(), nullable=True, comment="a worker has it; if it dies, another takes it then"
        ),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("failure", sa.String(length=64), nullable=False, comment="what kind of failure the last try met"),
        sa.Column("settled_at", UTCDateTime(), nullable=True, comment="sent, dropped or parked"),
        sa.Column("done_at", UTCDateTime(), nullable=True, comment="inbox: the person is done with it"),
        sa.Column("later_until", UTCDateTime(), nullable=True, comment="inbox: hidden until then"),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_delivery_event_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_delivery_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("key", name=op.f("uq_delivery_key")),
        sa.UniqueConstraint("event_id", "channel", "person_id", name=op.f("uq_delivery_event_id_channel_person_id")),
    )
    op.create_index("ix_delivery_state_id", "delivery", ["state", "id"])
    columns = ["state", "channel", "person_id", "request_id"]
    op.create_index("ix_delivery_state_channel_person_id_request_id", "delivery", columns)
    op.create_index("ix_delivery_person_id_channel_done_at_id", "delivery", ["person_id", "channel", "done_at", "id"])
    _about_requests("turn", sa.Column("since", UTCDateTime(), nullable=False))
    _about_requests("watch", sa.Column("level", choice("watching", "watch", "mute"), nullable=False))
    op.create_table(
        "reminder",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "duty", sa.String(length=16), nullable=False, comment="which kind of duty: decide, mark, set_up, concern"
        ),
        sa.Column("subject_id", sa.Integer(), nullable=False, comment="the row the duty is about"),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column(
            "since", UTCDateTime(), nullable=False, comment="since when it was their duty: another duty is another row"
        ),
        sa.Column("reminded_at", UTCDateTime(), nullable=False),
        sa.Column("raised_at", UTCDateTime(), nullable=True, comment="when the Director was told"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_reminder_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder")),
        sa.UniqueConstraint("duty", "subject_id", "person_id", name=op.f("uq_reminder_duty_subject_id_person_id")),
    )
    op.create_index(op.f("ix_reminder_person_id"), "reminder", ["person_id"])


def _about_requests(name: str, column: sa.Column) -> None:
    """A table of what a person is to a request."""
    comment = "team_request.id; requests lie above notifications"
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=False, comment=comment),
        sa.Column("person_id", sa.Integer(), nullable=False),
        column,
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f(f"fk_{name}_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("request_id", "person_id", name=op.f(f"uq_{name}_request_id_person_id")),
    )
    op.create_index(op.f(f"ix_{name}_person_id"), name, ["person_id"])


def downgrade() -> None:
    for table in ("reminder", "watch", "turn", "delivery", "spread"):
        op.drop_table(table)
