"""./dev run: the portal, its clock, a development wiki login and a mail server, on this machine only."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import secrets
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from devtools import environment
from devtools.fault import ROOT, Fault
from devtools.processes import Family

DEFAULT_DATA = ROOT / "instance"
OVERRIDABLE = ("DATABASE_URL", "ORGANISATION_DIR", "HTMX_SOURCE", "PSEUDO_LOCALE", "USER_AGENT")
SHAPES_DATA = ("migrations/*/*.py", "portal/org/*/*.yaml", "portal/demo/*.py")  # a change here prepares anew
PATIENCE = 30.0  # seconds until the portal has to answer
CLOCK = 60  # seconds between two ticks
DELIVERIES = 5  # seconds between two looks at what is to be told


class Stopped(Exception):
    """Somebody asked ./dev run to end."""


def run(port: int, *, data: Path | None) -> int:
    """Start everything, say where, and wait until told to stop."""
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    signal.signal(signal.SIGHUP, _stop)
    try:
        with served(port, data=data) as serving:
            print(f"Portal ready at {serving.url}\n{serving.greeting}\nStop with Ctrl-C.", flush=True)
            while (name := serving.family.ended()) is None:
                time.sleep(0.5)
            raise Fault(f"The {name} has stopped by itself, so everything was stopped. See above.")
    except Stopped:
        return 0


@dataclass(frozen=True, slots=True)
class Serving:
    """What runs: where, with which environment, and who can sign in."""

    family: Family
    url: str
    environ: dict[str, str]
    greeting: str


@contextlib.contextmanager
def served(port: int, *, data: Path | None, **more: str) -> Iterator[Serving]:
    """The portal with its demo data, until the block ends. ``more`` are settings beside those of development."""
    family = Family()
    try:
        _check_ports(port)
        folder = (data or DEFAULT_DATA).absolute()
        environ = {**os.environ, **settings(folder, port=port, own_database=data is not None), **more}
        python = environment.python("run")
        greeting = _prepare(python, environ, folder)
        family.start("mail server", [python, "-m", "devtools.postbox", str(port + 2), folder / "mail"], environ)
        _start(family, python, environ, port)
        yield Serving(family, f"http://127.0.0.1:{port}", environ, greeting)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        family.stop()


def _stop(_number: int, _frame: object) -> None:
    raise Stopped


def replace_process(command: list[str], environ: Mapping[str, str]) -> int:
    """Become another program."""
    os.chdir(ROOT)
    os.execve(command[0], command, dict(environ))


def settings(data: Path, *, port: int, own_database: bool = False) -> dict[str, str]:
    """The development settings. PORTAL_DATABASE_URL counts, unless a data folder was named."""
    _check_writable(data)
    chosen = {
        "FLASK_APP": "wsgi.py",
        "PORTAL_ENV": "development",
        "PORTAL_SECRET_KEY": _secret(data / "secret", secrets.token_urlsafe(48)),
        "PORTAL_SIGNING_KEY": _secret(data / "signing-key", base64.b64encode(secrets.token_bytes(32)).decode()),
        "PORTAL_DATABASE_URL": f"sqlite:///{data / 'portal.db'}",
        "PORTAL_BASE_URL": f"http://127.0.0.1:{port}",
        "PORTAL_WIKI_URL": f"http://127.0.0.1:{port + 1}/w/rest.php",
        "PORTAL_OAUTH_CLIENT_ID": "development-client",
        "PORTAL_OAUTH_CLIENT_SECRET": "development-secret",
        "PORTAL_USER_AGENT": "TechnologyTeamPortal/dev (development)",
        "PORTAL_HTMX_SOURCE": "vendored",
        "PORTAL_DEV_WIKI": "1",
        "PORTAL_PROXY_COUNT": "0",
        "PORTAL_SMTP_URL": f"smtp://127.0.0.1:{port + 2}",
        "PORTAL_MAIL_FROM": "Technology team portal <portal@mail.example>",
    }
    named = {f"PORTAL_{name}": os.environ.get(f"PORTAL_{name}", "") for name in OVERRIDABLE}
    if own_database:
        named.pop("PORTAL_DATABASE_URL")
    return {**chosen, **{name: value for name, value in named.items() if value}}


def _check_writable(data: Path) -> None:
    try:
        data.mkdir(parents=True, exist_ok=True)
        probe = data / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise Fault(f"{data} cannot be written ({error.strerror}). Choose another folder: --data DIR.") from None


def _secret(path: Path, new: str) -> str:
    """A key that is made once (``new``, where there is none yet), readable by its owner only."""
    with contextlib.suppress(FileExistsError):
        temporary = path.with_name(f"{path.name}.{os.getpid()}")
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(new)
        try:
            os.link(temporary, path)  # all of it or nothing, and never over an older one
        finally:
            temporary.unlink()
    return path.read_text().strip()


def _check_ports(port: int) -> None:
    if not 1 <= port <= 65533:
        raise Fault(f"--port {port} is no port: choose one from 1024 to 65534.")
    for number, use in (port, ""), (port + 1, " (for the wiki login)"), (port + 2, " (for mail)"):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", number))
            except OSError as error:
                raise Fault(
                    f"Port {number}{use} cannot be used: {error.strerror}. Choose another: ./dev run --port 5100."
                ) from None


def _prepare(python: Path, environ: Mapping[str, str], data: Path) -> str:
    """Migrate and load the data, unless nothing changed since. Returns who can sign in."""
    stamp = data / "prepared"
    wanted = _fingerprint(environ)
    database = environ["PORTAL_DATABASE_URL"]
    there = not database.startswith("sqlite:///") or Path(database.removeprefix("sqlite:///")).exists()
    if there and stamp.is_file():
        found, _, greeting = stamp.read_text().partition("\n")
        if found == wanted:
            return greeting
    print("Preparing the database.", flush=True)
    greeting = ""
    for command in (["db", "upgrade"], ["assessments", "seed"], ["demo", "load"]):
        done = subprocess.run([python, "-m", "flask", *command], cwd=ROOT, env=environ, capture_output=True, text=True)
        if done.returncode:
            raise Fault(f"{done.stdout}{done.stderr}\n./dev flask {' '.join(command)} failed: see above.")
        greeting = done.stdout.strip()
    stamp.write_text(f"{wanted}\n{greeting}")
    return greeting


def _fingerprint(environ: Mapping[str, str]) -> str:
    """Changes when the schema, the organisation, the demo data or the addresses change."""
    found = hashlib.sha256()
    for name in ("PORTAL_DATABASE_URL", "PORTAL_WIKI_URL", "PORTAL_ORGANISATION_DIR"):
        found.update(environ.get(name, "").encode() + b"\n")
    own = environ.get("PORTAL_ORGANISATION_DIR")
    paths = [path for pattern in SHAPES_DATA for path in ROOT.glob(pattern)]
    for path in sorted(paths + (list(Path(own).glob("*.yaml")) if own else [])):
        found.update(str(path).encode() + path.read_bytes())
    return found.hexdigest()


def _start(family: Family, python: Path, environ: Mapping[str, str], port: int) -> None:
    """Start wiki, portal and clock, and wait until the first two answer."""
    portal, wiki = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port + 1}"
    options = ["--workers", "1", "--threads", "4", "--log-level", "warning", "--graceful-timeout", "2"]
    bind = ["--bind", f"127.0.0.1:{port}", "--no-control-socket"]
    family.start("portal", [python, "-m", "gunicorn", "wsgi:app", *bind, *options], environ)
    login = ["--port", str(port + 1), "--portal", portal]
    family.start("wiki login", [python, "-m", "devwiki", *login], environ, quiet=True)
    until = time.monotonic() + PATIENCE
    _wait(family, f"{portal}/healthz", until)
    _wait(family, f"{wiki}/", until)
    family.start("clock", [python, "-m", "flask", "clock", "tick", "--every", str(CLOCK)], environ)
    deliver = ["notifications", "deliver", "--every", str(DELIVERIES)]
    family.start("deliveries", [python, "-m", "flask", *deliver], environ)


def _wait(family: Family, url: str, until: float) -> None:
    """Return when the address answers at all."""
    while time.monotonic() < until:
        if name := family.ended():
            raise Fault(f"The {name} could not start. See above.")
        try:
            urllib.request.urlopen(url, timeout=2).close()  # noqa: S310  # our own address
        except urllib.error.HTTPError as error:
            if error.code < 500:
                return
        except OSError:
            pass
        else:
            return
        time.sleep(0.05)
    raise Fault(f"{url} does not answer after {PATIENCE:.0f} seconds. See above.")
