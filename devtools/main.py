"""The command line of ./dev."""

from __future__ import annotations

import argparse
import errno
import os
import sys
from pathlib import Path

from devtools import checks, environment, run, shots
from devtools.fault import ROOT, Fault


def main(arguments: list[str]) -> int:
    """Run one command. Returns its exit code: 2 where something has to be put right first."""
    try:
        return _command(arguments)
    except Fault as fault:
        return _say(str(fault))
    except OSError as error:
        return _say(_in_words(error))
    except KeyboardInterrupt:
        return 130


def _say(sentence: str) -> int:
    sys.stderr.write(sentence + "\n")
    return 2


def _in_words(error: OSError) -> str:
    where = error.filename or ROOT
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{where} cannot be written. Use a folder of your own, or choose another with --data."
    if error.errno == errno.ENOSPC:
        return f"The disk with {where} is full. Free some space and start again."
    return f"{where}: {error.strerror or error}."


def _command(arguments: list[str]) -> int:
    name, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if name == "run":
        chosen = _run_parser().parse_args(rest)
        return run.run(chosen.port, data=chosen.data)
    if name == "test":
        return _test(rest)
    if name == "shots":
        return shots.take(_shots_parser().parse_args(rest).only)
    if name == "check":
        return checks.check(environment.python("dev"))
    if name == "flask":
        return _flask(rest)
    print(USAGE)
    return 0 if name in ("-h", "--help", "help") else 2


USAGE = """\
./dev run [--port N] [--data DIR]   start the portal with demo data and a development wiki login
./dev test [pytest arguments]       run the tests (--slow: the long campaigns too)
./dev shots [--only WORDS]          pictures of every page, in the ignored folder shots/ (needs Chromium)
./dev check                         format, types, import rules, templates, translatable strings
./dev flask ARGS                    a management command, with the development settings"""


def _run_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./dev run", description="Start the portal for development.")
    parser.add_argument("--port", type=int, default=5000, help="of the portal; the wiki login takes the next one")
    parser.add_argument("--data", type=Path, default=None, help="folder of the database (default: instance)")
    return parser


def _shots_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./dev shots", description="Take a picture of every page, in shots/.")
    parser.add_argument("--only", default="", help="only pictures with these words in their name")
    return parser


def _test(rest: list[str]) -> int:
    """One process more than cores where the whole suite runs: some wait for a browser. One for a few picked tests."""
    picked = any(not argument.startswith("-") for argument in rest)
    chosen = picked or any(argument.startswith(("-n", "--numprocesses")) for argument in rest)
    spread = [] if chosen else [f"-n{(os.cpu_count() or 1) + 1}"]
    python = environment.python("dev")
    return run.replace_process([str(python), "-m", "pytest", *spread, *rest], dict(os.environ))


def _flask(rest: list[str]) -> int:
    settings = run.settings(run.DEFAULT_DATA, port=5000)
    python = environment.python("run")
    return run.replace_process([str(python), "-m", "flask", *rest], {**os.environ, **settings})
