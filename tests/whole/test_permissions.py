"""docs/permissions.md holds: every address, as everybody, at every stage, with and without htmx."""

from __future__ import annotations

import html
import json
import logging
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from portal.web.access import action_of
from tests.permissions import PAGE, permissions
from tests.whole.attempts import PARTIES, PEOPLE, READING, Attempt, attempts
from tests.whole.scenes import KEY, WHISPER
from tests.whole.test_permissions_on_pages import look
from tests.whole.world import Watch, World, everything, the_world

SAMPLE = 36  # one attempt in so many is made in the fast suite; all of them with --slow


class Log(logging.Handler):
    """The structured lines of the portal."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[dict[str, object]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(record.getMessage()))


@pytest.fixture
def log() -> Iterator[Log]:
    handler, logger = Log(), logging.getLogger("portal")
    logger.addHandler(handler)
    logger.propagate = False  # thousands of lines, each looked at here
    yield handler
    logger.propagate = True
    logger.removeHandler(handler)


class Crossing:
    """Makes attempts in one world and collects what is not as the page says."""

    def __init__(self, world: World, name: str, log: Log) -> None:
        self.world, self.name, self.log = world, name, log
        self.faults: list[str] = []
        world.put_back(name)
        self.before = everything()
        self.watch = Watch()

    def finish(self) -> list[str]:
        """Every fault found. After all refusals the database is what it was."""
        self.watch.close()
        if everything() != self.before:
            self.faults.append("a refusal, or a GET, has changed the database")
        return self.faults

    def make(self, attempt: Attempt) -> None:
        """Plainly and by htmx; what is refused also with an empty form, and each way for the same reason."""
        answers = {
            (htmx, bool(sent)): self._send(attempt, attempt.method, sent, htmx=htmx)
            for sent in attempt.forms()
            for htmx in (False, True)
        }
        if attempt.refused and len(set(answers.values())) > 1:
            self.faults.append(f"{attempt}: the answers differ by (htmx, filled): {answers}")
        if attempt.method == "GET":
            for method in ("HEAD", "OPTIONS"):
                self._send(attempt, method, {}, htmx=False)

    def _send(self, attempt: Attempt, method: str, sent: dict[str, Any], *, htmx: bool) -> tuple[int, object]:
        """The status and, of a refusal, the reason in the log."""
        self.log.lines.clear()
        answer = self.world.visitor(attempt.person_id).send(method, attempt.url, sent, htmx=htmx)
        changed = self.watch.changed()
        if method != "OPTIONS" and not attempt.is_right(answer.status_code):
            self._fault(attempt, method, f"{answer.status_code}, not {set(attempt.expected) or 'done'}")
        if changed and (attempt.refused or method in READING):
            self._fault(attempt, method, "changed the database")
        if attempt.refused and method != "OPTIONS":
            self._look_at_refusal(attempt, method, answer, str(sent))
        answer.close()
        if changed:
            self._put_back()
        why = self.log.lines[-1].get("why") if self.log.lines else None
        return answer.status_code, why

    def _look_at_refusal(self, attempt: Attempt, method: str, answer: TestResponse, sent: str) -> None:
        text = html.unescape(answer.text)
        if any(secret in text and secret not in sent for secret in (WHISPER, KEY)):
            self._fault(attempt, method, "shows what somebody wrote")
        lines = [line for line in self.log.lines if line["event"] == "refused"]
        person = attempt.person_id or None
        if [(line["status"], line["person"]) for line in lines] != [(answer.status_code, person)]:
            self._fault(attempt, method, f"is logged as {lines}")
            return
        why = str(lines[0]["why"])
        if not why or (method != "HEAD" and "%(" not in why and why not in text):
            self._fault(attempt, method, f"does not say why: {why!r}")

    def _fault(self, attempt: Attempt, method: str, what: str) -> None:
        self.faults.append(f"{attempt} [{method}] {what}")

    def _put_back(self) -> None:
        self.watch.close()
        self.world.put_back(self.name)
        self.watch = Watch()


def cross(world: World, name: str, log: Log, chosen: list[Attempt]) -> list[str]:
    """What is wrong with these attempts."""
    crossing = Crossing(world, name, log)
    for attempt in chosen:
        crossing.make(attempt)
    return crossing.finish()


def test_every_address_of_the_portal_is_on_the_page_and_no_other(app: Flask) -> None:
    there = {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    told = set(permissions().addresses)

    missing, gone = sorted(there - told), sorted(told - there)
    assert not missing, f"{PAGE.name} says nothing of {missing}: add each under Addresses, with the action it asks for"
    assert not gone, f"{PAGE.name} tells of {gone}, which are no addresses of the portal any more: remove the lines"


def test_every_route_declares_the_action_that_the_page_names(app: Flask) -> None:
    faults = []
    for rule in app.url_map.iter_rules():
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            declared = action_of(app.view_functions[rule.endpoint])
            named = {permissions().actions[key].declared for key in permissions().addresses[method, rule.rule].actions}
            if (declared or method != "GET") and named != {declared}:
                faults.append(f"{rule.endpoint} declares {declared!r}, {PAGE.name} names {sorted(named)}")

    assert faults == []


def test_every_action_of_the_page_is_asked_for_somewhere() -> None:
    asked = {key for address in permissions().addresses.values() for key in address.actions}
    shown = {"read_checks", "read_team", "read_evidence", "read_reasons", "read_key", "read_key:waiting"}

    assert set(permissions().actions) - asked == shown | {"override_concern"}  # part of approving


def test_some_of_everybody_meet_what_the_page_says(app: Flask, log: Log) -> None:
    world = the_world(app)

    assert look(world, ("discussion", "approved")) == []

    for name in ("present", "acting"):
        everything_there_is = [attempt for attempt in attempts(world, name) if name == "present" or _differs(attempt)]
        some = [attempt for attempt in everything_there_is if zlib.crc32(str(attempt).encode()) % SAMPLE == 0]
        assert cross(world, name, log, some) == []


def _differs(attempt: Attempt) -> bool:
    """Whether this is where a wrong hand-over would show first: those who decide or may have to, and one who does not.

    In the other families the parties alone look, and the leaders' requests are the Board's, whoever acts.
    """
    scene = attempt.moment.scene
    return scene is not None and scene.family == "main" and attempt.label in ("deputy", "director", "board", "author")


@pytest.mark.slow
@pytest.mark.parametrize("label", [*PEOPLE, *PARTIES["main"]])
def test_everybody_meets_what_the_page_says_everywhere(app: Flask, log: Log, label: str) -> None:
    world = the_world(app)

    assert cross(world, "present", log, [found for found in attempts(world, "present") if found.label == label]) == []


@pytest.mark.slow
@pytest.mark.parametrize("label", [*PEOPLE, *PARTIES["main"]])
def test_while_the_deputy_acts_everybody_meets_what_the_page_says(app: Flask, log: Log, label: str) -> None:
    """Of every request, of all families: who acts changes nothing about the rest."""
    world = the_world(app)
    chosen = [found for found in attempts(world, "acting") if found.label == label and found.moment.scene is not None]

    assert cross(world, "acting", log, chosen) == []
