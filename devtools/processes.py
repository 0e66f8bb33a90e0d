"""The programs that ./dev run starts, and that none of them outlives it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from devtools.fault import ROOT

PR_SET_PDEATHSIG = 1
PATIENCE = 5.0  # seconds between the polite signal and the last one

_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class Family:
    """Children, each in a process group of its own: a Ctrl-C reaches only ./dev, which then stops them in order."""

    def __init__(self) -> None:
        self.children: dict[str, subprocess.Popen[bytes]] = {}

    def start(
        self, name: str, command: Sequence[str | Path], environ: Mapping[str, str], *, quiet: bool = False
    ) -> None:
        """Start a program under a name for people; ``quiet`` drops what it says when all is well."""
        parent = os.getpid()
        self.children[name] = subprocess.Popen(
            command,
            cwd=ROOT,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if quiet else None,
            start_new_session=True,
            preexec_fn=lambda: _die_with(parent),  # noqa: PLW1509  # ./dev has one thread
        )

    def ended(self) -> str | None:
        """The name of a program that has stopped by itself, if one has."""
        return next((name for name, child in self.children.items() if child.poll() is not None), None)

    def stop(self) -> None:
        """Stop everything, politely first."""
        for child in self.children.values():
            _signal(child, signal.SIGTERM)
        until = time.monotonic() + PATIENCE
        for child in self.children.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(max(0.05, until - time.monotonic()))
        for child in self.children.values():
            _signal(child, signal.SIGKILL)
            child.wait()


def _signal(child: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)


def _die_with(parent: int) -> None:
    """In the child: end when ./dev ends, even if it is killed (Linux only)."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)
