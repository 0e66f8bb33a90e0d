"""Which small changes of a module do its tests not notice? By hand, for the modules that decide what is trusted.

Mutmut makes the changes. It is no part of the project, so it gets a folder of its own:

    .venv/bin/python -m pip install --target FOLDER mutmut==2.5.1
    CI=true PYTHONPATH=FOLDER .venv/bin/python -m tests.campaigns.mutants MODULE.py TESTS... [NUMBERS...]

Each change is imported in place of the file, in a process of its own, and nothing is written to the source; a program
that a test starts does not see it, and PostgreSQL is left out. With numbers only these changes are tried. What
survives is shown: it wants a test that is a sentence about what the portal does, or a reason why nobody could tell.
"""

from __future__ import annotations

import contextlib
import difflib
import importlib
import importlib.machinery
import os
import resource
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import mutmut  # type: ignore[import-not-found]  # see above
import pytest

LIMIT = 60  # seconds of the processor for one change; one that makes the tests go on for ever is noticed, too
OPTIONS = ("-x", "-q", "--assert=plain", "-p", "no:cacheprovider", "-k", "not postgresql", "-m", "not slow")
ALL = "import sys, tests.conftest; print(*sys.modules)"


def warm_up() -> None:
    """Import once what every child needs, but nothing of ours."""
    found = subprocess.run([sys.executable, "-W", "ignore", "-c", ALL], capture_output=True, text=True, check=True)
    for name in found.stdout.split():
        if name.split(".")[0] not in ("portal", "tests", "config", "__main__"):
            with contextlib.suppress(Exception):
                importlib.import_module(name)


def survives(file: str, source: str, tests: list[str]) -> bool:
    """Whether these tests pass with this source in place of the file."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == 0
    as_it_is, path = importlib.machinery.SourceFileLoader.get_code, str(Path(file).resolve())

    def get_code(loader: importlib.machinery.SourceFileLoader, name: str) -> object:
        return compile(source, path, "exec") if loader.path == path else as_it_is(loader, name)

    try:
        importlib.machinery.SourceFileLoader.get_code = get_code  # type: ignore[assignment, method-assign]
        resource.setrlimit(resource.RLIMIT_CPU, (LIMIT, LIMIT))
        for stream in (1, 2):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
        os._exit(pytest.main([*OPTIONS, *tests]))
    finally:
        os._exit(1)


def main(file: str, *arguments: str) -> None:
    tests = [argument for argument in arguments if not argument.isdigit()]
    chosen = {int(argument) for argument in arguments if argument.isdigit()}
    source, lived = Path(file).read_text(encoding="utf-8"), 0
    context = partial(mutmut.Context, source=source, filename=file)
    made = enumerate(mutmut.mutate(context(mutation_id=id))[0] for id in mutmut.list_mutations(context()))
    found = [(number, mutant) for number, mutant in made if not chosen or number in chosen]
    warm_up()
    if not survives(file, source, tests):
        sys.exit("The tests fail without any change.")
    for number, mutant in found:
        if survives(file, mutant, tests):
            lived += 1
            lines = difflib.unified_diff(source.splitlines(), mutant.splitlines(), lineterm="", n=0)
            print(f"{number} survives", *list(lines)[2:], sep="\n", flush=True)
    print(f"{file}: {len(found)} mutants, {len(found) - lived} killed, {lived} survive")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:  # a child leaves its databases behind
        tempfile.tempdir = os.environ["TMPDIR"] = folder
        main(*sys.argv[1:])
