"""python -m benchmarks.search: how long a search takes where much was said, per sort of question. See README.md."""

from __future__ import annotations

import argparse
import itertools
import os
import random
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import NamedTuple

from flask.testing import FlaskClient
from sqlalchemy import func, select

from benchmarks.run import filled
from portal.extensions import db
from portal.people.models import Person
from tests import factories

WORDS = 30_000  # of the vocabulary; how often each is used falls with its rank, as in any language
LENGTHS = (15, 60)  # words of a text
EACH = 60  # questions of each sort and reader
SYLLABLES = re.findall(
    r"\w+", "ka re mo ti sun ble con pre ga fi lo na ser ver ac ces key da pu er sta tra in de ma so wi po ru ne"
)


class Language:
    """Words that nobody speaks, some much more frequent than others."""

    def __init__(self) -> None:
        self.chance = random.Random(7)  # noqa: S311  # words of a language, no secret
        made = ("".join(self.chance.choices(SYLLABLES, k=self.chance.randint(1, 4))) for _ in range(3 * WORDS))
        self.words = list(dict.fromkeys(made))[:WORDS]
        self.weights = list(itertools.accumulate(1 / (rank + 3) for rank in range(len(self.words))))

    def say(self) -> str:
        return " ".join(self.some(self.chance.randint(*LENGTHS)))

    def some(self, count: int) -> list[str]:
        return self.chance.choices(self.words, cum_weights=self.weights, k=count)

    def questions(self) -> dict[str, Callable[[], str]]:
        """Sorts of questions: by how frequent their words are, and how they are put together."""
        chance, words = self.chance, self.words
        return {
            "frequent word": lambda: chance.choice(words[:50]),
            "middling word": lambda: chance.choice(words[50:2000]),
            "rare word": lambda: chance.choice(words[10_000:]),
            "no such word": lambda: chance.choice(words) + "qx",
            "beginning": lambda: chance.choice(words)[: chance.randint(2, 5)],
            "as people speak": lambda: self.some(1)[0],
            "two words": lambda: " ".join(self.some(2)),
            "three words": lambda: " ".join(self.some(3)),
            "phrase": lambda: '"' + " ".join(self.some(2)) + '"',
            "name": lambda: f"person {chance.randint(0, 200):03}",
        }


class Took(NamedTuple):
    """Milliseconds of one question: by the clock, and those in which one of our processes had a CPU."""

    clock: float
    cpu: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--keep", type=Path, help="folder for the filled databases, used again the next time")
    parser.add_argument("--readers", default="member,volunteer,Board")
    parser.add_argument("--pages", default="/search,/requests/")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(dir="/tmp") if chosen.keep is None else nullcontext(chosen.keep) as folder:
        Path(folder).mkdir(exist_ok=True)
        for kind in chosen.databases.split(","):
            language = Language()
            with filled(kind, chosen.requests, Path(folder), say=language.say) as (app, _url, who):
                _analyze(kind)
                readers = {"member": who[5], "volunteer": who[-1], "Board": who[10]}
                for name in chosen.readers.split(","):
                    client = app.test_client()
                    factories.sign_in(client, db.session.get_one(Person, readers[name]))
                    for page in chosen.pages.split(","):
                        _report(f"{kind} {name} {page}", language, partial(_ask, client, page), _processes(kind))


def _ask(client: FlaskClient, page: str, asked: str) -> int:
    return client.get(page, query_string={"q": asked}).status_code


def _analyze(kind: str) -> None:
    if kind == "postgresql":
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def _processes(kind: str) -> list[int]:
    """This one, and the one that serves its connection to PostgreSQL."""
    server = db.session.scalars(select(func.pg_backend_pid())).all() if kind == "postgresql" else []
    db.session.remove()
    return [os.getpid(), *server]


def _spent(processes: list[int]) -> float:
    """How long these processes had a CPU so far, in ms: what a question takes on a machine that nobody else uses."""
    found = (Path(f"/proc/{id}/schedstat").read_text(encoding="ascii").split()[0] for id in processes)
    return sum(map(int, found)) / 1e6


def _report(title: str, language: Language, ask: Callable[[str], int], processes: list[int]) -> None:
    sorts = language.questions().items()
    took: dict[str, list[Took]] = {name: list(_timed(make, ask, processes)) for name, make in sorts}
    took = {"all of them": list(itertools.chain(*took.values())), **took}
    print(f"\n{title}, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs; in ms")
    for name, found in took.items():
        clock, cpu = sorted(one.clock for one in found), sorted(one.cpu for one in found)
        print(
            f"  {name:16} p50 {_at(clock, 0.5):5.0f}  p95 {_at(clock, 0.95):5.0f}  worst {clock[-1]:5.0f}"
            f"   of it CPU: p50 {_at(cpu, 0.5):5.0f}  p95 {_at(cpu, 0.95):5.0f}  worst {cpu[-1]:5.0f}",
            flush=True,
        )


def _timed(make: Callable[[], str], ask: Callable[[str], int], processes: list[int]) -> Iterator[Took]:
    for _ in range(EACH):
        asked = make()
        begun, spent = time.perf_counter(), _spent(processes)
        status = ask(asked)
        yield Took((time.perf_counter() - begun) * 1000, _spent(processes) - spent)
        assert status == 200, asked


def _at(ordered: list[float], part: float) -> float:
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


if __name__ == "__main__":
    main()
