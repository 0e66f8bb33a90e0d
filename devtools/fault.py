"""What stops a command, as one sentence for the person who typed it."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class Fault(Exception):
    """Ends ./dev with this sentence and exit code 2."""
