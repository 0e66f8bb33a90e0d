"""What the page of a request shows, and offers to do, is what docs/permissions.md lets its reader do.

The fast test of tests/whole/test_permissions.py, which has built the world already, looks at a few stages.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import pytest
from flask import Flask

from tests.permissions import permissions
from tests.requests.pages import parse
from tests.whole.attempts import PARTIES, PEOPLE, Attempt, attempts, standing
from tests.whole.scenes import KEY, STAGES, Scene, whisper
from tests.whole.world import World, the_world

SHOWN = {  # what stands on the page for whoever may read it, by action
    "read_checks": 'id="checks"',
    "read_team": whisper("team"),
    "read_evidence": 'class="evidence-line"',
    "read_reasons": whisper("recusal"),
    "read_key": KEY,
    "note": whisper("note"),
}
Offers = dict[tuple[int, int], dict[tuple[str, str], Attempt]]


def readers(scene: Scene) -> dict[str, set[str]]:
    """Who opens the page of a request of the main family."""
    return {label: codes for label, codes in {**PARTIES["main"], **PEOPLE}.items() if label not in ("locked",)}


def offers(world: World) -> Offers:
    """Everything there is to try, by request and person, then by method and address."""
    found: Offers = defaultdict(dict)
    for attempt in attempts(world, "present"):
        scene = attempt.moment.scene
        if scene is not None and scene.family == "main":
            known = found[scene.request_id, attempt.person_id].get((attempt.method, attempt.url))
            if known is None or known.refused:  # one address for two actions: one of them is enough
                found[scene.request_id, attempt.person_id][attempt.method, attempt.url] = attempt
    return found


def faults(world: World, scene: Scene, known: Offers) -> list[str]:
    """What the page of this request shows to the wrong reader, hides from the right one, or offers in vain."""
    found = []
    for label, codes in readers(scene).items():
        person_id = scene.parties.get(label) or world.ids.get(label, 0)
        answer = world.visitor(person_id).send("GET", f"/requests/{scene.request_id}")
        if answer.status_code != 200:
            continue
        for key, mark in SHOWN.items():
            may = _may_read(key, scene, label, codes)
            if (mark in answer.text) != may:
                found.append(f"{label}, {scene.stage}: {key} is {'hidden' if may else 'shown'}")
        found += [f"{label}, {scene.stage}: offers {what}" for what in _in_vain(answer.text, known, scene, person_id)]
    return found


def _may_read(key: str, scene: Scene, label: str, codes: set[str]) -> bool:
    keys = [known for known in permissions().actions if known.partition(":")[0] == key]
    actions = [permissions().actions[known] for known in keys]
    return any(
        scene.stage in action.stages and action.allows(standing("present", scene, action, label, codes))
        for action in actions
    )


def _in_vain(page: str, known: Offers, scene: Scene, person_id: int) -> list[str]:
    """The forms and links of the page that the page of permissions refuses to this reader."""
    tree = parse(page)
    offered = [("POST", form.get("action") or "") for form in tree.iter("form")]
    offered += [("GET", link.get("href") or "") for link in tree.iter("a")]
    tried = known[scene.request_id, person_id]
    return [f"{method} {url}" for method, url in offered if (method, url) in tried and tried[method, url].refused]


def look(world: World, stages: Iterable[str]) -> list[str]:
    """What is wrong with the pages of these stages."""
    known = offers(world)
    return [fault for stage in stages for fault in faults(world, world.scene("main", stage), known)]


@pytest.mark.slow
def test_the_page_shows_and_offers_what_its_reader_may_do_at_every_stage(app: Flask) -> None:
    world = the_world(app)

    assert look(world, (stage for stage in STAGES if stage != "draft")) == []
