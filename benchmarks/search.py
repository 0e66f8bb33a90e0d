"""python -m benchmarks.search: how long a search takes where much was said, per sort of question. See README.md."""

from __future__ import annotations

import argparse
import itertools
import random
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from flask.testing import FlaskClient

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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--databases", default="sqlite,postgresql")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        for kind in chosen.databases.split(","):
            language = Language()
            with filled(kind, chosen.requests, Path(folder), say=language.say) as (app, _url, who):
                _analyze(kind)
                for name, id in (("member", who[5]), ("volunteer", who[-1]), ("Board", who[10])):
                    client = app.test_client()
                    factories.sign_in(client, db.session.get_one(Person, id))
                    for page in ("/search", "/requests/"):
                        _report(f"{kind} {name} {page}", language, partial(_ask, client, page))


def _ask(client: FlaskClient, page: str, asked: str) -> int:
    return client.get(page, query_string={"q": asked}).status_code


def _analyze(kind: str) -> None:
    if kind == "postgresql":
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def _report(title: str, language: Language, ask: Callable[[str], int]) -> None:
    took: dict[str, list[float]] = {name: list(_timed(make, ask)) for name, make in language.questions().items()}
    everything = sorted(itertools.chain(*took.values()))
    print(f"\n{title}: p50 {_at(everything, 0.5):.0f}, p95 {_at(everything, 0.95):.0f}, worst {everything[-1]:.0f} ms")
    for name, found in took.items():
        found.sort()
        print(f"  {name:16} p50 {_at(found, 0.5):5.0f}  p95 {_at(found, 0.95):5.0f}  worst {found[-1]:5.0f}")


def _timed(make: Callable[[], str], ask: Callable[[str], int]) -> Iterator[float]:
    for _ in range(EACH):
        asked = make()
        begun = time.perf_counter()
        status = ask(asked)
        yield (time.perf_counter() - begun) * 1000
        assert status == 200, asked


def _at(ordered: list[float], part: float) -> float:
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


if __name__ == "__main__":
    main()
