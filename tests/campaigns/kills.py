"""kill -9 of the whole server under 16 writers: nothing acknowledged is lost, nothing is half there.

    python -m tests.campaigns.kills --rounds 500 --database sqlite

One round: 16 people comment, take positions, file and decide over HTTP; gunicorn and its workers are killed in the
middle of it; the server starts again; then every write that somebody was told of has to be there, and whole.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import requests
from flask import Flask
from sqlalchemy import select

from portal import create_app
from portal.audit.models import Text
from portal.extensions import db
from portal.people.models import Person
from portal.requests.discussion_models import Comment, Position
from portal.requests.models import TeamRequest
from portal.requests.workflow import State
from tests import databases, factories, invariants
from tests.requests import factories as making
from tests.served import HttpBrowser, Served, fields_of, serving

COMMENTERS, POSITION_TAKERS, FILERS, DECIDERS = 8, 4, 2, 2  # 16 writers
MOST_ANSWERS = 30  # the kill comes after some number of acknowledged writes up to this one
PREPARED = 3  # people who file, and requests to decide, for each filer and decider in a round
LONGEST = 60.0  # seconds of writing in one round, if the writers come to nothing
READY = 3.0  # seconds from the start until /healthz answers 200

Writing = Callable[[], None]


@dataclass
class Told:
    """What the writers were told is saved, by kind; what they were told is not; and what should not be answered."""

    comments: list[str] = field(default_factory=list)
    positions: list[str] = field(default_factory=list)
    filed: list[int] = field(default_factory=list)
    decided: list[int] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)

    def count(self) -> int:
        return len(self.comments) + len(self.positions) + len(self.filed) + len(self.decided)

    def took(self, answer: requests.Response, text: str = "", *, done: int = 303) -> bool:
        """Whether the answer says that the write is done. A busy machine may say 503, "nothing was saved"."""
        if answer.status_code == done:
            return True
        if answer.status_code == 503 and "Nothing was saved." in answer.text:
            self.refused.append(text)
        else:
            self.strange.append(f"{answer.status_code} {answer.url}")
        return False


@dataclass(frozen=True)
class Round:
    """What came of one kill."""

    acknowledged: Counter[str]
    ready_after: float
    faults: list[str]


@dataclass
class Scene:
    """The served portal with 12 people who discuss two requests, and the Director in two browsers."""

    served: Served
    talkers: list[HttpBrowser]
    deciders: list[HttpBrowser]
    discussed: list[int]

    @classmethod
    def make(cls, served: Served) -> Scene:
        director = factories.director()
        people = [factories.member() for _ in range(COMMENTERS + POSITION_TAKERS)]
        discussed = [making.team_request(factories.member()) for _ in range(2)]
        talkers = [served.browser(person) for person in people]
        deciders = [served.browser(director) for _ in range(DECIDERS)]
        for browser in (*talkers, *deciders):
            browser.token()
        return cls(served, talkers, deciders, discussed)

    def writers(self, told: Told) -> list[Iterator[Writing]]:
        """What each of the 16 does, one write after the other."""
        comments = [self._talk(browser, comment, told) for browser in self.talkers[:COMMENTERS]]
        positions = [self._talk(browser, take_position, told) for browser in self.talkers[COMMENTERS:]]
        filings = [self._file([factories.member() for _ in range(PREPARED)], told) for _ in range(FILERS)]
        open_ones = [[making.team_request(factories.member()) for _ in range(PREPARED)] for _ in self.deciders]
        decisions = [self._decide(*pair, told) for pair in zip(self.deciders, open_ones, strict=True)]
        return [*comments, *positions, *filings, *decisions]

    def _talk(
        self, browser: HttpBrowser, say: Callable[[HttpBrowser, int, Told], None], told: Told
    ) -> Iterator[Writing]:
        while True:
            yield partial(say, browser, random.choice(self.discussed), told)

    def _file(self, people: Sequence[Person], told: Told) -> Iterator[Writing]:
        browsers = [self.served.browser(person) for person in people]
        return iter([partial(file, browser, told) for browser in browsers])

    def _decide(self, browser: HttpBrowser, request_ids: Sequence[int], told: Told) -> Iterator[Writing]:
        return iter([partial(approve, browser, request_id, told) for request_id in request_ids])


def comment(browser: HttpBrowser, request_id: int, told: Told) -> None:
    text = f"Comment {uuid.uuid4()} {'x' * random.randint(0, 3000)}"
    if told.took(browser.post(f"/requests/{request_id}/comments", {"body": text, "audience": "team"}), text):
        told.comments.append(text)


def opened(browser: HttpBrowser, request_id: int, action: str, told: Told) -> dict[str, Any] | None:
    """The form as the request's page fills it; None if a busy machine says "try again in a minute"."""
    answer = browser.get(f"/requests/{request_id}")
    return fields_of(answer.text, action) if told.took(answer, done=200) else None


def take_position(browser: HttpBrowser, request_id: int, told: Told) -> None:
    page = opened(browser, request_id, f"/requests/{request_id}/positions", told)
    text = f"Position {uuid.uuid4()}"
    filled = {**(page or {}), "stance": random.choice(["support", "neutral", "oppose"]), "sentence": text}
    if page and told.took(browser.post(f"/requests/{request_id}/positions", filled), text):
        told.positions.append(text)


def file(browser: HttpBrowser, told: Told) -> None:
    started = browser.post("/requests/new", {"kind": "access_expansion", "submission_id": uuid.uuid4().hex})
    if not told.took(started):
        return
    request_id = int(started.headers["Location"].split("/")[2])
    answers = {"for_whom": "me", "items": ["system:grafana"], "why": "To read.", "benefit": "All.", "go_on": "1"}
    details = browser.post(f"/requests/{request_id}/draft", {**answers, "draft_version": "0"})
    if told.took(details) and told.took(browser.post(f"/requests/{request_id}/submit")):
        told.filed.append(request_id)


def approve(browser: HttpBrowser, request_id: int, told: Told) -> None:
    address = f"/requests/{request_id}/approve"
    page = opened(browser, request_id, address, told)
    if page and told.took(browser.post(address, {**page, "anyway": "It cannot wait."})):
        told.decided.append(request_id)


def one_round(scene: Scene, after: int) -> Round:
    """Write, kill after this many acknowledged writes, start again, and look at what is there."""
    told = Told()
    _write_until_killed(scene, scene.writers(told), told, after)
    ready_after = scene.served.start()
    faults = [*invariants.broken(), *lost(told), *told.strange]
    kinds = ("comments", "positions", "filed", "decided", "refused")
    return Round(Counter({kind: len(getattr(told, kind)) for kind in kinds}), ready_after, faults)


def _write_until_killed(scene: Scene, writers: Sequence[Iterator[Writing]], told: Told, after: int) -> None:
    threads = [threading.Thread(target=_write, args=(writer,), daemon=True) for writer in writers]
    for thread in threads:
        thread.start()
    began = time.monotonic()
    while told.count() < after and time.monotonic() - began < LONGEST:
        time.sleep(0.001)
    scene.served.kill()
    for thread in threads:
        thread.join(LONGEST)
        assert not thread.is_alive(), "a writer still waits for the killed server"


def _write(writer: Iterator[Writing]) -> None:
    """Write on until the server is gone."""
    try:
        for write in writer:
            write()
    except requests.RequestException:
        return


def lost(told: Told) -> list[str]:
    """What somebody was told is saved and is not there, or the other way round."""
    commented = set(db.session.scalars(select(Text.body).join(Comment, Comment.text_id == Text.id)))
    taken = set(db.session.scalars(select(Text.body).join(Position, Position.text_id == Text.id)))
    states: dict[int, State] = dict(db.session.execute(select(TeamRequest.id, TeamRequest.state)).all())
    return [
        *(f"saved although it said not: {text[:50]}" for text in told.refused if text in commented | taken),
        *(f"lost: {text[:50]}" for text in told.comments if text not in commented),
        *(f"lost: {text[:50]}" for text in told.positions if text not in taken),
        *(f"lost: filing {id}" for id in told.filed if states.get(id) is not State.DISCUSSION),
        *(f"lost: decision {id}" for id in told.decided if states.get(id) is not State.APPROVED),
    ]


def campaign(app: Flask, folder: Path, rounds: int, *, seed: int = 1) -> Iterator[Round]:
    """Kill the server of this app's database again and again, started as docs/operations.md says."""
    chance = random.Random(seed)
    with serving(app, folder, workers=2, threads=4, preload=True) as served:
        scene = Scene.make(served)
        for _ in range(rounds):
            yield one_round(scene, chance.randint(1, MOST_ANSWERS))


def late(rounds: Sequence[Round]) -> int:
    """How many times the server was not ready in time."""
    return sum(found.ready_after > READY for found in rounds)


def failed(rounds: Sequence[Round]) -> bool:
    """Whether anything was lost, half there, or not ready in time."""
    return late(rounds) > 0 or any(found.faults for found in rounds)


def in_words(rounds: Sequence[Round]) -> str:
    """The figures of a campaign."""
    told: Counter[str] = sum((found.acknowledged for found in rounds), Counter())
    ready = sorted(found.ready_after for found in rounds)
    faults = [fault for found in rounds for fault in found.faults]
    return (
        f"{len(rounds)} kills, {told.total() - told['refused']} acknowledged writes {dict(told)}, "
        f"{len(faults)} faults {faults[:5]}; "
        f"ready after median {statistics.median(ready):.2f}, 95% {ready[int(len(ready) * 0.95)]:.2f}, "
        f"longest {ready[-1]:.2f} s, {late(rounds)} times later than {READY:.0f} s"
    )


def main() -> int:
    """Run it by hand. Exit code 1 if anything was lost, half there, or not ready in time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--database", choices=databases.BOTH, default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    database = databases.database(chosen.database)
    database.reset()
    app = create_app(databases.settings(database.url, ENV="testing"))
    done: list[Round] = []
    with app.app_context(), tempfile.TemporaryDirectory() as folder:
        for found in campaign(app, Path(folder), chosen.rounds, seed=chosen.seed):
            done.append(found)
            if found.faults or len(done) % 20 == 0:
                print(f"{chosen.database}: {in_words(done)} {found.faults}", flush=True)
        db.session.remove()
        db.engine.dispose()
    print(f"{chosen.database}: {in_words(done)}", flush=True)
    return int(failed(done))


if __name__ == "__main__":
    sys.exit(main())
