"""A downloaded record is checked without the portal, and whatever was changed in it is found."""

from __future__ import annotations

import copy
import dataclasses
import importlib.util
import json
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

import config
from portal.audit import comparing
from portal.audit import services as audit
from portal.audit.chain import event_hash
from portal.audit.models import Event
from portal.extensions import db
from portal.people.queries import facts
from portal.record import checkpoints, merkle, services, signing
from portal.record.models import Checkpoint, TreeBlock
from portal.requests import decision_services, objection_services
from portal.requests.models import Decision
from portal.web import clock, ticks
from portal.web.unit_of_work import unit_of_work
from tests import factories as people
from tests.operations.test_commands import run
from tests.record.factories import NOON
from tests.requests import factories as requests

TOOL = config.ROOT / "tools" / "verify_record.py"
UseKey = Callable[[str], None]
HOLDS, BROKEN, INCOMPLETE = 0, 1, 3


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


def tool() -> ModuleType:
    """The program as a module, to be run a thousand times."""
    spec = importlib.util.spec_from_file_location("verify_record", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def approved(*, reason: str = "She did the work.") -> Decision:
    """An approval made by the services, with all that belongs to it."""
    candidate, director = people.member("Ann Candidate"), people.director("Dora Director")
    request_id = requests.team_request(candidate, "system:grafana", days_ago=9)
    ruling = requests.ruling(request_id, reason=reason)
    return requests.do(decision_services.decide, director, request_id, ruling)


def sign() -> int:
    """Make a checkpoint if one is due. Returns how many were made."""
    with unit_of_work() as now:
        return checkpoints.tick(now)


def record_events(number: int) -> None:
    for _ in range(number):
        with unit_of_work() as now:
            audit.record("person.added", actor_id=None, at=now, count=1)


def otherwise() -> list[str]:
    """What `flask audit verify` finds, but for roles that tests hand out without an event."""
    return [
        found for found in comparing.disagreements() if not re.fullmatch(r"role \d+ was made past the portal", found)
    ]


@pytest.fixture
def use_key(app: Flask, monkeypatch: pytest.MonkeyPatch) -> UseKey:
    """Give the app another key for the rest of the test."""
    settings = app.extensions["settings"]
    return lambda key: monkeypatch.setitem(app.extensions, "settings", dataclasses.replace(settings, signing_key=key))


def public_key() -> str:
    signer = signing.signer()
    assert signer is not None
    return signer.key


def downloaded(client: FlaskClient, decision: Decision, query: str = "") -> dict[str, Any]:
    answer = client.get(f"/record/{decision.id}.json{query}")
    assert answer.status_code == 200
    found: dict[str, Any] = json.loads(answer.text)
    return found


def verified(tmp_path: Path, record: object, key: str, note: str | None = None) -> tuple[int, str]:
    """What the program says as a process of its own, which knows nothing of the portal."""
    (tmp_path / "record.json").write_text(record if isinstance(record, str) else json.dumps(record))
    files = [str(tmp_path / "record.json"), key]
    if note is not None:
        (tmp_path / "checkpoint.txt").write_bytes(note.encode())
        files.append(str(tmp_path / "checkpoint.txt"))
    command = [sys.executable, "-I", str(TOOL), *files]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=tmp_path, timeout=30, env={})
    return done.returncode, done.stdout + done.stderr


@pytest.mark.both_databases
def test_a_downloaded_record_holds_without_the_portal(app: Flask, client: FlaskClient, tmp_path: Path) -> None:
    decision = approved(reason="She “did” the work: Ünï, T123.")
    record_events(3)
    assert sign() == 1
    note = client.get("/record/checkpoints/newest.txt").text

    status, says = verified(tmp_path, client.get(f"/record/{decision.id}.json").text, public_key(), note)

    assert (status, says.splitlines()[-1]) == (HOLDS, "HOLDS")
    for proved in ("Ann Candidate", "Dora Director", "She “did” the work: Ünï, T123.", "grafana", "It cannot wait."):
        assert proved in says


def test_the_program_is_small_and_needs_one_package(app: Flask) -> None:
    lines = TOOL.read_text().splitlines()

    imported = {line.split()[1].split(".")[0] for line in lines if line.startswith(("import ", "from "))}
    assert len(lines) <= 80
    assert imported - sys.stdlib_module_names == {"cryptography"}


def test_a_record_is_proved_against_every_later_checkpoint_and_no_earlier_one(
    app: Flask, client: FlaskClient, tmp_path: Path
) -> None:
    record_events(5)
    sign()
    decision = approved()
    record_events(100)
    assert sign() == 1
    record_events(700)
    sign()
    sizes = list(db.session.scalars(select(Checkpoint.size).order_by(Checkpoint.size)))
    kept = [client.get(f"/record/checkpoints/{size}.txt").text for size in sizes]

    for size, note in zip(sizes[1:], kept[1:], strict=True):
        record = downloaded(client, decision, f"?size={size}")
        assert verified(tmp_path, record, public_key(), note)[0] == HOLDS
    assert verified(tmp_path, downloaded(client, decision), public_key(), kept[1])[0] == BROKEN
    assert downloaded(client, decision, f"?size={sizes[0]}")["checkpoint"] is None
    assert verified(tmp_path, downloaded(client, decision, f"?size={sizes[0]}"), public_key())[0] == BROKEN
    assert client.get(f"/record/{decision.id}.json?size=4").status_code == 404
    assert client.get(f"/record/{decision.id}.json?size=x").status_code == 404


def leaves_of(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a file at which something stands."""
    yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inside:
        yield from leaves_of(part, (*path, key))


def changed(record: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """The file with one thing in it changed, taken away, added or put elsewhere."""
    found = copy.deepcopy(record)
    path = chance.choice([place for place in leaves_of(found) if place])
    holder: Any = found
    for key in path[:-1]:
        holder = holder[key]
    old, how = holder[path[-1]], chance.choice(["other", "other", "other", "gone", "more"])
    if how == "gone":
        del holder[path[-1]]
    elif how == "more" and isinstance(holder, list):
        holder.insert(path[-1], old)
    elif how == "more":
        holder[f"{path[-1]}-too"] = old
    else:
        holder[path[-1]] = another(old, chance)
    return found


def another(old: Any, chance: random.Random) -> Any:
    """Some other value, of the same sort or of none."""
    if isinstance(old, str) and old:
        place = chance.randrange(len(old))
        sign = chance.choice([ch for ch in "abcXYZ0189+/= \n" if ch != old[place]])
        return chance.choice([old[:place] + sign + old[place + 1 :], old[:place] + old[place + 1 :], old + sign])
    if isinstance(old, bool) or old is None:
        return chance.choice([value for value in (True, False, 7, "x") if value is not old])
    if isinstance(old, int):
        return chance.choice([old + 1, -old - 1, str(old), float(old)])
    return chance.choice([7, "x", [old]])


def test_a_thousand_random_changes_of_a_record_are_all_found(app: Flask, client: FlaskClient, tmp_path: Path) -> None:
    record_events(4)
    decision = approved()
    record_events(300)
    sign()
    record, verify, chance = downloaded(client, decision), tool(), random.Random(7)
    assert verify.main(copy.deepcopy(record), public_key()) == HOLDS
    unseen = []

    for number in range(1000):
        edited = changed(record, chance)
        if number % 50 == 0:
            status = verified(tmp_path, edited, public_key())[0]
        else:
            try:
                status = verify.main(copy.deepcopy(edited), public_key())
            except (SystemExit, Exception):
                status = BROKEN
        words_left_out = status == INCOMPLETE and any(edited.get(name) is None for name in ("statement", "reason"))
        if status != BROKEN and not words_left_out:
            unseen.append({name: edited.get(name) for name in edited if edited.get(name) != record.get(name)})

    assert unseen == []


@pytest.mark.parametrize("name", ["statement", "reason", "anyway"])
def test_words_that_were_left_out_are_named(app: Flask, client: FlaskClient, tmp_path: Path, name: str) -> None:
    decision = approved()
    sign()

    status, says = verified(tmp_path, {**downloaded(client, decision), name: None}, public_key())

    assert status == INCOMPLETE
    assert f"HOLDS, but without {name}" in says


def test_no_letter_moves_between_salt_and_words(app: Flask, client: FlaskClient, tmp_path: Path) -> None:
    decision = approved(reason="Not harmful.")
    sign()
    record = downloaded(client, decision)
    salt, body = record["reason"]["salt"], record["reason"]["body"]

    moved = {**record, "reason": {"salt": salt + body[:4], "body": body[4:]}}

    assert moved["reason"]["body"] == "harmful."
    assert verified(tmp_path, moved, public_key())[0] == BROKEN


def test_words_of_another_record_are_found(app: Flask, client: FlaskClient, tmp_path: Path) -> None:
    one = approved()
    request_id = requests.team_request(people.member("Bo Candidate"), "system:matomo", days_ago=9)
    other = requests.do(decision_services.decide, one.decided_by, request_id, requests.ruling(request_id))
    sign()
    first, second = downloaded(client, one), downloaded(client, other)

    for name in ("statement", "reason", "event", "path", "hash", "place"):
        assert verified(tmp_path, {**first, name: second[name]}, public_key())[0] == BROKEN, name


def test_a_checkpoint_is_held_to_every_sign(app: Flask, client: FlaskClient) -> None:
    decision = approved()
    sign()
    record, verify = downloaded(client, decision), tool()
    note = record["checkpoint"]

    for place in range(len(note)):
        for sign_there in ("x", "A", "\n", ""):
            edited = note[:place] + sign_there + note[place + 1 :]
            if edited != note:
                with pytest.raises((SystemExit, Exception)):
                    verify.main({**record, "checkpoint": edited}, public_key())


def test_another_key_signs_nothing(app: Flask, client: FlaskClient, tmp_path: Path) -> None:
    decision = approved()
    sign()
    record = downloaded(client, decision)
    _secret, stranger = signing.new_key("http://localhost")
    size, head = audit.chain_head()
    root = merkle.root_of(db.session.scalars(select(Event.hash).order_by(Event.id)))
    forged = stranger.sign(signing.Claim(size, root, head, clock.now()))

    assert verified(tmp_path, {**record, "checkpoint": forged}, stranger.key)[0] == HOLDS
    assert verified(tmp_path, {**record, "checkpoint": forged}, public_key())[0] == BROKEN
    assert verified(tmp_path, record, public_key(), forged)[0] == BROKEN
    assert verified(tmp_path, record, stranger.key)[0] == BROKEN


def test_a_timeline_written_anew_holds_under_no_kept_checkpoint(
    app: Flask, client: FlaskClient, tmp_path: Path
) -> None:
    decision = approved()
    sign()
    kept = client.get("/record/checkpoints/newest.txt").text
    with unit_of_work():  # as the owner of the database could: the entry, its hash, and the words it vouches for
        db.session.connection().exec_driver_sql("DROP TRIGGER event_no_update")
        found = db.session.get_one(Decision, decision.id)
        found.reason.body = "Because I say so."
        event = db.session.scalars(select(Event).where(Event.code == "request.approved")).one()
        db.session.execute(
            update(Event)
            .where(Event.id == event.id)
            .values(data={**event.data, "reason": audit.text_hash(found.reason)})
        )
        db.session.refresh(event)
        fresh = event_hash(event)
        db.session.execute(update(Event).where(Event.id == event.id).values(hash=fresh))

    assert verified(tmp_path, downloaded(client, decision), public_key(), kept)[0] == BROKEN


@pytest.mark.both_databases
def test_checkpoints_are_signed_daily_and_every_hundred_events(app: Flask) -> None:
    assert sign() == 0  # nothing has happened
    record_events(1)
    assert sign() == 1
    assert sign() == 0
    record_events(99)
    assert sign() == 0
    record_events(1)
    assert sign() == 1
    record_events(1)
    with time_machine.travel(NOON + timedelta(hours=23, minutes=59), tick=False):
        assert sign() == 0
    with time_machine.travel(NOON + timedelta(hours=24), tick=False):
        assert sign() == 1
    with time_machine.travel(NOON + timedelta(hours=72), tick=False):
        assert sign() == 0  # nothing new to sign
    assert list(db.session.scalars(select(Checkpoint.size))) == [1, 101, 102]


@pytest.mark.both_databases
def test_the_clock_signs(app: Flask) -> None:
    record_events(1)

    assert {ran.name: ran.count for ran in ticks.run_all()}["sign a checkpoint of the timeline"] == 1


@pytest.mark.both_databases
def test_proofs_from_kept_blocks_are_those_of_the_whole_tree(app: Flask) -> None:
    record_events(2 * merkle.BLOCK + 40)
    sign()
    hashes = list(db.session.scalars(select(Event.hash).order_by(Event.id)))
    leaves = [merkle.leaf(found) for found in hashes]
    newest = checkpoints.newest()

    assert newest is not None
    assert newest.root == merkle.root(leaves).hex()
    assert len(db.session.scalars(select(TreeBlock)).all()) == 2
    for size in (merkle.BLOCK, 2 * merkle.BLOCK, 2 * merkle.BLOCK + 1, len(hashes)):
        for place in (1, merkle.BLOCK, size // 2, size):
            assert checkpoints.path(place, size) == [step.hex() for step in merkle.path(place - 1, leaves[:size])]


@given(st.integers(1, 700), st.data())
@settings(max_examples=200, deadline=None)
def test_every_path_leads_to_the_root_and_no_other_leaf_does(size: int, data: st.DataObject) -> None:
    hashes = [f"{number:064x}" for number in range(size)]
    leaves, verify = [merkle.leaf(found) for found in hashes], tool()
    index = data.draw(st.integers(0, size - 1))
    root, path = merkle.root(leaves), [step.hex() for step in merkle.path(index, leaves)]
    growing = merkle.Growing()
    for found in hashes:
        growing.add(found)

    assert growing.root() == root
    assert verify.climb(index + 1, size, leaves[index], path) == root
    other = data.draw(st.integers(0, size - 1))
    if other != index:
        assert verify.climb(other + 1, size, leaves[index], path) != root
        assert verify.climb(index + 1, size, leaves[other], path) != root


@pytest.mark.both_databases
def test_audit_verify_holds_checkpoints_to_the_timeline(app: Flask) -> None:
    approved()
    record_events(merkle.BLOCK)
    sign()
    assert otherwise() == []
    first, second = "a" * 64, "b" * 64

    for model, values in (
        (Checkpoint, {"root": first}),
        (Checkpoint, {"head_hash": first}),
        (Checkpoint, {"note": "x"}),
        (Checkpoint, {"at": NOON + timedelta(seconds=1)}),
        (Checkpoint, {"size": 5}),
        (Checkpoint, {"size": 5000}),
        (TreeBlock, {"hash": second}),
        (TreeBlock, {"number": 7}),
    ):
        with unit_of_work():
            before = dict(db.session.execute(select(*model.__table__.columns)).one()._mapping)
            db.session.execute(update(model).values(values))
        assert otherwise() != [], values
        with unit_of_work():
            db.session.execute(update(model).values(before))
    assert otherwise() == []


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "values", [{"checks": []}, {"met_on": NOON.date()}, {"minutes_url": "https://example.org"}, {"acting": True}]
)
def test_audit_verify_holds_a_decision_to_what_was_stated(app: Flask, values: dict[str, Any]) -> None:
    approved()
    with unit_of_work():
        db.session.execute(update(Decision).values(values))

    assert f"decision 1 is not as it was stated: {next(iter(values)).replace('_url', '')}" in otherwise()


@pytest.mark.both_databases
def test_what_was_removed_on_request_keeps_its_place_and_the_chain_whole(
    app: Flask, client: FlaskClient, tmp_path: Path
) -> None:
    decision = approved()
    sign()
    director = decision.decided_by
    with unit_of_work() as now:
        services.remove(facts(director.id, now), decision.id, now=now)
    sign()

    record = downloaded(client, decision)
    status, says = verified(tmp_path, record, public_key())

    assert status == INCOMPLETE
    assert record["event"] is None
    assert "Ann" not in json.dumps(record)
    assert "HOLDS, but without statement, reason, anyway" in says
    assert audit.verify_chain().first_bad is None
    assert otherwise() == []
    for url in ("/record", f"/record/{decision.id}", "/record/feed.atom", "/record/digest?week=2026-W45"):
        page = client.get(url).text
        assert "emoved on request of the person" in page, url
        for gone in ("Ann Candidate", "She did the work.", "It cannot wait."):
            assert gone not in page, (url, gone)
    assert f"/record/{decision.id}" not in client.get("/record?item=system:grafana").text


def test_a_removed_reason_is_missing_and_the_rest_holds(app: Flask, client: FlaskClient, tmp_path: Path) -> None:
    decision = approved(reason="Canary")
    requests.do(objection_services.redact, decision.decided_by, decision.request_id, decision.reason_id)
    sign()

    status, says = verified(tmp_path, client.get(f"/record/{decision.id}.json").text, public_key())

    assert status == INCOMPLETE
    assert "HOLDS, but without reason" in says
    assert "Canary" not in says


@pytest.mark.both_databases
def test_without_a_key_nothing_is_signed_and_the_portal_says_so(
    app: Flask, client: FlaskClient, use_key: UseKey
) -> None:
    decision = approved()
    use_key("")

    assert sign() == 0
    assert "No checkpoint has been signed yet" in client.get(f"/record/{decision.id}").text
    assert "This portal has no signing key" in client.get("/record/checkpoints").text
    assert client.get("/record/checkpoints/newest.txt").status_code == 404
    assert downloaded(client, decision)["checkpoint"] is None
    assert "There is no PORTAL_SIGNING_KEY" in run(app, "record", "public-key").output


def test_a_new_key_can_be_put_into_the_settings(app: Flask, use_key: UseKey) -> None:
    output = run(app, "record", "key").output
    secret = output.splitlines()[0].removeprefix("PORTAL_SIGNING_KEY=")
    use_key(secret)

    assert run(app, "record", "public-key").output.strip() == output.splitlines()[1].removeprefix("Public key: ")


def test_after_a_rotation_both_keys_are_named_and_both_checkpoints_hold(
    app: Flask, client: FlaskClient, tmp_path: Path, use_key: UseKey
) -> None:
    decision = approved()
    sign()
    former, first = public_key(), audit.chain_head()[0]
    use_key(signing.new_key("http://localhost")[0])
    record_events(100)
    sign()

    page = client.get("/record/checkpoints").text
    assert former.replace("+", "&#43;") in page or former in page
    assert "Earlier keys" in page
    assert verified(tmp_path, downloaded(client, decision, f"?size={first}"), former)[0] == HOLDS
    assert verified(tmp_path, downloaded(client, decision), public_key())[0] == HOLDS
    assert otherwise() == []
