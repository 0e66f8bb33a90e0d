"""./dev shots: a picture of every page, for people to look at. `devtools.pictures` takes them, inside .venv."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path

from devtools import environment, run
from devtools.fault import ROOT, Fault

FOLDER = ROOT / "shots"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def take(only: str) -> int:
    """Fill the folder anew, or only what has these words in its name. Returns the exit code."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise Fault("There is no Chromium to take pictures with. Install it: apt-get install chromium.")
    python = environment.python("dev")
    if not only and FOLDER.exists():
        shutil.rmtree(FOLDER)
    with tempfile.TemporaryDirectory(prefix="shots") as data:
        for tour in ("whole", "mirrored"):
            failed = _take(tour, python, browser, Path(data) / tour, only)
            if failed:
                return failed
    print(f"{len(list(FOLDER.rglob('*.png')))} pictures in {FOLDER}")
    return 0


def _take(tour: str, python: Path, browser: str, data: Path, only: str) -> int:
    more = {"PORTAL_PSEUDO_LOCALE": "rtl"} if tour == "mirrored" else {}
    with run.served(_free_port(), data=data, **more) as serving:
        where: list[str | Path] = [python, "-m", "flask", "demo", "tour"]
        addresses = subprocess.run(where, cwd=ROOT, env=serving.environ, stdout=subprocess.PIPE, check=True).stdout
        command: list[str | Path] = [
            python,
            "-m",
            "devtools.pictures",
            tour,
            serving.url,
            browser,
            FOLDER,
        ]
        done = subprocess.run([*command, "--only", only], cwd=ROOT, env=serving.environ, input=addresses)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return done.returncode


def _free_port() -> int:
    """A port that is free together with the next two, where the wiki login and the mail server listen."""
    while True:
        with closing(socket.socket()) as first, closing(socket.socket()) as second, closing(socket.socket()) as third:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 1))
                third.bind(("127.0.0.1", port + 2))
            except (OSError, OverflowError):
                continue
            return port
