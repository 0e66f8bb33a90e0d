"""The file of a backup: lines of JSON, packed, and a checksum over every byte of it.

It says nothing of the database it came from, so that a portal can move from SQLite to PostgreSQL with it.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

MARK = b"\nsha256 "
FOOTER = len(MARK) + 64 + 1
BLOCK = 1 << 20
LONGEST = 16 << 20  # bytes of one line: more than any row, so that a few packed bytes cannot fill the memory


class Damaged(Exception):
    """The file is not a whole backup. Says how that was found."""


def write(path: Path, lines: Iterable[Any]) -> None:
    """Write a backup in full, flushed to the disk. Readable by its owner only: it holds what people wrote."""
    with open(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b") as file:
        with gzip.GzipFile(filename="", mode="wb", fileobj=file, compresslevel=6, mtime=0) as packed:
            for line in lines:
                packed.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
        file.flush()
        size = file.tell()
        file.seek(0)
        footer = MARK + _digest(file, size).encode() + b"\n"
        file.seek(size)
        file.write(footer)
        file.flush()
        os.fsync(file.fileno())


def check(path: Path) -> None:
    """Raise Damaged unless every byte is what `write` wrote."""
    size = path.stat().st_size - FOOTER
    with path.open("rb") as file:
        if size <= 0:
            raise Damaged("it is too short to be a backup")
        digest = _digest(file, size)
        footer = file.read()
    if not (footer.startswith(MARK) and footer.endswith(b"\n")):
        raise Damaged("it has no checksum at its end, so it is cut off or no backup")
    if footer != MARK + digest.encode() + b"\n":
        raise Damaged("its checksum does not fit what it holds")


def read(path: Path) -> Iterator[Any]:
    """The lines of a backup that passed `check`. Raises Damaged."""
    with path.open("rb") as file:
        part: Any = _Part(file, path.stat().st_size - FOOTER)
        try:
            with gzip.GzipFile(fileobj=part, mode="rb") as packed:
                while line := packed.readline(LONGEST):
                    yield json.loads(line)
        except (OSError, EOFError, zlib.error, ValueError, RecursionError) as error:
            raise Damaged("what it holds cannot be read") from error


class _Part:
    """The first ``size`` bytes of a file."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self.file = file
        self.left = size

    def read(self, size: int = -1) -> bytes:
        block = self.file.read(self.left if size < 0 else min(size, self.left))
        self.left -= len(block)
        return block


def _digest(file: BinaryIO, size: int) -> str:
    found = hashlib.sha256()
    part = _Part(file, size)
    while block := part.read(BLOCK):
        found.update(block)
    return found.hexdigest()
