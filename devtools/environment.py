"""The virtual environment in .venv: made, filled from the hash-locked requirements, and mended after an interruption.

`.venv/.stamp-NAME` holds the hash of the requirements file that was installed last. While pip works there is
`.venv/.unfinished` instead: who finds it knows that an earlier run was interrupted, and starts afresh.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devtools.fault import ROOT, Fault

VENV = ROOT / ".venv"
UNFINISHED = VENV / ".unfinished"
LOCKS = {"run": ROOT / "requirements.txt", "dev": ROOT / "requirements-dev.txt"}


def python(needs: str) -> Path:
    """The interpreter with everything installed that ``needs`` ("run" or "dev") names."""
    found = VENV / "bin" / "python"
    if Path(sys.prefix).resolve() == VENV or _is_ready(found, needs):
        return found
    with _alone():
        if not _is_ready(found, needs):
            _prepare(found, needs)
    return found


def _is_ready(found: Path, needs: str) -> bool:
    """Whether this lock is installed; what "dev" installs includes what "run" needs."""
    if UNFINISHED.exists() or not found.exists():
        return False
    return any(_stamp(name) == _hash(name) for name in {needs, "dev"})


def _stamp(name: str) -> str:
    path = VENV / f".stamp-{name}"
    return path.read_text() if path.is_file() else ""


def _hash(name: str) -> str:
    return hashlib.sha256(LOCKS[name].read_bytes()).hexdigest()


@contextmanager
def _alone() -> Iterator[None]:
    """One ./dev installs at a time; the lock ends with the process, however it ends."""
    with (ROOT / "dev").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _prepare(found: Path, needs: str) -> None:
    if VENV.exists() and (UNFINISHED.exists() or not _works(found)):
        print("Making .venv anew: an earlier run was interrupted.", flush=True)
        shutil.rmtree(VENV)
    fresh = not VENV.exists()
    VENV.mkdir(exist_ok=True)
    UNFINISHED.touch()
    if fresh:
        _make(found)
    _install(found, needs)
    for name in LOCKS:
        (VENV / f".stamp-{name}").unlink(missing_ok=True)
    (VENV / f".stamp-{needs}").write_text(_hash(needs))
    UNFINISHED.unlink()


def _works(found: Path) -> bool:
    probe = "import sys; sys.exit(sys.version_info < (3, 11))"
    return found.exists() and subprocess.run([found, "-c", probe], capture_output=True).returncode == 0


def _make(found: Path) -> None:
    """An empty environment. Debian without python3-venv has no ensurepip: then pip works from outside."""
    print("Making .venv (once).", flush=True)
    bare = [] if importlib.util.find_spec("ensurepip") else ["--without-pip"]
    made = subprocess.run([sys.executable, "-m", "venv", *bare, VENV], capture_output=True, text=True)
    if made.returncode and not bare:
        made = subprocess.run([sys.executable, "-m", "venv", "--without-pip", VENV], capture_output=True, text=True)
    if made.returncode or not found.exists():
        raise Fault(f"Python could not make {VENV}: {(made.stderr or made.stdout).strip()[-300:]}")


def _install(found: Path, needs: str) -> None:
    lock = LOCKS[needs]
    print(f"Installing what {lock.name} names (once, about a minute).", flush=True)
    inside = (VENV / "bin" / "pip").exists()
    pip = [str(found), "-m", "pip"] if inside else [sys.executable, "-m", "pip", "--python", str(found)]
    options = ["--quiet", "--no-input", "--disable-pip-version-check", "--require-hashes"]
    done = subprocess.run([*pip, "install", *options, "-r", lock], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.stderr.write(done.stderr)
        raise Fault(f"pip could not install {lock.name}: see above. With a network connection, start again.")
