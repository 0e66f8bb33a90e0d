"""./dev check: everything that can be said about the code without running it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from devtools.fault import ROOT


def check(python: Path) -> int:
    """Run every check and say which failed. Returns 1 if one did."""
    tools = python.parent
    commands: dict[str, list[str | Path]] = {
        "ruff check": [tools / "ruff", "check", "."],
        "ruff format": [tools / "ruff", "format", "--check", "."],
        "mypy --strict": [python, "-m", "mypy"],
        "import rules": [tools / "lint-imports", "--no-cache"],
        "djlint": [tools / "djlint", "portal/templates", "devwiki/templates", "--lint", "--quiet"],
        "translatable strings": [python, "-m", "devtools.translatable"],
    }
    failed = [name for name, command in commands.items() if not _passes(name, command)]
    print(f"./dev check: {len(commands) - len(failed)} of {len(commands)} passed" + _named(failed))
    return 1 if failed else 0


def _named(failed: list[str]) -> str:
    return f"; failed: {', '.join(failed)}" if failed else "."


def _passes(name: str, command: list[str | Path]) -> bool:
    began = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    passed = done.returncode == 0
    print(f"{'ok    ' if passed else 'FAILED'} {name} ({time.monotonic() - began:.1f} s)", flush=True)
    if not passed:
        sys.stdout.write(done.stdout + "\n")
    return passed
