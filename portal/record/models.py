"""Tables of the proof: signed checkpoints, and the hashes of whole blocks of the timeline."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Base


class Checkpoint(Base):
    """What the portal signed about its timeline at one moment. Never changed; a copy elsewhere is what it is for."""

    __tablename__ = "checkpoint"

    size: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="how many events it covers")
    root: Mapped[str] = mapped_column(String(64))
    head_hash: Mapped[str] = mapped_column(String(64), comment="hash of the last event it covers")
    at: Mapped[datetime]
    key: Mapped[str] = mapped_column(String(400), comment="the public key it was signed with")
    note: Mapped[str] = mapped_column(String(2000), comment="the signed note itself")


class TreeBlock(Base):
    """The root over one whole block of events. Computed from them, kept so that nobody reads them all again."""

    __tablename__ = "tree_block"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="from 0")
    hash: Mapped[str] = mapped_column(String(64))
