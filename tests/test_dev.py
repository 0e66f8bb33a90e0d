"""./dev as a person meets it: one clear sentence, or it works."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

import config
from devtools import environment, processes, run, shots
from devtools.fault import Fault
from tests.browser import free_ports

DEV = config.ROOT / "dev"


def dev(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(DEV), *arguments]
    return subprocess.run(
        command, env={**os.environ, **environ}, capture_output=True, text=True, timeout=60, check=False
    )


@contextmanager
def taken_port() -> Iterator[int]:
    """A port on which something else listens; the two before it are free."""
    port = free_ports() + 2
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        yield port


def test_without_a_command_it_lists_them() -> None:
    answer = dev("--help")

    assert answer.returncode == 0
    for command in ("run", "test", "check", "flask"):
        assert f"./dev {command}" in answer.stdout


@pytest.mark.parametrize("off_by", [0, 1, 2])
def test_a_taken_port_is_one_sentence(tmp_path: Path, off_by: int) -> None:
    with taken_port() as port:
        answer = dev("run", "--port", str(port - off_by), "--data", str(tmp_path))

    assert answer.returncode == 2
    assert f"Port {port}" in answer.stderr
    assert "--port" in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_a_port_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    answer = dev("run", "--port", "99999", "--data", str(tmp_path))

    assert answer.returncode == 2
    assert answer.stderr == "--port 99999 is no port: choose one from 1024 to 65534.\n"


def test_an_old_python_is_refused_in_one_sentence() -> None:
    script = f"import sys, runpy; sys.version_info = (3, 9, 2); runpy.run_path({str(DEV)!r}, run_name='__main__')"

    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert answer.returncode == 2
    assert answer.stderr.startswith("The portal needs Python 3.11 or newer; this is Python 3.9.")
    assert answer.stderr.count("\n") == 1


def test_a_data_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / "data"

    answer = dev("run", "--port", "5990", "--data", str(folder))

    assert answer.returncode == 2
    assert answer.stderr == f"{folder} cannot be written (Not a directory). Choose another folder: --data DIR.\n"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_data_folder_is_one_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)

    answer = dev("run", "--port", "5990", "--data", str(tmp_path))

    assert answer.returncode == 2
    assert "cannot be written (Permission denied)" in answer.stderr


def test_the_secret_is_made_once_and_is_for_its_owner_only(tmp_path: Path) -> None:
    first = run.settings(tmp_path, port=5000)["PORTAL_SECRET_KEY"]
    second = run.settings(tmp_path, port=5000)["PORTAL_SECRET_KEY"]

    assert first == second
    assert len(first) >= config.SECRET_LENGTH
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["secret", "signing-key"]


def test_the_development_settings_are_whole(tmp_path: Path) -> None:
    settings = config.load(run.settings(tmp_path, port=5000))

    assert settings.dev_wiki
    assert not settings.is_production


def test_a_database_from_the_environment_counts_unless_a_folder_was_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTAL_DATABASE_URL", "sqlite:////elsewhere.db")

    assert run.settings(tmp_path, port=5000)["PORTAL_DATABASE_URL"] == "sqlite:////elsewhere.db"
    named = run.settings(tmp_path, port=5000, own_database=True)
    assert named["PORTAL_DATABASE_URL"] == f"sqlite:///{tmp_path}/portal.db"


def test_a_flask_command_runs_with_the_development_settings(tmp_path: Path) -> None:
    answer = dev("flask", "doctor", PORTAL_DATABASE_URL=f"sqlite:///{tmp_path}/portal.db")

    assert answer.returncode == 1
    assert "-> Run: flask db upgrade." in answer.stdout


class Installation:
    """`devtools.environment` in a folder of its own, with the slow steps counted instead of done."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.venv, self.steps = folder / ".venv", list[str]()
        locks = {name: folder / f"{name}.txt" for name in environment.LOCKS}
        for name, lock in locks.items():
            lock.write_text(name)
        for name, value in {"VENV": self.venv, "UNFINISHED": self.venv / ".unfinished", "LOCKS": locks}.items():
            monkeypatch.setattr(environment, name, value)
        monkeypatch.setattr(environment, "_make", self._make)
        monkeypatch.setattr(environment, "_install", self._install)
        self.fails = False
        self.locks = locks

    def _make(self, found: Path) -> None:
        self.steps.append("make")
        found.parent.mkdir()
        found.symlink_to(sys.executable)

    def _install(self, _found: Path, needs: str) -> None:
        self.steps.append(f"install {needs}")
        if self.fails:
            raise Fault("no network")


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    return Installation(tmp_path, monkeypatch)


def test_an_environment_is_made_once(installation: Installation) -> None:
    environment.python("run")
    environment.python("run")

    assert installation.steps == ["make", "install run"]


def test_what_the_tests_need_includes_what_a_run_needs(installation: Installation) -> None:
    environment.python("dev")
    environment.python("run")

    assert installation.steps == ["make", "install dev"]


def test_a_changed_lock_is_installed_into_the_same_environment(installation: Installation) -> None:
    environment.python("run")
    installation.locks["run"].write_text("newer")
    environment.python("run")

    assert installation.steps == ["make", "install run", "install run"]


def test_an_interrupted_installation_starts_afresh(installation: Installation) -> None:
    installation.fails = True
    with pytest.raises(Fault):
        environment.python("run")
    (installation.venv / "half").touch()
    installation.fails = False

    environment.python("run")

    assert installation.steps == ["make", "install run"] * 2
    assert not (installation.venv / "half").exists()


def test_an_environment_whose_python_is_gone_is_made_anew(installation: Installation) -> None:
    environment.python("run")
    (installation.venv / "bin" / "python").unlink()
    (installation.venv / "bin" / "python").symlink_to("/nowhere/python")

    environment.python("run")

    assert installation.steps == ["make", "install run"] * 2


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_what_it_started_ends_even_when_it_is_killed(tmp_path: Path) -> None:
    script = (
        "import os, time\n"
        "from devtools.processes import Family\n"
        "family = Family()\n"
        "family.start('child', ['sleep', '60'], os.environ)\n"
        "print(family.children['child'].pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=config.ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)

    assert is_gone(child)


def is_gone(pid: int) -> bool:
    for _ in range(100):
        state = Path(f"/proc/{pid}/stat")
        if not state.exists() or state.read_text().split(")")[1].split()[0] == "Z":
            return True
        subprocess.run(["sleep", "0.05"], check=True)
    return False


def test_a_stubborn_program_is_stopped_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "PATIENCE", 0.2)
    family = processes.Family()
    family.start("stubborn", ["sh", "-c", "trap '' TERM; while :; do sleep 1; done"], os.environ)

    family.stop()

    assert family.ended() == "stubborn"


def test_ctrl_c_stops_everything_it_started(tmp_path: Path) -> None:
    port = free_ports()
    command = [sys.executable, str(DEV), "run", "--port", str(port), "--data", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout
        said = list(iter(running.stdout.readline, "Stop with Ctrl-C.\n"))
        running.send_signal(signal.SIGINT)
        running.wait(timeout=20)

    assert f"Portal ready at http://127.0.0.1:{port}\n" in said
    assert any("Demo Director" in line for line in said)
    assert running.returncode == 0
    for number in (port, port + 1, port + 2):
        with closing(socket.socket()) as probe:
            assert probe.connect_ex(("127.0.0.1", number)) != 0


@pytest.mark.slow
def test_a_fresh_clone_installs_itself(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", str(config.ROOT), str(clone)], check=True)
    python = shutil.which("python3", path="/usr/local/bin:/usr/bin:/bin")
    assert python

    answer = subprocess.run(
        [python, clone / "dev", "flask", "org", "check", "portal/org/miraheze"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert answer.returncode == 0, answer.stderr


def test_pictures_without_a_browser_are_refused_in_one_sentence(tmp_path: Path) -> None:
    answer = dev("shots", PATH=str(tmp_path))

    assert answer.returncode == 2
    assert answer.stderr == "There is no Chromium to take pictures with. Install it: apt-get install chromium.\n"


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.skipif(not any(shutil.which(name) for name in shots.BROWSERS), reason="Chromium is not installed")
def test_pictures_of_a_page_are_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shots, "FOLDER", tmp_path)

    assert shots.take("nobody/record-decision.") == 0

    names = {path.name for path in tmp_path.rglob("*.png")}
    assert {f"record-decision.{width}-{look}.png" for width in (1280, 320) for look in ("light", "dark")} < names
    assert "record-decision.print.png" in names
