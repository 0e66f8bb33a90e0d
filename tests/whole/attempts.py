"""Every address of docs/permissions.md, as everybody, at every stage: what is tried and what has to come of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.permissions import Action, Address, Standing, permissions
from tests.whole.bodies import Moment, body
from tests.whole.scenes import Scene
from tests.whole.world import World

PEOPLE: dict[str, set[str]] = {
    "anonymous": {"AN"},
    "locked": {"AN"},
    "volunteer": {"OU"},
    "member": {"TM"},
    "author": {"TM"},
    "deputy": {"DE"},
    "director": {"DI"},
    "board": {"BO", "OU"},
    "treasurer": {"TR", "OU"},
    "operator": {"AD", "OU"},
}
PARTIES: dict[str, dict[str, set[str]]] = {  # who looks at the scenes of a family, beside PEOPLE in the main one
    "main": {"candidate": {"CA", "TM"}, "requester": {"RQ", "OU"}, "recused": {"TM"}, "marker": {"TM"}},
    "filed": {"requester": {"RQ", "TM"}},
    "own": {"candidate": {"CA", "OU"}},
    "leaders": {"candidate": {"CA", "DI"}, "requester": {"RQ", "DE"}},
}
LEADERS_JUDGES = {"board": PEOPLE["board"], "member": PEOPLE["member"]}
DECIDES = {"present": {"director"}, "acting": {"director", "deputy"}}
OWNED_BY_AUTHOR = {"edit_comment", "resolve_concern", "withdraw_sponsorship", "unlink_evidence", "redact"}
BOARD_ALONE = {"discussion"}  # stages of the leaders' requests in which nobody else may decide
DECIDED = {"approved", "declined", "declined_by_board"}
READING = ("GET", "HEAD", "OPTIONS")
# Allowed, and yet answered otherwise in this world. By action, or action and person.
OTHERWISE: dict[str, set[int]] = {
    "end_absence": {409},  # nobody is away
    "confirm_unreachable": {409},  # nobody has reported it
    "end_acting": {409},
    "sponsor author": {409},  # does so already
    "edit requester": {422},  # has left the team since, and only members file this
    "recuse recused": {409},  # has done so
    "name_marker member": {409},  # is being marked twice already
    "name_marker treasurer": {409},
    "declare_absence author": {409},  # has said so of a later day
    "link_evidence": {422},  # an assessment: there is none that is not linked yet
}


@dataclass(frozen=True, slots=True)
class Attempt:
    """One person at one address. ``expected`` are the statuses that are right; empty: it is done, or shown."""

    method: str
    url: str
    action: Action
    label: str
    person_id: int
    expected: frozenset[int]
    moment: Moment
    several: bool  # whether the form says which action is meant

    @property
    def refused(self) -> bool:
        return bool(self.expected)

    def __str__(self) -> str:
        scene = self.moment.scene
        where = f"{scene.family} {scene.stage}" if scene else ""
        return f"{self.label}: {self.method} {self.moment.path} ({self.action.key}) {where}"

    def is_right(self, status: int) -> bool:
        """Whether this answer is the one the page promises."""
        if self.expected:
            return status in self.expected
        otherwise = OTHERWISE.get(self.action.key, set()) | OTHERWISE.get(f"{self.action.key} {self.label}", set())
        if self.action.key == "public":  # open to all, whatever it answers: the callback has nothing to call back
            return status not in (401, 403, 404) and status < 500
        return status < 400 or status in otherwise

    def forms(self) -> Iterator[dict[str, Any]]:
        """What is sent: the form that would do it, and where it is refused also nothing, refused alike."""
        if self.method in READING:
            yield {}
            return
        filled = body(self.action.key, self.moment)
        yield filled
        if filled and self.refused and not self.several:
            yield {}


def attempts(world: World, name: str) -> Iterator[Attempt]:
    """Everything there is to try while the Director is "present", or away and the Deputy "acting"."""
    for address in permissions().addresses.values():
        for key in address.actions:
            action = permissions().actions[key]
            if not action.stages:
                yield from _plain(world, address, action)
                continue
            for scene in world.scenes:
                if _is_this_line(scene, address, action):
                    yield from _staged(world, name, address, action, scene)


def _is_this_line(scene: Scene, address: Address, action: Action) -> bool:
    """Where an address serves several actions by stage, each stage is tried once, under the action that is meant."""
    needed = set(re.findall(r"<int:(\w+)>", address.path)) - {"decision_id"}
    if needed - set(scene.values) and (scene.family != "main" or "grant_id" in needed):
        return False  # this request has no such thing on it
    others = [permissions().actions[key] for key in address.actions if key != action.key]
    by_stage = [other for other in others if other.stages != action.stages]
    if any(scene.stage in other.stages for other in by_stage):
        return scene.stage in action.stages
    return not by_stage or action.key == address.actions[0] or scene.stage in action.stages


def _url(path: str, values: dict[str, Any]) -> str:
    url = re.sub(r"<(?:\w+:)?(\w+)>", lambda match: str(values[match[1]]), path)
    query = "&".join(f"{name[1:]}={value}" for name, value in values.items() if name.startswith("?"))
    return f"{url}?{query}" if query else url


def _plain(world: World, address: Address, action: Action) -> Iterator[Attempt]:
    """What is not about a request."""
    url = _url(address.path, world.values.get(action.key, {}))
    door_is_open = any(permissions().actions[key].cells["AN"] == "Y" for key in address.actions)
    several = len(address.actions) > 1
    for label, codes in PEOPLE.items():
        expected: set[int] = set()
        if not _may(world, action, label, codes):
            seen_by = permissions().actions[action.seen_by] if action.seen_by else None
            inside = {403} if seen_by is None or _may(world, seen_by, label, codes) else {404}
            expected = _at_the_door(label, inside, door_is_open=door_is_open)
        moment = Moment(world, None, address.path, url, world.ids[label])
        yield Attempt(address.method, url, action, label, world.ids[label], frozenset(expected), moment, several)


def _may(world: World, action: Action, label: str, codes: set[str]) -> bool:
    return action.allows(Standing(frozenset(codes), owns=label in world.owners.get(action.key, ())))


def _at_the_door(label: str, inside: set[int], *, door_is_open: bool) -> set[int]:
    """Nobody comes in, and a locked account neither, where only signed-in people may."""
    if door_is_open or label not in ("anonymous", "locked"):
        return inside
    return {401} if label == "anonymous" else {403}


def _staged(world: World, name: str, address: Address, action: Action, scene: Scene) -> Iterator[Attempt]:
    """What is about one request."""
    people = dict(PARTIES[scene.family])
    people |= PEOPLE if scene.family == "main" else LEADERS_JUDGES if scene.family == "leaders" else {}
    values = {**world.scene("main", "discussion").values, "decision_id": 1, **scene.values}
    url = _url(address.path, values)
    for label, codes in people.items():
        if label not in scene.parties and label not in world.ids:
            continue
        person_id = scene.parties.get(label, world.ids.get(label, 0))
        who = standing(name, scene, action, label, codes)
        expected = frozenset(_expected(scene, address, action, who, label))
        moment = Moment(world, scene, address.path, url, person_id)
        yield Attempt(address.method, url, action, label, person_id, expected, moment, len(address.actions) > 1)


def standing(name: str, scene: Scene, action: Action, label: str, codes: set[str]) -> Standing:
    """How this person stands to one action on one request."""
    if scene.stage == "draft" and label in scene.parties:
        drafter = "requester" if "requester" in scene.parties else "candidate"
        codes = {"RQ"} if label == drafter else {"TM"}
    return Standing(
        frozenset(codes),
        recused=label == "recused",
        owns=_owns(scene, action, label),
        decides=scene.family != "leaders" and label in DECIDES[name],
        board_has_the_word=scene.stage == "with_board" or (scene.family == "leaders" and scene.stage in BOARD_ALONE),
    )


def _owns(scene: Scene, action: Action, label: str) -> bool:
    if action.key == "submit":
        return scene.family == "own"
    if action.key == "read_reasons":
        return label == "recused"
    return action.key in OWNED_BY_AUTHOR and label == "author"


def _expected(scene: Scene, address: Address, action: Action, who: Standing, label: str) -> set[int]:
    """The statuses that are right; none where it is done."""
    public = address.path.startswith("/access/")  # who has access is no secret
    if label in ("anonymous", "locked"):
        return _at_the_door(label, {404}, door_is_open=False)
    if scene.stage == "draft":
        return _expected_of_a_draft(action, who)
    if not public and not permissions().actions["read"].allows(who):
        return {404}
    if action.once and scene.stage in DECIDED:
        return {409}
    if address.path.endswith("/submit") and action.allows(who):
        return set()  # sent again: it is submitted already
    if not action.allows(who):
        unclear = scene.stage not in action.stages and ("o" in action.cells.values() or len(address.actions) > 1)
        return {403, 409} if unclear else {403}  # of two good reasons to refuse it is not told which comes first
    return set() if scene.stage in action.stages else {409}


def _expected_of_a_draft(action: Action, who: Standing) -> set[int]:
    """A draft is for who began it; there is nothing on it yet that a later action could be about."""
    if "RQ" not in who.codes:
        return {404}
    if "draft" in action.stages and action.allows(who):
        return set()
    return {403, 404, 409}
