"""`flask backup FILE`: everything as it stood at one moment, while others write on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine

from portal.audit.models import ChainHead
from portal.audit.verification import one_moment
from portal.operations import archive, rows, schema

FORMAT = "technology-team-portal backup 1"


@dataclass(frozen=True, slots=True)
class Contents:
    """What a backup says of itself; ``rows`` counts all of them."""

    made_at: datetime
    schema: str
    sequence: int
    head: str
    rows: int = 0


def backup(engine: Engine, path: Path, *, now: datetime) -> Contents:
    """Write a backup beside ``path``, read it back in full, and only then let it take that name."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with one_moment(engine) as session:
            archive.write(partial, _lines(session.connection(), now))
        contents = examine(partial)
        os.replace(partial, path)
        _flush_folder(path.parent)
    finally:
        partial.unlink(missing_ok=True)
    return contents


def _lines(connection: Connection, now: datetime) -> Iterator[Any]:
    head = connection.execute(ChainHead.__table__.select()).one_or_none()
    yield {
        "format": FORMAT,
        "made_at": now.isoformat(),
        "schema": schema.current_of(connection),
        "head": [head.sequence, head.hash] if head else [0, ""],
    }
    count = 0
    for table in rows.tables():
        yield {"table": table.name, "columns": [column.name for column in table.columns]}
        for line in rows.lines_of(connection, table):
            count += 1
            yield line
    yield {"rows": count}


def examine(path: Path) -> Contents:
    """Read a backup from end to end. Raises archive.Damaged, or OSError when it cannot be opened."""
    archive.check(path)
    lines = archive.read(path)
    first = next(lines, None)
    if not isinstance(first, dict) or first.get("format") != FORMAT:
        raise archive.Damaged("it is not a backup of this portal, or one of a later release")
    count, last = 0, None
    for line in lines:
        count += isinstance(line, list)
        last = line
    if last != {"rows": count}:
        raise archive.Damaged("it does not hold as many rows as it says")
    try:
        sequence, head = first["head"]
        return Contents(datetime.fromisoformat(first["made_at"]), str(first["schema"]), sequence, head, count)
    except (KeyError, ValueError, TypeError) as error:
        raise archive.Damaged("it does not say what it holds as a backup does") from error


def _flush_folder(folder: Path) -> None:
    """Make the new name outlive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
